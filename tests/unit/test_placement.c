/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduler, personality and memory policy: each mode, and each combination that the kernel would refuse
 * without a word of explanation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "libocispec/ocispec.h"
#include "plan/plan.h"
#include "plan/process.h"

#include <cmocka.h> /* last: it has a macro fail() */

static struct arena arena;

static int teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static void *parse(const struct oci_type *type, const char *json)
{
	struct oci_error bad;
	void *object = oci_parse(&arena, type, json, strlen(json), &bad);

	if (!object)
		fail_msg("%s: %s: %s", json, bad.path, bad.msg);
	return object;
}

/* Plans {"cwd":"/", MEMBERS}. */
static int plan(const char *members, struct plan_process *out, struct error *err)
{
	const char *json =
		arena_printf(&arena, "{\"cwd\":\"/\"%s%s}", *members ? "," : "", members);

	memset(out, 0, sizeof(*out));
	return plan_process(&arena, parse(oci_type_process(), json), "process", 40, out, err);
}

static void expect_plan(const char *members, struct plan_process *out)
{
	struct error err;

	if (plan(members, out, &err) < 0)
		fail_msg("%s: %s", members, err.msg);
}

#define SCHED(policy, rest) "\"scheduler\":{\"policy\":\"SCHED_" policy "\"" rest "}"

static void test_scheduler_refused(void **state)
{
	static const struct {
		const char *members, *where;
	} rows[] = {
		{SCHED("FIFO", ""), "process.scheduler.priority"},
		{SCHED("RR", ",\"priority\":100"), "process.scheduler.priority"},
		{SCHED("FIFO", ",\"priority\":-1"), "process.scheduler.priority"},
		{SCHED("OTHER", ",\"priority\":1"), "process.scheduler.priority"},
		{SCHED("OTHER", ",\"nice\":20"), "process.scheduler.nice"},
		{SCHED("BATCH", ",\"nice\":-21"), "process.scheduler.nice"},
		{SCHED("IDLE", ",\"nice\":1"), "process.scheduler.nice"},
		{SCHED("OTHER", ",\"runtime\":1"), "process.scheduler.runtime"},
		{SCHED("FIFO", ",\"priority\":1,\"period\":1"), "process.scheduler.period"},
		{SCHED("DEADLINE", ""), "process.scheduler.runtime"},
		{SCHED("DEADLINE", ",\"runtime\":2000"), "process.scheduler.deadline"},
		{SCHED("DEADLINE", ",\"runtime\":2000,\"deadline\":1999"),
		 "process.scheduler.deadline"},
		{SCHED("DEADLINE", ",\"runtime\":2000,\"deadline\":3000,\"period\":2999"),
		 "process.scheduler.period"},
		{SCHED("DEADLINE", ",\"runtime\":2000,\"deadline\":9223372036854775808"),
		 "process.scheduler.deadline"},
	};
	struct plan_process p;
	struct error err;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (plan(rows[i].members, &p, &err) == 0)
			fail_msg("accepted: %s", rows[i].members);
		assert_string_equal(err.where, rows[i].where);
	}
}

static void test_scheduler(void **state)
{
	static const struct {
		const char *members;
		struct plan_scheduler expected;
	} rows[] = {
		{SCHED("OTHER", ",\"nice\":-20"), {.present = true, .policy = 0, .nice = -20}},
		{SCHED("FIFO", ",\"priority\":99,\"flags\":[\"SCHED_FLAG_RESET_ON_FORK\"]"),
		 {.present = true, .policy = 1, .priority = 99, .flags = 1}},
		{SCHED("RR", ",\"flags\":[\"SCHED_FLAG_KEEP_PARAMS\"]"),
		 {.present = true, .policy = 2, .flags = 0x10}},
		{SCHED("BATCH",
		       ",\"flags\":[\"SCHED_FLAG_UTIL_CLAMP_MIN\",\"SCHED_FLAG_UTIL_CLAMP_MAX\"]"),
		 {.present = true, .policy = 3, .flags = 0x60}},
		{SCHED("ISO", ""), {.present = true, .policy = 4}},
		{SCHED("IDLE", ""), {.present = true, .policy = 5}},
		{SCHED("DEADLINE",
		       ",\"runtime\":2000,\"deadline\":3000,\"flags\":[\"SCHED_FLAG_RECLAIM\"]"),
		 {.present = true, .policy = 6, .flags = 2, .runtime = 2000, .deadline = 3000}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct plan_scheduler *e = &rows[i].expected;
		struct plan_process p;

		expect_plan(rows[i].members, &p);
		assert_true(p.scheduler.present);
		assert_int_equal(p.scheduler.policy, e->policy);
		assert_int_equal(p.scheduler.nice, e->nice);
		assert_int_equal(p.scheduler.priority, e->priority);
		assert_int_equal(p.scheduler.flags, e->flags);
		assert_int_equal(p.scheduler.runtime, e->runtime);
		assert_int_equal(p.scheduler.deadline, e->deadline);
	}
}

static void test_personality(void **state)
{
	struct plan_process p = {0};
	struct error err;

	(void)state;
	assert_int_equal(plan_personality(NULL, &p, &err), 0);
	assert_false(p.set_personality);
	assert_int_equal(plan_personality(parse(oci_type_personality(), "{\"domain\":\"LINUX32\"}"),
					  &p, &err),
			 0);
	assert_true(p.set_personality && p.personality == 8);
	assert_int_equal(
		plan_personality(parse(oci_type_personality(),
				       "{\"domain\":\"LINUX\",\"flags\":[\"ADDR_NO_RANDOMIZE\"]}"),
				 &p, &err),
		-1);
	assert_int_equal(plan_personality(parse(oci_type_personality(), "{}"), &p, &err), -1);
	assert_string_equal(err.where, "linux.personality.domain");
}

#define POLICY(mode, rest) "{\"mode\":\"MPOL_" mode "\"" rest "}"
#define NODES(list) ",\"nodes\":\"" list "\""
#define FLAG(name) ",\"flags\":[\"MPOL_F_" name "\"]"

static void test_memory_policy(void **state)
{
	static const struct {
		const char *json;
		int mode; /* -1: refused */
		unsigned long nodes;
	} rows[] = {
		{POLICY("DEFAULT", ""), 0, 0},
		{POLICY("DEFAULT", NODES("")), 0, 0},
		{POLICY("DEFAULT", NODES("0")), -1, 0},
		{POLICY("LOCAL", ""), 4, 0},
		{POLICY("LOCAL", NODES("1")), -1, 0},
		{POLICY("LOCAL", FLAG("STATIC_NODES")), -1, 0},
		{POLICY("BIND", NODES("0,2")), 2, 5},
		{POLICY("BIND", ""), -1, 0},
		{POLICY("BIND", NODES(",")), -1, 0},
		{POLICY("BIND", NODES("x")), -1, 0},
		{POLICY("BIND", NODES("0") FLAG("NUMA_BALANCING")), 2 | 1 << 13, 1},
		{POLICY("INTERLEAVE", NODES("0-1")), 3, 3},
		{POLICY("INTERLEAVE", NODES("0") FLAG("NUMA_BALANCING")), -1, 0},
		{POLICY("INTERLEAVE", NODES("0") FLAG("RELATIVE_NODES")), 3 | 1 << 14, 1},
		{POLICY("WEIGHTED_INTERLEAVE", NODES("1")), 6, 2},
		{POLICY("WEIGHTED_INTERLEAVE", ""), -1, 0},
		{POLICY("PREFERRED", ""), 1, 0},
		{POLICY("PREFERRED", NODES("3")), 1, 8},
		{POLICY("PREFERRED", FLAG("STATIC_NODES")), -1, 0},
		{POLICY("PREFERRED_MANY", NODES("3") FLAG("STATIC_NODES")), 5 | 1 << 15, 8},
		{POLICY("BIND", NODES("0") ",\"flags\":[\"MPOL_F_STATIC_NODES\",\"MPOL_F_RELATIVE_"
					   "NODES\"]"),
		 -1, 0},
		{"{\"nodes\":\"0\"}", -1, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct oci_memory_policy *m = parse(oci_type_memory_policy(), rows[i].json);
		struct plan_process p = {0};
		struct error err;
		int rc = plan_memory_policy(&arena, m, &p, &err);

		if (rc != (rows[i].mode < 0 ? -1 : 0))
			fail_msg("%s: %d", rows[i].json, rc);
		if (rc < 0)
			continue;
		assert_true(p.set_mempolicy);
		assert_int_equal(p.mempolicy_mode, rows[i].mode);
		assert_int_equal(p.mempolicy_bits, rows[i].nodes ? 64 : 0);
		if (rows[i].nodes)
			assert_int_equal(p.mempolicy_nodes[0], rows[i].nodes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_scheduler_refused, teardown),
		cmocka_unit_test_teardown(test_scheduler, teardown),
		cmocka_unit_test_teardown(test_personality, teardown),
		cmocka_unit_test_teardown(test_memory_policy, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
