/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a container: shared by delete, by a create that failed and by the end of a foreground run.
 *
 * Works from the kernel's facts: processes are found through the cgroup and a pidfd, waited for with a
 * deadline, and only what is gone is forgotten.  The state directory goes last, so that a removal that
 * was cut short can be repeated.  No lock is held, but the caller has state_claim()ed the container.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "plan/plan.h"

/* For who wants to know more than the result; any may be NULL. */
struct removal_watch {
	void (*waiting)(void *arg, int cgroup);	/* after a second its processes are still not dead */
	void (*look)(void *arg, int cgroup);	/* its processes are dead, or given up; next the cgroup goes */
	void *arg;
};

/* What there was, and is gone. */
struct removal_done {
	bool cgroup, unit, rdt, state;
};

/* What is known of the container; fields that are not known are -1, NULL, 0. */
struct removal {
	int rootfd, dirfd;	/* state root and state directory; -1: there is none (any more) */
	const char *id;
	int pidfd;		/* the container's first process; -1: none or dead */
	const char *cgroup_mount, *cgroup_path;	/* as in struct plan_cgroup; path NULL: no cgroup */
	uint64_t cgroup_id;	/* its inode: a directory of another inode is somebody else's and left alone.  0
				 * (the creator died before it knew): the cgroup goes only when nobody is in it */
	const struct plan_systemd *systemd;	/* the unit around it, NULL: none */

	const char *rdt;	/* groups of resctrl, as for rdt_remove(); NULL: none */
	const struct plan_hooks *poststop;	/* NULL: none are run */
	const char *state_head;			/* for their standard input, see plan.h */
	const char *bundle, *hooks_stdout, *hooks_stderr;

	int patience_ms;	/* for processes to die, all in all; 0: 10 s for each wait */
	const struct removal_watch *watch;	/* NULL: nobody */
	struct removal_done *done;		/* NULL: nobody asks */
};

/* Kills what lives, removes the cgroup, runs the poststop hooks (a failure is only logged), removes
 * the state directory.  -1: something is still there and so is the state directory. */
MUST_CHECK int remove_container(const struct removal *r, struct error *err);
