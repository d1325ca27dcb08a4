/* SPDX-License-Identifier: Apache-2.0 */
/* The host's mounts beneath a root that was moved over its own.
 *
 * Without pivot_root(2) they stay in the container's mount namespace, out of sight.  But the kernel lets a user
 * namespace mount a procfs or a sysfs of its own where one without masks is anywhere in the namespace
 * (mount_too_revealing() in fs/namespace.c), so none of the host's may stay.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct oldroot_mount {
	uint64_t id, parent;
	const char *root, *path, *fstype; /* in the line that was parsed */
};

/* Takes one line of /proc/PID/mountinfo apart, in place; false: it is none. */
bool oldroot_parse(char *line, struct oldroot_mount *ret);

/* Takes everything off OLD, the host's root, which is also the working directory: by MOUNTINFO, which was read before
 * the new root was moved and is used up.  Where the kernel holds the mounts together (it does so in a user namespace
 * that did not make them) each procfs and sysfs is covered. */
MUST_CHECK int oldroot_leave(int old, char *mountinfo, struct error *err);
