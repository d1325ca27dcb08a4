/* SPDX-License-Identifier: Apache-2.0 */
/* Durations on the command line: see duration.h. */
#include "cmd/duration.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

bool duration_parse(const char *s, unsigned least, unsigned *ret_ms)
{
	static const struct {
		const char *name;
		double ms;
	} units[] = {{"ms", 1}, {"us", 1e-3}, {"ns", 1e-6}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}};
	double total = 0;

	if (!*s)
		return false;
	while (*s) {
		char *end;
		double v;
		size_t i = 0;

		if (*s != '.' && (*s < '0' || *s > '9'))
			return false;
		v = strtod(s, &end);
		while (i < COUNT_OF(units) &&
		       strncmp(end, units[i].name, strlen(units[i].name)) != 0)
			i++;
		if (i == COUNT_OF(units) && (*end || total > 0))
			return false;
		total += v * (i < COUNT_OF(units) ? units[i].ms : 1e3);
		s = end + (i < COUNT_OF(units) ? strlen(units[i].name) : 0);
	}
	if (total < least || total > INT_MAX)
		return false;
	*ret_ms = (unsigned)total;
	return true;
}
