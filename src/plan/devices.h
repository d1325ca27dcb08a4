/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources.devices to a program of type BPF_PROG_TYPE_CGROUP_DEVICE.
 *
 * Rules are in order and the last one that speaks about an access decides it, each of read, write and
 * mknod on its own; a request is granted when all it asks for is.  What no rule speaks about is denied.
 * The devices every container has (config-linux.md, Default Devices) are allowed after the list.
 */
#pragma once

#include "base/error.h"

struct arena;
struct oci_resources;
struct plan_cgroup;

/* Fills OUT->filter and OUT->n_filter; n_filter is 0 when the rules allow everything.  RES may be NULL. */
MUST_CHECK int plan_devices(struct arena *arena, const struct oci_resources *res, struct plan_cgroup *out,
			    struct error *err);
