/* SPDX-License-Identifier: Apache-2.0 */
/* gc: removes what dead runtimes left, and says what. */
#include "cmd/commands.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cmd/duration.h"
#include "cmd/output.h"
#include "container/container.h"
#include "libocispec/arena.h"

static const char *const formats[] = {"table", "json", NULL};

struct gc_values {
	bool dry_run;
	unsigned format;
	const char *min_age;
};

#define AT(member) offsetof(struct gc_values, member)

/* clang-format off */
static const struct cli_option options[] = {
	{ "dry-run", 'n', CLI_FLAG, AT(dry_run), NULL, NULL, NULL,
	  "print what would be removed, and remove nothing" },
	{ "format", 'f', CLI_CHOICE, AT(format), "FORMAT", formats, "table",
	  "table or json" },
	{ "min-age", 0, CLI_STRING, AT(min_age), "DURATION", NULL, "10s",
	  "leave alone what was changed since" },
};
/* clang-format on */

struct found {
	struct arena *arena;
	struct gc_item *v;
	size_t n, room;
};

static const char *copy(struct arena *arena, const char *s)
{
	return s ? arena_strdup(arena, s) : NULL;
}

static void collect(const struct gc_item *item, void *arg)
{
	struct found *f = arg;
	size_t size = sizeof(*f->v);

	if (f->n == f->room) {
		f->v = arena_grow(f->arena, f->v, f->room * size, (f->room * 2 + 16) * size);
		f->room = f->room * 2 + 16;
	}
	f->v[f->n++] = (struct gc_item){copy(f->arena, item->kind), copy(f->arena, item->name),
					copy(f->arena, item->why), copy(f->arena, item->error)};
}

/* ---- as JSON ------------------------------------------------------------------------------------ */

static void print_items(struct buf *b, const struct found *f, bool left)
{
	const char *comma = "";

	buf_puts(b, "[");
	for (size_t i = 0; i < f->n; i++) {
		if (left != (f->v[i].error != NULL))
			continue;
		buf_printf(b, "%s{\"kind\":\"%s\",\"name\":", comma, f->v[i].kind);
		buf_json(b, f->v[i].name);
		buf_puts(b, ",\"why\":");
		buf_json(b, f->v[i].why);
		if (left) {
			buf_puts(b, ",\"error\":");
			buf_json(b, f->v[i].error);
		}
		buf_puts(b, "}");
		comma = ",";
	}
	buf_puts(b, "]");
}

static int print_json(const struct found *f, bool dry, struct error *err)
{
	struct buf b = {0};

	buf_printf(&b, "{\"dry_run\":%s,\"removed\":", dry ? "true" : "false");
	print_items(&b, f, false);
	buf_puts(&b, ",\"left\":");
	print_items(&b, f, true);
	buf_puts(&b, "}\n");
	return output_write(&b, err);
}

/* ---- as a table ---------------------------------------------------------------------------------- */

enum { RESULT, KIND, NAME, WHY, COLUMNS };

static const char *style(size_t row, size_t column, const char *cell)
{
	if (row == 0)
		return "\033[1m";
	if (column == RESULT)
		return strcmp(cell, "left") == 0 ? "\033[31m" : "\033[32m";
	return "";
}

static const char *printable(struct arena *arena, const char *s)
{
	struct buf b = {0};
	const char *text;

	output_printable(&b, s);
	text = arena_strdup(arena, b.s ? b.s : "");
	buf_free(&b);
	return text;
}

static int print_table(const struct found *f, bool dry, struct error *err)
{
	static const char *const header[COLUMNS] = {"RESULT", "KIND", "NAME", "WHY"};
	const char **cells = arena_array(f->arena, (f->n + 1) * COLUMNS, sizeof(*cells));
	struct buf b = {0};

	if (f->n == 0)
		return output_text(dry ? "nothing to remove\n" : "nothing was left\n", err);
	memcpy(cells, header, sizeof(header));
	for (size_t i = 0; i < f->n; i++) {
		const struct gc_item *item = &f->v[i];
		const char **row = cells + (i + 1) * COLUMNS;

		row[RESULT] = item->error ? "left" : dry ? "would remove" : "removed";
		row[KIND] = item->kind;
		row[NAME] = printable(f->arena, item->name);
		row[WHY] = printable(f->arena, item->error ? item->error : item->why);
	}
	output_table(&b, COLUMNS, f->n + 1, cells, output_is_colored() ? style : NULL);
	return output_write(&b, err);
}

static int run(const struct cli_call *call, struct error *err)
{
	const struct gc_values *v = call->values;
	struct found found = {.arena = call->arena};
	struct error of_output;
	unsigned min_age = 10000;
	int r, printed;

	if (v->min_age && !duration_parse(v->min_age, 0, &min_age)) {
		fail(err, 0, "option '--min-age' wants a duration, not '%s'", v->min_age);
		return error_hint(err, "durations are such as 0s, 500ms, 10s or 1m30s");
	}
	r = container_gc(call->runtime, v->dry_run, min_age, collect, &found, err);
	printed = v->format == 1 ? print_json(&found, v->dry_run, &of_output)
				 : print_table(&found, v->dry_run, &of_output);
	if (printed < 0 && r == 0)
		*err = of_output;
	return r < 0 || printed < 0 ? -1 : 0;
}

const struct cli_command command_gc = {
	.name = "gc",
	.summary = "remove what runtimes that died have left",
	.operands = "",
	.syntax = {options, COUNT_OF(options), sizeof(struct gc_values), 0, 0, false},
	.run = run,
};
