/* SPDX-License-Identifier: Apache-2.0 */
/* CPU, I/O and memory placement of the calling process.  Acts at once; knows nothing about containers.
 *
 * Raising priorities needs capabilities: call before they are dropped.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "plan/plan.h"

/* Advantages that are never inherited: real-time and deadline policies, a negative nice value, the real-time
 * I/O class; and the memory policy.  What the caller gave up (nice 10, SCHED_BATCH) stays given up. */
MUST_CHECK int sched_reset_inherited(struct error *err);

/* All CPUs that the cpuset allows, whatever mask was inherited. */
MUST_CHECK int sched_reset_cpus(struct error *err);
/* LIST as in base/cpulist.h. */
MUST_CHECK int sched_set_cpus(const char *list, const char *at, struct error *err);

MUST_CHECK int sched_set_policy(const struct plan_scheduler *s, struct error *err);
MUST_CHECK int sched_set_ioprio(int ioprio, struct error *err);
MUST_CHECK int sched_set_personality(unsigned long personality, struct error *err);
MUST_CHECK int sched_set_mempolicy(int mode, const unsigned long *nodes, size_t bits, struct error *err);
