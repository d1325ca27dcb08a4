/* SPDX-License-Identifier: Apache-2.0 */
/* Printing a seccomp profile: see filter_show.h. */
#include "plan/filter_show.h"

#include <inttypes.h>
#include <string.h>

#include <linux/filter.h>

#include "base/str.h"
#include "libocispec/ocispec.h"
#include "plan/filter_why.h"
#include "plan/plan.h"

enum { LINE_WIDTH = 78 };

/* The different actions of the rules, in the order in which they first come. */
static size_t list_values(struct arena *arena, const struct oci_seccomp *s, uint32_t **ret)
{
	uint32_t *values = arena_array(arena, s->syscalls.n + 1, sizeof(*values));
	size_t n = 0;

	for (size_t i = 0; i < s->syscalls.n; i++) {
		uint32_t value = filter_rule_value(&s->syscalls.v[i]);
		size_t k = 0;

		while (k < n && values[k] != value)
			k++;
		if (k == n)
			values[n++] = value;
	}
	*ret = values;
	return n;
}

/* A word behind the others of its line, or on a new one. */
static void put_word(struct buf *b, size_t *column, const char *word)
{
	size_t len = strlen(word);

	if (*column && *column + 1 + len > LINE_WIDTH) {
		buf_puts(b, "\n");
		*column = 0;
	}
	buf_puts(b, *column ? " " : "  ");
	buf_puts(b, word);
	*column = (*column ? *column + 1 : 2) + len;
}

static void put_names(struct buf *b, size_t *column, const struct oci_str_list *names)
{
	for (size_t i = 0; i < names->n; i++)
		put_word(b, column, names->v[i]);
}

static void show_value(struct buf *b, const struct oci_seccomp *s, uint32_t value)
{
	size_t column = 0;

	buf_puts(b, "\n");
	filter_put_value(b, value);
	buf_puts(b, value == filter_default_value(s) ? " (as the default)\n" : "\n");
	for (size_t i = 0; i < s->syscalls.n; i++)
		if (filter_rule_value(&s->syscalls.v[i]) == value && s->syscalls.v[i].args.n == 0)
			put_names(b, &column, &s->syscalls.v[i].names);
	buf_puts(b, column ? "\n" : "");
	for (size_t i = 0; i < s->syscalls.n; i++) {
		const struct oci_syscall_rule *rule = &s->syscalls.v[i];

		if (filter_rule_value(rule) != value || rule->args.n == 0)
			continue;
		column = 0;
		put_names(b, &column, &rule->names);
		buf_puts(b, " when ");
		filter_put_conditions(b, rule);
		buf_puts(b, "\n");
	}
}

static const struct {
	unsigned bit;
	const char *name;
} flag_names[] = {{1u << 0, "TSYNC"}, {1u << 1, "LOG"}, {1u << 2, "SPEC_ALLOW"}, {1u << 5, "WAIT_KILLABLE_RECV"}};

static void show_head(struct buf *b, const struct oci_seccomp *s, const struct plan_filter *program)
{
	buf_puts(b, "default: ");
	filter_put_value(b, filter_default_value(s));
	buf_puts(b, "\narchitectures:");
	for (size_t i = 0; i < s->architectures.n; i++)
		buf_printf(b, " %s", s->architectures.v[i]);
	buf_puts(b, s->architectures.n ? "\n" : " the machine's own\n");
	buf_puts(b, "flags:");
	for (size_t i = 0; i < COUNT_OF(flag_names); i++)
		if (program->flags & flag_names[i].bit)
			buf_printf(b, " %s", flag_names[i].name);
	buf_puts(b, program->flags ? "\n" : " none\n");
	if (program->listener_path)
		buf_printf(b, "listener: %s\n", program->listener_path);
}

static void show_unknown(struct buf *b, const struct oci_seccomp *s)
{
	size_t column = 0;

	for (size_t i = 0; i < s->syscalls.n; i++)
		for (size_t k = 0; k < s->syscalls.v[i].names.n; k++) {
			if (filter_knows(s->syscalls.v[i].names.v[k]))
				continue;
			if (!column)
				buf_puts(b, "\nunknown to this libseccomp, and left out\n");
			put_word(b, &column, s->syscalls.v[i].names.v[k]);
		}
	buf_puts(b, column ? "\n" : "");
}

void filter_show_text(struct buf *b, struct arena *arena, const struct oci_seccomp *s,
		      const struct plan_filter *program)
{
	size_t known, cheap, n;
	uint32_t *values;

	if (s) {
		show_head(b, s, program);
		n = list_values(arena, s, &values);
		for (size_t i = 0; i < n; i++)
			show_value(b, s, values[i]);
		show_unknown(b, s);
		buf_puts(b, "\n");
	} else {
		buf_puts(b, "a ready-made program, without rules\n");
	}
	filter_count(program, &known, &cheap);
	buf_printf(b, "program: %u instructions, %zu bytes\n", program->n,
		   program->n * sizeof(struct sock_filter));
	buf_printf(b, "allowed without running it (Linux 5.11): %zu of %zu system calls\n", cheap, known);
}

/* ---- JSON ------------------------------------------------------------------------------------- */

static void json_strings(struct buf *b, const char *key, const struct oci_str_list *list)
{
	buf_printf(b, "\"%s\":[", key);
	for (size_t i = 0; i < list->n; i++) {
		buf_puts(b, i ? "," : "");
		buf_json(b, list->v[i]);
	}
	buf_puts(b, "]");
}

static void json_value(struct buf *b, const char *key, uint32_t value)
{
	buf_printf(b, "\"%s\":\"", key);
	filter_put_value(b, value);
	buf_puts(b, "\"");
}

static void json_rule(struct buf *b, const struct oci_syscall_rule *rule, size_t index)
{
	buf_printf(b, "{\"rule\":%zu,", index);
	json_value(b, "action", filter_rule_value(rule));
	buf_puts(b, ",");
	json_strings(b, "names", &rule->names);
	if (rule->args.n) {
		buf_puts(b, ",\"when\":\"");
		filter_put_conditions(b, rule);
		buf_puts(b, "\"");
	}
	buf_puts(b, "}");
}

static void json_profile(struct buf *b, const struct oci_seccomp *s, const struct plan_filter *program)
{
	const char *comma = "";

	json_value(b, "default", filter_default_value(s));
	buf_puts(b, ",");
	json_strings(b, "architectures", &s->architectures);
	buf_puts(b, ",\"flags\":[");
	for (size_t i = 0; i < COUNT_OF(flag_names); i++)
		if (program->flags & flag_names[i].bit) {
			buf_printf(b, "%s\"%s\"", comma, flag_names[i].name);
			comma = ",";
		}
	buf_puts(b, "],");
	if (program->listener_path) {
		buf_puts(b, "\"listener\":");
		buf_json(b, program->listener_path);
		buf_puts(b, ",");
	}
	buf_puts(b, "\"rules\":[");
	for (size_t i = 0; i < s->syscalls.n; i++) {
		buf_puts(b, i ? "," : "");
		json_rule(b, &s->syscalls.v[i], i);
	}
	comma = "";
	buf_puts(b, "],\"unknown\":[");
	for (size_t i = 0; i < s->syscalls.n; i++)
		for (size_t k = 0; k < s->syscalls.v[i].names.n; k++) {
			if (filter_knows(s->syscalls.v[i].names.v[k]))
				continue;
			buf_puts(b, comma);
			buf_json(b, s->syscalls.v[i].names.v[k]);
			comma = ",";
		}
	buf_puts(b, "],");
}

void filter_show_json(struct buf *b, const struct oci_seccomp *s,
		      const struct plan_filter *program)
{
	size_t known, cheap;


	buf_puts(b, "{");
	if (s)
		json_profile(b, s, program);
	filter_count(program, &known, &cheap);
	buf_printf(b, "\"program\":{\"instructions\":%u,\"bytes\":%zu,\"systemCalls\":%zu,\"notRunFor\":%zu}}\n",
		   program->n, program->n * sizeof(struct sock_filter), known, cheap);
}
