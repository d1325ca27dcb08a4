/* SPDX-License-Identifier: Apache-2.0 */
/* User and group id mappings: of the container and of single mounts.  Pure. */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

struct arena;
struct host;
struct oci_config;
struct oci_mount;

/* Fills plan->uid_map, gid_map, maps_by_helper and deny_setgroups from linux.uidMappings and gidMappings, or, for an
 * unprivileged caller whose config names none, from the caller's subordinate ids. plan->ns must be there. */
MUST_CHECK int plan_id_maps(struct arena *arena, const struct oci_config *config, const struct host *host,
			    struct plan *plan, struct error *err);

/* The options idmap, ridmap and crun's idmap=uids=C-H-S#C-H-S;gids=C-H-S, "@" before a triple making H relative to
 * the container's user namespace (resolved later by plan_mount_idmap). */
MUST_CHECK int plan_mount_idmap_option(struct arena *arena, const char *option, struct plan_mount *m,
				       const char *at, struct error *err);

/* Settles a mount's mapping from its options, its uidMappings and gidMappings and the container's. */
MUST_CHECK int plan_mount_idmap(struct arena *arena, const struct oci_mount *in, const struct plan *plan,
				struct plan_mount *m, struct error *err);

/* The id outside for INSIDE, by MAPS; false: unmapped. */
bool plan_id_outside(const struct plan_id_maps *maps, uint32_t inside, uint32_t *ret);
