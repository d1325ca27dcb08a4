/* SPDX-License-Identifier: Apache-2.0 */
/* Getting a process into the plan's namespaces: clone3(2) where one call does it, a stage process where not.
 *
 * One clone3(2) makes all new namespaces, and the child joins the others.  That cannot work when
 *   - a user namespace is joined: new ones must belong to it, so it comes first, and whoever is in it cannot go back;
 *   - a user namespace is new and others are joined: joining needs the privileges from before;
 *   - a pid namespace is joined: only children of the joiner live in it;
 *   - time offsets are set: they must be written before anybody is inside.
 * Then a stage process joins, prepares, and clones init as a child of the launcher (CLONE_PARENT).
 *
 * A network namespace takes the kernel longer than all others together, and init does not need it at once: where the
 * launcher has the privileges to come back from it, it makes it while init mounts, and sends it after (MSG_NETWORK).
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "container/init.h"
#include "plan/plan.h"

/* Opens the namespaces that are joined into INIT->stage_ns, checks their types, and decides INIT->staged.  A mount
 * namespace must be neither ours nor the host's. */
MUST_CHECK int namespaces_open(struct init *init, struct error *err);

/* Clones init_main(INIT) into the namespaces and CGROUP (a descriptor, -1: stays in ours).  SOCK is our end of
 * the pair, which the child closes. */
MUST_CHECK int namespaces_clone(struct init *init, int cgroup, int sock, pid_t *ret_pid, int *ret_pidfd,
				struct error *err);

/* In init: joins what a stage process did not join before. */
MUST_CHECK int namespaces_join(const struct init *init, struct error *err);

/* Does the network namespace follow after the clone?  INIT has been through namespaces_open(). */
bool namespaces_network_follows(const struct init *init);

/* In the launcher: makes it, with its loopback interface up, and sends it to init over SOCK. */
MUST_CHECK int namespaces_make_network(const struct init *init, int sock, struct error *err);
