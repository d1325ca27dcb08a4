/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of gc share: gc.c looks for containers, gc_cgroup.c for cgroups and scopes of none. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"
#include "container/container.h"

struct gc {
	const struct runtime *rt;
	bool dry;
	int64_t min_age_ms;	/* what was changed since is too young */
	void (*each)(const struct gc_item *item, void *arg);
	void *arg;
	struct error *err;	/* of the first failure */
	bool failed;
	char **cgroups;		/* directories of cgroups of containers that stay, NULL-terminated */
	size_t n_cgroups;
	char **scopes;
	size_t n_scopes;
};

/* Tells of an item; FAILED: why it is still there, NULL: it is gone. */
void gc_tell(struct gc *gc, const char *kind, const char *name, const char *why, const struct error *failed);

bool gc_is_young(const struct gc *gc, const struct stat *st);

/* Cgroups and scopes that no container below the root owns. */
void gc_cgroups(struct gc *gc);
