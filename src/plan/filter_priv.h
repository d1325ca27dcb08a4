/* SPDX-License-Identifier: Apache-2.0 */
/* What filter.c and filter_check.c share: the parts of plan_filter() that need no libseccomp. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct arena;
struct oci_seccomp;
struct oci_syscall_rule;
struct plan_filter;

/* The rules of config-linux.md (seccomp) and of the kernel that need no compiling to be seen. */
MUST_CHECK int filter_check(const struct oci_seccomp *s, struct error *err);

/* Whether some index occurs twice: then every entry is a rule of its own (libcontainer's reading, which profiles
 * have come to depend on), else all must hold. */
bool filter_args_repeat(const struct oci_syscall_rule *rule);

/* SECCOMP_FILTER_FLAG_* for S, which may be NULL. */
unsigned filter_flags(const struct oci_seccomp *s, bool notify);

/* A ready program from base64. */
MUST_CHECK int filter_decode(struct arena *arena, const char *base64, struct plan_filter *out,
			     struct error *err);

/* Whether the program can ask a listener: seen in the program itself, as it may come from anywhere. */
bool filter_has_notify(const struct plan_filter *filter);
