/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what the user gives: the bundle's config.json, a process document, a resources document. */
#pragma once

#include <stddef.h>

#include "base/error.h"

struct arena;
struct oci_type;

/* The absolute, normalised path of DIR (NULL: "."), which must be a directory.  In ARENA. */
MUST_CHECK int bundle_path(struct arena *arena, const char *dir, const char **ret, struct error *err);

/* Reads FILE ("-": standard input) and parses it as a document of TYPE.  Errors: "FILE:LINE:COLUMN: PLACE: what".
 * Unknown properties are shown at debug level.  *RET_TEXT (may be NULL) is the text, *RET_LEN its length; it lives in
 * KEEP, the document in ARENA. */
MUST_CHECK int document_read(struct arena *arena, struct arena *keep, const char *file, const struct oci_type *type,
			     void **ret, const char **ret_text, size_t *ret_len, struct error *err);

/* The same for a text that is there already; it must live as long as ARENA, and NAME is what errors call it. */
MUST_CHECK int document_parse(struct arena *arena, const char *name, const struct oci_type *type, const char *text,
			      size_t len, void **ret, struct error *err);

/* The text alone; "-" is standard input. */
MUST_CHECK int document_text(struct arena *arena, const char *file, const char **ret_text, size_t *ret_len,
			     struct error *err);
