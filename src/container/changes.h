/* SPDX-License-Identifier: Apache-2.0 */
/* Following the changes of a container. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "container/container.h"

/* Tell when tasks waited for STALL within a WINDOW. */
struct psi_trigger {
	const char *resource;	/* "cpu", "memory", "io" */
	bool full;		/* all of them at once, not some */
	unsigned stall_us, window_us;
};

struct follow_options {
	const struct psi_trigger *triggers;
	size_t n_triggers;
	int (*line)(const char *json, struct error *err);
};

/* Calls LINE for "following" at once and then for each change: "frozen", "populated", "memory", "oom", "pids", "psi"
 * and "exit", objects of one line without a newline.  Returns when the last process has left the container, or LINE
 * fails. */
MUST_CHECK int container_follow(const struct runtime *rt, const char *id, const struct follow_options *options,
				struct error *err);
