/* SPDX-License-Identifier: Apache-2.0 */
/* The report of denied system calls (run.vert.seccomp.report): a tool for debugging profiles.
 *
 * The filter's ERRNO answers are replaced by notifications to a process of ours, which runs the original filter over
 * each call, answers with the errno that it says, and counts.  The container sees what it would see, only later.
 */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

/* Starts that process for LISTENER; it stays behind and ends with the last process that has the filter. */
MUST_CHECK int denials_start(const struct plan *plan, int listener, struct error *err);
