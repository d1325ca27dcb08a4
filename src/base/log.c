/* SPDX-License-Identifier: Apache-2.0 */
/* Text and JSON log lines. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "errno_name.h"
#include "fd.h"
#include "naive.h"
#include "str.h"
#include "utc.h"

struct log_settings log_settings = {.fd = -1};

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_DEBUG] = "debug",
};

/* Control characters of names that come from a container must not drive the reader's terminal. */
static void add_printable(struct buf *b, const char *s)
{
	for (; *s; s++)
		if (((unsigned char)*s < 0x20 || *s == 0x7f) && !naive("escape"))
			buf_printf(b, "\\x%02x", (unsigned char)*s);
		else
			buf_add(b, s, 1);
}

static void add_time(struct buf *b)
{
	struct timespec now;
	struct utc t;

	clock_gettime(CLOCK_REALTIME, &now);
	t = utc_from_seconds(now.tv_sec);
	buf_printf(b, "%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ", (int)t.year, t.month, t.day, t.hour, t.minute,
		   t.second, now.tv_nsec / 1000);
}

static void add_field(struct buf *b, const char *key, const char *value)
{
	if (!value[0])
		return;
	buf_printf(b, ",\"%s\":", key);
	buf_json(b, value);
}

static void add_facts(struct buf *b, const struct error *facts)
{
	add_field(b, "code", facts->code);
	add_field(b, "op", facts->op);
	add_field(b, "errno", errno_name(facts->errnum));
	add_field(b, "path", facts->path);
	add_field(b, "denied_at", facts->denied_at);
	add_field(b, "config", facts->where);
	if (facts->line)
		buf_printf(b, ",\"line\":%u", facts->line);
	add_field(b, "phase", facts->step);
	add_field(b, "hint", facts->hint);
}

/* A line of the log file; FACTS, when given, adds what an error knows beyond its text. */
static void write_line(enum log_level level, const char *text, const struct error *facts)
{
	struct buf b = {0};

	if (log_settings.json) {
		buf_puts(&b, "{\"msg\":");
		buf_json(&b, text);
		buf_printf(&b, ",\"level\":\"%s\",\"time\":\"", level_names[level]);
		add_time(&b);
		buf_puts(&b, "\"");
		if (facts) {
			add_facts(&b, facts);
		}
		buf_puts(&b, "}\n");
	} else {
		add_time(&b);
		buf_printf(&b, " %s: ", level_names[level]);
		add_printable(&b, text);
		buf_puts(&b, "\n");
	}
	if (!b.failed)
		(void)fd_write_all(log_settings.fd, b.s, b.n); /* nowhere left to complain */
	buf_free(&b);
}

static void to_stderr(const char *head, const char *text)
{
	struct buf b = {0};

	buf_puts(&b, head);
	add_printable(&b, text);
	buf_puts(&b, "\n");
	if (!b.failed)
		(void)fd_write_all(STDERR_FILENO, b.s, b.n);
	buf_free(&b);
}

__attribute__((format(printf, 2, 0))) static void message(enum log_level level, const char *fmt, va_list ap)
{
	char text[2048];

	if (log_settings.level < level)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	if (log_settings.fd >= 0)
		write_line(level, text, NULL);
	else if (!log_settings.error_fd) /* otherwise standard error is somebody else's */
		to_stderr(level == LOG_LEVEL_WARNING ? "vert: warning: " : "vert: debug: ", text);
}

void log_warning(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(LOG_LEVEL_WARNING, fmt, ap);
	va_end(ap);
}

void log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(LOG_LEVEL_DEBUG, fmt, ap);
	va_end(ap);
}

/* People get a red word, files and pipes plain text (no-color.org). */
static const char *error_head(void)
{
	const char *no_color = getenv("NO_COLOR");

	return isatty(STDERR_FILENO) && !(no_color && *no_color) ? "\033[1;31mvert:\033[0m " : "vert: ";
}

/* " (config.json:12: mounts[3])": the place, for people. */
static void add_place(struct buf *b, const struct error *err)
{
	if (!err->where[0] || strcmp(err->code, "CONFIG_INVALID") == 0) /* the parser's message begins with it */
		return;
	buf_printf(b, " (%s", log_settings.document ? log_settings.document : "config.json");
	if (err->line)
		buf_printf(b, ":%u", err->line);
	buf_printf(b, ": %s)", err->where);
}

/* " [CODE, phase]": what 'vert explain' and a bug report want. */
static void add_name(struct buf *b, const struct error *err)
{
	if (err->code[0])
		buf_printf(b, " [%s%s%s]", err->code, err->step[0] ? ", " : "", err->step);
}

void log_error(const struct error *err)
{
	struct buf text = {0};

	if (log_settings.error_fd) {
		(void)send(log_settings.error_fd, err, sizeof(*err), MSG_NOSIGNAL); /* who asked is gone */
		return;
	}
	buf_puts(&text, err->msg);
	add_place(&text, err);
	if (text.failed)
		return;
	if (log_settings.fd >= 0 && log_settings.json)
		write_line(LOG_LEVEL_ERROR, text.s, err);
	add_name(&text, err);
	if (text.failed)
		return;
	if (log_settings.fd >= 0 && !log_settings.json)
		write_line(LOG_LEVEL_ERROR, text.s, err);
	to_stderr(error_head(), text.s);
	if (err->hint[0])
		to_stderr("  hint: ", err->hint);
	buf_free(&text);
}
