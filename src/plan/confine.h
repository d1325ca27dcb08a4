/* SPDX-License-Identifier: Apache-2.0 */
/* Confinement that the specification does not have yet, asked for by annotations: Landlock, core scheduling, and the
 * OOM killer's group.
 *
 *	run.vert.landlock	{"abi": "best-effort"|N, "fs": {"ro": [PATH], "rw": [PATH]},
 *				 "net": {"bind": [PORT], "connect": [PORT]}}
 *	run.vert.core_sched	new | join:ID, with ",best-effort" behind it
 *	run.vert.oom_group	0 | 1
 *
 * "abi": N means the rights of Landlock's version N, no more and no less; a kernel that has not got them is an error.
 * "best-effort" takes what there is, and tells what is left out.  One of the two must be said.
 */
#pragma once

#include "base/error.h"

struct arena;
struct host;
struct oci_config;
struct plan_cgroup;
struct plan_process;

#define CONFINE_LANDLOCK "run.vert.landlock"
#define CONFINE_CORE_SCHED "run.vert.core_sched"
#define CONFINE_OOM_GROUP "run.vert.oom_group"

enum { CONFINE_LANDLOCK_ABI = 6 }; /* the newest whose file and network rights we know */

/* The container that core_sched names ("join:ID"), in ARENA; NULL: none. */
const char *plan_core_other(struct arena *arena, const struct oci_config *config);

/* Landlock and core scheduling, by what HOST knows of them. */
MUST_CHECK int plan_confinement(struct arena *arena, const struct oci_config *config, const struct host *host,
				struct plan_process *p, struct error *err);

/* One more write, behind those of plan_resources(). */
MUST_CHECK int plan_oom_group(struct arena *arena, const struct oci_config *config, struct plan_cgroup *cgroup,
			      struct error *err);
