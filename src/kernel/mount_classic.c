/* SPDX-License-Identifier: Apache-2.0 */
/* A file system by mount(2), which takes what fsconfig(2) does not, and yet detached.
 *
 * mount(2) attaches at once and to a path: what it made would have to be looked up again for its attributes, in a
 * tree that others may be changing.  So a child does it in a mount namespace of its own, where nobody else is, on a
 * directory of a tmpfs that nobody else has, and gives back a clone that is attached nowhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/sys.h"
#include "kernel/mount.h"

/* What the child did, in memory of both; the descriptor table is one as well. */
struct outcome {
	const char *failed; /* the call, or NULL */
	int errnum, fd;
};

static const char *make_scratch(int *ret_fd)
{
	struct sys_mount_attr private = {.propagation = MS_PRIVATE};
	autoclose int fs = -1;
	autoclose int mnt = -1;

	/* The namespace is a copy, whose shared mounts would carry ours over to the original. */
	if (sys_mount_setattr(AT_FDCWD, "/", SYS_AT_RECURSIVE, &private) < 0)
		return "mount_setattr";
	fs = sys_fsopen("tmpfs", SYS_FSOPEN_CLOEXEC);
	if (fs < 0 || sys_fsconfig(fs, SYS_FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return "fsopen";
	mnt = sys_fsmount(fs, SYS_FSMOUNT_CLOEXEC, 0);
	if (mnt < 0 || mkdirat(mnt, "m", 0700) < 0)
		return "fsmount";
	/* On top of the root, which stays where our lookups begin: sources are found as ever. */
	if (sys_move_mount(mnt, "", AT_FDCWD, "/", SYS_MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return "move_mount";
	*ret_fd = take_fd(&mnt);
	return NULL;
}

static const char *make_detached(const struct plan_mount *m, const char *data, int *ret_fd)
{
	autoclose int scratch = -1;
	const char *failed = make_scratch(&scratch);

	if (failed)
		return failed;
	/* From the root, ".." is the topmost mount on it: our tmpfs. */
	if (mount(m->source ? m->source : m->fstype, "/../m", m->fstype, m->classic_flags, data) < 0)
		return "mount";
	*ret_fd = sys_open_tree(scratch, "m", SYS_OPEN_TREE_CLONE | O_CLOEXEC);
	return *ret_fd < 0 ? "open_tree" : NULL;
}

static const char *in_a_child(const struct plan_mount *m, const char *data, struct outcome *o)
{
	struct sys_clone_args args = {.flags = CLONE_NEWNS | CLONE_FILES | CLONE_PIDFD, .exit_signal = SIGCHLD};
	autoclose int pidfd = -1;
	pid_t pid;

	args.pidfd = (uint64_t)(uintptr_t)&pidfd;
	pid = sys_clone3(&args);
	if (pid < 0)
		return "clone3";
	if (pid == 0) {
		o->failed = make_detached(m, data, &o->fd);
		o->errnum = errno;
		_exit(0);
	}
	if (proc_reap(pidfd) != 0) {
		errno = EINTR;
		return "mount"; /* killed */
	}
	errno = o->errnum;
	return o->failed;
}

const char *mount_make_classic(const struct plan_mount *m, const char *data, int *ret_fd)
{
	struct outcome *o = mmap(NULL, sizeof(*o), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const char *failed;
	int saved;

	if (o == MAP_FAILED)
		return "mmap";
	o->fd = -1;
	failed = in_a_child(m, data, o);
	saved = errno;
	if (!failed)
		*ret_fd = o->fd;
	(void)munmap(o, sizeof(*o)); /* a page that is not given back hurts nobody */
	errno = saved;
	return failed;
}
