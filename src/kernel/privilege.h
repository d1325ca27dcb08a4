/* SPDX-License-Identifier: Apache-2.0 */
/* Giving up privileges: one small function per kernel facility, called by the container's init and by exec.
 *
 * Everything acts on the calling thread, which must be the only one.  The order is the caller's (see
 * container/init.c); what an order must respect is said at each function.  Nothing here prints: what the
 * specification wants as a warning is handed back.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "plan/plan.h"

/* What a process inherits and a container must not see: blocked signals, ignored signals (handlers too),
 * the parent-death signal, transparent huge pages switched off, flags of the personality (its
 * domain stays: `setarch i686` means it).  Interval timers are not among them: a child has none.  Early: the caller's
 * own signal set-up comes after it.  A process that wants to die with its parent until execve calls
 * privilege_clear_pdeathsig() itself later. */
MUST_CHECK int privilege_reset_inherited(struct error *err);
MUST_CHECK int privilege_clear_pdeathsig(struct error *err);

MUST_CHECK int privilege_no_new_privs(struct error *err);

/* Every capability whose bit is not in KEEP leaves the bounding set.  Needs CAP_SETPCAP: before
 * privilege_set_ids(). */
MUST_CHECK int privilege_drop_bounding(uint64_t keep, struct error *err);

/* All securebits off, so that capabilities follow the usual rules at execve.  Needs CAP_SETPCAP if any is on. */
MUST_CHECK int privilege_reset_securebits(struct error *err);

/* Supplementary groups (always set, also the empty list, unless KEEP_GROUPS), group, user.  A user namespace that
 * denies setgroups is an error only when N is not 0.  The permitted set survives for privilege_set_caps(); the
 * effective set is empty afterwards unless UID is 0 in this user namespace. */
MUST_CHECK int privilege_set_ids(uid_t uid, gid_t gid, const gid_t *groups, size_t n, bool keep_groups,
				 struct error *err);

/* Effective, permitted, inheritable and ambient set, exactly, and checked afterwards.  After the last
 * change of ids or
 * of the user namespace.  Capabilities that we do not have and so cannot give are left out: *RET_LOST (bits) has
 * them, for a warning (config.md, process.capabilities). */
MUST_CHECK int privilege_set_caps(const uint64_t caps[PLAN_CAP_SETS], uint64_t *ret_lost, struct error *err);

/* Before capabilities are dropped when a hard limit is raised; after all descriptors are open because of
 * RLIMIT_NOFILE. */
MUST_CHECK int privilege_set_rlimits(const struct plan_rlimit *limits, size_t n, struct error *err);

/* Writes PID's (0: own) oom_score_adj through PROCFD, the root of a procfs of our pid namespace.  Lowering
 * without CAP_SYS_RESOURCE is refused by the kernel: no error if the value is that already, or if ROOTLESS
 * and the present value is higher, that is, the process is only an earlier victim than asked.  *RET_ADJ (may be
 * NULL) is the value now in force; the caller warns when it differs.  Before ids change: the file belongs to
 * root while the process is not dumpable. */
MUST_CHECK int privilege_set_oom_score(int procfd, pid_t pid, int adj, bool rootless, int *ret_adj,
				       struct error *err);

/* Loads the program; it holds from the next system call on.  *RET_LISTENER is the notification descriptor, or -1
 * when the program has no such action.  Needs no_new_privs or CAP_SYS_ADMIN.  Never retried with less: a filter
 * other than the one asked for is no filter. */
MUST_CHECK int privilege_load_filter(const struct plan_filter *filter, int *ret_listener, struct error *err);
