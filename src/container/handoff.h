/* SPDX-License-Identifier: Apache-2.0 */
/* From vert to vert-init: the plan's mapping, and the execve that ends vert. */
#pragma once

#include "base/error.h"
#include "libocispec/arena.h"
#include "plan/plan.h"

struct handoff {
	int memfd;		/* of the plan */
	struct arena arena;	/* in its mapping: all of the plan is allocated here */
	struct plan *plan;	/* zeroed */
};

/* Makes the mapping at PLAN_ADDRESS.  First of all it sees that the descriptors 3 .. 2+PRESERVE are the caller's, all
 * of them open: later one of ours could stand in a hole (runc#5474). */
MUST_CHECK int handoff_begin(struct handoff *h, unsigned preserve, struct error *err);

/* Replaces this process by vert-init, which carries the plan out.  Descriptors 0 to 2, those of
 * plan->preserve_fds and those that the plan names (log, error_fd, target_fd, cgroup_fd) go along, no other.  Returns
 * only on error. */
MUST_CHECK int handoff_exec(struct handoff *h, struct error *err);

/* Copies log settings and --timing into the plan. */
void handoff_settings(struct handoff *h, const char *timing);
