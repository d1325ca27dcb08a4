/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources to writes: every property, every refusal, and the table of needed controllers.
 *
 * A plan is compared as text, a line for each write: "file=value", "?" optional, "|" alternative,
 * "~" keeps the first word, "<" checks the usage.
 */
#include "plan/resources.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "libocispec/ocispec.h"
#include "plan/plan.h"

static const struct oci_resources *parse(struct arena *arena, const char *json)
{
	struct oci_error err;
	char text[1024];
	void *res = oci_parse(arena, oci_type_resources(), json, strlen(json), &err);

	if (!res)
		fail_msg("%s", oci_error_format(&err, json, text, sizeof(text)));
	return res;
}

static void print(const struct plan_cgroup *cg, struct buf *b)
{
	static const char how[] = {[PLAN_WRITE_ELSE] = '|',
				   [PLAN_WRITE_KEEP_FIRST] = '~',
				   [PLAN_WRITE_CHECK_USAGE] = '<'};

	for (size_t i = 0; i < cg->n_writes; i++) {
		const struct plan_write *w = &cg->writes[i];

		buf_printf(b, "%s=%s%s%.1s\n", w->file, w->value, w->optional ? "?" : "",
			   w->how ? &how[w->how] : "");
	}
}

static const struct {
	const char *json;
	unsigned flags;
	const char *writes;
} good[] = {
	/* nothing */
	{"{}", 0, ""},
	{"{\"memory\":{},\"cpu\":{},\"blockIO\":{},\"network\":{},\"unified\":{},\"rdma\":{}}", 0,
	 ""},
	{"{\"memory\":{\"limit\":0},\"cpu\":{\"shares\":0,\"cpus\":\"\",\"mems\":\"\"}}", 0, ""},
	/* memory */
	{"{\"memory\":{\"limit\":67108864,\"reservation\":33554432,\"swap\":134217728}}", 0,
	 "memory.low=33554432\nmemory.max=67108864\nmemory.swap.max=67108864\n"},
	{"{\"memory\":{\"limit\":1000,\"swap\":1000}}", 0, "memory.max=1000\nmemory.swap.max=0?\n"},
	{"{\"memory\":{\"limit\":1000,\"swap\":-1}}", 0, "memory.max=1000\nmemory.swap.max=max?\n"},
	{"{\"memory\":{\"limit\":1000,\"swap\":0}}", 0, "memory.max=1000\nmemory.swap.max=0?\n"},
	{"{\"memory\":{\"limit\":-1}}", 0, "memory.max=max?\n"},
	{"{\"memory\":{\"limit\":-1}}", PLAN_RESOURCES_UPDATE,
	 "memory.max=max?\nmemory.swap.max=max?\n"},
	{"{\"memory\":{\"limit\":-1,\"swap\":-1,\"reservation\":-1}}", 0,
	 "memory.low=max\nmemory.max=max?\nmemory.swap.max=max?\n"},
	{"{\"memory\":{\"swap\":-1}}", 0, "memory.swap.max=max?\n"},
	{"{\"memory\":{\"limit\":7,\"checkBeforeUpdate\":true}}", PLAN_RESOURCES_UPDATE,
	 "memory.max=7<\n"},
	{"{\"memory\":{\"limit\":9223372036854775807}}", 0, "memory.max=9223372036854775807\n"},
	{"{\"memory\":{\"reservation\":0}}", PLAN_RESOURCES_UPDATE, "memory.low=0?\n"},
	/* cpu */
	{"{\"cpu\":{\"shares\":1024}}", 0, "cpu.weight=100\n"},
	{"{\"cpu\":{\"shares\":1}}", 0, "cpu.weight=1\n"},
	{"{\"cpu\":{\"shares\":99999999999}}", 0, "cpu.weight=10000\n"},
	{"{\"cpu\":{\"quota\":50000,\"period\":200000}}", 0, "cpu.max=50000 200000\n"},
	{"{\"cpu\":{\"quota\":50000}}", 0, "cpu.max=50000 100000\n"},
	{"{\"cpu\":{\"quota\":50000,\"period\":0}}", 0, "cpu.max=50000 100000\n"},
	{"{\"cpu\":{\"quota\":50000}}", PLAN_RESOURCES_UPDATE, "cpu.max=50000\n"},
	{"{\"cpu\":{\"period\":50000}}", 0, "cpu.max=max 50000?\n"},
	{"{\"cpu\":{\"period\":50000}}", PLAN_RESOURCES_UPDATE, "cpu.max=50000~\n"},
	{"{\"cpu\":{\"quota\":-1,\"period\":50000}}", PLAN_RESOURCES_UPDATE,
	 "cpu.max=max 50000?\n"},
	{"{\"cpu\":{\"quota\":-1}}", 0, "cpu.max=max?\n"},
	{"{\"cpu\":{\"quota\":0}}", 0, "cpu.max=max?\n"},
	{"{\"cpu\":{\"quota\":50000,\"burst\":50000}}", 0,
	 "cpu.max=50000 100000\ncpu.max.burst=50000\n"},
	{"{\"cpu\":{\"burst\":0}}", 0, "cpu.max.burst=0?\n"},
	{"{\"cpu\":{\"idle\":1,\"shares\":512}}", 0, "cpu.idle=1\n"},
	{"{\"cpu\":{\"idle\":0,\"shares\":1024}}", 0, "cpu.idle=0?\ncpu.weight=100\n"},
	{"{\"cpu\":{\"cpus\":\"0-3,7\",\"mems\":\"0\"}}", 0, "cpuset.cpus=0-3,7\ncpuset.mems=0\n"},
	{"{\"cpu\":{\"realtimeRuntime\":0,\"realtimePeriod\":0}}", 0, ""},
	/* pids */
	{"{\"pids\":{\"limit\":0}}", 0, "pids.max=0\n"},
	{"{\"pids\":{\"limit\":2048}}", 0, "pids.max=2048\n"},
	{"{\"pids\":{\"limit\":-1}}", 0, "pids.max=max?\n"},
	/* block devices */
	{"{\"blockIO\":{\"weight\":10}}", 0, "io.bfq.weight=10?\nio.weight=1|\n"},
	{"{\"blockIO\":{\"weight\":1000}}", 0, "io.bfq.weight=1000?\nio.weight=10000|\n"},
	{"{\"blockIO\":{\"weight\":0,\"leafWeight\":0}}", 0, ""},
	{"{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":16,\"weight\":100}]}}", 0,
	 "io.bfq.weight=8:16 100?\nio.weight=8:16 910|\n"},
	{"{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1},"
	 "{\"major\":8,\"minor\":16,\"rate\":0}],"
	 "\"throttleWriteBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":2}],"
	 "\"throttleReadIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":3}],"
	 "\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":18446744073709551615}]}}",
	 0,
	 "io.max=8:0 rbps=1\nio.max=8:16 rbps=max\nio.max=8:0 wbps=2\nio.max=8:0 riops=3\n"
	 "io.max=8:0 wiops=18446744073709551615\n"},
	/* huge pages: the reservation first */
	{"{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":209715200},{\"pageSize\":\"64KB\","
	 "\"limit\":0}]}",
	 0,
	 "hugetlb.2MB.rsvd.max=209715200?\nhugetlb.2MB.max=209715200\n"
	 "hugetlb.64KB.rsvd.max=0?\nhugetlb.64KB.max=0\n"},
	/* rdma */
	{"{\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3,\"hcaObjects\":10000},\"mlx4_0\":{\"hcaObjects\":"
	 "0},"
	 "\"rxe3\":{\"hcaHandles\":4294967295}}}",
	 0,
	 "rdma.max=mlx5_1 hca_handle=3 hca_object=10000\nrdma.max=mlx4_0 hca_object=0\n"
	 "rdma.max=rxe3 hca_handle=4294967295\n"},
	/* unified: last, line by line */
	{"{\"unified\":{\"memory.high\":\"60000000\",\"io.max\":\"8:0 rbps=1\\n8:16 "
	 "wbps=2\\n\",\"misc.max\":\"\","
	 "\"cgroup.max.depth\":\"3\",\"hugetlb.1GB.rsvd.max\":\"max\"},\"pids\":{\"limit\":5}}",
	 0,
	 "pids.max=5\nmemory.high=60000000\nio.max=8:0 rbps=1\nio.max=8:16 "
	 "wbps=2\ncgroup.max.depth=3\n"
	 "hugetlb.1GB.rsvd.max=max\n"},
	/* what version 2 does anyway */
	{"{\"memory\":{\"kernel\":-1,\"kernelTCP\":-1,\"disableOOMKiller\":false,\"useHierarchy\":"
	 "false},"
	 "\"network\":{\"classID\":0,\"priorities\":[]}}",
	 0, ""},
};

static void test_writes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		struct arena arena = {0};
		struct plan_cgroup cg = {0};
		struct buf b = {0};
		struct error err;

		if (plan_resources(&arena, parse(&arena, good[i].json), &cg, good[i].flags, &err) <
		    0)
			fail_msg("%s: %s", good[i].json, err.msg);
		print(&cg, &b);
		if (strcmp(b.s ? b.s : "", good[i].writes) != 0)
			fail_msg("%s:\n%s", good[i].json, b.s ? b.s : "");
		buf_free(&b);
		arena_free(&arena);
	}
}

static const struct {
	const char *json, *where;
} bad[] = {
	{"{\"memory\":{\"limit\":-2}}", "linux.resources.memory.limit"},
	{"{\"memory\":{\"reservation\":-2}}", "linux.resources.memory.reservation"},
	{"{\"memory\":{\"limit\":1,\"swap\":-2}}", "linux.resources.memory.swap"},
	{"{\"memory\":{\"swap\":1000}}", "linux.resources.memory.swap"},
	{"{\"memory\":{\"limit\":-1,\"swap\":1000}}", "linux.resources.memory.swap"},
	{"{\"memory\":{\"limit\":1001,\"swap\":1000}}", "linux.resources.memory.swap"},
	{"{\"memory\":{\"kernel\":1000}}", "linux.resources.memory.kernel"},
	{"{\"memory\":{\"kernelTCP\":1000}}", "linux.resources.memory.kernelTCP"},
	{"{\"memory\":{\"swappiness\":60}}", "linux.resources.memory.swappiness"},
	{"{\"memory\":{\"disableOOMKiller\":true}}", "linux.resources.memory.disableOOMKiller"},
	{"{\"memory\":{\"useHierarchy\":true}}", "linux.resources.memory.useHierarchy"},
	{"{\"cpu\":{\"realtimeRuntime\":1}}", "linux.resources.cpu.realtimeRuntime"},
	{"{\"cpu\":{\"realtimePeriod\":1}}", "linux.resources.cpu.realtimePeriod"},
	{"{\"cpu\":{\"period\":999}}", "linux.resources.cpu.period"},
	{"{\"cpu\":{\"period\":1000001}}", "linux.resources.cpu.period"},
	{"{\"cpu\":{\"quota\":999}}", "linux.resources.cpu.quota"},
	{"{\"cpu\":{\"quota\":50000,\"burst\":50001}}", "linux.resources.cpu.burst"},
	{"{\"cpu\":{\"idle\":2}}", "linux.resources.cpu.idle"},
	{"{\"cpu\":{\"cpus\":\"0-\"}}", "linux.resources.cpu.cpus"},
	{"{\"cpu\":{\"cpus\":\"3-1\"}}", "linux.resources.cpu.cpus"},
	{"{\"cpu\":{\"cpus\":\"0 1\"}}", "linux.resources.cpu.cpus"},
	{"{\"cpu\":{\"cpus\":\",\"}}", "linux.resources.cpu.cpus"},
	{"{\"cpu\":{\"mems\":\"a\"}}", "linux.resources.cpu.mems"},
	{"{\"pids\":{\"limit\":-2}}", "linux.resources.pids.limit"},
	{"{\"blockIO\":{\"weight\":9}}", "linux.resources.blockIO.weight"},
	{"{\"blockIO\":{\"weight\":1001}}", "linux.resources.blockIO.weight"},
	{"{\"blockIO\":{\"leafWeight\":10}}", "linux.resources.blockIO.leafWeight"},
	{"{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0}]}}",
	 "linux.resources.blockIO.weightDevice[0]"},
	{"{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":10},"
	 "{\"major\":8,\"minor\":0,\"leafWeight\":10}]}}",
	 "linux.resources.blockIO.weightDevice[1]"},
	{"{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":-1,\"minor\":0,\"rate\":1}]}}",
	 "linux.resources.blockIO.throttleReadBpsDevice[0]"},
	{"{\"blockIO\":{\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":1048576,\"rate\":1}]}}",
	 "linux.resources.blockIO.throttleWriteIOPSDevice[0]"},
	{"{\"blockIO\":{\"throttleWriteBpsDevice\":[{\"major\":8,\"minor\":0}]}}",
	 "linux.resources.blockIO.throttleWriteBpsDevice[0]"},
	{"{\"hugepageLimits\":[{\"pageSize\":\"../2MB\",\"limit\":1}]}",
	 "linux.resources.hugepageLimits[0]"},
	{"{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":1},{\"pageSize\":\"2MB/"
	 "x\",\"limit\":1}]}",
	 "linux.resources.hugepageLimits[1]"},
	{"{\"hugepageLimits\":[{\"pageSize\":\"\",\"limit\":1}]}",
	 "linux.resources.hugepageLimits[0]"},
	{"{\"hugepageLimits\":[{\"pageSize\":\"MB\",\"limit\":1}]}",
	 "linux.resources.hugepageLimits[0]"},
	{"{\"hugepageLimits\":[{\"pageSize\":\"2mb\",\"limit\":1}]}",
	 "linux.resources.hugepageLimits[0]"},
	{"{\"hugepageLimits\":[{\"pageSize\":\"02MB\",\"limit\":1}]}",
	 "linux.resources.hugepageLimits[0]"},
	{"{\"rdma\":{\"mlx5_1\":{}}}", "linux.resources.rdma[\"mlx5_1\"]"},
	{"{\"rdma\":{\"a b\":{\"hcaHandles\":1}}}", "linux.resources.rdma"},
	{"{\"rdma\":{\"a\\nb\":{\"hcaHandles\":1}}}", "linux.resources.rdma"},
	{"{\"rdma\":{\"a/b\":{\"hcaHandles\":1}}}", "linux.resources.rdma"},
	{"{\"rdma\":{\"\":{\"hcaHandles\":1}}}", "linux.resources.rdma"},
	{"{\"network\":{\"classID\":1}}", "linux.resources.network.classID"},
	{"{\"network\":{\"priorities\":[{\"name\":\"lo\",\"priority\":1}]}}",
	 "linux.resources.network.priorities"},
	{"{\"unified\":{\"cgroup.procs\":\"1\"}}", "linux.resources.unified[\"cgroup.procs\"]"},
	{"{\"unified\":{\"cgroup.threads\":\"1\"}}", "linux.resources.unified[\"cgroup.threads\"]"},
	{"{\"unified\":{\"cgroup.subtree_control\":\"+cpu\"}}",
	 "linux.resources.unified[\"cgroup.subtree_control\"]"},
	{"{\"unified\":{\"cgroup.kill\":\"1\"}}", "linux.resources.unified[\"cgroup.kill\"]"},
	{"{\"unified\":{\"cgroup.freeze\":\"1\"}}", "linux.resources.unified[\"cgroup.freeze\"]"},
	{"{\"unified\":{\"cgroup.type\":\"threaded\"}}",
	 "linux.resources.unified[\"cgroup.type\"]"},
	{"{\"unified\":{\"../memory.max\":\"1\"}}", "linux.resources.unified"},
	{"{\"unified\":{\"memory/max\":\"1\"}}", "linux.resources.unified"},
	{"{\"unified\":{\"/etc/passwd\":\"1\"}}", "linux.resources.unified"},
	{"{\"unified\":{\"memory.\":\"1\"}}", "linux.resources.unified"},
	{"{\"unified\":{\".max\":\"1\"}}", "linux.resources.unified"},
	{"{\"unified\":{\"memory\":\"1\"}}", "linux.resources.unified"},
	{"{\"unified\":{\"Memory.max\":\"1\"}}", "linux.resources.unified"},
	{"{\"unified\":{\"memory.max \":\"1\"}}", "linux.resources.unified"},
	{"{\"unified\":{\"\":\"1\"}}", "linux.resources.unified"},
	{"{\"unified\":{\".\":\"1\"}}", "linux.resources.unified"},
	{"{\"unified\":{\"..\":\"1\"}}", "linux.resources.unified"},
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct arena arena = {0};
		struct plan_cgroup cg = {0};
		struct error err;

		if (plan_resources(&arena, parse(&arena, bad[i].json), &cg, 0, &err) == 0)
			fail_msg("accepted: %s", bad[i].json);
		assert_string_equal(err.where, bad[i].where);
		assert_true(err.msg[0]);
		/* the document of an update starts one level lower */
		assert_int_equal(plan_resources(&arena, parse(&arena, bad[i].json), &cg,
						PLAN_RESOURCES_UPDATE, &err),
				 -1);
		assert_string_equal(err.where, bad[i].where + strlen("linux.resources."));
		arena_free(&arena);
	}
}

/* Against the formula in the words of libm, for every value there is. */
static void test_cpu_weight(void **state)
{
	(void)state;
	assert_int_equal(plan_cpu_weight(0), 1);
	assert_int_equal(plan_cpu_weight(1), 1);
	assert_int_equal(plan_cpu_weight(2), 1);
	assert_int_equal(plan_cpu_weight(1024), 100);
	assert_int_equal(plan_cpu_weight(262144), 10000);
	assert_int_equal(plan_cpu_weight(UINT64_MAX), 10000);
	for (unsigned shares = 3; shares < 262144; shares++) {
		double l = log2(shares), exact = pow(10, (l * l + 125 * l) / 612 - 7.0 / 34);
		double want = fabs(exact - round(exact)) < 1e-7 ? round(exact) : ceil(exact);

		if (plan_cpu_weight(shares) != (unsigned)want)
			fail_msg("%u shares: weight %u, not %f", shares, plan_cpu_weight(shares),
				 exact);
	}
}

static void test_io_weight(void **state)
{
	(void)state;
	assert_int_equal(plan_io_weight(10), 1);
	assert_int_equal(plan_io_weight(100), 910);
	assert_int_equal(plan_io_weight(1000), 10000);
}

static void test_controllers(void **state)
{
	static const char json[] = "{\"memory\":{\"limit\":1000,\"swap\":-1},\"cpu\":{\"shares\":2,"
				   "\"quota\":5000,\"cpus\":\"0\"},"
				   "\"pids\":{\"limit\":-1},\"blockIO\":{\"weight\":10},"
				   "\"unified\":{\"memory.high\":\"1\",\"cgroup.max.depth\":\"1\","
				   "\"cpu.pressure\":\"some\"}}";
	static const struct {
		const char *name, *at;
	} want[] = {{"cpu", "linux.resources.cpu.shares"},
		    {"cpuset", "linux.resources.cpu.cpus"},
		    {"io", "linux.resources.blockIO.weight"},
		    {"memory", "linux.resources.memory.limit"}};
	struct arena arena = {0};
	struct plan_cgroup cg = {0};
	struct plan_controller *got;
	struct error err;

	(void)state;
	assert_int_equal(plan_resources(&arena, parse(&arena, json), &cg, 0, &err), 0);
	assert_int_equal(plan_resources_controllers(&arena, &cg, &got), COUNT_OF(want));
	for (size_t i = 0; i < COUNT_OF(want); i++) {
		assert_string_equal(got[i].name, want[i].name);
		assert_string_equal(got[i].at, want[i].at);
	}
	assert_int_equal(plan_resources_check(&cg, "cpuset cpu io memory hugetlb pids\n", &err), 0);
	assert_int_equal(plan_resources_check(&cg, "cpuset cpu io memory", &err), 0);
	assert_int_equal(plan_resources_check(&cg, "cpuset cpu io memor", &err), -1);
	assert_non_null(strstr(err.msg, "'memory'"));
	assert_string_equal(err.where, "linux.resources.memory.limit");
	assert_string_equal(err.code, "CGROUP_CONTROLLER_MISSING");
	assert_string_equal(err.code, "CGROUP_CONTROLLER_MISSING");
	assert_int_equal(plan_resources_check(&cg, "", &err), -1);
	arena_free(&arena);
}

static void test_no_resources(void **state)
{
	struct plan_cgroup cg = {.n_writes = 7};
	struct arena arena = {0};
	struct error err;

	(void)state;
	assert_int_equal(plan_resources(&arena, NULL, &cg, 0, &err), 0);
	assert_int_equal(cg.n_writes, 0);
	assert_int_equal(plan_resources_check(&cg, "", &err), 0);
	arena_free(&arena);
}

/* More than one block of the growing list, and values of the greatest length. */
static void test_many(void **state)
{
	struct arena arena = {0};
	struct plan_cgroup cg = {0};
	struct buf b = {0};
	struct error err;
	char file[40];

	(void)state;
	buf_puts(&b, "{\"unified\":{");
	for (int i = 0; i < 300; i++)
		buf_printf(&b, "%s\"misc.x%d\":\"%d\"", i ? "," : "", i, i);
	buf_printf(&b, ",\"misc.long\":\"%04095d\"}}", 7);
	assert_int_equal(plan_resources(&arena, parse(&arena, b.s), &cg, 0, &err), 0);
	assert_int_equal(cg.n_writes, 301);
	for (int i = 0; i < 300; i++) {
		snprintf(file, sizeof(file), "misc.x%d", i);
		assert_string_equal(cg.writes[i].file, file);
		assert_string_equal(cg.writes[i].value, file + 6);
	}
	assert_int_equal(strlen(cg.writes[300].value), 4095);
	b.n = 0;
	buf_printf(&b, "{\"unified\":{\"misc.long\":\"%04096d\"}}", 7);
	assert_int_equal(plan_resources(&arena, parse(&arena, b.s), &cg, 0, &err), -1);
	buf_free(&b);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writes),	    cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_cpu_weight),  cmocka_unit_test(test_io_weight),
		cmocka_unit_test(test_controllers), cmocka_unit_test(test_no_resources),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
