/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources (and the document of `update`) to writes into the files of a version 2 cgroup.
 *
 * Pure: no file is looked at.  What version 2 cannot express is refused here, with its place in the
 * document; what this host cannot enforce is refused by plan_resources_check() or, where only the kernel
 * knows, by kernel/cgroup when the file is missing.  Devices are plan/devices' business.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct arena;
struct oci_resources;
struct plan_cgroup;

enum {
	PLAN_RESOURCES_UPDATE = 1, /* of a running container: what is absent stays as it is, and places are
				    * named without "linux.resources." */
};

/* Fills OUT->writes and OUT->n_writes with everything RES (NULL: nothing) asks for, in an order that is safe
 * for an empty cgroup and, through cgroup_update(), for one in use. */
MUST_CHECK int plan_resources(struct arena *arena, const struct oci_resources *res, struct plan_cgroup *out,
			      unsigned flags, struct error *err);

/* A controller ("memory") and the first place that asks for it. */
struct plan_controller {
	const char *name, *at;
};

/* The controllers that OUT's writes cannot do without.  Returns their number; *RET is in the arena. */
size_t plan_resources_controllers(struct arena *arena, const struct plan_cgroup *cgroup,
				  struct plan_controller **ret);

/* Refuses a plan that needs a controller which AVAILABLE (the text of a cgroup.controllers file) lacks. */
MUST_CHECK int plan_resources_check(const struct plan_cgroup *cgroup, const char *available, struct error *err);

/* cpu.shares (2..262144, others are clamped) as cpu.weight (1..10000): 2 is 1, 1024 is 100, 262144 is 10000. */
unsigned plan_cpu_weight(uint64_t shares);

/* blockIO.weight (10..1000) as io.weight (1..10000). */
unsigned plan_io_weight(unsigned weight);
