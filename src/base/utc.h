/* SPDX-License-Identifier: Apache-2.0 */
/* Date and time of day in UTC.  gmtime_r(3) of glibc reads /etc/localtime first: six system calls at every start, and a
 * file that a static program had better not interpret. */
#pragma once

#include <stdint.h>

struct utc {
	int64_t year;
	int month, day, hour, minute, second; /* from 1 for month and day */
};

/* SECONDS since 1970-01-01T00:00:00Z; proleptic Gregorian calendar, no leap seconds, also before 1970. */
struct utc utc_from_seconds(int64_t seconds);
