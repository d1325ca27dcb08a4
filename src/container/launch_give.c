/* SPDX-License-Identifier: Apache-2.0 */
/* What a container gets from outside after its init is cloned: its network namespace, interfaces of the host's, a
 * group of resctrl. */
#include "container/launch_priv.h"

#include "container/namespace.h"
#include "container/network.h"
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

	l->in_rdt = rdt_enter(&l->plan->rdt, l->pid, err) == 0;
	return l->in_rdt ? 0 : -1;
}
