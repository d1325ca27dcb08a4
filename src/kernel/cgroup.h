/* SPDX-License-Identifier: Apache-2.0 */
/* One cgroup of the version 2 hierarchy: make, limit, freeze, kill, remove.
 *
 * Everything happens beneath the descriptor of a mount that is known to be cgroup2; no symbolic link and no
 * other mount is followed on the way.  A cgroup that is in use or frozen is never taken, and one that
 * is not ours (its inode tells) is never killed.  Linux 5.14.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct plan_cgroup;
struct plan_write;

struct cgroup {
	int dirfd;		/* the directory, also for clone3(CLONE_INTO_CGROUP); -1: none */
	int leaf;		/* where init is to live when that is a group below (plan->leaf), -1: DIRFD */
	uint64_t id;		/* its inode */
	bool created;		/* made by us; false: it was there, empty */
	unsigned parents;	/* how many directories above it were made by us, the nearest first */
};
#define CGROUP_NONE ((struct cgroup){.dirfd = -1, .leaf = -1})

/* Where cgroup2 is mounted: /sys/fs/cgroup, or /sys/fs/cgroup/unified beside version 1 controllers.
 * 0 or -1 (there is none, or it does not fit). */
int cgroup_find_mount(char *buf, size_t size, bool *ret_hybrid);

/* Our own cgroup2 path ("/user.slice/..."), from /proc/self/cgroup.  0 or -1 with errno. */
int cgroup_own_path(char *buf, size_t size);

/* Makes the cgroup of the plan with the parents it needs and enables controllers for it: all that can be, and
 * those that the writes need without fail.  An existing one must be empty and thawed.  When the plan says that
 * the cgroup is optional and we may not make it: 0 with ret->dirfd -1.  On failure nothing made is left. */
MUST_CHECK int cgroup_make(const struct plan_cgroup *plan, struct cgroup *ret, struct error *err);

/* The same inside a cgroup that systemd made and delegated, in which nobody but PID is.  BELOW: the last directory of
 * PLAN->path is made, and PID moved there, since a cgroup with processes cannot hand controllers on; else the path is
 * the delegated cgroup itself. */
MUST_CHECK int cgroup_adopt(const struct plan_cgroup *plan, bool below, pid_t pid, struct cgroup *ret,
			    struct error *err);

/* Enables every controller that can be, on the way from the mount to the cgroup PATH: for a limit that `update`
 * brings and create did not need.  What cannot be enabled shows when the limit is written. */
void cgroup_enable_on_path(const char *mount, const char *path);

/* Gives back what cgroup_make() made: kills what runs in it, removes it and the parents it made (that nobody
 * else uses) and closes it.  An existing cgroup that was taken over is emptied but not removed.  Copes
 * with CGROUP_NONE and with being called twice. */
void cgroup_undo(const struct plan_cgroup *plan, struct cgroup *cg);

/* Makes PATH beneath the cgroup DIRFD, with every controller on the way that can be had, and gives the last one to
 * UID: the container's own to divide. */
MUST_CHECK int cgroup_make_leaf(int dirfd, const char *path, uid_t uid, int *ret_fd, struct error *err);

/* Opens an existing one.  Missing: -1 with errnum ENOENT.  EXPECTED_ID not 0 and another inode: ESTALE. */
MUST_CHECK int cgroup_open(const char *mount, const char *path, uint64_t expected_id, int *ret_dirfd,
			   struct error *err);

/* Writes all in order; the first failure ends it, what was written stays (the caller removes the cgroup). */
MUST_CHECK int cgroup_apply(int dirfd, const struct plan_write *writes, size_t n, struct error *err);

/* The same for a cgroup in use: on failure the old values are put back. */
MUST_CHECK int cgroup_update(int dirfd, const struct plan_write *writes, size_t n, struct error *err);

/* And when all is written, THEN; its failure is one too. */
MUST_CHECK int cgroup_update_with(int dirfd, const struct plan_write *writes, size_t n,
				  int (*then)(void *context, struct error *err), void *context, struct error *err);

/* Gives the directory and the files of /sys/kernel/cgroup/delegate to this user. */
MUST_CHECK int cgroup_delegate(int dirfd, uid_t uid, gid_t gid, struct error *err);

/* Freezes or thaws and waits until it is so; a freeze that does not come about in time is taken back. */
MUST_CHECK int cgroup_freeze(int dirfd, bool freeze, int timeout_ms, struct error *err);
bool cgroup_is_frozen(int dirfd);

/* The pids (as we see them) in it and beneath, in no order, to free(). */
MUST_CHECK int cgroup_pids(int dirfd, pid_t **ret, size_t *ret_n, struct error *err);

/* SIGKILL to everything in it and beneath, what forks meanwhile included.  Does not wait. */
MUST_CHECK int cgroup_kill(int dirfd, struct error *err);

/* SIG to every process in it and beneath, none missed: frozen meanwhile.  SIGKILL is cgroup_kill(). */
MUST_CHECK int cgroup_signal_all(int dirfd, int sig, struct error *err);

/* Waits until no process is left in it and beneath.  False: not within MS milliseconds. */
bool cgroup_wait_empty(int dirfd, int ms);

/* Kills what is in it, waits at most MS milliseconds, removes it with everything beneath.  0: it is gone, or
 * was not there.  1: left alone, its inode is not EXPECTED_ID (0: any): it belongs to someone else; err
 * says so.  -1: failed, err names what is left.  Parents stay: others may use them. */
MUST_CHECK int cgroup_remove(const char *mount, const char *path, uint64_t expected_id, int ms,
			     struct error *err);

/* Removes PATH with everything beneath when nobody is in it, and kills nobody.  0: it is gone, or was not there; 1:
 * somebody is in it; -1: failed. */
MUST_CHECK int cgroup_remove_empty(const char *mount, const char *path, struct error *err);
