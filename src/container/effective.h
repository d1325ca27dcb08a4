/* SPDX-License-Identifier: Apache-2.0 */
/* What limits were asked for, by the configuration and by updates since: see container_effective(). */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

/* Adds the writes of an update to what is remembered in the state directory.  *RET_OLD, to free(), is what was there
 * before, NULL: nothing. */
MUST_CHECK int effective_remember(int dirfd, const struct plan_cgroup *update, char **ret_old, struct error *err);

/* Takes that back; OLD is what effective_remember() returned. */
void effective_forget(int dirfd, const char *old);
