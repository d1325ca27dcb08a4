/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: what the host offers, as a table or JSON, and the line that mends each gap. */
#include "container/doctor.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cmd/commands.h"
#include "cmd/output.h"
#include "libocispec/arena.h"

enum { TEXT, JSON };
static const char *const formats[] = {"text", "json", NULL};

struct doctor_values {
	unsigned format;
	bool json;
};

/* clang-format off */
static const struct cli_option options[] = {
	{ "format", 'f', CLI_CHOICE, offsetof(struct doctor_values, format), "FORMAT", formats, "text",
	  "text or json" },
	{ "json", 0, CLI_FLAG, offsetof(struct doctor_values, json), NULL, NULL, NULL,
	  "the same as --format json" },
};
/* clang-format on */

enum { MAX_FACTS = 64 };
struct report {
	struct arena *arena;
	const struct doctor_fact *facts[MAX_FACTS];
	size_t n;
	enum doctor_state worst;
};

static const struct {
	const char *name, *color;
} states[] = {
	[DOCTOR_FINE] = {"ok", "\033[32m"},
	[DOCTOR_INFO] = {"info", "\033[36m"},
	[DOCTOR_LIMITED] = {"limited", "\033[33m"},
	[DOCTOR_MISSING] = {"missing", "\033[31m"},
};

static void on_fact(const struct doctor_fact *fact, void *data)
{
	struct report *r = data;
	struct doctor_fact *copy;

	if (r->n == MAX_FACTS)
		return;
	copy = arena_alloc(r->arena, sizeof(*copy));
	*copy = *fact;
	r->facts[r->n++] = copy;
	r->worst = fact->state > r->worst ? fact->state : r->worst;
}

static const char *style(size_t row, size_t column, const char *cell)
{
	if (row == 0)
		return "\033[1m";
	for (size_t i = 0; column == 0 && i < COUNT_OF(states); i++)
		if (strcmp(states[i].name, cell) == 0)
			return states[i].color;
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

static void add_text(struct buf *b, const struct report *r)
{
	enum { COLUMNS = 4 };
	const char **cells = arena_array(r->arena, (r->n + 1) * COLUMNS, sizeof(*cells));
	static const char *const header[COLUMNS] = {"STATE", "GROUP", "WHAT", "FOUND"};

	memcpy(cells, header, sizeof(header));
	for (size_t i = 0; i < r->n; i++) {
		const char **row = cells + (i + 1) * COLUMNS;

		row[0] = states[r->facts[i]->state].name;
		row[1] = r->facts[i]->group;
		row[2] = r->facts[i]->name;
		row[3] = printable(r->arena, r->facts[i]->detail);
	}
	output_table(b, COLUMNS, r->n + 1, cells, output_is_colored() ? style : NULL);
	for (size_t i = 0; i < r->n; i++)
		if (r->facts[i]->fix[0])
			buf_printf(b, "\n%s, %s:\n  %s\n", r->facts[i]->group, r->facts[i]->name,
				   printable(r->arena, r->facts[i]->fix));
}

static void add_json(struct buf *b, const struct report *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct doctor_fact *f = r->facts[i];

		buf_printf(b, "%s{\"group\":\"%s\",\"name\":\"%s\",\"state\":\"%s\",\"found\":",
			   i ? ",\n " : "[", f->group, f->name, states[f->state].name);
		buf_json(b, f->detail);
		buf_puts(b, ",\"fix\":");
		buf_json(b, f->fix);
		buf_puts(b, "}");
	}
	buf_puts(b, "]\n");
}

static int run(const struct cli_call *call, struct error *err)
{
	const struct doctor_values *v = call->values;
	struct report r = {.arena = call->arena};
	struct buf b = {0};

	doctor_examine(on_fact, &r);
	(v->json || v->format == JSON ? add_json : add_text)(&b, &r);
	if (output_write(&b, err) < 0)
		return -1;
	return output_verdict(r.worst == DOCTOR_MISSING	  ? 2
			      : r.worst == DOCTOR_LIMITED ? 1
							  : 0,
			      err);
}

const struct cli_command command_doctor = {
	.name = "doctor",
	.summary = "tell what this host offers, and how to mend the gaps",
	.operands = "",
	.syntax = {options, COUNT_OF(options), sizeof(struct doctor_values), 0, 0, false},
	.run = run,
};
