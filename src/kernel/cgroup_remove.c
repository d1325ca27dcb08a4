/* SPDX-License-Identifier: Apache-2.0 */
/* Removing a cgroup with everything a container may have built beneath it.
 *
 * Order: is it ours (its inode), kill, wait until it is empty, remove from the leaves on.  The kernel's
 * "populated" covers all that is beneath, so after the wait rmdir(2) can fail only for a child that is left.
 */
#include "kernel/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "kernel/cgroup_priv.h"

/* 0 when NAME is gone, else -1 with errno. */
static int remove_one(int parent, const char *name)
{
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT || errno == ENODEV)
		return 0;
	return -1;
}

static int try_remove(int parent, const char *name, void *arg)
{
	(void)arg;
	return remove_one(parent, name) == 0; /* else it has children: descend */
}

static int must_remove(int parent, const char *name, void *arg)
{
	(void)arg;
	/* The last process may be on its way out: its cgroup is empty a moment before it can be removed. */
	for (int i = 0; i < 100; i++) {
		if (remove_one(parent, name) == 0)
			return 0;
		if (errno != EBUSY)
			return -1;
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	return -1;
}

/* Says who is left. */
static int fail_left(int dirfd, const char *path, int errnum, struct error *err)
{
	autofree pid_t *pids = NULL;
	struct error unused;
	size_t n = 0;

	(void)!cgroup_pids(dirfd, &pids, &n, &unused);
	fail(err, errnum, "remove cgroup '%s'", path);
	error_code(err, "CGROUP_REMOVE");
	if (n > 0)
		return error_hint(
			err,
			"%zu process(es) are left in it, the first is %d: look at its state in "
			"/proc/%d/status",
			n, (int)pids[0], (int)pids[0]);
	return -1;
}

static int empty(int dirfd, const char *path, int ms, struct error *err)
{
	static const struct cgroup_walk walk = {.before = try_remove, .after = must_remove};

	if (cgroup_kill(dirfd, err) < 0)
		return wrap(err, "remove cgroup '%s'", path);
	if (!cgroup_wait_empty(dirfd, ms))
		return fail_left(dirfd, path, ETIMEDOUT, err);
	if (cgroup_walk(dirfd, &walk) < 0)
		return fail_left(dirfd, path, errno, err);
	return 0;
}

int cgroup_remove(const char *mount, const char *path, uint64_t expected_id, int ms,
		  struct error *err)
{
	UNSET char parent_path[CGROUP_PATH_MAX];
	autoclose int top = -1, parent = -1, dirfd = -1;
	const char *name;

	if (cgroup_split(path, parent_path, &name, err) < 0 ||
	    cgroup_open_mount(mount, &top, err) < 0)
		return -1;
	if (cgroup_open_checked(top, path, expected_id, &dirfd, err) < 0)
		return err->errnum == ENOENT ? 0 : err->errnum == ESTALE ? 1 : -1;
	fd_close(take_fd(&top)); /* with few descriptors left this must go on all the same */
	parent = openat(dirfd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return fail(err, errno, "open the parent of cgroup '%s'", path);
	if (remove_one(parent, name) ==
	    0) /* most often: its processes are gone and it has no children */
		return 0;
	if (errno != EBUSY)
		return fail_left(dirfd, path, errno, err);
	if (empty(dirfd, path, ms, err) < 0)
		return -1;
	return must_remove(parent, name, NULL) < 0 ? fail_left(dirfd, path, errno, err) : 0;
}

int cgroup_remove_empty(const char *mount, const char *path, struct error *err)
{
	static const struct cgroup_walk walk = {.before = try_remove, .after = must_remove};
	UNSET char parent_path[CGROUP_PATH_MAX];
	autoclose int top = -1, parent = -1, dirfd = -1;
	const char *name;

	if (cgroup_split(path, parent_path, &name, err) < 0 || cgroup_open_mount(mount, &top, err) < 0)
		return -1;
	if (cgroup_open_checked(top, path, 0, &dirfd, err) < 0)
		return err->errnum == ENOENT ? 0 : -1;
	if (!cgroup_wait_empty(dirfd, 0))
		return 1;
	fd_close(take_fd(&top)); /* with few descriptors left this must go on all the same */
	parent = openat(dirfd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return fail(err, errno, "open the parent of cgroup '%s'", path);
	if (cgroup_walk(dirfd, &walk) == 0 && must_remove(parent, name, NULL) == 0)
		return 0;
	if (errno == EBUSY && !cgroup_wait_empty(dirfd, 0)) /* entered meanwhile: rmdir(2) knows */
		return 1;
	return fail(err, errno, "remove cgroup '%s'", path);
}
