/* SPDX-License-Identifier: Apache-2.0 */
/* What this build can do.  `--version` and `features` tell it; the code that can do it lives elsewhere. */
#pragma once

#include <stdbool.h>

#define SPEC_VERSION "1.3.0"	/* the newest runtime specification that vert knows all of */
#define SPEC_VERSION_MIN "1.0.0"

/* Set one to true in the commit that makes it true. */
#ifdef HAVE_SYSTEMD
#define CAN_SYSTEMD true	/* cgroups made by systemd */
#define CAN_SYSTEMD_USER true	/* and by a user's systemd */
#else
#define CAN_SYSTEMD false
#define CAN_SYSTEMD_USER false
#endif
#define CAN_INTEL_RDT true
#define CAN_INTEL_RDT_MONITORING true
#define CAN_CRIU true		/* checkpoint and restore, with a criu that is there when they are asked for */

struct ability {
	const char *word;
	bool have;
};

/* The words of `--version`; the last one is NULL, the first one is always there. */
extern const struct ability abilities[];
