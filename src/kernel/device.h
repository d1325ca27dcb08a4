/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes and the links of /dev (config-linux.md, Default Devices; runtime-linux.md, Dev symbolic links).
 *
 * The only owner of the container's /dev: it is opened once, as a directory and through no symbolic link
 * (CVE-2026-41579, CVE-2026-47766), and everything is made relative to that descriptor.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "plan/plan.h"

/* Makes what the plan lists.  BIND: nodes cannot be made here (a user namespace), the host's are bound instead.
 * An existing node that is another device is an error, one that is the same is left alone. */
MUST_CHECK int device_make_all(int rootfd, const struct plan_device *devices, size_t n, bool bind,
			       struct error *err);

/* /dev/fd, stdin, stdout, stderr, core and ptmx.  What is there already stays, but a ptmx that is no link
 * to the container's own devpts is replaced. */
MUST_CHECK int device_make_links(int rootfd, struct error *err);

/* Standard descriptors that are a null device become "/dev/null" of the root we are in, if that is one. */
MUST_CHECK int device_replace_null(struct error *err);
