/* SPDX-License-Identifier: Apache-2.0 */
/* What the seccomp library that vert is linked with knows; for `features`. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* The architectures of the specification (config-linux.md) that the library knows; *RET_N of them. */
const char **filter_architectures(struct arena *arena, size_t *ret_n);

/* "2.5.4" */
const char *filter_library_version(struct arena *arena);

/* Does the library know this system call, on any architecture?  When not, NEAR is the one that was meant, "" when none
 * is near. */
bool filter_syscall_known(const char *name, char *near, size_t size);
