/* SPDX-License-Identifier: Apache-2.0 */
/* The OOM killer's part in a death: see oom.h.  What is read is there only where the memory controller is. */
#include "container/oom.h"

#include <stdbool.h>
#include <string.h>

#include "base/fd.h"

enum { LEVELS = 3 }; /* a leaf, the cgroup with the limits, and a slice around it */

/* What one needs to choose a better limit.  The one that counts may be set above, and on our own not yet. */
static void tell_memory(int cgroup_dirfd, struct error *err)
{
	static const char path[] = "../../memory.max";
	char max[32] = "max", peak[32] = "not known";

	for (int up = 0; up < LEVELS && strcmp(max, "max") == 0; up++) {
		const char *file = path + sizeof("../../") - 1 - (size_t)up * (sizeof("../") - 1);

		if (fd_read_small(cgroup_dirfd, file, max, sizeof(max)) <= 0)
			return;
	}
	if (strcmp(max, "max") == 0)
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

bool oom_cannot_tell(int cgroup_dirfd)
{
	char text[8];

	return cgroup_dirfd >= 0 && fd_read_small(cgroup_dirfd, "cgroup.type", text, sizeof(text)) < 0;
}
