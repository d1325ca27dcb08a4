/* SPDX-License-Identifier: Apache-2.0 */
/* What seccomp profiles may name, and what the library that vert is linked with knows of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* The architectures of the specification (config-linux.md), *RET_N of them.  A profile may name each of them on every
 * machine, with every release of the library: see filter_compile.c. */
const char *const *filter_architectures(size_t *ret_n);

/* "2.5.4" */
const char *filter_library_version(struct arena *arena);

/* Does the library know this system call, on any architecture?  When not, NEAR is the one that was meant, "" when none
 * is near. */
bool filter_syscall_known(const char *name, char *near, size_t size);
