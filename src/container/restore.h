/* SPDX-License-Identifier: Apache-2.0 */
/* restore: CRIU brings the processes back, inside the launch of a container. */
#pragma once

#include "container/launch_priv.h"

/* In place of the clone of init: the process that becomes criu, in the container's cgroup CGROUP (-1: ours). */
MUST_CHECK int restore_clone(struct launch *l, int cgroup, struct error *err);

/* A step: waits for criu; the container's first process takes its place in L. */
MUST_CHECK int restore_finish(void *context, struct error *err);
