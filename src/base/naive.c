/* SPDX-License-Identifier: Apache-2.0 */
/* Defences that a test build leaves out: see naive.h. */
#include "naive.h"

#ifdef VERT_TEST_FAULTS
#include <stdlib.h>
#include <string.h>

bool naive(const char *defence)
{
	const char *list = getenv("VERT_NAIVE");
	size_t want = strlen(defence);

	while (list && *list) {
		size_t n = strcspn(list, ",");

		if (n == want && memcmp(list, defence, n) == 0)
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}
#endif
