/* SPDX-License-Identifier: Apache-2.0 */
/* Every code that an error or a finding of `vert check` can have, with its cause and its cure.
 *
 * The rows are in codes.def.  The one table behind `vert explain` and docs/errors.md.  tests/unit/codes holds it
 * against the sources in both directions.
 */
#pragma once

struct code {
	const char *name;	/* "MOUNT_SOURCE_MISSING" */
	const char *cause;	/* half a sentence: what was found */
	const char *cure;	/* what to do, one or two sentences */
};

/* In the order of their names; the last one has name NULL. */
extern const struct code codes[];

struct error;

/* An error that has no hint gets the cure of its code as one. */
void codes_hint(struct error *err);
