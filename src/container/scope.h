/* SPDX-License-Identifier: Apache-2.0 */
/* The systemd unit of a new container, made by the launcher.
 *
 * A child of the launcher, the occupant, is what systemd puts into the unit.  It moves on into the container's own
 * cgroup below and clones init there, as a sibling of itself: so init is born in its cgroup and never moved, the
 * launcher stays where it is, and this works for a user too, whose login session has no right to clone into another
 * cgroup.
 *
 *   launcher                                 occupant
 *   fork ---------------------------------->  (waits)
 *   vert-systemd start ... occupant's pid     moved into the unit by systemd
 *   makes the cgroup below, moves it there
 *   path of the cgroup --------------------->  clone3(CLONE_PARENT)  init
 *                                    <-------  MSG_PID + pidfd, or MSG_ERROR; exits
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/cgroup.h"
#include "plan/plan.h"

struct scope {
	pid_t pid;		/* of the occupant */
	int pidfd, sock;	/* -1: none */
	bool asked;		/* systemd may have a unit that is ours */
	char unit[4096];	/* path of the unit's cgroup below the mount */
	char path[4096];	/* of the container's */
};
#define SCOPE_NONE ((struct scope){.pidfd = -1, .sock = -1})

/* Clones init for the launcher CONTEXT, in the occupant. */
typedef int scope_clone_fn(void *context, int occupant_sock, const char *cgroup_path, pid_t *ret_pid, int *ret_pidfd,
			   struct error *err);

/* Makes unit and cgroup.  PLAN->path is set.  SIGNALS as in systemd_call(). */
MUST_CHECK int scope_make(struct scope *s, struct plan_cgroup *plan, scope_clone_fn *clone, void *context, int signals,
			  struct cgroup *ret, struct error *err);

/* exec: an occupant in the existing cgroup CGROUP_DIRFD.  From a login session a user can clone nothing into it; then
 * systemd moves the occupant to SYSTEMD->subgroup of the unit. */
MUST_CHECK int scope_enter(struct scope *s, const struct plan_systemd *systemd, int cgroup_dirfd, scope_clone_fn *clone,
			   void *context, int signals, struct error *err);

/* Has init (or the process of exec) cloned; the occupant is gone afterwards. */
MUST_CHECK int scope_clone(struct scope *s, int cgroup_dirfd, pid_t *ret_pid, int *ret_pidfd, struct error *err);

/* Writes the limits that the unit has no properties for. */
MUST_CHECK int scope_apply(const struct scope *s, const struct plan_cgroup *plan, struct error *err);

/* Ends the occupant and the unit, as far as they are there; the container's cgroup is gone already. */
void scope_undo(struct scope *s, const struct plan_cgroup *plan);
