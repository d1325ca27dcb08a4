/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of codes.def as an array. */
#include "cmd/codes.h"

#include <stddef.h>

#define CODE(name, cause, cure) {name, cause, cure},
const struct code codes[] = {
#include "cmd/codes.def"
	{NULL, NULL, NULL},
};
