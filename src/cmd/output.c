/* SPDX-License-Identifier: Apache-2.0 */
/* Standard output and tables. */
#include "cmd/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

int output_text(const char *text, struct error *err)
{
	if (fd_write_all(STDOUT_FILENO, text, strlen(text)) < 0)
		return fail(err, errno, "write to standard output");
	return 0;
}

int output_write(struct buf *b, struct error *err)
{
	int r = 0;

	if (b->failed)
		r = fail(err, ENOMEM, "compose the output");
	else if (b->s)
		r = output_text(b->s, err);
	buf_free(b);
	return r;
}

int output_verdict(int status, struct error *err)
{
	*err = (struct error){.status = status};
	return status ? -1 : 0;
}

bool output_is_colored(void)
{
	const char *no_color = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

void output_printable(struct buf *b, const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			buf_printf(b, "\\x%02x", (unsigned char)*s);
		else
			buf_add(b, s, 1);
}

/* Characters on the screen, roughly: one for each UTF-8 sequence. */
static size_t width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static size_t column_width(size_t n, size_t rows, const char *const *cells, size_t column)
{
	size_t widest = 0;

	for (size_t row = 0; row < rows; row++) {
		size_t w = width(cells[row * n + column]);

		widest = w > widest ? w : widest;
	}
	return widest;
}

void output_table(struct buf *b, size_t n, size_t rows, const char *const *cells,
		  const char *(*style)(size_t row, size_t column, const char *cell))
{
	for (size_t i = 0; i < rows * n; i++) {
		size_t column = i % n;
		const char *sequence = style ? style(i / n, column, cells[i]) : "";

		buf_puts(b, sequence);
		buf_puts(b, cells[i]);
		buf_puts(b, *sequence ? "\033[0m" : "");
		if (column + 1 == n)
			buf_puts(b, "\n");
		else
			buf_printf(
				b, "%*s",
				(int)(column_width(n, rows, cells, column) - width(cells[i]) + 2),
				"");
	}
}
