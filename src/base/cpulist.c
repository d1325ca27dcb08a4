/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of small numbers: see cpulist.h. */
#include "cpulist.h"

#include <string.h>

#include "str.h"

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t\n");
}

/* One number at *S, which moves behind it.  -1: none, or too large. */
static int take_number(const char **s)
{
	const char *p = *s;
	int n = 0;

	if (*p < '0' || *p > '9')
		return -1;
	for (; *p >= '0' && *p <= '9'; p++) {
		n = n * 10 + (*p - '0');
		if (n >= CPULIST_MAX)
			return -1;
	}
	*s = p;
	return n;
}

int cpulist_parse(const char *list, unsigned long *bits)
{
	const char *s = skip_blanks(list);
	int end = 0;

	memset(bits, 0, CPULIST_MAX / CHAR_BIT);
	while (*s) {
		int first, last;

		if (*s == ',') {
			s = skip_blanks(s + 1);
			continue;
		}
		first = last = take_number(&s);
		if (first >= 0 && *s == '-') {
			s++;
			last = take_number(&s);
		}
		s = skip_blanks(s);
		if (first < 0 || last < first || (*s && *s != ','))
			return -1;
		for (int n = first; n <= last; n++)
			bits[(size_t)n / CPULIST_BITS] |= 1UL << ((size_t)n % CPULIST_BITS);
		if (last >= end)
			end = last + 1;
	}
	return end;
}
