/* SPDX-License-Identifier: Apache-2.0 */
/* Which rule answers a system call: see filter_why.h. */
#include "plan/filter_why.h"

#include <ctype.h>
#include <string.h>
#include <sys/syscall.h>

#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>

#include "base/bpf.h"
#include "base/str.h"
#include "libocispec/ocispec.h"
#include "plan/filter_priv.h"
#include "plan/plan.h"

enum { LAST_CALL = 1023 };

/* The number that the kernel puts into seccomp_data.arch: x32 is a range of x86_64's numbers. */
static uint32_t audit_arch(uint32_t token)
{
	return token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token;
}

static uint32_t find_arch(struct arena *arena, const char *name, const char **ret_name)
{
	char *lower = arena_strdup(arena, str_starts(name, "SCMP_ARCH_") ? name + strlen("SCMP_ARCH_") : name);

	for (char *s = lower; *s; s++)
		*s = (char)tolower((unsigned char)*s);
	*ret_name = lower;
	return seccomp_arch_resolve_name(lower);
}

static const char *native_name(void)
{
	static const struct {
		uint32_t token;
		const char *name;
	} names[] = {
		{SCMP_ARCH_X86_64, "x86_64"},	{SCMP_ARCH_AARCH64, "aarch64"}, {SCMP_ARCH_ARM, "arm"},
		{SCMP_ARCH_X86, "x86"},		{SCMP_ARCH_PPC64LE, "ppc64le"}, {SCMP_ARCH_S390X, "s390x"},
		{SCMP_ARCH_RISCV64, "riscv64"},
	};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (names[i].token == seccomp_arch_native())
			return names[i].name;
	return "native";
}

int filter_call(struct arena *arena, const char *arch, const char *name, struct filter_call *ret, struct error *err)
{
	uint32_t number;

	*ret = (struct filter_call){.name = name, .token = seccomp_arch_native(), .arch = native_name()};
	if (arch)
		ret->token = find_arch(arena, arch, &ret->arch);
	if (ret->token == 0)
		return fail(err, 0, "unknown architecture '%s'", arch);
	if (str_to_u32(name, &number)) {
		ret->nr = (int)number;
		return 0;
	}
	ret->nr = seccomp_syscall_resolve_name_arch(ret->token, name);
	if (ret->nr == __NR_SCMP_ERROR) {
		fail(err, 0, "unknown system call '%s'", name);
		return error_hint(err, "libseccomp %u.%u.%u does not know it; its number works too",
				  seccomp_version()->major, seccomp_version()->minor, seccomp_version()->micro);
	}
	if (ret->nr < 0)
		return fail(err, 0, "'%s' is no system call of %s", name, ret->arch);
	return 0;
}

static bool holds(const struct oci_syscall_arg *arg, const uint64_t values[6])
{
	uint64_t v = values[arg->index.v], limit = arg->value.v;

	switch (arg->op) {
	case OCI_CMP_NE:
		return v != limit;
	case OCI_CMP_LT:
		return v < limit;
	case OCI_CMP_LE:
		return v <= limit;
	case OCI_CMP_EQ:
		return v == limit;
	case OCI_CMP_GE:
		return v >= limit;
	case OCI_CMP_GT:
		return v > limit;
	case OCI_CMP_MASKED_EQ:
		return (v & limit) == arg->value_two.v;
	default:
		return false;
	}
}

/* All conditions, or one of them where an index repeats: see filter_args_repeat(). */
static bool conditions_hold(const struct oci_syscall_rule *rule, const uint64_t values[6])
{
	bool any = filter_args_repeat(rule);

	for (size_t i = 0; i < rule->args.n; i++)
		if (holds(&rule->args.v[i], values) == any)
			return any;
	return !any || rule->args.n == 0;
}

static bool names_call(const struct oci_syscall_rule *rule, const struct filter_call *call)
{
	for (size_t i = 0; i < rule->names.n; i++)
		if (strcmp(rule->names.v[i], call->name) == 0 ||
		    seccomp_syscall_resolve_name_arch(call->token, rule->names.v[i]) == call->nr)
			return true;
	return false;
}

static bool has_arch(const struct oci_seccomp *s, struct arena *arena, uint32_t token)
{
	const char *name;

	if (audit_arch(token) == seccomp_arch_native() && token != SCMP_ARCH_X32)
		return true;
	for (size_t i = 0; i < s->architectures.n; i++)
		if (find_arch(arena, s->architectures.v[i], &name) == token)
			return true;
	return false;
}

int filter_why(struct arena *arena, const struct oci_seccomp *s, const struct plan_filter *program,
	       const struct filter_call *call, struct filter_answer *ret, struct error *err)
{
	struct seccomp_data data = {.nr = call->nr, .arch = audit_arch(call->token)};
	size_t n = s ? s->syscalls.n : 0;
	uint64_t value;
	bool looks;

	memcpy(data.args, call->args, sizeof(data.args));
	*ret = (struct filter_answer){.source = FILTER_BY_PROGRAM};
	ret->rules = arena_array(arena, n + 1, sizeof(*ret->rules));
	ret->near = arena_array(arena, n + 1, sizeof(*ret->near));
	value = bpf_trace(program->insns, program->n, &data, &ret->steps, &looks);
	if (value == BPF_BAD)
		return fail_at(err, 0, "linux.seccomp", "the program does what no seccomp program may do");
	ret->value = (uint32_t)value;
	ret->free = ret->value == SECCOMP_RET_ALLOW && !looks;
	if (!s)
		return 0;
	if (!has_arch(s, arena, call->token)) {
		ret->source = FILTER_BY_ARCH;
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		const struct oci_syscall_rule *rule = &s->syscalls.v[i];

		if (!names_call(rule, call))
			continue;
		if (!conditions_hold(rule, call->args))
			ret->near[ret->n_near++] = i;
		else if (filter_rule_value(rule) == ret->value)
			ret->rules[ret->n_rules++] = i;
	}
	if (ret->n_rules) {
		ret->source = FILTER_BY_RULES;
		ret->n_near = 0; /* they change nothing */
	} else if (ret->value == filter_default_value(s)) {
		ret->source = FILTER_BY_DEFAULT;
	}
	return 0;
}

int filter_check_execve(const struct plan_filter *program, struct error *err)
{
	struct seccomp_data data = {.nr = __NR_execve, .arch = seccomp_arch_native()};
	struct buf answer = {0};
	size_t steps;
	bool looks;
	uint64_t value = bpf_trace(program->insns, program->n, &data, &steps, &looks);

	if (value == BPF_BAD || looks) /* the kernel judges the first, the caller's addresses decide the other */
		return 0;
	switch (value & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_TRAP:
	case SECCOMP_RET_ERRNO:
		break;
	default:
		return 0;
	}
	filter_put_value(&answer, (uint32_t)value);
	fail_at(err, 0, "linux.seccomp", "the filter answers execve with %s: no program can be started under it",
		answer.failed ? "an error" : answer.s);
	buf_free(&answer);
	error_hint(err, "allow execve and what every program needs; "
			"'vert seccomp why --bundle DIR execve' names the rule");
	return error_code(err, "SECCOMP_EXECVE");
}

const char *filter_call_name(struct arena *arena, int nr)
{
	char *name = seccomp_syscall_resolve_num_arch(seccomp_arch_native(), nr);
	const char *copy = name ? arena_strdup(arena, name) : NULL;

	free(name);
	return copy;
}

bool filter_knows(const char *name)
{
	return seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR;
}

void filter_count(const struct plan_filter *program, size_t *ret_known, size_t *ret_free)
{
	*ret_known = *ret_free = 0;
	for (int nr = 0; nr <= LAST_CALL; nr++) {
		struct seccomp_data data = {.nr = nr, .arch = seccomp_arch_native()};
		char *name = seccomp_syscall_resolve_num_arch(data.arch, nr);
		size_t steps;
		bool looks;

		if (!name)
			continue;
		free(name);
		++*ret_known;
		if (bpf_trace(program->insns, program->n, &data, &steps, &looks) == SECCOMP_RET_ALLOW && !looks)
			++*ret_free;
	}
}
