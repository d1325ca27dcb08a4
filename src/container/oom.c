/* SPDX-License-Identifier: Apache-2.0 */
/* The OOM killer's part in a death: see oom.h.  What is read is there only where the memory controller is. */
#include "container/oom.h"

#include <stdbool.h>
#include <string.h>

#include "base/fd.h"

/* What one needs to choose a better limit. */
static void tell_memory(int cgroup_dirfd, struct error *err)
{
	char max[32], peak[32] = "not known";

	if (fd_read_small(cgroup_dirfd, "memory.max", max, sizeof(max)) <= 0)
		return;
	(void)fd_read_small(cgroup_dirfd, "memory.peak", peak, sizeof(peak)); /* from Linux 5.19 on */
	error_hint(err, "the limit is %s bytes, the peak was %s: raise linux.resources.memory.limit", max, peak);
}

static bool was_killed(int cgroup_dirfd)
{
	char text[512], *p;

	if (cgroup_dirfd < 0 || fd_read_small(cgroup_dirfd, "memory.events", text, sizeof(text)) <= 0)
		return false;
	p = strstr(text, "oom_kill ");
	return p && p[9] != '0';
}

int oom_explain(int cgroup_dirfd, struct error *err)
{
	if (!was_killed(cgroup_dirfd))
		return 0;
	fail_at(err, 0, "linux.resources.memory.limit",
		"the container's init was OOM-killed: the memory limit could be too low");
	tell_memory(cgroup_dirfd, err);
	return error_code(err, "OOM");
}
