/* SPDX-License-Identifier: Apache-2.0 */
/* The containers of a root as the specification's state objects; the program makes its table of them. */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "libocispec/ocispec.h"

struct arena;
struct vert;

struct collection {
	struct arena *arena; /* all of it lives here */
	struct oci_state *v;
	size_t n, room;
};
MUST_CHECK int lib_collect(const struct vert *v, struct collection *c, struct error *err);
