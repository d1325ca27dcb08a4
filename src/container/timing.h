/* SPDX-License-Identifier: Apache-2.0 */
/* --timing FILE: one JSON line a step with wall, cpu and blocked microseconds.  Costs one comparison when off. */
#pragma once

#include <stdint.h>

#include "base/error.h"

struct timing {
	uint64_t wall, cpu; /* nanoseconds at the beginning */
};

/* Appends to the file PATH from now on; NULL leaves it off.  Once, before anything is measured. */
MUST_CHECK int timing_open(const char *path, struct error *err);

/* Its descriptor, -1: off. */
int timing_fd_number(void);

void timing_begin(struct timing *t);
void timing_end(const struct timing *t, const char *who, const char *step);

/* Ends STEP, and begins the one behind it. */
void timing_next(struct timing *t, const char *who, const char *step);
