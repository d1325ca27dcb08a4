/* SPDX-License-Identifier: Apache-2.0 */
/* What a container uses, as the object that `runc events` prints as "data". */
#pragma once

#include <sys/types.h>

#include "base/str.h"

/* Appends the object to B.  What the kernel does not tell (a controller that is not enabled) is left out or 0. CGROUP:
 * the container's directory; PID: its first process, whose network namespace is counted. */
void stats_print(struct buf *b, int cgroup, pid_t pid);

/* Value of KEY in a file of "KEY VALUE" lines; 0 when it is not there. */
uint64_t stats_value(int cgroup, const char *file, const char *key);
