/* SPDX-License-Identifier: Apache-2.0 */
/* top: what the running containers use, now: once as a table or JSON, or on a terminal again and again. */
#include "cmd/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cmd/duration.h"
#include "cmd/output.h"
#include "container/usage.h"
#include "libocispec/arena.h"

#define FIRST_MS 500 /* between the two looks that a rate needs */

static const char *const formats[] = {"table", "json", NULL};

struct top_values {
	bool once;
	unsigned format;
	const char *interval;
};

#define AT(member) offsetof(struct top_values, member)

/* clang-format off */
static const struct cli_option options[] = {
	{ "once", '1', CLI_FLAG, AT(once), NULL, NULL, NULL,
	  "print one table and end, also on a terminal" },
	{ "format", 'f', CLI_CHOICE, AT(format), "FORMAT", formats, "table",
	  "table, or json, which is printed once" },
	{ "interval", 0, CLI_STRING, AT(interval), "DURATION", NULL, "2s",
	  "time between two looks" },
};
/* clang-format on */

/* ---- looking ------------------------------------------------------------------------------------- */

struct row {
	char *id;
	struct container_usage now;
	double cpu, reads, writes; /* percent of one processor; bytes per second; < 0: unknown */
};

struct look {
	struct row *v;
	size_t n;
	double at; /* seconds */
};

static void look_free(struct look *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].id);
	free(l->v);
	*l = (struct look){0};
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double rate(uint64_t before, uint64_t now, double time)
{
	if (before == USAGE_UNKNOWN || now == USAGE_UNKNOWN || time <= 0)
		return -1;
	return now > before ? (double)(now - before) / time : 0;
}

/* Compares with the look before, where the container was in it. */
static void compare(struct row *r, const struct look *before, double time)
{
	r->cpu = r->reads = r->writes = -1;
	for (size_t i = 0; i < before->n; i++) {
		const struct row *b = &before->v[i];

		if (strcmp(b->id, r->id) != 0)
			continue;
		r->cpu = rate(b->now.cpu_usec, r->now.cpu_usec, time);
		r->cpu = r->cpu < 0 ? -1 : r->cpu / 1e4;
		r->reads = rate(b->now.io_read, r->now.io_read, time);
		r->writes = rate(b->now.io_written, r->now.io_written, time);
	}
}

static int busiest_first(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return x->cpu != y->cpu ? (x->cpu < y->cpu ? 1 : -1) : strcmp(x->id, y->id);
}

/* What runs now, in place of *LAST. */
static int look(const struct cli_call *call, struct look *last, struct error *err)
{
	struct look now = {.at = seconds()};
	struct error gone;
	char **ids;
	size_t n = 0;

	if (container_ids(call->runtime, &ids, err) < 0)
		return -1;
	while (ids[n])
		n++;
	now.v = calloc(n + 1, sizeof(*now.v));
	for (size_t i = 0; now.v && i < n; i++) {
		struct row *r = &now.v[now.n];

		if (container_usage(call->runtime, ids[i], &r->now, &gone) < 0)
			continue; /* it has ended, or has no cgroup */
		r->id = strdup(ids[i]);
		if (!r->id)
			break;
		compare(r, last, now.at - last->at);
		now.n++;
	}
	container_ids_free(ids);
	if (!now.v)
		return fail(err, ENOMEM, "look at the containers");
	qsort(now.v, now.n, sizeof(*now.v), busiest_first);
	look_free(last);
	*last = now;
	return 0;
}

/* ---- as JSON ------------------------------------------------------------------------------------- */

static void put_count(struct buf *b, const char *name, uint64_t v)
{
	if (v == USAGE_UNKNOWN)
		buf_printf(b, ",\"%s\":null", name);
	else
		buf_printf(b, ",\"%s\":%" PRIu64, name, v);
}

static void put_real(struct buf *b, const char *name, double v)
{
	if (v < 0)
		buf_printf(b, ",\"%s\":null", name);
	else
		buf_printf(b, ",\"%s\":%.2f", name, v);
}

static int print_json(const struct look *l, struct error *err)
{
	struct buf b = {0};

	buf_puts(&b, "[");
	for (size_t i = 0; i < l->n; i++) {
		const struct row *r = &l->v[i];

		buf_printf(&b, "%s\n  {\"id\":", i ? "," : "");
		buf_json(&b, r->id);
		put_real(&b, "cpu_percent", r->cpu);
		put_count(&b, "cpu_usec", r->now.cpu_usec);
		put_count(&b, "memory", r->now.memory);
		put_count(&b, "memory_max", r->now.memory_max);
		put_count(&b, "pids", r->now.pids);
		put_count(&b, "pids_max", r->now.pids_max);
		put_real(&b, "read_bytes_per_sec", r->reads);
		put_real(&b, "write_bytes_per_sec", r->writes);
		put_real(&b, "cpu_pressure", r->now.pressure[0]);
		put_real(&b, "memory_pressure", r->now.pressure[1]);
		put_real(&b, "io_pressure", r->now.pressure[2]);
		buf_puts(&b, "}");
	}
	buf_puts(&b, l->n ? "\n]\n" : "]\n");
	return output_write(&b, err);
}

/* ---- as a table ---------------------------------------------------------------------------------- */

enum { ID, CPU, MEMORY, LIMIT, PIDS, READ, WRITE, PSI_CPU, PSI_MEMORY, PSI_IO, COLUMNS };

static const char *style(size_t row, size_t column, const char *cell)
{
	if (row == 0)
		return "\033[1m";
	/* Ten percent of the time waiting is worth a look. */
	if (column >= PSI_CPU && strlen(cell) > 4)
		return "\033[31m";
	return "";
}

static const char *bytes(struct arena *arena, double v)
{
	static const char units[] = " KMGTPE";
	size_t unit = 0;

	if (v < 0)
		return "-";
	for (; v >= 1000 && units[unit + 1]; unit++)
		v /= 1024;
	return unit ? arena_printf(arena, "%.1f%c", v, units[unit])
		    : arena_printf(arena, "%.0f", v);
}

static const char *amount(struct arena *arena, uint64_t v)
{
	return bytes(arena, v == USAGE_UNKNOWN ? -1 : (double)v);
}

static const char *percent(struct arena *arena, double v)
{
	return v < 0 ? "-" : arena_printf(arena, "%.1f%%", v);
}

static void put_table(struct buf *b, const struct look *l, size_t most)
{
	static const char *const header[COLUMNS] = {"ID",	"CPU",	  "MEMORY",  "LIMIT",
						    "PIDS",	"READ/S", "WRITE/S", "WAIT-CPU",
						    "WAIT-MEM", "WAIT-IO"};
	struct arena arena = {0};
	size_t n = l->n < most ? l->n : most;
	const char **cells = arena_array(&arena, (n + 1) * COLUMNS, sizeof(*cells));

	memcpy(cells, header, sizeof(header));
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &l->v[i];
		const char **row = cells + (i + 1) * COLUMNS;

		row[ID] = r->id;
		row[CPU] = percent(&arena, r->cpu);
		row[MEMORY] = amount(&arena, r->now.memory);
		row[LIMIT] = amount(&arena, r->now.memory_max);
		row[PIDS] = r->now.pids == USAGE_UNKNOWN
				    ? "-"
				    : arena_printf(&arena, "%" PRIu64, r->now.pids);
		row[READ] = bytes(&arena, r->reads);
		row[WRITE] = bytes(&arena, r->writes);
		for (int k = 0; k < 3; k++)
			row[PSI_CPU + k] = percent(&arena, r->now.pressure[k]);
	}
	output_table(b, COLUMNS, n + 1, cells, output_is_colored() ? style : NULL);
	arena_free(&arena);
}

static int print_once(const struct cli_call *call, bool json, struct error *err)
{
	struct look l = {0};
	struct buf b = {0};
	int r = look(call, &l, err);

	if (r == 0 && l.n > 0) {
		(void)nanosleep(&(struct timespec){.tv_nsec = FIRST_MS * 1000000L}, NULL);
		r = look(call, &l, err);
	}
	if (r == 0 && json) {
		r = print_json(&l, err);
	} else if (r == 0) {
		put_table(&b, &l, l.n);
		r = output_write(&b, err);
	}
	look_free(&l);
	return r;
}

/* ---- on a terminal ------------------------------------------------------------------------------- */

static int draw(const struct look *l, struct error *err)
{
	struct winsize size = {0};
	struct buf b = {0};

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	buf_printf(&b, "\033[H\033[J%zu running, q quits\n", l->n);
	put_table(&b, l, size.ws_row > 4 ? size.ws_row - 3U : l->n);
	return output_write(&b, err);
}

/* True when somebody wants us to end: a key, a signal, the terminal gone. */
static bool wait_for_end(int signals, int ms)
{
	struct pollfd p[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
			      {.fd = signals, .events = POLLIN}};
	double end = seconds() + ms / 1e3;
	char key;

	for (;;) {
		int left = (int)((end - seconds()) * 1e3);
		int n = left > 0 ? poll(p, 2, left) : 0;

		if (n == 0 || (n < 0 && errno != EINTR))
			return n < 0;
		if (p[1].revents)
			return true;
		if (p[0].revents && (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q' ||
				     key == 3 || key == 4))
			return true;
	}
}

static int live(const struct cli_call *call, unsigned interval, struct error *err)
{
	autoclose int signals = -1;
	struct termios usual, raw;
	struct error unused;
	struct look l = {0};
	sigset_t ending;
	int ms = FIRST_MS, r;

	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	sigprocmask(SIG_BLOCK, &ending, NULL);
	signals = signalfd(-1, &ending, SFD_CLOEXEC);
	if (signals < 0 || tcgetattr(STDIN_FILENO, &usual) < 0)
		return fail(err, errno, "use the terminal");
	raw = usual;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	r = output_text("\033[?1049h\033[?25l", err);
	while (r == 0) {
		r = look(call, &l, err);
		if (r == 0)
			r = draw(&l, err);
		if (r == 0 && wait_for_end(signals, ms))
			break;
		ms = (int)interval;
	}
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &usual);
	if (output_text("\033[?25h\033[?1049l", r == 0 ? err : &unused) < 0)
		r = -1;
	look_free(&l);
	return r;
}

static int run(const struct cli_call *call, struct error *err)
{
	const struct top_values *v = call->values;
	unsigned interval = 2000;

	if (v->interval && !duration_parse(v->interval, 100, &interval)) {
		fail(err, 0, "option '--interval' wants a duration, not '%s'", v->interval);
		return error_hint(err, "durations are at least 100ms, such as 500ms, 2s or 1m");
	}
	if (v->once || v->format == 1 || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
		return print_once(call, v->format == 1, err);
	return live(call, interval, err);
}

const struct cli_command command_top = {
	.name = "top",
	.summary = "show what the running containers use, the busiest first",
	.operands = "",
	.syntax = {options, COUNT_OF(options), sizeof(struct top_values), 0, 0, false},
	.run = run,
};
