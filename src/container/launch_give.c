/* SPDX-License-Identifier: Apache-2.0 */
/* What a container gets from outside after its init is cloned: its network namespace, interfaces of the host's, a
 * group of resctrl, another container's core scheduling cookie; and the limits of its cgroup. */
#include "container/launch_priv.h"

#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "base/naive.h"
#include "container/namespace.h"
#include "container/network.h"
#include "kernel/cgroup.h"
#include "kernel/coresched.h"
#include "kernel/devbpf.h"
#include "kernel/rdt.h"

int launch_make_network(void *context, struct error *err)
{
	struct launch *l = context;

	return namespaces_network_follows(&l->init) ? namespaces_make_network(&l->init, l->sock, err) : 0;
}

int launch_move_devices(void *context, struct error *err)
{
	struct launch *l = context;

	return network_give(&l->network, l->plan, l->pid, l->init.stage_ns[PLAN_NS_NET], err);
}

int launch_enter_rdt(void *context, struct error *err)
{
	struct launch *l = context;
	const struct plan_process *p = &l->plan->process;

	l->in_rdt = rdt_enter(&l->plan->rdt, l->pid, err) == 0;
	if (!l->in_rdt)
		return -1;
	if (p->core == PLAN_CORE_OF && coresched_share(p->core_pid, p->core_start, l->pid, err) < 0)
		return error_where(err, "annotations[\"run.vert.core_sched\"]");
	return 0;
}

/* Which limits are asked for and not enforced, when the configuration wants to be told. */
static void warn_of_waived(const struct launch *l)
{
	const struct plan_cgroup *c = &l->place;

	for (size_t i = 0; c->warn_waived && i < c->n_writes; i++) {
		const struct plan_write *w = &c->writes[i];

		if (w->waived && (l->cgroup.dirfd < 0 || faccessat(l->cgroup.dirfd, w->file, F_OK, 0) < 0))
			log_warning("%s: '%s' is not enforced: %s", w->at, w->file,
				    l->cgroup.dirfd < 0 ? "the container has no cgroup"
							: "its cgroup has no such file");
	}
}

int launch_limit_cgroup(void *context, struct error *err)
{
	struct launch *l = context;
	const struct plan_cgroup *c = &l->place;

	warn_of_waived(l);
	if (l->cgroup.dirfd < 0)
		return 0;
	if (cgroup_apply(l->cgroup.dirfd, c->writes, c->n_writes, err) < 0)
		return -1;
	if (c->manager == PLAN_CGROUP_SYSTEMD && scope_apply(&l->scope, c, err) < 0)
		return -1;
	if (c->n_filter && !naive("devices") && devbpf_attach(l->cgroup.dirfd, c->filter, c->n_filter, err) < 0) {
		if (!l->plan->rootless || (err->errnum != EPERM && err->errnum != EACCES))
			return error_where(err, "linux.resources.devices");
		/* A rootless container makes no device nodes, and those bound in are guarded by their modes. */
		log_debug("no device program without privileges: %s", err->msg);
	}
	return c->delegate ? cgroup_delegate(l->cgroup.dirfd, c->delegate_uid, (gid_t)-1, err) : 0;
}
