/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of small numbers as cpuset files write them: "0-3,7". */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* More than any kernel is built for (CONFIG_NR_CPUS of x86 ends at 8192, node numbers at 1024). */
enum { CPULIST_MAX = 8192 };

#define CPULIST_BITS (CHAR_BIT * sizeof(unsigned long))
#define CPULIST_WORDS (CPULIST_MAX / CPULIST_BITS)

/* Sets bit n of BITS (CPULIST_WORDS words, cleared first) for every number in LIST: single ones and ranges
 * with commas between; blanks around them and empty elements are ignored, as runc does.  Returns the
 * highest number plus one; 0 when there is none; -1 when the text is no list, a range is upside down
 * or a number is not below CPULIST_MAX. */
int cpulist_parse(const char *list, unsigned long *bits);
