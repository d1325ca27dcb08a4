/* SPDX-License-Identifier: Apache-2.0 */
/* User namespaces: writing id maps (user_namespaces(7)). */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "plan/plan.h"

/* Writes the maps of PID, which is in a new user namespace, by ourselves or (HELPER) through newuidmap(1) and
 * newgidmap(1) of /usr/bin.  DENY_SETGROUPS: switch setgroups(2) off first. */
MUST_CHECK int userns_write_maps(pid_t pid, const struct plan_id_maps *uids, const struct plan_id_maps *gids,
				 bool helper, bool deny_setgroups, struct error *err);

/* A descriptor of a new user namespace with these maps, for MOUNT_ATTR_IDMAP; nobody lives in it. */
MUST_CHECK int userns_make(const struct plan_id_maps *uids, const struct plan_id_maps *gids, int *ret_fd,
			   struct error *err);

/* Is ID a user's (GROUP: a group's) in our user namespace? */
bool userns_has_id(bool group, uint32_t id);

/* Says which setting of the host forbids user namespaces, as a hint. */
int userns_explain(struct error *err);
