/* SPDX-License-Identifier: Apache-2.0 */
/* exec: how the process gets into the container.
 *
 * A pid namespace takes only children of who joins it, and a child shows itself to the container's processes as it is
 * born: with its parent's root, working directory and descriptors.  In a user namespace of their own they cannot look
 * (we are not dumpable); where they are root of ours and have CAP_SYS_PTRACE they can, and /proc/PID/cwd would be a
 * way to the host's files.  There a stage process joins everything, closes everything, and only then clones.
 */
#include "join_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/naive.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/handover.h"
#include "container/step.h"
#include "container/timing.h"

enum { STAGE_STACK = 128 << 10 }; /* as much as the new process needs until execve: it goes on with a copy */

/* Without privileges the kernel lets us write it only while we are dumpable. */
static int set_own_oom_score(const struct plan *p, struct error *err)
{
	if (prctl(PR_SET_DUMPABLE, 1) < 0)
		return fail(err, errno, "become dumpable");
	if (handover_oom_score(p, 0, err) < 0)
		return -1;
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return fail(err, errno, "become non-dumpable");
	return 0;
}

static int enter(struct join *j, unsigned long first, struct error *err)
{
	j->later = j->plan->target_ns & ~first;
	if (first && setns(j->target, (int)first) < 0) {
		fail(err, errno, "join the %s of the container",
		     first == CLONE_NEWPID ? "pid namespace" : "namespaces");
		return error_code(err, "EXEC_JOIN");
	}
	return 0;
}

bool join_leaves_host(const struct join *j)
{
	const unsigned long ns = j->plan->target_ns;

	return j->plan->euid == 0 && (ns & CLONE_NEWPID) && (ns & CLONE_NEWNS) && !(ns & CLONE_NEWUSER) &&
	       !naive("stage");
}

/* Privileges over the pid namespace may come with the user namespace. */
int join_enter(struct join *j, struct error *err)
{
	unsigned long first = j->plan->target_ns & CLONE_NEWPID;

	handover_raise_limits(j->plan);
	if (join_leaves_host(j))
		return 0;
	if (j->plan->euid != 0) {
		if (j->plan->process.set_oom_score && set_own_oom_score(j->plan, err) < 0)
			return -1;
		first |= j->plan->target_ns & CLONE_NEWUSER;
	}
	return enter(j, first, err);
}

/* The cgroup's directory is what clone3(2) wants, and the child has it for a moment.  As the root of a mount of its
 * own, read-only, it has no parent directory and nothing that can be changed. */
static int isolate_cgroup(int dirfd, int *ret_tree, struct error *err)
{
	struct sys_mount_attr a = {.attr_set = SYS_MOUNT_ATTR_RDONLY};
	autoclose int tree = sys_open_tree(dirfd, "", AT_EMPTY_PATH | SYS_OPEN_TREE_CLONE | O_CLOEXEC);

	if (tree < 0 || sys_mount_setattr(tree, "", AT_EMPTY_PATH, &a) < 0)
		return fail(err, errno, "detach the directory of the cgroup");
	*ret_tree = take_fd(&tree);
	return 0;
}

int join_leave_host(struct join *j, int report, struct error *err)
{
	/* The cgroup namespace is the child's to join: from inside of it our own cgroup could not be left.  So is
	 * that of time: nobody may join one whose memory is also another's. */
	unsigned long first = j->plan->target_ns & ~(unsigned long)(CLONE_NEWCGROUP | CLONE_NEWTIME);
	const int keep[] = {report, j->child_sock, j->target, j->door, timing_fd_number(), steps_list_fd()};

	if (enter(j, first, err) < 0)
		return -1;
	if (fd_close_from(3 + j->plan->preserve_fds, keep, COUNT_OF(keep)) < 0)
		return fail(err, errno, "close descriptors");
	return 0;
}

int join_clone(struct join *j, struct error *err)
{
	struct sys_clone_args args = {
		.flags = CLONE_PIDFD | (j->door >= 0 ? SYS_CLONE_INTO_CGROUP : 0) |
			 (j->sibling || j->staged ? CLONE_PARENT : 0),
		.exit_signal = j->sibling || j->staged ? 0 : SIGCHLD, /* a sibling gets ours */
		.cgroup = (uint64_t)(j->door >= 0 ? j->door : 0),
	};
	int pidfd = -1;

	args.pidfd = (uint64_t)(uintptr_t)&pidfd;
	j->pid = sys_clone3(&args);
	if (j->pid == 0)
		join_child(j);
	if (j->pid < 0) {
		fail(err, errno, "clone a process into the container");
		if (errno == EAGAIN)
			error_hint(err, "the container's limit of processes (pids.max) is reached");
		if (errno == ENOMEM)
			error_hint(err, "the container's first process has ended, or its memory limit is reached");
		return error_code(err, "CLONE");
	}
	j->pidfd = pidfd;
	return 0;
}

struct stage {
	struct join *j;
	struct error *err;
	bool failed;
};

static int stage_main(void *context)
{
	struct stage *stage = context;

	(void)prctl(PR_SET_NAME, "vert:stage"); /* only for ps */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		stage->failed = fail(stage->err, errno, "set the parent-death signal") < 0;
	else
		stage->failed = join_leave_host(stage->j, -1, stage->err) < 0 ||
				join_clone(stage->j, stage->err) < 0;
	_exit(stage->failed);
}

/* As posix_spawn(3) does it: in our memory, on a stack of its own and while we stand still.  No page is copied, and
 * its word needs no message.  It stays outside of the container's cgroup, which may be frozen, or have room for one
 * process alone. */
int join_clone_by_stage(struct join *j, struct error *err)
{
	UNSET _Alignas(16) char stack[STAGE_STACK];
	autoclose int door = -1; /* closed last by us: a mount's end takes its time, and nobody waits for it then */
	struct stage stage = {.j = j, .err = err};
	pid_t pid;

	if (j->cgroup >= 0 && isolate_cgroup(j->cgroup, &door, err) < 0)
		return -1;
	j->door = door;
	j->staged = true;
	pid = clone(stage_main, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, &stage);
	if (pid < 0)
		return fail(err, errno, "clone the process that joins the container");
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	j->door = -1;
	if (stage.failed)
		return -1;
	if (j->pid <= 0)
		return fail(err, 0, "the process that joins the container died");
	j->pidfd = sys_pidfd_open(j->pid, 0); /* a child of ours (CLONE_PARENT): nobody else has its number */
	return j->pidfd < 0 ? fail(err, errno, "open the new process") : 0;
}
