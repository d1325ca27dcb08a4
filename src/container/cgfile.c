/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a cgroup as JSON: see cgfile.h. */
#include "container/cgfile.h"

#include <string.h>

#include "base/fd.h"

enum { FILE_SIZE = 65536 };

static bool slurp(int cgroup, const char *file, char text[FILE_SIZE])
{
	return fd_read_small(cgroup, file, text, FILE_SIZE) >= 0;
}

static void put_string(struct buf *b, const char *text, size_t n)
{
	struct buf word = {0};

	buf_add(&word, text, n);
	if (word.failed)
		b->failed = true;
	else
		buf_json(b, word.s ? word.s : "");
	buf_free(&word);
}

void cgfile_value(struct buf *b, const char *text, size_t n)
{
	size_t digits = 0;

	while (digits < n && text[digits] >= '0' && text[digits] <= '9')
		digits++;
	if (n > 0 && digits == n && (text[0] != '0' || n == 1))
		buf_add(b, text, n);
	else
		put_string(b, text, n);
}

void cgfile_single(struct buf *b, int cgroup, const char *file)
{
	char text[FILE_SIZE];

	if (slurp(cgroup, file, text))
		cgfile_value(b, text, strcspn(text, "\n"));
	else
		buf_puts(b, "null");
}

static bool is_wanted(const char *const *only, const char *key, size_t n)
{
	if (!only)
		return true;
	for (; *only; only++)
		if (strlen(*only) == n && strncmp(*only, key, n) == 0)
			return true;
	return false;
}

void cgfile_flat(struct buf *b, int cgroup, const char *file, const char *const *only)
{
	char text[FILE_SIZE];
	const char *comma = "";

	if (!slurp(cgroup, file, text)) {
		buf_puts(b, "null");
		return;
	}
	buf_puts(b, "{");
	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n"), key = strcspn(line, " \n");

		if (key < n && is_wanted(only, line, key)) {
			buf_puts(b, comma);
			put_string(b, line, key);
			buf_puts(b, ":");
			cgfile_value(b, line + key + 1, n - key - 1);
			comma = ",";
		}
		line += n + (line[n] == '\n');
	}
	buf_puts(b, "}");
}

/* "KEY=VALUE KEY=VALUE". */
static void put_pairs(struct buf *b, const char *s, size_t n)
{
	const char *end = s + n, *comma = "";

	buf_puts(b, "{");
	while (s < end) {
		size_t word, key;

		s += *s == ' ';
		word = strcspn(s, " \n");
		key = strcspn(s, "= \n");
		if (key < word) {
			buf_puts(b, comma);
			put_string(b, s, key);
			buf_puts(b, ":");
			cgfile_value(b, s + key + 1, word - key - 1);
			comma = ",";
		}
		if (word == 0)
			break;
		s += word;
	}
	buf_puts(b, "}");
}

void cgfile_nested(struct buf *b, int cgroup, const char *file)
{
	char text[FILE_SIZE];
	const char *comma = "";

	if (!slurp(cgroup, file, text)) {
		buf_puts(b, "null");
		return;
	}
	buf_puts(b, "{");
	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n"), name = strcspn(line, " \n");

		if (name < n) {
			buf_puts(b, comma);
			put_string(b, line, name);
			buf_puts(b, ":");
			put_pairs(b, line + name, n - name);
			comma = ",";
		}
		line += n + (line[n] == '\n');
	}
	buf_puts(b, "}");
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0". */
static void put_total(struct buf *b, const char *text, const char *name)
{
	size_t len = strlen(name);
	const char *total = NULL;

	for (const char *line = text; *line && !total;
	     line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, name, len) == 0 && line[len] == ' ')
			total = strstr(line, "total=");
	if (total)
		cgfile_value(b, total + 6, strspn(total + 6, "0123456789"));
	else
		buf_puts(b, "null");
}

void cgfile_pressure(struct buf *b, int cgroup, const char *file)
{
	char text[FILE_SIZE];

	if (!slurp(cgroup, file, text) || !text[0]) {
		buf_puts(b, "null");
		return;
	}
	buf_puts(b, "{\"some_usec\":");
	put_total(b, text, "some");
	buf_puts(b, ",\"full_usec\":");
	put_total(b, text, "full");
	buf_puts(b, "}");
}
