/* SPDX-License-Identifier: Apache-2.0 */
/* What launcher and joiner hand over to the world outside: pid file, descriptors, an oom score, last words. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "plan/plan.h"

/* Decimal, no newline, by rename (see fd_put_file()): engines parse it strictly and poll for it. */
MUST_CHECK int handover_pid_file(const char *path, pid_t pid, struct error *err);

/* --pidfd-socket: the pidfd by SCM_RIGHTS to a stream socket. */
MUST_CHECK int handover_pidfd(const char *path, int pidfd, struct error *err);

/* process.oomScoreAdj of PID (0: ourselves) through the host's /proc. */
MUST_CHECK int handover_oom_score(const struct plan *plan, pid_t pid, struct error *err);

/* Raises our own hard limits to those of process.rlimits, for the child to inherit: in its user namespace it has not
 * the privilege any more.  Without it here, the child's own attempt fails and says so. */
void handover_raise_limits(const struct plan *plan);

/* The seccomp listener, number NUMBER in PID, with the container process state (config-linux.md, seccomp) to
 * the agent's socket. */
MUST_CHECK int handover_listener(const struct plan *plan, int pidfd, pid_t pid, int number, struct error *err);

/* The process died without a word: finds out why (the OOM killer, a signal) and fails.  It is reaped. */
int handover_lost(int pidfd, int cgroup_dirfd, struct error *err);
