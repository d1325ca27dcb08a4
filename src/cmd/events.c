/* SPDX-License-Identifier: Apache-2.0 */
/* events: what a container uses, one JSON object a line, in runc's words. */
#include "cmd/commands.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

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

/* Go's durations: numbers with units, one after the other; a number alone is seconds. */
static bool parse_duration(const char *s, unsigned *ret_ms)
{
	static const struct {
		const char *name;
		double ms;
	} units[] = {{"ms", 1}, {"us", 1e-3}, {"ns", 1e-6}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}};
	double total = 0;

	if (!*s)
		return false;
	while (*s) {
		char *end;
		double v = *s == '.' || (*s >= '0' && *s <= '9') ? strtod(s, &end) : -1;
		size_t i = 0;

		if (v < 0)
			return false;
		while (i < COUNT_OF(units) && strncmp(end, units[i].name, strlen(units[i].name)) != 0)
			i++;
		if (i == COUNT_OF(units) && (*end || total > 0))
			return false;
		total += v * (i < COUNT_OF(units) ? units[i].ms : 1e3);
		s = end + (i < COUNT_OF(units) ? strlen(units[i].name) : 0);
	}
	if (total < 1 || total > INT_MAX)
		return false;
	*ret_ms = (unsigned)total;
	return true;
}

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

	if (v->interval && !parse_duration(v->interval, &interval)) {
		fail(err, 0, "option '--interval' wants a duration, not '%s'", v->interval);
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
