/* SPDX-License-Identifier: Apache-2.0 */
/* mounts add and remove: changes the mount table of a container that lives. */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

/* Carries out a plan of PLAN_MOUNT or PLAN_UMOUNT. */
MUST_CHECK int graft(const struct plan *plan, int *ret_status, struct error *err);
