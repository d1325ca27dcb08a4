/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's Landlock version, whether it has core scheduling, and whose cookie is to be shared. */
#include "container/confine.h"

#include <errno.h>

#include "base/sys.h"
#include "container/record.h"
#include "plan/annotation.h"
#include "plan/confine.h"
#include "plan/host.h"

/* The container that shares its cookie must live. */
static int find_other(const struct runtime *rt, const char *id, struct host *host, struct error *err)
{
	static const char at[] = "annotations[\"" CONFINE_CORE_SCHED "\"]";
	struct container c;
	int rc = container_open(rt, id, &c, err);

	if (rc == 0 && c.pid == 0)
		rc = fail(err, 0, "container not running: '%s' is %s", id, container_status_name(c.status));
	if (rc == 0) {
		host->core_pid = c.pid;
		host->core_start = c.record->start_time.v;
	}
	container_close(&c);
	return rc < 0 ? error_where(err, at) : 0;
}

int confine_look(const struct runtime *rt, const struct oci_config *config, struct arena *arena, struct host *host,
		 struct error *err)
{
	const char *other;
	uint64_t cookie;

	if (annotation(config, CONFINE_LANDLOCK)) {
		host->landlock_abi = sys_landlock_abi();
		if (host->landlock_abi < 0)
			host->landlock_abi = 0;
	}
	if (!annotation(config, CONFINE_CORE_SCHED))
		return 0;
	if (sys_sched_core(SYS_SCHED_CORE_GET, 0, SYS_SCHED_CORE_THREAD, &cookie) < 0)
		host->core_errno = errno;
	other = plan_core_other(arena, config);
	return rt && other && !host->core_errno ? find_other(rt, other, host, err) : 0;
}
