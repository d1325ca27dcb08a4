/* SPDX-License-Identifier: Apache-2.0 */
/* The whole plan of a container, from its configuration and the facts of the host. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "plan/plan.h"

struct arena;
struct filter_options;
struct host;
struct oci_config;

/* How create and run put their cgroup. */
enum plan_cgroup_choice { PLAN_CHOOSE_FS, PLAN_CHOOSE_SYSTEMD, PLAN_CHOOSE_NONE };

/* Fills PLAN, whose verb, id, bundle and no_pivot are there already; what comes from the command line and the
 * state (sockets, record_head ...) is the caller's.  Everything in it lives in ARENA or outlives it. Bad values are
 * refused with their place, before anything is created. */
MUST_CHECK int plan_build(struct arena *arena, const struct oci_config *config, const struct host *host,
			  enum plan_cgroup_choice choice, const struct filter_options *filter, struct plan *plan,
			  struct error *err);

/* The parts, for tests and for exec. */
MUST_CHECK int plan_namespaces(struct arena *arena, const struct oci_config *config, const struct host *host,
			       struct plan *plan, struct error *err);
MUST_CHECK int plan_net_devices(struct arena *arena, const struct oci_config *config, struct plan *plan,
				struct error *err);
struct oci_intel_rdt;
MUST_CHECK int plan_rdt_group(struct arena *arena, const struct oci_intel_rdt *in, struct plan *plan,
			      struct error *err);
MUST_CHECK int plan_sysctls(struct arena *arena, const struct oci_config *config, struct plan *plan,
			    struct error *err);
MUST_CHECK int plan_device_nodes(struct arena *arena, const struct oci_config *config, struct plan *plan,
				 struct error *err);
MUST_CHECK int plan_cgroup_place(struct arena *arena, const struct oci_config *config, const struct host *host,
				 enum plan_cgroup_choice choice, struct plan *plan, struct error *err);

/* The cgroup of a container whose configuration names none: "BASE/vert/ID".  BASE is "" or, for a caller that
 * may only write below its own cgroup, the path of that one.  False: does not fit. */
bool cgroup_default_path(const char *base, const char *id, char *buf, size_t size);

/* The constant part of the container process state that goes to the seccomp agent; nothing without NOTIFY. */
MUST_CHECK int plan_listener_state(struct arena *arena, const char *metadata, struct plan *plan);
