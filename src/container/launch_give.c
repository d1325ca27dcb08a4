/* SPDX-License-Identifier: Apache-2.0 */
/* What a container gets from outside after its init is cloned: its network namespace, interfaces of the host's, a
 * group of resctrl, another container's core scheduling cookie. */
#include "container/launch_priv.h"

#include "container/namespace.h"
#include "container/network.h"
#include "kernel/coresched.h"
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
