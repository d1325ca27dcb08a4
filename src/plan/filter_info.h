/* SPDX-License-Identifier: Apache-2.0 */
/* What the seccomp library that vert is linked with knows; for `features`. */
#pragma once

#include <stddef.h>

struct arena;

/* The architectures of the specification (config-linux.md) that the library knows; *RET_N of them. */
const char **filter_architectures(struct arena *arena, size_t *ret_n);

/* "2.5.4" */
const char *filter_library_version(struct arena *arena);
