/* SPDX-License-Identifier: Apache-2.0 */
/* Levenshtein's distance, bounded. */
#include "nearest.h"

#include <stddef.h>
#include <string.h>

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

unsigned nearest_distance(const char *a, const char *b)
{
	enum { LONGEST = 31, FAR = 99 };
	unsigned row[LONGEST + 1], n = (unsigned)strlen(b), len = (unsigned)strlen(a), allowed;

	if (n > LONGEST || len > LONGEST)
		return FAR;
	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 1; i <= len; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= n; j++) {
			unsigned above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	allowed = n < 4 ? 1 : n < 9 ? 2 : 3;
	return row[n] <= allowed ? row[n] : FAR;
}

void nearest_consider(struct nearest *n, const char *known)
{
	unsigned distance = nearest_distance(n->wanted, known);

	if (distance < NEAREST_FAR && (!n->best || distance < n->distance)) {
		n->best = known;
		n->distance = distance;
	}
}
