/* SPDX-License-Identifier: Apache-2.0 */
/* events: what a container uses, one JSON object a line, in runc's words. */
#include "cmd/commands.h"

#include <string.h>

#include "base/str.h"
#include "cmd/duration.h"
#include "cmd/output.h"
#include "container/changes.h"
#include "container/container.h"
#include "libocispec/arena.h"

struct events_values {
	bool stats, follow;
	const char *interval;
	const char *const *psi;
};

#define AT(member) offsetof(struct events_values, member)

/* clang-format off */
static const struct cli_option options[] = {
	{ "stats", 0, CLI_FLAG, AT(stats), NULL, NULL, NULL,
	  "print the statistics once and end" },
	{ "interval", 0, CLI_STRING, AT(interval), "DURATION", NULL, "5s",
	  "time between statistics, such as 500ms, 5s or 1m30s" },
	{ "follow", 0, CLI_FLAG, AT(follow), NULL, NULL, NULL,
	  "print what changes, when it does, and no statistics" },
	{ "psi", 0, CLI_LIST, AT(psi), "TRIGGER", NULL, NULL,
	  "with --follow: tell of pressure, such as memory:some:150ms/1s; may be repeated" },
};
/* clang-format on */

static int print_line(const char *json, struct error *err)
{
	struct buf b = {0};

	buf_printf(&b, "%s\n", json);
	return output_write(&b, err);
}

/* "memory:some:150ms/1s". */
static bool parse_trigger(struct arena *arena, const char *text, struct psi_trigger *ret)
{
	char *save = NULL, *copy = arena_strdup(arena, text);
	const char *resource = strtok_r(copy, ":", &save), *level = strtok_r(NULL, ":", &save);
	const char *stall = strtok_r(NULL, "/", &save), *window = strtok_r(NULL, "", &save);
	unsigned stall_ms, window_ms;

	if (!resource || !level || !stall || !window || !duration_parse(stall, 1, &stall_ms) ||
	    !duration_parse(window, 1, &window_ms) || stall_ms > 10000 || window_ms > 10000)
		return false;
	if (strcmp(resource, "cpu") != 0 && strcmp(resource, "memory") != 0 &&
	    strcmp(resource, "io") != 0)
		return false;
	if (strcmp(level, "some") != 0 && strcmp(level, "full") != 0)
		return false;
	*ret = (struct psi_trigger){resource, level[0] == 'f', stall_ms * 1000, window_ms * 1000};
	return true;
}

static int follow(const struct cli_call *call, struct error *err)
{
	const struct events_values *v = call->values;
	struct follow_options what = {.line = print_line};
	struct psi_trigger *triggers;
	size_t n = 0;

	while (v->psi && v->psi[n])
		n++;
	triggers = arena_array(call->arena, n + 1, sizeof(*triggers));
	for (size_t i = 0; i < n; i++)
		if (!parse_trigger(call->arena, v->psi[i], &triggers[i])) {
			fail(err, 0, "option '--psi' wants RESOURCE:LEVEL:STALL/WINDOW, not '%s'",
			     v->psi[i]);
			return error_hint(err, "as in memory:some:150ms/1s; the resource is cpu, "
					       "memory or io, the level some "
					       "or full, a window at most 10s");
		}
	what.triggers = triggers;
	what.n_triggers = n;
	return container_follow(call->runtime, call->args[0], &what, err);
}

static int run(const struct cli_call *call, struct error *err)
{
	const struct events_values *v = call->values;
	unsigned interval = 5000;

	if (v->follow && !v->stats && !v->interval)
		return follow(call, err);
	if (v->follow)
		return fail(err, 0,
			    "option '--follow' prints no statistics: it goes without --stats and "
			    "--interval");
	if (v->psi)
		return fail(err, 0, "option '--psi' goes with --follow");

	if (v->interval && !duration_parse(v->interval, 1, &interval)) {
		cli_misuse(err, "option '--interval' wants a duration, not '%s'", v->interval);
		return error_hint(
			err, "durations are at least a millisecond, such as 500ms, 5s or 1m30s");
	}
	return container_events(call->runtime, call->args[0], v->stats ? 0 : interval, print_line,
				err);
}

const struct cli_command command_events = {
	.name = "events",
	.summary = "print what a container uses, and when its memory ran out",
	.operands = "ID",
	.syntax = {options, COUNT_OF(options), sizeof(struct events_values), 1, 1, false},
	.run = run,
};
