/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock: the calling process gives up rights over files and ports, for itself and all its children, for good. */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

/* Opens the paths of the rules by name, from the process's own root, and restricts the process.  Needs no_new_privs or
 * CAP_SYS_ADMIN, and the privilege to reach the paths: before it is given up.  A path that is not there is an error. */
MUST_CHECK int landlock_restrict(const struct plan_landlock *l, struct error *err);
