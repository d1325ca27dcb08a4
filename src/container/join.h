/* SPDX-License-Identifier: Apache-2.0 */
/* exec: one more process in a running container, inside vert-init. */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

/* Starts the process.  --detach: 0 when its program runs; else waits, and *RET_STATUS is its status. */
MUST_CHECK int join(const struct plan *plan, int *ret_status, struct error *err);
