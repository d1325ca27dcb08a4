/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp profiles: the compiled program is run in a BPF machine and must answer as the profile says; wrong profiles
 * are refused at the right place.  The cache has tests of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include "base/bpf.h"
#include "base/fd.h"
#include "base/str.h"
#include "libocispec/ocispec.h"
#include "plan/filter.h"
#include "plan/filter_info.h"
#include "plan/plan.h"

#include <cmocka.h> /* last: it has a macro fail() */

enum { KILL = SECCOMP_RET_KILL_THREAD, EPERM_NOW = SECCOMP_RET_ERRNO | 1 };

static struct arena arena;
static const struct filter_options no_cache = {
	.cache_dir = -1, .release = "6.1", .machine = "test"};

static int teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static const struct oci_seccomp *parse(const char *json)
{
	struct oci_error bad;
	const struct oci_seccomp *s =
		oci_parse(&arena, oci_type_seccomp(), json, strlen(json), &bad);

	if (!s)
		fail_msg("%s: %s: %s", json, bad.path, bad.msg);
	return s;
}

static struct plan_filter compile(const char *json)
{
	struct plan_filter f = {0};
	struct error err;

	if (plan_filter(&arena, parse(json), &no_cache, &f, &err) < 0)
		fail_msg("%s: %s (%s)", json, err.msg, err.where);
	assert_true(f.present);
	return f;
}

static int number(const char *name)
{
	return seccomp_syscall_resolve_name(name);
}

static uint64_t answer(const struct plan_filter *f, int nr, const uint64_t args[6])
{
	struct seccomp_data data = {.nr = nr, .arch = seccomp_arch_native()};

	if (args)
		memcpy(data.args, args, sizeof(data.args));
	return bpf_run(f->insns, f->n, &data);
}

static uint64_t answer_1(const struct plan_filter *f, const char *name, unsigned index,
			 uint64_t value)
{
	uint64_t args[6] = {0};

	args[index] = value;
	return answer(f, number(name), args);
}

#define PROFILE(default_action, rest) "{\"defaultAction\":\"SCMP_ACT_" default_action "\"" rest "}"
#define RULE(names, action, rest) \
	"{\"names\":[" names "],\"action\":\"SCMP_ACT_" action "\"" rest "}"
#define RULES(rules) ",\"syscalls\":[" rules "]"
#define ARG(index, op, value) "{\"index\":" index ",\"op\":\"SCMP_CMP_" op "\",\"value\":" value "}"
#define ARGS(args) ",\"args\":[" args "]"

static void test_actions(void **state)
{
	static const struct {
		const char *action, *rest;
		uint64_t expected;
	} rows[] = {
		{"ALLOW", "", SECCOMP_RET_ALLOW},
		{"LOG", "", SECCOMP_RET_LOG},
		{"TRAP", "", SECCOMP_RET_TRAP},
		{"KILL", "", SECCOMP_RET_KILL_THREAD},
		{"KILL_THREAD", "", SECCOMP_RET_KILL_THREAD},
		{"KILL_PROCESS", "", SECCOMP_RET_KILL_PROCESS},
		{"ERRNO", "", EPERM_NOW},
		{"ERRNO", "38", SECCOMP_RET_ERRNO | 38},
		{"ERRNO", "0", SECCOMP_RET_ERRNO},
		{"ERRNO", "4094", SECCOMP_RET_ERRNO | 4094},
		{"TRACE", "", SECCOMP_RET_TRACE | 1},
		{"TRACE", "65535", SECCOMP_RET_TRACE | 65535},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *code = rows[i].rest[0]
					   ? arena_printf(&arena, ",\"errnoRet\":%s", rows[i].rest)
					   : "";
		bool allow = strcmp(rows[i].action, "ALLOW") == 0;
		struct plan_filter f = compile(
			arena_printf(&arena, PROFILE("%s", RULES(RULE("\"getpid\"", "%s", "%s"))),
				     allow ? "ERRNO" : "ALLOW", rows[i].action, code));

		assert_int_equal(answer(&f, number("getpid"), NULL), rows[i].expected);
		assert_int_equal(answer(&f, number("getppid"), NULL),
				 allow ? EPERM_NOW : SECCOMP_RET_ALLOW);
		/* The same action as the default of all system calls, with no rule (libseccomp issue 370). */
		code = rows[i].rest[0]
			       ? arena_printf(&arena, ",\"defaultErrnoRet\":%s", rows[i].rest)
			       : "";
		f = compile(arena_printf(&arena, PROFILE("%s", "%s"), rows[i].action, code));
		assert_int_equal(answer(&f, number("getpid"), NULL), rows[i].expected);
	}
}

/* A rule with the default's action says nothing, and libseccomp would refuse it. */
static void test_redundant_rules(void **state)
{
	struct plan_filter f = compile(PROFILE(
		"ERRNO",
		RULES(RULE("\"read\"", "ERRNO", ",\"errnoRet\":1") "," RULE(
			"\"write\",\"write\"", "ALLOW",
			"") "," RULE("\"write\"", "ALLOW", "") "," RULE("\"open\"", "ERRNO",
									",\"errnoRet\":2"))));

	(void)state;
	assert_int_equal(answer(&f, number("read"), NULL), EPERM_NOW);
	assert_int_equal(answer(&f, number("write"), NULL), SECCOMP_RET_ALLOW);
	if (number("open") >= 0)
		assert_int_equal(answer(&f, number("open"), NULL), SECCOMP_RET_ERRNO | 2);
}

static void test_operators(void **state)
{
	static const uint64_t samples[] = {
		0,	    1,		9,	     10,	  11,	      0x7fffffff,
		0x80000000, 0xffffffff, 0x100000000, 0x10000000a, UINT64_MAX,
	};
	static const char *const ops[] = {"NE", "LT", "LE", "EQ", "GE", "GT"};

	(void)state;
	for (size_t k = 0; k < COUNT_OF(ops); k++)
		for (size_t i = 0; i < COUNT_OF(samples); i++) {
			uint64_t limit = samples[i];
			struct plan_filter f = compile(arena_printf(
				&arena,
				PROFILE("ERRNO", RULES(RULE("\"read\"", "ALLOW",
							    ARGS(ARG("2", "%s", "%llu"))))),
				ops[k], (unsigned long long)limit));

			for (size_t j = 0; j < COUNT_OF(samples); j++) {
				uint64_t v = samples[j];
				const bool holds[] = {
					v != limit,
					v<limit, v <= limit, v == limit, v >= limit, v> limit};

				assert_int_equal(answer_1(&f, "read", 2, v),
						 holds[k] ? SECCOMP_RET_ALLOW : EPERM_NOW);
			}
		}
}

static void test_masked_equal(void **state)
{
	struct plan_filter f = compile(
		PROFILE("ALLOW", RULES(RULE("\"clone\"", "ERRNO",
					    ",\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_MASKED_EQ\","
					    "\"value\":4294967536,\"valueTwo\":16}]"))));

	(void)state; /* mask 0x1000000f0, result 0x10 */
	assert_int_equal(answer_1(&f, "clone", 0, 0x10), EPERM_NOW);
	assert_int_equal(answer_1(&f, "clone", 0, 0xe0000001f), EPERM_NOW);
	assert_int_equal(answer_1(&f, "clone", 0, 0x100000010), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_1(&f, "clone", 0, 0x30), SECCOMP_RET_ALLOW);
}

static void test_all_conditions_or_each(void **state)
{
	struct plan_filter all = compile(
		PROFILE("ERRNO", RULES(RULE("\"read\"", "ALLOW",
					    ARGS(ARG("0", "EQ", "1") "," ARG("1", "EQ", "2"))))));
	struct plan_filter each = compile(
		PROFILE("ERRNO", RULES(RULE("\"read\"", "ALLOW",
					    ARGS(ARG("0", "EQ", "1") "," ARG(
						    "0", "EQ", "3") "," ARG("1", "EQ", "2"))))));
	static const uint64_t first[6] = {1, 0}, second[6] = {0, 2}, both[6] = {1, 2},
			      none[6] = {4, 4};

	(void)state;
	assert_int_equal(answer(&all, number("read"), first), EPERM_NOW);
	assert_int_equal(answer(&all, number("read"), second), EPERM_NOW);
	assert_int_equal(answer(&all, number("read"), both), SECCOMP_RET_ALLOW);
	assert_int_equal(answer(&each, number("read"), first), SECCOMP_RET_ALLOW);
	assert_int_equal(answer(&each, number("read"), second), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_1(&each, "read", 0, 3), SECCOMP_RET_ALLOW);
	assert_int_equal(answer(&each, number("read"), none), EPERM_NOW);
}

static void test_unknown_names(void **state)
{
	const char *json = PROFILE("ERRNO", RULES(RULE("\"no_such_call\",\"read\"", "ALLOW", "")));
	struct filter_options strict = no_cache;
	struct plan_filter f = compile(json);
	struct error err;

	(void)state;
	assert_int_equal(answer(&f, number("read"), NULL), SECCOMP_RET_ALLOW);
	strict.fail_unknown = true;
	assert_int_equal(plan_filter(&arena, parse(json), &strict, &f, &err), -1);
	assert_string_equal(err.where, "linux.seccomp.syscalls[0]");
	assert_non_null(strstr(err.msg, "no_such_call"));
}

static void test_architectures(void **state)
{
	struct plan_filter f = compile(
		PROFILE("ERRNO", ",\"architectures\":[]" RULES(RULE("\"read\"", "ALLOW", ""))));
	struct seccomp_data other = {.nr = 0, .arch = 1};

	(void)state;
	assert_int_equal(bpf_run(f.insns, f.n, &other), KILL);
#ifdef __x86_64__
	f = compile(PROFILE("ERRNO",
			    ",\"architectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_X86_64\"]" RULES(
				    RULE("\"read\"", "ALLOW", ""))));
	other = (struct seccomp_data){.nr = 3, .arch = SCMP_ARCH_X86}; /* read */
	assert_int_equal(bpf_run(f.insns, f.n, &other), SECCOMP_RET_ALLOW);
	other.nr = 0;
	assert_int_equal(bpf_run(f.insns, f.n, &other), EPERM_NOW);
	assert_int_equal(answer(&f, 0, NULL), SECCOMP_RET_ALLOW);
	assert_int_equal(answer(&f, 0x40000000, NULL), KILL); /* x32 was not listed */
#endif
}

/* features.md: each name that is listed is recognized, on every machine; one that cannot be filtered changes nothing. */
static void test_foreign_architectures(void **state)
{
	struct seccomp_data odd = {.nr = 0, .arch = 1};
	size_t n;
	const char *const *names = filter_architectures(&n);
	char json[256];

	(void)state;
	for (assert_int_equal(n, 23); n-- > 0;) {
		snprintf(json, sizeof(json), PROFILE("ERRNO", ",\"architectures\":[\"%s\"]" RULES(RULE("\"read\"", "ALLOW", ""))),
			 names[n]);
		struct plan_filter f = compile(json);
		assert_int_equal(answer(&f, number("read"), NULL), SECCOMP_RET_ALLOW);
		assert_int_equal(bpf_run(f.insns, f.n, &odd), KILL);
	}
}

/* What is too long in one program for each architecture may fit when they share what they have in common. */
static void test_long_for_three(void **state)
{
#ifdef __x86_64__
	enum { VALUES = 1500 };
	char *json = arena_printf(&arena, "%s", ""), name[32];
	struct plan_filter f;
	struct seccomp_data call = {.nr = number("read") | 0x40000000, .arch = AUDIT_ARCH_X86_64};

	for (int i = 0; i < VALUES; i++) {
		snprintf(name, sizeof(name), "%d", 7 * i);
		json = arena_printf(&arena,
				    "%s%s" RULE("\"read\"", "ALLOW",
						",\"args\":[{\"index\":0,"
						"\"op\":\"SCMP_CMP_EQ\",\"value\":%s}]"),
				    json, i ? "," : "", name);
	}
	f = compile(arena_printf(
		&arena,
		PROFILE("ERRNO",
			",\"architectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"]" RULES("%s")),
		json));
	assert_true(
		f.n <
		2 * VALUES); /* three programs have a comparison for each value and architecture */
	assert_int_equal(answer_1(&f, "read", 0, 7 * (VALUES - 1)), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_1(&f, "read", 0, 7 * (VALUES - 1) + 1), EPERM_NOW);
	call.args[0] = 7 * (VALUES - 1);
	assert_int_equal(bpf_run(f.insns, f.n, &call), SECCOMP_RET_ALLOW);
#endif
	(void)state;
}

static void test_flags(void **state)
{
	static const struct {
		const char *flags;
		unsigned expected;
	} rows[] = {
		{"", 4},
		{",\"flags\":[]", 0},
		{",\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\"]", 0},
		{",\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"]", 2},
		{",\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"]", 6},
		{",\"flags\":[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]", 0},
		{",\"flags\":[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"],\"listenerPath\":\"/"
		 "s\"" RULES(RULE("\"mkdir\",\"mkdirat\"", "NOTIFY", "")),
		 32},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(
			compile(arena_printf(&arena, PROFILE("ALLOW", "%s"), rows[i].flags)).flags,
			rows[i].expected);
}

static void test_notify(void **state)
{
	const char *rules = RULES(RULE("\"mkdirat\"", "NOTIFY", ""));
	struct filter_options receiver = no_cache;
	struct plan_filter f = compile(arena_printf(
		&arena,
		PROFILE("ALLOW", "%s,\"listenerPath\":\"/run/agent\",\"listenerMetadata\":\"m\""),
		rules));
	struct error err;

	(void)state;
	assert_true(f.notify);
	assert_string_equal(f.listener_path, "/run/agent");
	assert_int_equal(answer(&f, number("mkdirat"), NULL), SECCOMP_RET_USER_NOTIF);
	f = compile(PROFILE("ALLOW", ",\"listenerPath\":\"/unused\""));
	assert_false(f.notify);
	assert_null(f.listener_path);
	receiver.receiver = "/by/annotation";
	f = (struct plan_filter){0};
	assert_int_equal(plan_filter(&arena,
				     parse(arena_printf(&arena, PROFILE("ALLOW", "%s"), rules)),
				     &receiver, &f, &err),
			 0);
	assert_string_equal(f.listener_path, "/by/annotation");
}

static void test_refused(void **state)
{
	static const struct {
		const char *json, *where;
	} rows[] = {
		{PROFILE("NOTIFY", ""), "linux.seccomp.defaultAction"},
		{PROFILE("ALLOW", ",\"defaultErrnoRet\":1"), "linux.seccomp.defaultErrnoRet"},
		{PROFILE("ERRNO", ",\"defaultErrnoRet\":4095"), "linux.seccomp.defaultErrnoRet"},
		{PROFILE("TRACE", ",\"defaultErrnoRet\":65536"), "linux.seccomp.defaultErrnoRet"},
		{PROFILE("ALLOW", RULES(RULE("\"read\"", "KILL", ",\"errnoRet\":1"))),
		 "linux.seccomp.syscalls[0].errnoRet"},
		{PROFILE("ALLOW", RULES(RULE("\"read\"", "LOG", "") "," RULE("", "KILL", ""))),
		 "linux.seccomp.syscalls[1].names"},
		{PROFILE("ALLOW",
			 RULES(RULE("\"write\"", "NOTIFY", "")) ",\"listenerPath\":\"/s\""),
		 "linux.seccomp.syscalls[0].names"},
		{PROFILE("ALLOW", RULES(RULE("\"read\"", "NOTIFY", ""))),
		 "linux.seccomp.listenerPath"},
		{PROFILE("ALLOW", ",\"listenerPath\":\"s\""), "linux.seccomp.listenerPath"},
		{PROFILE("ALLOW", ",\"listenerMetadata\":\"m\""), "linux.seccomp.listenerMetadata"},
		{PROFILE("ALLOW", ",\"architectures\":[\"SCMP_ARCH_PDP11\"]"),
		 "linux.seccomp.architectures[0]"},
		{PROFILE("ALLOW", ",\"architectures\":[\"x86_64\"]"),
		 "linux.seccomp.architectures[0]"},
		{PROFILE("ALLOW", RULES(RULE("\"read\"", "KILL", ARGS(ARG("6", "EQ", "0"))))),
		 "linux.seccomp.syscalls[0].args[0].index"},
		{PROFILE("ALLOW",
			 RULES(RULE(
				 "\"read\"", "KILL",
				 ARGS(ARG("0", "EQ", "0") "," ARG("0", "EQ", "1") "," ARG(
					 "0", "EQ",
					 "2") "," ARG("0", "EQ",
						      "3") "," ARG("0", "EQ",
								   "4") "," ARG("0", "EQ",
										"5") "," ARG("0",
											     "EQ",
											     "6"))))),
		 "linux.seccomp.syscalls[0].args"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct plan_filter f = {0};
		struct error err;

		if (plan_filter(&arena, parse(rows[i].json), &no_cache, &f, &err) == 0)
			fail_msg("accepted: %s", rows[i].json);
		assert_string_equal(err.where, rows[i].where);
		assert_false(f.present);
	}
}

static void test_ready_program(void **state)
{
	/* one instruction: return ERRNO(5) */
	static const char *const good = "BgAAAAUABQA=", *const bad[] = {"", "BgAAAAUABQ", "BgAA",
									"BgAAAAUABQ!=", "===="};
	struct filter_options options = no_cache;
	struct plan_filter f = {0};
	struct error err;

	(void)state;
	options.bpf_data = good;
	assert_int_equal(plan_filter(&arena, NULL, &options, &f, &err), 0);
	assert_true(f.present && f.n == 1 && f.flags == 4 && !f.notify);
	assert_int_equal(answer(&f, 0, NULL), SECCOMP_RET_ERRNO | 5);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		options.bpf_data = bad[i];
		assert_int_equal(plan_filter(&arena, NULL, &options, &f, &err), -1);
	}
	f = (struct plan_filter){0};
	assert_int_equal(plan_filter(&arena, NULL, &no_cache, &f, &err), 0);
	assert_false(f.present);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_actions, teardown),
		cmocka_unit_test_teardown(test_redundant_rules, teardown),
		cmocka_unit_test_teardown(test_operators, teardown),
		cmocka_unit_test_teardown(test_masked_equal, teardown),
		cmocka_unit_test_teardown(test_all_conditions_or_each, teardown),
		cmocka_unit_test_teardown(test_unknown_names, teardown),
		cmocka_unit_test_teardown(test_architectures, teardown),
		cmocka_unit_test_teardown(test_foreign_architectures, teardown),
		cmocka_unit_test_teardown(test_long_for_three, teardown),
		cmocka_unit_test_teardown(test_flags, teardown),
		cmocka_unit_test_teardown(test_notify, teardown),
		cmocka_unit_test_teardown(test_refused, teardown),
		cmocka_unit_test_teardown(test_ready_program, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
