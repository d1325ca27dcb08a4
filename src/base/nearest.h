/* SPDX-License-Identifier: Apache-2.0 */
/* The known word that somebody meant. */
#pragma once

#define NEAREST_FAR 99

/* How many letters differ between two words; NEAREST_FAR when that is more than a slip of the finger. */
unsigned nearest_distance(const char *a, const char *b);

/* A search: set WANTED, consider all known words, BEST is then the nearest one or NULL. */
struct nearest {
	const char *wanted, *best;
	unsigned distance;
};
void nearest_consider(struct nearest *n, const char *known);
