/* SPDX-License-Identifier: Apache-2.0 */
/* state and list: what is known about containers, as JSON or as a table. */
#include "cmd/commands.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cmd/output.h"
#include "container/container.h"
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
/* clang-format on */

static struct oci_str_map copy_annotations(struct arena *arena, const struct container_info *info)
{
	struct oci_str_map map = {.n = info->n_annotations};

	if (map.n == 0)
		return map;
	map.v = arena_array(arena, map.n + 1, sizeof(*map.v));
	for (size_t i = 0; i < map.n; i++) {
		map.v[i].key = arena_strdup(arena, info->annotations[i].key);
		map.v[i].v = arena_strdup(arena, info->annotations[i].value);
	}
	return map;
}

static const char *copy(struct arena *arena, const char *s)
{
	return s ? arena_strdup(arena, s) : NULL;
}

static struct oci_state to_state(struct arena *arena, const struct container_info *info)
{
	const char *status = container_status_name(info->status);

	return (struct oci_state){
		.oci_version = copy(arena, info->oci_version),
		.id = copy(arena, info->id),
		.pid = {.v = (int32_t)info->pid, .set = true},
		.status = (enum oci_status)oci_choice_value(oci_type_status(), status,
							    strlen(status)),
		.bundle = copy(arena, info->bundle),
		.rootfs = copy(arena, info->rootfs),
		.created = copy(arena, info->created),
		.owner = copy(arena, info->owner),
		.systemd_scope = info->scope && *info->scope ? copy(arena, info->scope) : NULL,
		.annotations = copy_annotations(arena, info),
	};
}

static int run_state(const struct cli_call *call, struct error *err)
{
	struct container_info info = {0};
	struct oci_state state;

	if (container_info(call->runtime, call->args[0], &info, err) < 0)
		return -1;
	state = to_state(call->arena, &info);
	container_info_free(&info);
	return output_text(oci_print(call->arena, oci_type_state(), &state, true), err);
}

/* ---- list --------------------------------------------------------------------------------------- */

struct collection {
	struct arena *arena;
	struct oci_state *v;
	size_t n, room;
};

static void collect(const struct container_info *info, void *arg)
{
	struct collection *c = arg;
	size_t size = sizeof(*c->v);

	if (c->n == c->room) {
		c->v = arena_grow(c->arena, c->v, c->room * size, (c->room * 2 + 16) * size);
		c->room = c->room * 2 + 16;
	}
	c->v[c->n++] = to_state(c->arena, info);
}

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

	if (v->quiet)
		return print_ids(call, err);
	if (container_list(call->runtime, collect, &all, err) < 0)
		return -1;
	if (v->format == 0)
		return print_table(&all, err);
	return output_text(oci_print_list(call->arena, oci_type_state(), all.v, all.n, true), err);
}

const struct cli_command command_state = {
	.name = "state",
	.summary = "print the state of a container as JSON",
	.operands = "ID",
	.syntax = {.min = 1, .max = 1},
	.run = run_state,
};

const struct cli_command command_list = {
	.name = "list",
	.summary = "list the containers",
	.operands = "",
	.syntax = {list_options, COUNT_OF(list_options), sizeof(struct list_values), 0, 0, false},
	.run = run_list,
};
