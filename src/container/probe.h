/* SPDX-License-Identifier: Apache-2.0 */
/* probe: an exec for health checks.  It has an end, whatever the command does: a time limit, bounded output, and none
 * of its processes outlives it.
 *
 * For that it gets a cgroup of its own below that of the container's first process, where that can be made; else it is
 * its process group that is killed.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"
#include "plan/plan.h"

struct probe {
	int out, err;		/* our own standard streams while the command's are in their place, -1 */
	int pipe;		/* what the command writes, -1 */
	int cgroup;		/* its own cgroup, -1: none */
	char name[32];		/* of that, below the container's */
	uint64_t id;		/* its inode */
	uint64_t start_us;
	struct buf output;
	bool cut;		/* there was more of it */
	bool timed_out;
};
#define PROBE_NONE ((struct probe){.out = -1, .err = -1, .pipe = -1, .cgroup = -1})

/* What a probe ends with when its time is up: timeout(1)'s. */
enum { PROBE_TIMED_OUT = 124, PROBE_FAILED = 125 };

/* Starts the clock (it arrives as SIGALRM), makes the cgroup, which takes the place of *CGROUP, and the pipe. */
MUST_CHECK int probe_prepare(struct probe *p, const struct plan *plan, int *cgroup, struct error *err);

/* Our standard streams are ours again; may be called twice. */
void probe_restore(struct probe *p);

/* Waits for the command (PID, PIDFD) or for its time, kills what is left of it, tells the outcome when the plan wants
 * that.  SIGNALS as in supervise.h. */
MUST_CHECK int probe_wait(struct probe *p, const struct plan *plan, pid_t pid, int pidfd, int signals,
			  int *ret_status, struct error *err);

/* The set-up did not come to its end: kills what there is of it, and tells the outcome when it was for the time. */
void probe_undo(struct probe *p, const struct plan *plan, struct error *err);
