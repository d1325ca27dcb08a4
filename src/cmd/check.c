/* SPDX-License-Identifier: Apache-2.0 */
/* check: findings about a bundle, as text or JSON. */
#include "container/check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cmd/codes.h"
#include "cmd/commands.h"
#include "cmd/output.h"
#include "container/container.h"

enum { TEXT, JSON };
enum { STATUS_FINE = 0, STATUS_WARNINGS = 1, STATUS_FAILS = 2 };
static const char *const formats[] = {"text", "json", NULL};

struct check_values {
	const char *bundle, *config;
	unsigned format;
	bool json, strict, quiet;
};

#define AT(member) offsetof(struct check_values, member)

/* clang-format off */
static const struct cli_option options[] = {
	{ "bundle", 'b', CLI_STRING, AT(bundle), "DIR", NULL, ".",
	  "directory of the bundle" },
	{ "config", 'f', CLI_STRING, AT(config), "FILE", NULL, "config.json",
	  "configuration file, relative to the bundle" },
	{ "strict", 0, CLI_FLAG, AT(strict), NULL, NULL, NULL,
	  "exit with status 2 for warnings too" },
	{ "format", 0, CLI_CHOICE, AT(format), "FORMAT", formats, "text",
	  "text or json" },
	{ "json", 0, CLI_FLAG, AT(json), NULL, NULL, NULL,
	  "the same as --format json" },
	{ "quiet", 'q', CLI_FLAG, AT(quiet), NULL, NULL, NULL,
	  "do not tell what is merely worth knowing" },
};
/* clang-format on */

struct report {
	struct buf out;
	const char *document;
	bool json, quiet, colored;
	size_t n[CHECK_FAILS + 1], told;
};

static const struct {
	const char *name, *color;
} severities[] = {
	[CHECK_INFO] = {"info", "\033[36m"},
	[CHECK_WARNING] = {"warning", "\033[33m"},
	[CHECK_FAILS] = {"error", "\033[31m"},
};

static const char *cure(const struct check_finding *f)
{
	for (const struct code *c = codes; !*f->fix && c->name; c++)
		if (strcmp(c->name, f->rule) == 0)
			return c->cure;
	return f->fix;
}

/* "mounts[3].options[0]" as a JSON pointer (RFC 6901): "/mounts/3/options/0". */
static void add_pointer(struct buf *b, const char *place)
{
	struct buf p = {0};
	bool quoted = false;

	if (*place)
		buf_puts(&p, "/");
	for (const char *s = place; *s; s++) {
		if (*s == '"' && (quoted || s[-1] == '[')) {
			quoted = !quoted;
			continue;
		}
		if (!quoted && (*s == '.' || *s == '['))
			buf_puts(&p, "/");
		else if (*s == '~')
			buf_puts(&p, "~0");
		else if (*s == '/')
			buf_puts(&p, "~1");
		else if (quoted || *s != ']')
			buf_add(&p, s, 1);
	}
	buf_json(b, p.s ? p.s : "");
	buf_free(&p);
}

static void add_json(struct report *r, const struct check_finding *f)
{
	struct buf *b = &r->out;

	buf_printf(b, "%s{\"rule\":\"%s\",\"severity\":\"%s\",\"pointer\":", r->told ? ",\n " : "",
		   f->rule, severities[f->severity].name);
	add_pointer(b, f->place);
	if (f->line)
		buf_printf(b, ",\"line\":%u", f->line);
	buf_puts(b, ",\"message\":");
	buf_json(b, f->message);
	buf_puts(b, ",\"fix\":");
	buf_json(b, cure(f));
	buf_puts(b, "}");
}

static void add_text(struct report *r, const struct check_finding *f)
{
	struct buf *b = &r->out;

	buf_puts(b, r->colored ? severities[f->severity].color : "");
	buf_puts(b, severities[f->severity].name);
	buf_printf(b, "%s: ", r->colored ? "\033[0m" : "");
	output_printable(b, f->message);
	if (*f->place) {
		buf_puts(b, " (");
		output_printable(b, r->document);
		if (f->line)
			buf_printf(b, ":%u", f->line);
		buf_puts(b, ": ");
		output_printable(b, f->place);
		buf_puts(b, ")");
	}
	buf_printf(b, " [%s]\n", f->rule);
	if (*cure(f)) {
		buf_puts(b, "  fix: ");
		output_printable(b, cure(f));
		buf_puts(b, "\n");
	}
}

static void on_finding(const struct check_finding *f, void *data)
{
	struct report *r = data;

	r->n[f->severity]++;
	if (r->quiet && f->severity == CHECK_INFO)
		return;
	(r->json ? add_json : add_text)(r, f);
	r->told++;
}

static int run(const struct cli_call *call, struct error *err)
{
	const struct check_values *v = call->values;
	struct report r = {.document = v->config ? v->config : "config.json",
			   .json = v->json || v->format == JSON,
			   .quiet = v->quiet,
			   .colored = output_is_colored()};
	int status = STATUS_FINE;

	if (r.json)
		buf_puts(&r.out, "[");
	if (container_check(call->runtime, v->bundle ? v->bundle : call->args[0], v->config,
			    on_finding, &r, err) < 0) {
		buf_free(&r.out);
		return error_status(err, STATUS_FAILS);
	}
	if (r.json)
		buf_puts(&r.out, "]\n");
	else if (r.n[CHECK_FAILS] + r.n[CHECK_WARNING] > 0)
		buf_printf(&r.out, "%zu error%s, %zu warning%s\n", r.n[CHECK_FAILS],
			   r.n[CHECK_FAILS] == 1 ? "" : "s", r.n[CHECK_WARNING],
			   r.n[CHECK_WARNING] == 1 ? "" : "s");
	else if (!r.quiet && isatty(STDOUT_FILENO)) /* scripts have the status, people wonder at silence */
		buf_puts(&r.out, "nothing found that would fail here\n");
	if (r.n[CHECK_FAILS] > 0)
		status = STATUS_FAILS;
	else if (r.n[CHECK_WARNING] > 0)
		status = v->strict ? STATUS_FAILS : STATUS_WARNINGS;
	if (output_write(&r.out, err) < 0)
		return -1;
	return output_verdict(status, err);
}

const struct cli_command command_check = {
	.name = "check",
	.summary = "tell what is wrong with a bundle, without creating anything",
	.operands = "[DIR]",
	.syntax = {options, COUNT_OF(options), sizeof(struct check_values), 0, 1, false},
	.run = run,
};
