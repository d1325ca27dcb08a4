/* SPDX-License-Identifier: Apache-2.0 */
/* explain: what the code of an error means, and what helps. */
#include "cmd/commands.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/str.h"
#include "cmd/codes.h"
#include "cmd/output.h"
#include "libocispec/arena.h"

enum { TABLE, JSON, MARKDOWN };
static const char *const formats[] = {"table", "json", "markdown", NULL};

struct explain_values {
	unsigned format;
};

/* clang-format off */
static const struct cli_option explain_options[] = {
	{ "format", 'f', CLI_CHOICE, offsetof(struct explain_values, format), "FORMAT", formats, "table",
	  "table, json or markdown" },
};
/* clang-format on */

static void add_json(struct buf *b, const struct code *c)
{
	buf_puts(b, "{\"code\":");
	buf_json(b, c->name);
	buf_puts(b, ",\"cause\":");
	buf_json(b, c->cause);
	buf_puts(b, ",\"cure\":");
	buf_json(b, c->cure);
	buf_puts(b, "}");
}

static const char *style(size_t row, size_t column, const char *cell)
{
	(void)cell;
	return row == 0 || column == 0 ? "\033[1m" : "";
}

static void add_table(struct buf *b, struct arena *arena)
{
	size_t n = 0;
	const char **cells;

	while (codes[n].name)
		n++;
	cells = arena_array(arena, (n + 1) * 2, sizeof(*cells));
	cells[0] = "CODE";
	cells[1] = "CAUSE";
	for (size_t i = 0; i < n; i++) {
		cells[2 + 2 * i] = codes[i].name;
		cells[3 + 2 * i] = codes[i].cause;
	}
	output_table(b, 2, n + 1, cells, output_is_colored() ? style : NULL);
}

static int explain_all(const struct cli_call *call, unsigned format, struct error *err)
{
	struct buf b = {0};

	if (format == TABLE)
		add_table(&b, call->arena);
	for (size_t i = 0; format != TABLE && codes[i].name; i++) {
		if (format == MARKDOWN) {
			buf_printf(&b, "| `%s` | %s | %s |\n", codes[i].name, codes[i].cause,
				   codes[i].cure);
			continue;
		}
		buf_puts(&b, i ? ",\n " : "[");
		add_json(&b, &codes[i]);
	}
	if (format == JSON)
		buf_puts(&b, "]\n");
	return output_write(&b, err);
}

/* As a person types it: "mount-source_missing" is MOUNT_SOURCE_MISSING. */
static const char *in_capitals(struct arena *arena, const char *word)
{
	char *name = arena_strdup(arena, word);

	for (char *c = name; *c; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
	return name;
}

static int unknown_code(const char *name, struct error *err)
{
	const char *nearest = NULL;
	unsigned best = 99;

	for (size_t i = 0; codes[i].name; i++) {
		unsigned distance = nearest_distance(name, codes[i].name);

		if (distance >= 99 && !nearest && str_starts(codes[i].name, name)) {
			nearest = codes[i].name;
		} else if (distance < best) {
			best = distance;
			nearest = codes[i].name;
		}
	}
	cli_misuse(err, "there is no code '%s'", name);
	if (nearest)
		return error_hint(err, "did you mean '%s'?", nearest);
	return error_hint(err, "'vert explain' lists the codes");
}

static int run(const struct cli_call *call, struct error *err)
{
	const struct explain_values *v = call->values;
	const struct code *c = codes;
	struct buf b = {0};
	const char *name;

	if (call->n_args == 0)
		return explain_all(call, v->format, err);
	name = in_capitals(call->arena, call->args[0]);
	while (c->name && strcmp(c->name, name) != 0)
		c++;
	if (!c->name)
		return unknown_code(name, err);
	if (v->format == JSON) {
		add_json(&b, c);
		buf_puts(&b, "\n");
	} else if (v->format == MARKDOWN) {
		buf_printf(&b, "| `%s` | %s | %s |\n", c->name, c->cause, c->cure);
	} else {
		const char *bold = output_is_colored() ? "\033[1m" : "",
			   *plain = *bold ? "\033[0m" : "";

		buf_printf(&b, "%s%s%s\n\n", bold, c->name, plain);
		buf_printf(&b, "%sCause:%s %s.\n%sCure:%s  %s.\n", bold, plain, c->cause, bold,
			   plain, c->cure);
	}
	return output_write(&b, err);
}

const struct cli_command command_explain = {
	.name = "explain",
	.summary = "tell cause and cure of an error's code, or list all codes",
	.operands = "[CODE]",
	.syntax = {explain_options, COUNT_OF(explain_options), sizeof(struct explain_values), 0, 1,
		   false},
	.run = run,
};
