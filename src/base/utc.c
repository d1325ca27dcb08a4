/* SPDX-License-Identifier: Apache-2.0 */
/* From a count of seconds to a date. */
#include "utc.h"

enum { DAY = 86400, ERA_DAYS = 146097, CENTURY_DAYS = 36524, LEAP_DAYS = 1461, YEAR_DAYS = 365 };

struct utc utc_from_seconds(int64_t seconds)
{
	int64_t days = seconds / DAY, rest = seconds % DAY, era, in_era, year;
	int day_of_year, shifted;

	if (rest < 0) {
		rest += DAY;
		days--;
	}
	/* Years begin in March, so that the leap day is the last one; 719468 days lie between 0000-03-01
	 * and 1970-01-01, and the calendar repeats every 400 years. */
	days += 719468;
	era = (days >= 0 ? days : days - (ERA_DAYS - 1)) / ERA_DAYS;
	in_era = days - era * ERA_DAYS;
	year = (in_era - in_era / (LEAP_DAYS - 1) + in_era / CENTURY_DAYS - in_era / (ERA_DAYS - 1)) / YEAR_DAYS;
	day_of_year = (int)(in_era - (YEAR_DAYS * year + year / 4 - year / 100));
	shifted = (5 * day_of_year + 2) / 153; /* months of 31 30 31 30 31 days, from March */
	return (struct utc){
		.year = year + era * 400 + (shifted >= 10),
		.month = shifted < 10 ? shifted + 3 : shifted - 9,
		.day = day_of_year - (153 * shifted + 2) / 5 + 1,
		.hour = (int)(rest / 3600),
		.minute = (int)(rest / 60 % 60),
		.second = (int)(rest % 60),
	};
}
