/* SPDX-License-Identifier: Apache-2.0 */
/* From `mounts` of config.json to an ordered array of mount operations (config.md, Mounts; config-linux.md,
 * Filesystems and Mount options).  Pure. */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "plan/plan.h"

struct arena;
struct host;
struct oci_config;
struct oci_mount;

/* Names of all options that are the runtime's, sorted as in the table; for `features` and tests. */
const char *const *mount_option_names(size_t *ret_n);

/* Fills plan->mounts, n_mounts and dev_is_host.  plan->ns and plan->bundle must be there already. */
MUST_CHECK int plan_mounts(struct arena *arena, const struct oci_config *config, const struct host *host,
			   struct plan *plan, struct error *err);

/* One mount object.  AT is its place ("mounts[3]"). */
MUST_CHECK int plan_mount(struct arena *arena, const struct oci_mount *in, const struct plan *plan, const char *at,
			  struct plan_mount *ret, struct error *err);
