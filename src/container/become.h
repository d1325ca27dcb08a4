/* SPDX-License-Identifier: Apache-2.0 */
/* The last stretch, the same for a container's first process and for exec: from a process of ours that is in
 * the right namespaces to the user's program.
 *
 * become_prepare() does everything that may wait behind the start gate; become_exec() what must not: from
 * there on only a few system calls are left, none of which looks at anything of the container's.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "plan/plan.h"

struct become {
	const struct plan *plan;
	int sock;		/* to the launcher, or from `start`; the error channel; kept until execve */
	int procfd;		/* procfs of our pid namespace, for labels and the oom score */
	int gate;		/* the start socket, listening; -1: none */
	int witness;		/* pidfd of the container's first process, for an exec that waits at a gate; -1 */
	int listener;		/* seccomp listener to be sent, -1 */
	int umask;		/* the caller's, -1: it is in force; process.user.umask goes before it */
	bool filter_loaded;
	bool cwd_kept;		/* the directory could be entered with privileges */
	char exe[4096];		/* what will be executed */
};

/* Closes all that is not the container's; limits, scheduling, ids, working directory, environment, and the program is
 * looked up: a missing one is an error already at create. */
MUST_CHECK int become_prepare(struct become *b, struct error *err);

/* Labels, capabilities, no_new_privs, seccomp, execve.  Returns only on error. */
MUST_CHECK int become_exec(struct become *b, struct error *err);

/* Sends the seccomp listener through the launcher and waits until it is delivered. */
MUST_CHECK int become_send_listener(struct become *b, struct error *err);
