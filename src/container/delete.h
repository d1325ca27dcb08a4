/* SPDX-License-Identifier: Apache-2.0 */
/* Removing an opened container: delete, and start when a poststart hook fails. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "container/record.h"

struct removal_done;
struct removal_watch;

/* What may be removed, and for whom. */
struct destroy {
	enum {
		DESTROY_ENDED, /* what is created or stopped */
		DESTROY_DEAD,  /* what is stopped and has no process left, or is damaged */
		DESTROY_ANY,   /* what lives is killed */
	} what;
	int patience_ms; /* for other removers and for processes to die; 0: 10 s each */
	const struct removal_watch *watch; /* see remove.h; may be NULL */
	struct removal_done *done;
};

/* Claims the container, kills what may be killed and removes all of it, with its poststop hooks.  C must have been
 * opened with container_open_dir() at least. */
MUST_CHECK int container_destroy(const struct runtime *rt, struct container *c, const struct destroy *how,
				 struct error *err);

/* Nobody is in its cgroup, or it has none. */
MUST_CHECK int container_is_empty(const struct container *c, bool *ret, struct error *err);
