/* SPDX-License-Identifier: Apache-2.0 */
/* What join.c and join_child.c share: the state of one exec, of which the child has its own copy. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "container/become.h"
#include "container/scope.h"
#include "plan/plan.h"

struct join {
	const struct plan *plan;
	int target;	/* pidfd of the container's first process */
	int cgroup;	/* directory, -1: stays in ours */
	int sock, child_sock;
	pid_t pid;
	int pidfd;	/* the new process, -1: not cloned */
	int master, signals;
	struct scope scope;
	bool sibling;	/* who clones is not we, but a child of ours: see scope.h */
	int occupant;	/* its socket, -1 */
	bool ready;

	unsigned long later; /* namespaces the child joins */
	int slave;
	struct become become;
};

/* The new process, from clone to execve. */
_Noreturn void join_child(struct join *j);
