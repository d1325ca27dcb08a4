/* SPDX-License-Identifier: Apache-2.0 */
/* What the global options mean for a plan; shared by create, run and exec. */
#pragma once

#include "base/error.h"
#include "container/container.h"
#include "plan/build.h"
#include "plan/filter.h"
#include "plan/host.h"
#include "plan/plan.h"

struct arena;
struct oci_config;

enum plan_cgroup_choice options_cgroup(const struct runtime *rt);

/* --rootless overrides what was found out about privileges. */
MUST_CHECK int options_rootless(const struct runtime *rt, struct host *host, struct error *err);

/* Options of the seccomp compiler: CACHE below the state root (made when missing), annotations. */
MUST_CHECK int options_filter(const struct runtime *rt, const struct oci_config *config, bool cache,
			      struct filter_options *ret, struct arena *arena, struct error *err);

/* A terminal in the foreground begins with the size of ours, if the configuration names none. */
void options_terminal_size(struct plan_process *p);

/* Refuses labels whose security module is absent, before anything is created. */
MUST_CHECK int options_require(const struct plan *plan, struct error *err);
