/* SPDX-License-Identifier: Apache-2.0 */
/* Network interfaces of the host that go to a container (linux.netDevices), by rtnetlink.
 *
 * Done from outside while the container's processes wait: the sender needs privileges over both network
 * namespaces.  MTU and hardware address move along by themselves; permanent addresses of global scope are
 * written down before and added again; the interface is up afterwards.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "plan/plan.h"

enum { NETDEV_NAME_SIZE = 16 };

/* Moves the N devices to the namespace NETNS in order.  NAMES[i] is what device i is called there (a template
 * was filled in by the kernel).  On failure all are back where they were. */
MUST_CHECK int netdev_move_all(const struct plan_net_device *devices, size_t n, int netns,
			       char (*names)[NETDEV_NAME_SIZE], struct error *err);

/* Takes them back for a start that failed later: with the namespace the kernel would end the virtual ones.  What
 * cannot be taken back is warned about. */
void netdev_return_all(const struct plan_net_device *devices, size_t n, int netns,
		       char (*names)[NETDEV_NAME_SIZE]);
