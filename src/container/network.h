/* SPDX-License-Identifier: Apache-2.0 */
/* The container's share of the host's network interfaces: the launcher's part of linux.netDevices. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/netdev.h"
#include "plan/plan.h"

struct network {
	int netns; /* -1: nothing was given */
	char (*names)[NETDEV_NAME_SIZE];
};

/* Gives the plan's devices to the network namespace of PID, or to JOINED when it is one that is joined (-1: it is
 * not); PID waits meanwhile. */
MUST_CHECK int network_give(struct network *n, const struct plan *plan, pid_t pid, int joined, struct error *err);

/* For a start that failed.  Copes with a network that was never given. */
void network_take_back(struct network *n, const struct plan *plan);
