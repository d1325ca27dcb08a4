/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as text or JSON: what `vert run --dry-run` prints, and what the golden tests compare. */
#pragma once

#include "base/str.h"
#include "plan/plan.h"

/* Appends PLAN to B, a fact a line, blocks in the order in which they are carried out.  What is not asked for is
 * left out; a NUL-free text that ends with a newline. */
void plan_dump(const struct plan *plan, struct buf *b);

/* The same for programs: one JSON object without its closing brace, for the caller to add to. */
void plan_dump_json(const struct plan *plan, struct buf *b);
