/* SPDX-License-Identifier: Apache-2.0 */
/* Will the mounts work?  Sources are opened, options are shown to the kernel's file system contexts, which nothing is
 * made of, and destinations are looked for in the tree as it will be at that point. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/blame.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/check_priv.h"
#include "kernel/mount_error.h"
#include "plan/idmap.h"

static bool is_ours(const struct plan_mount *m)
{
	return str_starts(m->at, "mounts["); /* not what the environment asks for */
}

static void check_source(struct check *c, const struct plan_mount *m)
{
	autoclose int fd =
		open(m->source,
		     O_PATH | O_CLOEXEC | (m->src_nofollow || m->copy_symlink ? O_NOFOLLOW : 0));
	struct error err;

	if (fd >= 0)
		return;
	fail(&err, errno, "the source '%s' of the mount on '/%s' cannot be opened", m->source,
	     m->target);
	error_blame(&err, -1, m->source);
	check_add(c, CHECK_FAILS, err.errnum == ENOENT ? "MOUNT_SOURCE_MISSING" : "MOUNT_SOURCE",
		  m->at, err.hint, "%s", err.msg);
}

/* Sets what configure() of kernel/mount.c sets, and goes no further. */
static int set_options(const struct plan_mount *m, struct error *err)
{
	autoclose int fs = sys_fsopen(m->fstype, SYS_FSOPEN_CLOEXEC);

	if (fs < 0)
		return mount_fail_fs(-1, m, "fsopen", err);
	if (m->source && sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "source", m->source, 0) < 0)
		return mount_fail_fs(fs, m, "source", err);
	for (size_t i = 0; i < m->data.n; i++) {
		const char *item = m->data.v[i], *value = strchr(item, '=');
		char key[64];
		int rc;

		snprintf(key, sizeof(key), "%.*s", (int)strcspn(item, "="), item);
		rc = value ? sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, key, value + 1, 0)
			   : sys_fsconfig(fs, SYS_FSCONFIG_SET_FLAG, item, NULL, 0);
		if (rc < 0)
			return mount_fail_fs(fs, m, item, err);
	}
	return 0;
}

/* Without privileges a file system context needs a user namespace of one's own: that of a child which soon ends. */
static int set_options_in_child(const struct plan_mount *m, struct error *err)
{
	struct error said = {0};
	autoclose int in = -1;
	int ends[2], status;
	pid_t child;
	ssize_t n;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return 0;
	in = ends[0];
	child = fork();
	if (child == 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && set_options(m, &said) < 0)
			(void)!write(ends[1], &said, sizeof(said));
		_exit(0);
	}
	fd_close(ends[1]);
	n = child < 0 ? -1 : read(in, &said, sizeof(said));
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (n != (ssize_t)sizeof(said))
		return 0;
	*err = said;
	return -1;
}

static void check_options(struct check *c, const struct plan_mount *m)
{
	struct error err = {.errnum = 0};

	if (m->classic || (c->host->privileged ? set_options : set_options_in_child)(m, &err) == 0)
		return;
	if (err.errnum == EPERM) /* of the context itself: not what the container will see */
		return;
	check_add(c, CHECK_FAILS, err.code, m->at, err.hint, "%s", err.msg);
}

static void check_hidden(struct check *c, size_t i)
{
	const struct plan_mount *m = &c->plan->mounts[i];
	size_t n = strlen(m->target);

	for (size_t k = i + 1; k < c->plan->n_mounts; k++) {
		const struct plan_mount *later = &c->plan->mounts[k];
		size_t len = strlen(later->target);

		if (later->kind == PLAN_MOUNT_REMOUNT || len > n ||
		    strncmp(m->target, later->target, len) != 0 ||
		    (len < n && len > 0 && m->target[len] != '/'))
			continue;
		check_add(c, CHECK_WARNING, "CHECK_MOUNT_HIDDEN", m->at,
			  "put the outer mount first",
			  "the mount on '/%s' is hidden by the one on '/%s' that comes later (%s)",
			  m->target, later->target, later->at);
		return;
	}
}

static bool is_mapped(const struct plan_id_maps *maps, uint32_t outside)
{
	for (size_t i = 0; i < maps->n; i++)
		if (outside >= maps->v[i].outside && outside - maps->v[i].outside < maps->v[i].size)
			return true;
	return false;
}

/* Where something would be made in FD, of COVER or of the root file system: why not?  NULL: it can. */
static const char *why_not_made(const struct check *c, const struct plan_mount *cover, int fd)
{
	const struct plan *p = c->plan;
	char link[40];
	struct statvfs fs;
	uint32_t root = 0;
	struct stat st;

	if (cover && ((cover->attr_set | cover->rec_set) & SYS_MOUNT_ATTR_RDONLY))
		return "is read-only by the mount that covers it";
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (statvfs(link, &fs) == 0 && (fs.f_flag & ST_RDONLY))
		return "is on a read-only file system";
	if (p->ns[PLAN_NS_USER].how == PLAN_NS_NEW && fstat(fd, &st) == 0 &&
	    plan_id_outside(&p->uid_map, 0, &root) && st.st_uid != root && !(st.st_mode & 0002) &&
	    !is_mapped(&p->uid_map, st.st_uid))
		return "belongs to nobody in the container's user namespace";
	return NULL;
}

/* What is attached, and what it is attached to: a file on a file, or a directory on a directory. */
static void check_kind(struct check *c, const struct plan_mount *m, int target)
{
	const char *source = m->kind == PLAN_MOUNT_BIND ? m->source : m->fstype;
	struct stat from = {.st_mode = S_IFDIR}, to;

	if (m->copy_symlink || fstat(target, &to) < 0 || S_ISLNK(to.st_mode))
		return;
	if (m->kind == PLAN_MOUNT_BIND &&
	    fstatat(AT_FDCWD, source, &from, m->src_nofollow ? AT_SYMLINK_NOFOLLOW : 0) < 0)
		return;
	if (S_ISDIR(from.st_mode) != S_ISDIR(to.st_mode))
		check_add(c, CHECK_FAILS, "MOUNT_FAILED", m->at,
			  "mount a file on a file, and a directory on a directory",
			  "'%s' is a %s, and '/%s' in the container is a %s", source ? source : "the mount",
			  S_ISDIR(from.st_mode) ? "directory" : "file", m->target,
			  S_ISDIR(to.st_mode) ? "directory" : "file");
}

static void check_target(struct check *c, int rootfd, size_t i)
{
	const struct plan_mount *m = &c->plan->mounts[i];
	struct plan before = *c->plan;
	const struct view v = {&before, rootfd};
	autoclose int fd = -1;
	autoclose int parent = -1;
	char missing[256], dir[256], unused[256];
	const char *why;
	enum view_answer found;

	before.n_mounts = i;
	found = view_open(&v, m->target, &fd, missing);
	if (found == VIEW_FOUND)
		check_kind(c, m, fd);
	if (found != VIEW_MISSING)
		return;
	snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(missing, '/') - missing), missing);
	if (view_open(&v, dir, &parent, unused) != VIEW_FOUND)
		return;
	why = why_not_made(c, view_mount(&before, dir + strspn(dir, "/"), i), parent);
	if (why)
		check_add(c, CHECK_FAILS, "MOUNT_TARGET", m->at,
			  "create it in the image, or in the source of that mount",
			  "the mount point '%s' of the mount on '/%s' is missing, and '%s' %s",
			  missing, m->target, *dir ? dir : "/", why);
}

void check_mounts(struct check *c)
{
	autoclose int rootfd = open(c->plan->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool proc = false;

	for (size_t i = 0; i < c->plan->n_mounts; i++) {
		const struct plan_mount *m = &c->plan->mounts[i];

		proc |= strcmp(m->target, "proc") == 0;
		if (!is_ours(m))
			continue;
		if (m->kind == PLAN_MOUNT_BIND)
			check_source(c, m);
		if (m->kind == PLAN_MOUNT_FS)
			check_options(c, m);
		if (m->kind != PLAN_MOUNT_REMOUNT)
			check_hidden(c, i);
		if (rootfd >= 0 && m->kind != PLAN_MOUNT_REMOUNT)
			check_target(c, rootfd, i);
	}
	if (!proc && c->plan->ns[PLAN_NS_MOUNT].how == PLAN_NS_NEW)
		check_add(c, CHECK_INFO, "CHECK_NO_PROC", "mounts", "",
			  "nothing is mounted on '/proc': many programs do not work without it");
}
