/* SPDX-License-Identifier: Apache-2.0 */
/* The names that both forms of a printed plan use.  Not for others. */
#pragma once

#include <stdint.h>

#include "plan/plan.h"

struct dump_bit {
	uint64_t bit;
	const char *name;
};

/* Each list ends with a name that is NULL. */
extern const struct dump_bit dump_attributes[], dump_propagations[];

extern const char *const dump_namespace_names[PLAN_NS_COUNT];
extern const char *const dump_mount_kinds[], *const dump_idmaps[]; /* by the values in struct plan_mount */
extern const char *const dump_cap_sets[PLAN_CAP_SETS];
