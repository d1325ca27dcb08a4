/* SPDX-License-Identifier: Apache-2.0 */
/* The launcher: the parent's half of create and run, inside vert-init. */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

/* Carries PLAN out.  create and run --detach: 0 when the container is there.  run: waits for the container,
 * removes it, and *RET_STATUS is its status (128 + n for a signal).  On failure nothing is left. */
MUST_CHECK int launch(const struct plan *plan, int *ret_status, struct error *err);
