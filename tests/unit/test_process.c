/* SPDX-License-Identifier: Apache-2.0 */
/* The process object becomes the plan of a process: what is taken over, what is refused and where the
 * error points, what is left out with a warning.  Documents are parsed as they would be in a bundle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "libocispec/ocispec.h"
#include "plan/plan.h"
#include "plan/process.h"

#include <cmocka.h> /* last: it has a macro fail() */

enum { LAST_CAP = 40 };

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
	return plan_process(&arena, parse(oci_type_process(), json), "process", LAST_CAP, out, err);
}

static void expect_plan(const char *members, struct plan_process *out)
{
	struct error err;

	if (plan(members, out, &err) < 0)
		fail_msg("%s: %s", members, err.msg);
}

static void test_minimal(void **state)
{
	struct plan_process p;

	(void)state;
	expect_plan("", &p);
	assert_int_equal(p.args.n, 0);
	assert_null(p.args.v[0]);
	assert_null(p.env.v[0]);
	assert_true(p.set_home);
	assert_string_equal(p.cwd, "/");
	assert_false(p.set_umask || p.has_caps || p.set_oom_score || p.scheduler.present ||
		     p.set_ioprio);
	assert_null(p.apparmor);
	assert_null(p.cpus_initial);
}

static void test_taken_over(void **state)
{
	struct plan_process p;

	(void)state;
	expect_plan("\"args\":[\"sh\",\"-c\",\"\"],\"terminal\":true,\"consoleSize\":{\"height\":"
		    "24,\"width\":80},"
		    "\"user\":{\"uid\":1000,\"gid\":1001,\"umask\":18,\"additionalGids\":[4,27]},"
		    "\"noNewPrivileges\":true,\"oomScoreAdj\":-999,\"apparmorProfile\":\"p\","
		    "\"selinuxLabel\":\"\",\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\","
		    "\"priority\":3},"
		    "\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":10,\"hard\":"
		    "18446744073709551615}],"
		    "\"execCPUAffinity\":{\"initial\":\"0-1\",\"final\":\"\"}",
		    &p);
	assert_int_equal(p.args.n, 3);
	assert_string_equal(p.args.v[2], "");
	assert_null(p.args.v[3]);
	assert_true(p.terminal && p.rows == 24 && p.columns == 80);
	assert_true(p.uid == 1000 && p.gid == 1001 && p.set_umask && p.umask == 022);
	assert_true(p.n_groups == 2 && p.groups[1] == 27);
	assert_true(p.no_new_privs && p.set_oom_score && p.oom_score_adj == -999);
	assert_string_equal(p.apparmor, "p");
	assert_null(p.selinux);
	assert_true(p.set_ioprio && p.ioprio == (2 << 13 | 3));
	assert_int_equal(p.n_rlimits, 1);
	assert_int_equal(p.rlimits[0].resource, RLIMIT_NOFILE);
	assert_true(p.rlimits[0].soft == 10 && p.rlimits[0].hard == UINT64_MAX);
	assert_string_equal(p.rlimits[0].name, "RLIMIT_NOFILE");
	assert_string_equal(p.rlimits[0].at, "process.rlimits[0]");
	assert_string_equal(p.cpus_initial, "0-1");
	assert_null(p.cpus_final);
}

static void test_environment(void **state)
{
	struct plan_process p;

	(void)state;
	expect_plan("\"env\":[\"A=1\",\"HOME=/a\",\"AB=2\",\"A=3\",\"HOME=\",\"C=x=y\",\"D=\"]",
		    &p);
	assert_int_equal(p.env.n, 4);
	assert_string_equal(p.env.v[0], "AB=2");
	assert_string_equal(p.env.v[1], "A=3");
	assert_string_equal(p.env.v[2], "C=x=y");
	assert_string_equal(p.env.v[3], "D=");
	assert_true(p.set_home); /* the last HOME is empty, which counts as none */
	for (size_t i = 0; i <= PLAN_ENV_ROOM; i++)
		assert_null(p.env.v[p.env.n + i]);
	plan_env_set(&arena, &p, "AB=new");
	plan_env_set(&arena, &p, "E=5");
	assert_int_equal(p.env.n, 5);
	assert_string_equal(p.env.v[0], "AB=new");
	assert_string_equal(p.env.v[4], "E=5");
	for (size_t i = 0; i <= PLAN_ENV_ROOM; i++)
		assert_null(p.env.v[p.env.n + i]);
	expect_plan("\"env\":[\"HOME=\",\"HOME=/b\"]", &p);
	assert_false(p.set_home);
	assert_string_equal(p.env.v[0], "HOME=/b");
}

/* A list that a quadratic search for duplicates would chew on for minutes. */
static void test_long_environment(void **state)
{
	enum { N = 100000 };
	const char **v = arena_array(&arena, N, sizeof(*v));
	struct oci_process process = {.cwd = "/", .env = {N, v}};
	struct plan_process p = {0};
	struct error err;

	(void)state;
	for (int i = 0; i < N; i++)
		v[i] = arena_printf(&arena, "V%d=%d", i % (N / 2), i);
	assert_int_equal(plan_process(&arena, &process, "process", LAST_CAP, &p, &err), 0);
	assert_int_equal(p.env.n, N / 2);
	assert_string_equal(p.env.v[0], "V0=50000");
}

#define RLIMIT(type, soft, hard) "{\"type\":\"" type "\",\"soft\":" soft ",\"hard\":" hard "}"

static void test_refused(void **state)
{
	static const struct {
		const char *members, *where;
	} rows[] = {
		{"\"args\":[]", "process.args"},
		{"\"args\":[\"\",\"x\"]", "process.args[0]"},
		{"\"env\":[\"A=1\",\"novalue\"]", "process.env[1]"},
		{"\"env\":[\"=x\"]", "process.env[0]"},
		{"\"user\":{\"uid\":4294967295}", "process.user.uid"},
		{"\"user\":{\"gid\":4294967295}", "process.user.gid"},
		{"\"user\":{\"additionalGids\":[1,4294967295]}", "process.user.additionalGids[1]"},
		{"\"user\":{\"umask\":512}", "process.user.umask"},
		{"\"terminal\":true,\"consoleSize\":{\"height\":65536,\"width\":1}",
		 "process.consoleSize.height"},
		{"\"terminal\":true,\"consoleSize\":{\"height\":1,\"width\":65536}",
		 "process.consoleSize.width"},
		{"\"oomScoreAdj\":1001", "process.oomScoreAdj"},
		{"\"oomScoreAdj\":-1001", "process.oomScoreAdj"},
		{"\"rlimits\":[" RLIMIT("RLIMIT_FOO", "1", "1") "]", "process.rlimits[0].type"},
		{"\"rlimits\":[" RLIMIT("RLIMIT_CPU", "2", "1") "]", "process.rlimits[0].soft"},
		{"\"rlimits\":[" RLIMIT("RLIMIT_CPU", "1", "1") "," RLIMIT(
			 "RLIMIT_AS", "1", "1") "," RLIMIT("RLIMIT_CPU", "1", "1") "]",
		 "process.rlimits[2].type"},
		{"\"apparmorProfile\":\"a\\nb\"", "process.apparmorProfile"},
		{"\"selinuxLabel\":\"a\\nb\"", "process.selinuxLabel"},
		{"\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}",
		 "process.ioPriority.priority"},
		{"\"ioPriority\":{\"class\":\"IOPRIO_CLASS_RT\",\"priority\":-1}",
		 "process.ioPriority.priority"},
		{"\"execCPUAffinity\":{\"initial\":\"1-0\"}", "process.execCPUAffinity.initial"},
		{"\"execCPUAffinity\":{\"final\":\"a\"}", "process.execCPUAffinity.final"},
		{"\"execCPUAffinity\":{\"final\":\",\"}", "process.execCPUAffinity.final"},
	};
	struct plan_process p;
	struct error err;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (plan(rows[i].members, &p, &err) == 0)
			fail_msg("accepted: %s", rows[i].members);
		assert_string_equal(err.where, rows[i].where);
	}
	assert_int_equal(plan_process(&arena, parse(oci_type_process(), "{\"cwd\":\"tmp\"}"),
				      "process", LAST_CAP, &p, &err),
			 -1);
	assert_string_equal(err.where, "process.cwd");
}

#define CAP(n) (UINT64_C(1) << (n))

static void test_capabilities(void **state)
{
	int log = memfd_create("log", MFD_CLOEXEC);
	struct log_settings saved = log_settings;
	struct plan_process p;
	char text[4096] = "";

	(void)state;
	log_settings = (struct log_settings){.fd = log, .level = LOG_LEVEL_WARNING};
	expect_plan("\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"cap_kill\",\"Cap_Bpf\"],"
		    "\"permitted\":[\"CAP_CHOWN\",\"CAP_KILL\"],\"effective\":[\"CAP_CHOWN\",\"CAP_"
		    "BPF\"],"
		    "\"inheritable\":[\"CAP_CHOWN\",\"CAP_SETUID\"],\"ambient\":[\"CAP_CHOWN\","
		    "\"CAP_KILL\"]}",
		    &p);
	assert_true(p.has_caps);
	assert_int_equal(p.caps[PLAN_CAP_BOUNDING], CAP(0) | CAP(5) | CAP(39));
	assert_int_equal(p.caps[PLAN_CAP_PERMITTED], CAP(0) | CAP(5));
	assert_int_equal(p.caps[PLAN_CAP_EFFECTIVE], CAP(0));
	assert_int_equal(p.caps[PLAN_CAP_INHERITABLE], CAP(0));
	assert_int_equal(p.caps[PLAN_CAP_AMBIENT], CAP(0));
	assert_true(pread(log, text, sizeof(text) - 1, 0) > 0);
	assert_non_null(strstr(text, "process.capabilities.effective: 'cap_bpf'"));
	assert_non_null(strstr(text, "process.capabilities.inheritable: 'cap_setuid'"));
	assert_non_null(strstr(text, "process.capabilities.ambient: 'cap_kill'"));
	assert_int_equal(ftruncate(log, 0), 0);

	/* Unknown ones, numbers, several in one string, and those newer than the kernel. */
	expect_plan("\"capabilities\":{\"bounding\":[\"CAP_NOPE\",\"5\",\"cap_kill,cap_chown\","
		    "\"cap_kill=ep\","
		    "\"KILL\",\"\",\"CAP_CHOWN \",\"all\"]}",
		    &p);
	assert_int_equal(p.caps[PLAN_CAP_BOUNDING], 0);
	p.caps[0] = 0;
	plan_add_capability("CAP_CHECKPOINT_RESTORE", 39, "test", &p.caps[0]);
	assert_int_equal(p.caps[0], 0);
	plan_add_capability("CAP_CHECKPOINT_RESTORE", 40, "test", &p.caps[0]);
	assert_int_equal(p.caps[0], CAP(40));
	log_settings = saved;
	close(log);
}

static void test_user_strings(void **state)
{
	static const char *const bad[] = {
		"",
		"-1",
		"4294967295",
		"4294967296",
		"18446744073709551616",
		"1 ",
		" 1",
		"0x1",
		"root",
		"1:",
		":1",
		"1:4294967295",
		"1:root",
		"1:2:3",
		"+1",
		"1,2",
		"1:-1",
		"000000000000000001",
	};
	uint32_t uid = 7, gid = 8;
	struct error err;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		if (plan_user_from_string(bad[i], &uid, &gid, &err) == 0)
			fail_msg("accepted: '%s'", bad[i]);
		assert_true(uid == 7 && gid == 8);
	}
	assert_int_equal(plan_user_from_string("1", &uid, &gid, &err), 0);
	assert_true(uid == 1 && gid == 8);
	assert_int_equal(plan_user_from_string("4294967294:0", &uid, &gid, &err), 0);
	assert_true(uid == 4294967294 && gid == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_minimal, teardown),
		cmocka_unit_test_teardown(test_taken_over, teardown),
		cmocka_unit_test_teardown(test_environment, teardown),
		cmocka_unit_test_teardown(test_long_environment, teardown),
		cmocka_unit_test_teardown(test_refused, teardown),
		cmocka_unit_test_teardown(test_capabilities, teardown),
		cmocka_unit_test_teardown(test_user_strings, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
