/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the rules of `vert check`. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "container/check.h"
#include "plan/host.h"
#include "plan/plan.h"

struct arena;
struct oci_config;

struct check {
	struct arena *arena;
	const char *text; /* of config.json */
	size_t len;
	const struct oci_config *config; /* as it was read */
	const struct host *host;
	const struct plan *plan; /* of what is left when all that cannot be planned is taken out */
	bool planned;		 /* there is a plan */
	size_t n, room;
	struct check_finding *findings;
};

/* Adds a finding; its text is copied. */
__attribute__((format(printf, 6, 7))) void check_add(struct check *c, enum check_severity severity, const char *rule,
						     const char *place, const char *fix, const char *fmt, ...);

/* check_names.c: unknown properties, and words that libraries or the kernel do not know. */
void check_unknown_property(struct check *c, const char *place, unsigned line);
void check_words(struct check *c);

/* check_mounts.c: sources, destinations, order, options of file systems. */
void check_mounts(struct check *c);

/* check_program.c: the program, hooks, terminal, identity. */
void check_program(struct check *c);

/* check_view.c: the container's tree as it will be, looked at from here. */
enum view_answer {
	VIEW_FOUND,	/* *RET_FD is it (O_PATH | O_NOFOLLOW) */
	VIEW_MISSING,	/* nothing of that name; FOUND_AT says how far one gets */
	VIEW_UNKNOWN,	/* it is in a file system that is not there yet */
};
struct view {
	const struct plan *plan;
	int rootfd;
};
/* Looks PATH of the container up: links are followed as inside, mounts of the plan are taken into account.  FOUND_AT
 * (256 bytes) is the path without links, or the first part of it that is missing. */
enum view_answer view_open(const struct view *v, const char *path, int *ret_fd, char *found_at);

/* The last mount that covers PATH, which has no leading slash; NULL: it is in the root file system.  Only mounts before
 * the BELOW-th count. */
const struct plan_mount *view_mount(const struct plan *plan, const char *path, size_t below);
