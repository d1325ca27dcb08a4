/* SPDX-License-Identifier: Apache-2.0 */
/* state and list: what is known about containers, as JSON or as a table. */
#include "cmd/commands.h"

#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "cmd/output.h"
#include "container/container.h"
#include "lib/lib.h"
#include "lib/report.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"

static const char *const formats[] = {"table", "json", NULL};

struct list_values {
	unsigned format;
	bool quiet;
};

/* clang-format off */
static const struct cli_option list_options[] = {
	{ "format", 'f', CLI_CHOICE, offsetof(struct list_values, format), "FORMAT", formats, "table",
	  "table or json" },
	{ "quiet", 'q', CLI_FLAG, offsetof(struct list_values, quiet), NULL, NULL, NULL,
	  "print ids only, one a line" },
};

struct state_values {
	bool effective;
};

static const struct cli_option state_options[] = {
	{ "effective", 0, CLI_FLAG, offsetof(struct state_values, effective), NULL, NULL, NULL,
	  "print the limits instead: what was asked for, and what is in force" },
};
/* clang-format on */

static int print_effective(const struct cli_call *call, struct error *err)
{
	struct buf b = {0};

	if (container_effective(call->runtime, call->args[0], &b, err) < 0) {
		buf_free(&b);
		return -1;
	}
	return output_write(&b, err);
}

static int run_state(const struct cli_call *call, struct error *err)
{
	struct vert v = lib_borrow(call->runtime);
	struct vert_error *why = NULL;
	autofree char *json = NULL;

	if (((const struct state_values *)call->values)->effective)
		return print_effective(call, err);
	if (lib_result(vert_state(&v, call->args[0], &json, &why), &why, err) < 0)
		return -1;
	return output_text(json, err);
}

/* ---- list --------------------------------------------------------------------------------------- */

enum { ID, PID, STATUS, BUNDLE, CREATED, OWNER, COLUMNS };

static const char *style(size_t row, size_t column, const char *cell)
{
	static const struct {
		const char *status, *sequence;
	} colors[] = {{"running", "\033[32m"},
		      {"paused", "\033[33m"},
		      {"created", "\033[36m"},
		      {"stopped", "\033[2m"}};

	if (row == 0)
		return "\033[1m";
	for (size_t i = 0; column == STATUS && i < COUNT_OF(colors); i++)
		if (strcmp(colors[i].status, cell) == 0)
			return colors[i].sequence;
	return "";
}

static const char *printable(struct arena *arena, const char *s)
{
	struct buf b = {0};
	const char *text;

	output_printable(&b, s ? s : "");
	text = arena_strdup(arena, b.s ? b.s : "");
	buf_free(&b);
	return text;
}

static int print_table(const struct collection *c, struct error *err)
{
	static const char *const header[COLUMNS] = {"ID",     "PID",	 "STATUS",
						    "BUNDLE", "CREATED", "OWNER"};
	const char **cells = arena_array(c->arena, (c->n + 1) * COLUMNS, sizeof(*cells));
	struct buf b = {0};

	memcpy(cells, header, sizeof(header));
	for (size_t i = 0; i < c->n; i++) {
		const struct oci_state *s = &c->v[i];
		const char **row = cells + (i + 1) * COLUMNS;

		row[ID] = s->id;
		row[PID] = arena_printf(c->arena, "%d", s->pid.v);
		row[STATUS] = oci_choice_text(oci_type_status(), s->status);
		row[BUNDLE] = printable(c->arena, s->bundle);
		row[CREATED] = printable(c->arena, s->created);
		row[OWNER] = printable(c->arena, s->owner);
	}
	output_table(&b, COLUMNS, c->n + 1, cells, output_is_colored() ? style : NULL);
	return output_write(&b, err);
}

static int print_ids(const struct cli_call *call, struct error *err)
{
	struct buf b = {0};
	char **ids;

	if (container_ids(call->runtime, &ids, err) < 0)
		return -1;
	for (size_t i = 0; ids[i]; i++)
		buf_printf(&b, "%s\n", ids[i]);
	container_ids_free(ids);
	return output_write(&b, err);
}

static int run_list(const struct cli_call *call, struct error *err)
{
	const struct list_values *v = call->values;
	struct collection all = {.arena = call->arena};
	struct vert lib = lib_borrow(call->runtime);
	struct vert_error *why = NULL;
	autofree char *json = NULL;

	if (v->quiet)
		return print_ids(call, err);
	if (v->format == 0)
		return lib_collect(&lib, &all, err) < 0 ? -1 : print_table(&all, err);
	if (lib_result(vert_list(&lib, &json, &why), &why, err) < 0)
		return -1;
	return output_text(json, err);
}

const struct cli_command command_state = {
	.name = "state",
	.summary = "print the state of a container as JSON",
	.operands = "ID",
	.syntax = {state_options, COUNT_OF(state_options), sizeof(struct state_values), 1, 1, false},
	.run = run_state,
};

const struct cli_command command_list = {
	.name = "list",
	.summary = "list the containers",
	.operands = "",
	.syntax = {list_options, COUNT_OF(list_options), sizeof(struct list_values), 0, 0, false},
	.run = run_list,
};
