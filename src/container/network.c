/* SPDX-License-Identifier: Apache-2.0 */
/* Giving network interfaces to a container: see network.h. */
#include "container/network.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"

int network_give(struct network *n, const struct plan *plan, pid_t pid, int joined, struct error *err)
{
	autoclose int netns = -1;
	char path[40];

	if (!plan->n_net_devices)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	netns = joined >= 0 ? fcntl(joined, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC);
	if (netns < 0)
		return fail(err, errno, "open the network namespace of the container");
	n->names = calloc(plan->n_net_devices, sizeof(*n->names));
	if (!n->names)
		return fail(err, ENOMEM, "move network devices");
	if (netdev_move_all(plan->net_devices, plan->n_net_devices, netns, n->names, err) < 0)
		return -1;
	n->netns = take_fd(&netns);
	return 0;
}

void network_take_back(struct network *n, const struct plan *plan)
{
	if (n->netns >= 0)
		netdev_return_all(plan->net_devices, plan->n_net_devices, n->netns, n->names);
	close_keeping_errno(&n->netns);
	n->netns = -1;
	free(n->names);
	n->names = NULL;
}
