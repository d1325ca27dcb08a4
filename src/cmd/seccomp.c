/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp: shows a profile, compiles it as a start does, and says why a system call is refused. */
#include "cmd/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include <linux/filter.h>

#include "base/bpf.h"
#include "base/fd.h"
#include "base/str.h"
#include "cmd/output.h"
#include "container/container.h"
#include "container/options.h"
#include "libocispec/ocispec.h"
#include "plan/filter.h"
#include "plan/filter_show.h"
#include "plan/filter_why.h"
#include "plan/plan.h"
#include "spec/bundle.h"

enum format { FORMAT_DEFAULT, FORMAT_TEXT, FORMAT_JSON, FORMAT_BPF, FORMAT_BASE64 };

static const char *const formats[] = {"default", "text", "json", "bpf", "base64", NULL};

struct seccomp_values {
	const char *bundle, *profile, *output, *arch;
	unsigned format;
};

#define AT(member) offsetof(struct seccomp_values, member)

/* clang-format off */
static const struct cli_option options[] = {
	{ "bundle", 'b', CLI_STRING, AT(bundle), "DIR", NULL, ".",
	  "directory with the config.json whose filter is meant" },
	{ "profile", 'p', CLI_STRING, AT(profile), "FILE", NULL, NULL,
	  "a file with a linux.seccomp object in its place; -: standard input" },
	{ "format", 'f', CLI_CHOICE, AT(format), "FORMAT", formats, "default",
	  "show and why: text or json; compile: bpf, base64 or text" },
	{ "output", 'o', CLI_STRING, AT(output), "FILE", NULL, NULL,
	  "compile: write to this file" },
	{ "arch", 0, CLI_STRING, AT(arch), "ARCH", NULL, NULL,
	  "why: architecture of the call, such as x86" },
};
/* clang-format on */

/* What is asked about. */
struct subject {
	const struct oci_seccomp *profile; /* NULL: none, or replaced by a ready-made program */
	struct plan_filter program;	   /* .present false: there is no filter */
	struct arena *arena;
};

/* Engines keep profiles in a form of their own: which of its rules hold depends on the container. */
struct template_check {
	char path[256];
};

static void see_unknown(void *data, const char *path, unsigned line)
{
	static const char *const words[] = {"archMap", "includes", "excludes"};
	const char *last = strrchr(path, '.');
	struct template_check *check = data;

	(void)line;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(last ? last + 1 : path, words[i]) == 0 && !check->path[0])
			memcpy(check->path, path, strnlen(path, sizeof(check->path) - 1));
}

static int read_profile(const char *file, struct arena *arena, struct oci_config *config, struct error *err)
{
	struct template_check check = {""};
	const struct oci_watch watch = {see_unknown, &check};
	struct oci_linux *on_linux = arena_alloc(arena, sizeof(*on_linux));
	struct oci_error bad;
	const char *text;
	void *object;
	size_t len;

	if (document_read(arena, arena, file, oci_type_seccomp(), &object, &text, &len, err) < 0)
		return error_hint(err, "a profile is a linux.seccomp object; --bundle reads a config.json");
	(void)oci_parse_watch(arena, oci_type_seccomp(), text, len, &watch, &bad); /* it was read before */
	if (check.path[0]) {
		fail(err, 0, "'%s' is a profile for an engine: it has '%s'", file, check.path);
		return error_hint(err,
				  "what the engine makes of it stands in the container's config.json: use --bundle");
	}
	on_linux->seccomp = object;
	config->linux = on_linux;
	return 0;
}

static int open_subject(const struct cli_call *call, struct subject *s, struct error *err)
{
	const struct seccomp_values *v = call->values;
	struct oci_config *config = arena_alloc(call->arena, sizeof(*config));
	struct filter_options how;
	const char *dir;

	*s = (struct subject){.arena = call->arena};
	if (v->bundle && v->profile)
		return fail(err, 0, "--bundle and --profile exclude each other");
	if (v->profile) {
		if (read_profile(v->profile, call->arena, config, err) < 0)
			return -1;
	} else if (bundle_path(call->arena, v->bundle, &dir, err) < 0 ||
		   document_read(call->arena, call->arena, arena_printf(call->arena, "%s/config.json", dir),
				 oci_type_config(), (void **)&config, NULL, NULL, err) < 0) {
		return -1;
	}
	if (options_filter(call->runtime, config, false, &how, call->arena, err) < 0)
		return -1;
	how.report = NULL; /* the profile as it is, not as it is watched */
	s->profile = config->linux && !how.bpf_data ? config->linux->seccomp : NULL;
	return plan_filter(call->arena, config->linux ? config->linux->seccomp : NULL, &how, &s->program, err);
}

static int check_format(const struct cli_call *call, const char *verb, unsigned allowed, struct error *err)
{
	const struct seccomp_values *v = call->values;

	if (v->format && !(allowed >> v->format & 1))
		return fail(err, 0, "'seccomp %s' does not print the format '%s'", verb, formats[v->format]);
	if ((v->output && strcmp(verb, "compile") != 0) || (v->arch && strcmp(verb, "why") != 0))
		return fail(err, 0, "'seccomp %s' does not know the option '--%s'", verb,
			    v->output ? "output" : "arch");
	return 0;
}

static int show(const struct cli_call *call, struct error *err)
{
	const struct seccomp_values *v = call->values;
	struct buf b = {0};
	struct subject s;

	if (check_format(call, "show", 1u << FORMAT_TEXT | 1u << FORMAT_JSON, err) < 0 ||
	    open_subject(call, &s, err) < 0)
		return -1;
	if (v->format == FORMAT_JSON) {
		if (s.program.present)
			filter_show_json(&b, s.profile, &s.program);
		else
			buf_puts(&b, "null\n");
	} else if (s.program.present) {
		filter_show_text(&b, call->arena, s.profile, &s.program);
	} else {
		buf_puts(&b, "no filter: every system call is allowed\n");
	}
	return output_write(&b, err);
}

static void put_base64(struct buf *b, const uint8_t *data, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		uint32_t word = (uint32_t)data[i] << 16 | (i + 1 < n ? (uint32_t)data[i + 1] << 8 : 0) |
				(i + 2 < n ? data[i + 2] : 0);
		char four[5] = {digits[word >> 18], digits[word >> 12 & 63],
				i + 1 < n ? digits[word >> 6 & 63] : '=', i + 2 < n ? digits[word & 63] : '=', '\0'};

		buf_puts(b, four);
	}
	buf_puts(b, "\n");
}

static int compile(const struct cli_call *call, struct error *err)
{
	const struct seccomp_values *v = call->values;
	bool binary = v->format == FORMAT_DEFAULT || v->format == FORMAT_BPF;
	struct buf b = {0};
	struct subject s;
	int r = 0;

	if (check_format(call, "compile", 1u << FORMAT_TEXT | 1u << FORMAT_BPF | 1u << FORMAT_BASE64, err) < 0 ||
	    open_subject(call, &s, err) < 0)
		return -1;
	if (!s.program.present)
		return fail_at(err, 0, "linux.seccomp", "there is no filter to compile");
	if (binary && !v->output && isatty(STDOUT_FILENO)) {
		fail(err, 0, "a program is not for terminals");
		return error_hint(err, "use --output FILE, or --format text");
	}
	if (v->format == FORMAT_TEXT)
		bpf_disassemble(&b, s.program.insns, s.program.n);
	else if (v->format == FORMAT_BASE64)
		put_base64(&b, s.program.insns, s.program.n * sizeof(struct sock_filter));
	else
		buf_add(&b, s.program.insns, s.program.n * sizeof(struct sock_filter));
	if (b.failed)
		r = fail(err, ENOMEM, "compose the output");
	else if (v->output)
		r = fd_put_file(v->output, 0644, b.s, b.n, err);
	else if (fd_write_all(STDOUT_FILENO, b.s, b.n) < 0)
		r = fail(err, errno, "write to standard output");
	buf_free(&b);
	return r;
}

/* ---- why -------------------------------------------------------------------------------------- */

/* 12, -1, 0x7f. */
static bool parse_argument(const char *text, uint64_t *ret)
{
	static const char digits[] = "0123456789abcdef";
	int64_t negative;
	uint64_t v = 0;

	if (text[0] != '0' || (text[1] != 'x' && text[1] != 'X')) {
		if (str_to_u64(text, ret))
			return true;
		if (!str_to_i64(text, &negative))
			return false;
		*ret = (uint64_t)negative;
		return true;
	}
	for (text += 2; *text; text++) {
		const char *digit = strchr(digits, *text | 0x20);

		if (!digit || v >> 60)
			return false;
		v = v << 4 | (uint64_t)(digit - digits);
	}
	*ret = v;
	return text[-1] != 'x' && text[-1] != 'X';
}

static void put_rules(struct buf *b, const size_t *rules, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%srule %zu (linux.seccomp.syscalls[%zu])", i == 0 ? "" : ", ", rules[i], rules[i]);
}

static void why_text(struct buf *b, const struct subject *s, const struct filter_call *call,
		     const struct filter_answer *a)
{
	filter_put_value(b, a->value);
	switch (a->source) {
	case FILTER_BY_RULES:
		buf_puts(b, " by ");
		put_rules(b, a->rules, a->n_rules);
		break;
	case FILTER_BY_DEFAULT:
		buf_puts(b, " by default (linux.seccomp.defaultAction)");
		break;
	case FILTER_BY_ARCH:
		buf_printf(b, ": the profile has no architecture %s (linux.seccomp.architectures)", call->arch);
		break;
	case FILTER_BY_PROGRAM:
		buf_puts(b, s->profile ? " by the program: the library has translated a rule for this architecture"
				       : " by the ready-made program (run.oci.seccomp_bpf_data)");
		break;
	}
	buf_puts(b, "\n");
	for (size_t i = 0; i < a->n_near; i++) {
		buf_printf(b, "  rule %zu names %s, and would be ", a->near[i], call->name);
		filter_put_value(b, filter_rule_value(&s->profile->syscalls.v[a->near[i]]));
		buf_puts(b, " when ");
		filter_put_conditions(b, &s->profile->syscalls.v[a->near[i]]);
		buf_puts(b, "\n");
	}
}

static void put_numbers(struct buf *b, const char *key, const size_t *v, size_t n)
{
	buf_printf(b, ",\"%s\":[", key);
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%s%zu", i ? "," : "", v[i]);
	buf_puts(b, "]");
}

static void why_json(struct buf *b, const struct filter_call *call, const struct filter_answer *a)
{
	static const char *const sources[] = {"rules", "default", "architecture", "program"};

	buf_puts(b, "{\"syscall\":");
	buf_json(b, call->name);
	buf_printf(b, ",\"number\":%d,\"arch\":\"%s\",\"args\":[", call->nr, call->arch);
	for (size_t i = 0; i < COUNT_OF(call->args); i++)
		buf_printf(b, "%s%" PRIu64, i ? "," : "", call->args[i]);
	buf_puts(b, "],\"answer\":\"");
	filter_put_value(b, a->value);
	buf_printf(b, "\",\"by\":\"%s\"", sources[a->source]);
	put_numbers(b, "rules", a->rules, a->n_rules);
	put_numbers(b, "conditional", a->near, a->n_near);
	buf_printf(b, ",\"instructions\":%zu}\n", a->steps);
}

static int why(const struct cli_call *call, struct error *err)
{
	const struct seccomp_values *v = call->values;
	struct filter_answer answer;
	struct filter_call sought;
	struct buf b = {0};
	struct subject s;

	if (check_format(call, "why", 1u << FORMAT_TEXT | 1u << FORMAT_JSON, err) < 0)
		return -1;
	if (call->n_args < 2 || call->n_args > 2 + COUNT_OF(sought.args))
		return fail(err, 0, "'seccomp why' wants a system call and at most %zu arguments",
			    COUNT_OF(sought.args));
	if (filter_call(call->arena, v->arch, call->args[1], &sought, err) < 0)
		return -1;
	for (size_t i = 2; i < call->n_args; i++)
		if (!parse_argument(call->args[i], &sought.args[i - 2]))
			return fail(err, 0, "argument %zu is no number: '%s'", i - 2, call->args[i]);
	if (open_subject(call, &s, err) < 0)
		return -1;
	if (!s.program.present) {
		buf_puts(&b, v->format == FORMAT_JSON ? "{\"answer\":\"ALLOW\",\"by\":\"no filter\"}\n"
						      : "ALLOW: there is no filter\n");
		return output_write(&b, err);
	}
	if (filter_why(call->arena, s.profile, &s.program, &sought, &answer, err) < 0)
		return -1;
	if (v->format == FORMAT_JSON)
		why_json(&b, &sought, &answer);
	else
		why_text(&b, &s, &sought, &answer);
	return output_write(&b, err);
}

static int run(const struct cli_call *call, struct error *err)
{
	static const struct {
		const char *name;
		int (*run)(const struct cli_call *call, struct error *err);
	} verbs[] = {{"show", show}, {"compile", compile}, {"why", why}};
	struct seccomp_values *v = call->values;

	for (size_t i = 0; i < COUNT_OF(verbs); i++) {
		if (strcmp(call->args[0], verbs[i].name) != 0)
			continue;
		if (verbs[i].run != why && call->n_args > 1) {
			if (call->n_args > 2 || v->profile)
				return fail(err, 0, "'seccomp %s' takes one profile: '%s' is too much", verbs[i].name,
					    call->args[call->n_args - 1]);
			v->profile = call->args[1];
		}
		return verbs[i].run(call, err);
	}
	fail(err, 0, "'seccomp' can 'show', 'compile' and tell 'why', not '%s'", call->args[0]);
	return error_hint(err, "usage: vert seccomp [OPTION...] %s", call->command->operands);
}

const struct cli_command command_seccomp = {
	.name = "seccomp",
	.summary = "show, compile or explain a seccomp profile",
	.operands = "show|compile|why [WORD...]",
	.syntax = {options, COUNT_OF(options), sizeof(struct seccomp_values), 1, CLI_ANY, false},
	.run = run,
};
