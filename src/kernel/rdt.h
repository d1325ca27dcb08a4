/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of the resctrl file system (linux.intelRdt). */
#pragma once

#include <sys/types.h>

#include "base/error.h"
#include "plan/plan.h"

/* Makes or checks the plan's group, writes its schemata and puts PID into it and its monitoring group.  On failure
 * nothing that was made is left. */
MUST_CHECK int rdt_enter(const struct plan_rdt *rdt, pid_t pid, struct error *err);

/* Puts one more process into groups that are there. */
MUST_CHECK int rdt_add(const struct plan_rdt *rdt, pid_t pid, struct error *err);

/* Writes the schemata alone. */
MUST_CHECK int rdt_update(const struct plan_rdt *rdt, struct error *err);

/* Removes groups: paths below resctrl, separated by newlines, as in plan_rdt.remove.  What is gone is gone. */
MUST_CHECK int rdt_remove(const char *paths, struct error *err);
