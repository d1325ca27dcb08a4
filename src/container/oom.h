/* SPDX-License-Identifier: Apache-2.0 */
/* Did the kernel kill a container's first process for lack of memory? */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* After the death of a process: fails with the code OOM, the limit and the peak when the kernel has killed in this
 * cgroup for lack of memory.  0: it has not, or nobody can tell (no cgroup: -1, no memory controller). */
MUST_CHECK int oom_explain(int cgroup_dirfd, struct error *err);

/* Whether the cgroup is gone already: systemd removes one in which nobody lives. */
bool oom_cannot_tell(int cgroup_dirfd);
