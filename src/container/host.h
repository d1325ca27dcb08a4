/* SPDX-License-Identifier: Apache-2.0 */
/* Collecting struct host from the running system. */
#pragma once

#include "base/error.h"
#include "plan/host.h"

struct arena;

/* Fills RET; strings live in ARENA.  OWN_CGROUP: find out our own cgroup also with privileges. */
MUST_CHECK int host_collect(struct arena *arena, bool own_cgroup, struct host *ret, struct error *err);

/* The caller's part of it: privileges and capabilities. */
void host_collect_caller(struct host *ret);

/* The caller's subordinate ids, with his own first; apart from host_collect() because most starts do not need it. */
void host_collect_subids(struct arena *arena, struct host *host);

struct oci_config;

/* Whether the configuration names our own user namespace by a path: what is so named is inherited, for the kernel lets
 * nobody join the one he is in. */
void host_look_at_userns(const struct oci_config *config, struct host *host);
