/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a cgroup as JSON, whatever is in them: a kernel that tells more is quoted without a change here.
 *
 * What is not there (no such controller, no such kernel) is null, which is not the same as 0.
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"

/* TEXT as a JSON number when it is a whole number, else as a string. */
void cgfile_value(struct buf *b, const char *text, size_t n);

/* A file with a single value. */
void cgfile_single(struct buf *b, int cgroup, const char *file);

/* "KEY VALUE" lines as {"KEY":VALUE,...}; ONLY, NULL-terminated: these keys, NULL: all. */
void cgfile_flat(struct buf *b, int cgroup, const char *file, const char *const *only);

/* "NAME KEY=VALUE..." lines as {"NAME":{"KEY":VALUE,...},...}: io.stat. */
void cgfile_nested(struct buf *b, int cgroup, const char *file);

/* {"some_usec":N,"full_usec":N}: how long tasks waited since the cgroup is there. */
void cgfile_pressure(struct buf *b, int cgroup, const char *file);
