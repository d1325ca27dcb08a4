/* SPDX-License-Identifier: Apache-2.0 */
/* What launch.c and follow.c share: the state of one launch, and the conversation with init. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "container/init.h"
#include "container/network.h"
#include "container/proto.h"
#include "container/scope.h"
#include "kernel/cgroup.h"
#include "plan/plan.h"

struct launch { /* everything a failed start must give back */
	const struct plan *plan;
	int root, dir, claim;		/* state root, state directory, our claim on it; -1: not made */
	struct plan_cgroup place;	/* the plan's, with the path that systemd chose */
	struct scope scope;
	struct cgroup cgroup;
	char cgroup_dir[4096];		/* "": none */
	int sock;			/* to init */
	pid_t pid;
	int pidfd;			/* init; -1: not cloned */
	uint64_t start_time;
	int master;			/* terminal of a foreground run, -1 */
	int notify;			/* the container's NOTIFY_SOCKET, -1 */
	int signals;			/* signalfd; everything is blocked */
	bool hooks_ran;			/* poststop is owed */
	bool ready;			/* init reported MSG_READY */
	bool in_rdt;			/* its groups of resctrl are made */
	struct network network;		/* interfaces of the host that it got */
	bool let_go;			/* the last MSG_GO is sent: init executes the program */
	struct init init;
};

/* One message of init's.  1: handled; 0: end of file; -1: error.  A signal that asks us to end is an error too: what
 * was made is then given back. */
MUST_CHECK int launch_next_message(struct launch *l, struct error *err);

/* Steps: what the container gets from outside. */
MUST_CHECK int launch_make_network(void *context, struct error *err);
MUST_CHECK int launch_move_devices(void *context, struct error *err);
MUST_CHECK int launch_enter_rdt(void *context, struct error *err);
MUST_CHECK int launch_limit_cgroup(void *context, struct error *err);

/* Sends a message without contents; when init is gone, its last words or how it died are the error. */
MUST_CHECK int launch_tell(struct launch *l, enum msg_kind kind, struct error *err);

/* The conversation has ended: by execve, or by a death before it, which is an error. */
MUST_CHECK int launch_died_first(struct launch *l, struct error *err);

/* After a step of ours failed: when that was because init had given up, init's reason takes the place of *ERR. */
void launch_hear_last_words(struct launch *l, struct error *err);

/* Runs the hooks of a kind, here: in the runtime's namespaces. */
MUST_CHECK int launch_hooks(struct launch *l, enum plan_hook_kind kind, struct error *err);

/* Removes the container with whatever it takes, runs its poststop hooks. */
MUST_CHECK int launch_remove(struct launch *l, struct error *err);

/* Gives back whatever prefix of the steps was made. */
void launch_undo(struct launch *l);
