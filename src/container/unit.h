/* SPDX-License-Identifier: Apache-2.0 */
/* The systemd unit of a container, as the verbs of vert see it: how to reach its manager, and its limits. */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

struct arena;
struct container;
struct oci_resources;
struct runtime;

/* Adds to RET, which names the manager, the program that speaks to it and the patience.  This build or this host not
 * having that program is an error. */
MUST_CHECK int unit_settings(struct arena *arena, const struct runtime *rt, struct plan_systemd *ret,
			     struct error *err);

/* How to reach the unit of a container whose record names one. */
MUST_CHECK int unit_of(struct container *c, const struct runtime *rt, struct plan_systemd *ret, struct error *err);

/* Updates the limits of the container's cgroup CGROUP and those of the unit around it, all or nothing. */
MUST_CHECK int unit_update(struct container *c, const struct runtime *rt, int cgroup, const struct oci_resources *res,
			   const struct plan_cgroup *plan, struct error *err);
