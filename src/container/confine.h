/* SPDX-License-Identifier: Apache-2.0 */
/* What the planner must know of the host for the confinement that annotations ask for. */
#pragma once

#include "base/error.h"

struct arena;
struct host;
struct oci_config;
struct runtime;

/* Fills the last members of HOST (RT NULL: without the container whose cookie is shared); does nothing when no
 * annotation of plan/confine.h is there. */
MUST_CHECK int confine_look(const struct runtime *rt, const struct oci_config *config, struct arena *arena,
			    struct host *host, struct error *err);
