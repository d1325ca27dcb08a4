/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of codes.def as an array. */
#include "cmd/codes.h"

#include <stddef.h>
#include <string.h>

#include "base/error.h"

#define CODE(name, cause, cure) {name, cause, cure},
const struct code codes[] = {
#include "cmd/codes.def"
	{NULL, NULL, NULL},
};

void codes_hint(struct error *err)
{
	if (strcmp(err->code, "REFUSED") == 0) /* its cure points to the message */
		return;
	for (size_t i = 0; codes[i].name; i++)
		if (strcmp(codes[i].name, err->code) == 0)
			error_hint(err, "%s", codes[i].cure);
}
