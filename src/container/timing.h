/* SPDX-License-Identifier: Apache-2.0 */
/* --timing FILE: one JSON line a step with wall, cpu and blocked microseconds.  Costs one comparison when off. */
#pragma once

#include <stdint.h>

struct timing {
	uint64_t wall, cpu; /* nanoseconds at the beginning */
};

/* The file to append to, -1 (the start value): off.  Set once by main(). */
void timing_to(int fd);
int timing_fd_number(void);

void timing_begin(struct timing *t);
void timing_end(const struct timing *t, const char *who, const char *step);
