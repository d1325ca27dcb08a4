/* SPDX-License-Identifier: Apache-2.0 */
/* What join.c and join_child.c share: the state of one exec, of which the child has its own copy. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "container/become.h"
#include "container/probe.h"
#include "container/scope.h"
#include "plan/plan.h"

struct join {
	const struct plan *plan;
	int target;	/* pidfd of the container's first process */
	int cgroup;	/* directory, -1: stays in ours */
	int door;	/* the directory to clone into, -1: none, or in it already */
	int sock, child_sock;
	pid_t pid;
	int pidfd;	/* the new process, -1: not cloned */
	int master, signals;
	struct scope scope;
	bool sibling;	/* who clones is not we, but a child of ours: see scope.h */
	bool staged;	/* likewise, but outside the cgroup, and in our memory: see join_stage.c */
	int occupant;	/* the socket of who clones, -1 */
	bool ready;
	bool published; /* the pid file */
	bool let_go;	/* MSG_GO is sent */

	unsigned long later; /* namespaces the child joins */
	int slave;
	struct become become;
	struct probe probe;
};

/* ---- join_stage.c: how the process gets into the container ---- */

/* The container's processes are root of our user namespace: what they may trace they see through, and nothing but not
 * having the host in reach any more protects it.  Then who clones the process has left the host. */
bool join_leaves_host(const struct join *j);

/* Joins what must be joined before the clone, where that is for us to do. */
MUST_CHECK int join_enter(struct join *j, struct error *err);

/* Joins what can be joined before the clone, and closes all of the host's but the sockets REPORT (-1: none) and
 * child_sock and the door. */
MUST_CHECK int join_leave_host(struct join *j, int report, struct error *err);

/* Clones the process, here or by a stage process that leaves the host first. */
MUST_CHECK int join_clone(struct join *j, struct error *err);
MUST_CHECK int join_clone_by_stage(struct join *j, struct error *err);

/* Waits until SOCK can be read; a signal that asks us to end is an error. */
MUST_CHECK int join_wait(struct join *j, int sock, struct error *err);

/* Hears the process until it says MSG_READY. */
MUST_CHECK int join_follow(struct join *j, struct error *err);

/* ---- join_gate.c: exec --create ---- */

/* Gives the process the gate to wait at; it outlives us from then on. */
MUST_CHECK int join_leave_at_gate(struct join *j, struct error *err);

/* In the process: returns when `exec-start` has said so, with its connection in the place of our socket. */
MUST_CHECK int join_wait_at_gate(struct join *j, struct error *err);

/* The new process, from clone to execve. */
_Noreturn void join_child(struct join *j);
