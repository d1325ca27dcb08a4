/* SPDX-License-Identifier: Apache-2.0 */
/* The container's first process, from clone to execve: the child's half of create and run. */
#pragma once

#include "plan/plan.h"

/* What the launcher prepared before the clone; the child has its own copy of everything. */
struct init {
	const struct plan *plan;
	int sock;		/* proto.h */
	int listen;		/* create: the start socket, listening; -1: run */
	int *sources;		/* by index of plan->mounts: a detached tree opened by the launcher, or -1; then a
				 * mount that is made read-only last */
	int *usernses;		/* by index: user namespace for an id-mapped mount, or -1 */
	int stage_ns[PLAN_NS_COUNT]; /* descriptors of the namespaces to join, or -1 */
	const char *cgroup_dir;	/* absolute path of our cgroup, NULL: none */
	int not_ours[8];	/* descriptors of the launcher's, closed at once; -1: none */
	bool sibling;		/* who clones is not the launcher but a child of it: see scope.h */
	bool staged;		/* joins were done by a stage process: see namespace.h */
};

/* Never returns. */
_Noreturn void init_main(struct init *init);
