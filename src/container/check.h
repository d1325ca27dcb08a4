/* SPDX-License-Identifier: Apache-2.0 */
/* `vert check`: what is wrong with a bundle on this host, without creating anything. */
#pragma once

#include "base/error.h"

struct runtime;

enum check_severity {
	CHECK_INFO,	/* worth knowing */
	CHECK_WARNING,	/* starts, but hardly does what was meant */
	CHECK_FAILS,	/* create, start or run will fail */
};

struct check_finding {
	enum check_severity severity;
	const char *rule;	/* a code of cmd/codes.def */
	const char *place;	/* in config.json: "mounts[3].options[0]"; "": none */
	unsigned line;		/* of that place, 0: not known */
	const char *message, *fix;	/* FIX "": see the code */
};

/* Calls EACH for each finding in the bundle DIR (NULL: "."), whose configuration is FILE (NULL: config.json), in the
 * order of the configuration.  An error only when the bundle cannot be looked at; what is wrong in it is a finding. */
MUST_CHECK int container_check(const struct runtime *rt, const char *dir, const char *file,
			       void (*each)(const struct check_finding *, void *), void *data, struct error *err);
