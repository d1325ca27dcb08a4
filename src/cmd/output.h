/* SPDX-License-Identifier: Apache-2.0 */
/* Standard output: written once and whole, so that an engine never reads half a document. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

/* Writes what is in B and frees it. */
MUST_CHECK int output_write(struct buf *b, struct error *err);
MUST_CHECK int output_text(const char *text, struct error *err);

/* The end of a command whose output was the answer, and whose exit status is part of it: main prints no error.
 * Returns 0 for STATUS 0, else -1. */
MUST_CHECK int output_verdict(int status, struct error *err);

/* True when standard output is a terminal and nobody asked for plain text with NO_COLOR. */
bool output_is_colored(void);

/* Rows of N cells, columns aligned with two blanks between them, none behind the last.  STYLE, when not NULL,
 * tells the terminal sequence for a cell ("": none); row 0 is the header. */
void output_table(struct buf *b, size_t n, size_t rows, const char *const *cells,
		  const char *(*style)(size_t row, size_t column, const char *cell));

/* Text from strangers: control characters come out as \xNN so that they cannot drive the terminal. */
void output_printable(struct buf *b, const char *s);
