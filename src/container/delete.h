/* SPDX-License-Identifier: Apache-2.0 */
/* Removing an opened container: delete, and start when a poststart hook fails. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "container/record.h"

/* Claims the container, kills what lives (FORCE; without it, it must be created or stopped) and removes all of it,
 * with its poststop hooks.  C must have been opened with container_open_dir() at least. */
MUST_CHECK int container_destroy(const struct runtime *rt, struct container *c, bool force, struct error *err);
