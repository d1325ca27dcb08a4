/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks of config.json as the plan has them.  Pure; used by create and, from the stored configuration, by
 * start and delete.
 */
#pragma once

#include "base/error.h"
#include "libocispec/ocispec.h"
#include "plan/plan.h"

/* Fills RET[PLAN_HOOK_KINDS].  HOOKS may be NULL.  path must be absolute and timeout positive; absent args become
 * {path}; absent env stays apart from an empty one: .v is NULL.  All memory is the arena's. */
MUST_CHECK int plan_hooks(const struct oci_hooks *hooks, struct arena *arena, struct plan_hooks *ret,
			  struct error *err);

/* "prestart", "createRuntime", ... */
const char *plan_hook_kind_name(enum plan_hook_kind kind);
