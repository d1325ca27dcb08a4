/* SPDX-License-Identifier: Apache-2.0 */
/* events: what a container uses, one JSON object a line, in runc's words. */
#include "cmd/commands.h"

#include "base/str.h"
#include "cmd/duration.h"
#include "cmd/output.h"
#include "container/container.h"

struct events_values {
	bool stats;
	const char *interval;
};

#define AT(member) offsetof(struct events_values, member)

/* clang-format off */
static const struct cli_option options[] = {
	{ "stats", 0, CLI_FLAG, AT(stats), NULL, NULL, NULL,
	  "print the statistics once and end" },
	{ "interval", 0, CLI_STRING, AT(interval), "DURATION", NULL, "5s",
	  "time between statistics, such as 500ms, 5s or 1m30s" },
};
/* clang-format on */

static int print_line(const char *json, struct error *err)
{
	struct buf b = {0};

	buf_printf(&b, "%s\n", json);
	return output_write(&b, err);
}

static int run(const struct cli_call *call, struct error *err)
{
	const struct events_values *v = call->values;
	unsigned interval = 5000;

	if (v->interval && !duration_parse(v->interval, 1, &interval)) {
		cli_misuse(err, "option '--interval' wants a duration, not '%s'", v->interval);
		return error_hint(err, "durations are at least a millisecond, such as 500ms, 5s or 1m30s");
	}
	return container_events(call->runtime, call->args[0], v->stats ? 0 : interval, print_line, err);
}

const struct cli_command command_events = {
	.name = "events",
	.summary = "print what a container uses, and when its memory ran out",
	.operands = "ID",
	.syntax = {options, COUNT_OF(options), sizeof(struct events_values), 1, 1, false},
	.run = run,
};
