/* SPDX-License-Identifier: Apache-2.0 */
/* The systemd unit of a container: its names, and its properties as the text that vert-systemd reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/host.h"
#include "plan/resources.h"
#include "plan/systemd.h"

#include <cmocka.h> /* last: it has a macro fail() */

static const struct host root_host = {.privileged = true, .runtime_dir = "/run/user/0"};
static const struct host user_host = {.euid = 1000, .runtime_dir = "/run/user/1000"};

static struct oci_config *parse(struct arena *arena, const char *json)
{
	struct oci_error error;
	struct oci_config *config = oci_parse(arena, oci_type_config(), json, strlen(json), &error);

	if (!config) {
		char why[512];

		fail_msg("%s", oci_error_format(&error, json, why, sizeof(why)));
	}
	return config;
}

/* ---- names ------------------------------------------------------------------------------------- */

static void test_names(void **state)
{
	static const struct {
		const char *path, *slice, *unit, *error;
		bool user;
	} cases[] = {
		{NULL, "system.slice", "vert-c1.scope", NULL, false},
		{"", "system.slice", "vert-c1.scope", NULL, false},
		{NULL, "user.slice", "vert-c1.scope", NULL, true},
		{"machine.slice:libpod:abc", "machine.slice", "libpod-abc.scope", NULL, false},
		{":docker:abc", "system.slice", "docker-abc.scope", NULL, false},
		{":docker:abc", "user.slice", "docker-abc.scope", NULL, true},
		{"-:docker:abc", "-.slice", "docker-abc.scope", NULL, false},
		{"a-b-c.slice:x:y", "a-b-c.slice", "x-y.scope", NULL, false},
		{"a.slice::y", "a.slice", "y.scope", NULL, false},
		{"a.slice:x:y.scope", "a.slice", "x-y.scope", NULL, false},
		{"a.slice:x:y z+", "a.slice", "x-y\\x20z\\x2b.scope", NULL, false},
		{"a.slice:x:y.slice", NULL, NULL, "names a slice", false},
		{"a.slice:x:", NULL, NULL, "not of systemd's form", false},
		{"/a/b", NULL, NULL, "not of systemd's form", false},
		{"a.slice:x", NULL, NULL, "not of systemd's form", false},
		{"a.slice:x:y:z", NULL, NULL, "not of systemd's form", false},
		{"a.slice:x:../y", NULL, NULL, "not of systemd's form", false},
		{"a:x:y", NULL, NULL, "'a' is not the name of a slice", false},
		{"a--b.slice:x:y", NULL, NULL, "'a--b.slice' is not the name of a slice", false},
		{"-a.slice:x:y", NULL, NULL, "is not the name of a slice", false},
		{"a-.slice:x:y", NULL, NULL, "is not the name of a slice", false},
		{".slice:x:y", NULL, NULL, "is not the name of a slice", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena arena = {0};
		const char *slice = NULL, *unit = NULL;
		struct error err;
		int rc = plan_systemd_names(&arena, cases[i].path, "c1", cases[i].user, &slice, &unit, &err);

		if (cases[i].error) {
			assert_int_equal(rc, -1);
			if (!strstr(err.msg, cases[i].error))
				fail_msg("%s: %s", cases[i].path, err.msg);
			assert_string_equal(err.where, "linux.cgroupsPath");
		} else {
			assert_int_equal(rc, 0);
			assert_string_equal(slice, cases[i].slice);
			assert_string_equal(unit, cases[i].unit);
		}
		arena_free(&arena);
	}
}

static void test_long_name(void **state)
{
	char path[400] = "a.slice:x:";
	struct arena arena = {0};
	const char *slice, *unit;
	struct error err;

	(void)state;
	memset(path + strlen(path), 'y', 300);
	assert_int_equal(plan_systemd_names(&arena, path, "c1", false, &slice, &unit, &err), -1);
	assert_non_null(strstr(err.msg, "more than 255 bytes"));
	arena_free(&arena);
}

/* ---- limits ------------------------------------------------------------------------------------ */

static void test_limits(void **state)
{
	static const struct {
		const char *file, *value, *expected; /* NULL: none */
	} cases[] = {
		{"memory.max", "67108864", "MemoryMax\tt\t67108864"},
		{"memory.max", "max", "MemoryMax\tt\t18446744073709551615"},
		{"memory.high", "64M", "MemoryHigh\tt\t67108864"},
		{"memory.low", "1", "MemoryLow\tt\t1"},
		{"memory.swap.max", "0", "MemorySwapMax\tt\t0"},
		{"memory.zswap.max", "5", "?MemoryZSwapMax\tt\t5"},
		{"memory.max", "many", NULL},
		{"memory.oom.group", "1", NULL},
		{"pids.max", "50", "TasksMax\tt\t50"},
		{"pids.max", "max", "TasksMax\tt\t18446744073709551615"},
		{"pids.max", "0", NULL},
		{"cpu.weight", "59", "CPUWeight\tt\t59"},
		{"cpu.max", "20000 100000", "CPUQuotaPerSecUSec\tt\t200000\n?CPUQuotaPeriodUSec\tt\t100000"},
		{"cpu.max", "33333 100000", "CPUQuotaPerSecUSec\tt\t340000\n?CPUQuotaPeriodUSec\tt\t100000"},
		{"cpu.max", "150000", "CPUQuotaPerSecUSec\tt\t1500000\n?CPUQuotaPeriodUSec\tt\t100000"},
		{"cpu.max", "max 50000", "CPUQuotaPerSecUSec\tt\t18446744073709551615"},
		{"cpu.max", "max", "CPUQuotaPerSecUSec\tt\t18446744073709551615"},
		{"cpu.max", "1 0", NULL},
		{"cpu.max.burst", "1000", NULL},
		{"cpuset.cpus", "0-2,9", "?AllowedCPUs\tay\t0702"},
		{"cpuset.cpus", "64", "?AllowedCPUs\tay\t000000000000000001"},
		{"cpuset.mems", "0", "?AllowedMemoryNodes\tay\t01"},
		{"cpuset.cpus", "x", NULL},
		{"io.weight", "200", "IOWeight\tt\t200"},
		{"io.weight", "default 200", "IOWeight\tt\t200"},
		{"io.weight", "8:0 300", "IODeviceWeight\ta(st)\t/dev/block/8:0\t300"},
		{"io.max", "8:0 rbps=1000", "IOReadBandwidthMax\ta(st)\t/dev/block/8:0\t1000"},
		{"io.max", "8:16 wbps=max riops=5 wiops=6",
		 "IOWriteBandwidthMax\ta(st)\t/dev/block/8:16\t18446744073709551615\n"
		 "IOReadIOPSMax\ta(st)\t/dev/block/8:16\t5\nIOWriteIOPSMax\ta(st)\t/dev/block/8:16\t6"},
		{"hugetlb.2MB.max", "0", NULL},
		{"rdma.max", "mlx5 hca_handle=2", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct buf b = {0};
		bool have = systemd_limit(&b, cases[i].file, cases[i].value);

		if (have != (cases[i].expected != NULL))
			fail_msg("%s = %s: %s", cases[i].file, cases[i].value, have ? b.s : "no property");
		assert_string_equal(b.s ? b.s : "", cases[i].expected ? cases[i].expected : "");
		buf_free(&b);
	}
}

/* An idle group is both: a property since systemd 252, and the file. */
static void test_idle(void **state)
{
	struct buf b = {0};

	(void)state;
	assert_false(systemd_limit(&b, "cpu.idle", "1"));
	assert_string_equal(b.s, "?CPUWeight\tt\t0");
	buf_free(&b);
}

/* ---- annotations ------------------------------------------------------------------------------- */

static void test_annotations(void **state)
{
	static const struct {
		const char *name, *value, *expected; /* NULL: refused */
	} cases[] = {
		{"TimeoutStopUSec", "uint64 90000000", "TimeoutStopUSec\tt\t90000000"},
		{"TimeoutStopSec", "uint64 90", "TimeoutStopUSec\tt\t90000000"},
		{"TimeoutStopSec", "90", "TimeoutStopUSec\tt\t90000000"},
		{"TimeoutStopSec", "-1", NULL},
		{"TimeoutStopSec", "18446744073709551615", NULL},
		{"TimeoutStopSec", "'90'", NULL},
		{"KillSignal", "15", "KillSignal\ti\t15"},
		{"KillSignal", "int32 -5", "KillSignal\ti\t-5"},
		{"OOMScoreAdjust", "int64 -5", "OOMScoreAdjust\tx\t-5"},
		{"UMask", "uint32  18 ", "UMask\tu\t18"},
		{"Abc", "byte 255", "Abc\ty\t255"},
		{"Abc", "byte 256", NULL},
		{"Abc", "uint64 -1", NULL},
		{"Abc", "uint64", NULL},
		{"Abc", "2147483648", NULL},
		{"Abc", "uint128 1", NULL},
		{"SendSIGHUP", "true", "SendSIGHUP\tb\ttrue"},
		{"SendSIGHUP", " false", "SendSIGHUP\tb\tfalse"},
		{"KillMode", "'mixed'", "KillMode\ts\tmixed"},
		{"KillMode", "\"mix\\\"ed\"", "KillMode\ts\tmix\"ed"},
		{"Abc", "'a\\tb\\\\c'", "Abc\ts\ta\\tb\\\\c"},
		{"KillMode", "'mixed", NULL},
		{"KillMode", "'a' 'b'", NULL},
		{"KillMode", "mixed", NULL},
		{"After", "['a.service', 'b.service']", "After\tas\ta.service\tb.service"},
		{"After", "[]", "After\tas"},
		{"After", "['a.service'", NULL},
		{"After", "['a' 'b']", NULL},
		{"After", "[1]", NULL},
		{"Kill.Mode", "'a'", NULL},
		{"", "1", NULL},
		{"Abc", "", NULL},
		{"ExecStartPost", "'/bin/sh'", NULL},
		{"ExecStopEx", "[]", NULL},
		{"PIDs", "[]", NULL},
		{"Slice", "'a.slice'", NULL},
		{"Delegate", "false", NULL},
		{"Conflicts", "['sshd.service']", NULL},
		{"SuccessAction", "'reboot'", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct buf b = {0};
		struct error err;
		int rc = systemd_annotation(&b, cases[i].name, cases[i].value, &err);

		if (rc != (cases[i].expected ? 0 : -1))
			fail_msg("%s = %s: %s", cases[i].name, cases[i].value, rc < 0 ? err.msg : b.s);
		assert_string_equal(b.s ? b.s : "", cases[i].expected ? cases[i].expected : "");
		if (rc < 0)
			assert_non_null(strstr(err.where, "annotations[\"org.systemd.property."));
		buf_free(&b);
	}
}

/* ---- devices ----------------------------------------------------------------------------------- */

#define DEFAULT_DEVICES                                                                                             \
	"\tchar-*\tm\tblock-*\tm\t/dev/char/1:3\trwm\t/dev/char/1:5\trwm\t/dev/char/1:7\trwm\t/dev/char/1:8\trwm\t" \
	"/dev/char/1:9\trwm\t/dev/char/5:0\trwm\t/dev/char/5:1\trwm\t/dev/char/5:2\trwm\tchar-136\trwm"

static void test_devices(void **state)
{
	static const struct {
		const char *rules, *expected;
		bool reset;
	} cases[] = {
		{"[]", "DevicePolicy\ts\tstrict\nDeviceAllow\ta(ss)" DEFAULT_DEVICES, false},
		{"[{\"allow\":false},{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":229,\"access\":\"rw\"}]",
		 "DevicePolicy\ts\tstrict\nDeviceAllow\ta(ss)" DEFAULT_DEVICES "\t/dev/char/10:229\trw", false},
		{"[{\"allow\":true}]", "DevicePolicy\ts\tauto", false},
		{"[{\"allow\":true}]", "DevicePolicy\ts\tauto\nDeviceAllow\ta(ss)", true},
		/* what was allowed before a rule about everything is not allowed any more */
		{"[{\"allow\":true,\"type\":\"b\",\"major\":8,\"minor\":0},{\"allow\":false,\"access\":\"rwm\"}]",
		 "DevicePolicy\ts\tstrict\nDeviceAllow\ta(ss)" DEFAULT_DEVICES, false},
		/* one that is denied afterwards stays allowed here: our own program denies it */
		{"[{\"allow\":true,\"type\":\"b\",\"major\":8},{\"allow\":false,\"type\":\"b\",\"major\":8,\"minor\":1}]",
		 "DevicePolicy\ts\tstrict\nDeviceAllow\ta(ss)" DEFAULT_DEVICES "\tblock-8\trwm", false},
		{"[{\"allow\":true,\"major\":-1,\"minor\":7,\"access\":\"r\"}]",
		 "DevicePolicy\ts\tstrict\nDeviceAllow\ta(ss)" DEFAULT_DEVICES "\tchar-*\tr\tblock-*\tr", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena arena = {0};
		struct buf b = {0};
		const char *json = arena_printf(&arena, "{\"ociVersion\":\"1.0.0\",\"linux\":{\"resources\":{\"devices\":%s}}}",
						cases[i].rules);

		systemd_devices(&b, parse(&arena, json)->linux->resources, cases[i].reset);
		assert_string_equal(b.s, cases[i].expected);
		buf_free(&b);
		arena_free(&arena);
	}
}

/* ---- the whole --------------------------------------------------------------------------------- */

/* Plans JSON for HOST; 0 or -1. */
static int make(struct arena *arena, const char *json, const struct host *host, struct plan *plan, struct error *err)
{
	struct oci_config *config = parse(arena, json);

	*plan = (struct plan){.id = "c1"};
	if (plan_resources(arena, config->linux ? config->linux->resources : NULL, &plan->cgroup, 0, err) < 0)
		return -1;
	return plan_systemd(arena, config, host, plan, err);
}

#define BASICS(slice)                                                                                   \
	"Description\ts\tvert container c1\nSlice\ts\t" slice "\nDelegate\tb\ttrue\nDefaultDependencies\tb\tfalse\n" \
	"?CollectMode\ts\tinactive-or-failed\nCPUAccounting\tb\ttrue\nMemoryAccounting\tb\ttrue\n"                \
	"TasksAccounting\tb\ttrue\nIOAccounting\tb\ttrue"

static void test_whole(void **state)
{
	static const char json[] =
		"{\"ociVersion\":\"1.0.0\",\"annotations\":{\"org.systemd.property.TimeoutStopSec\":\"uint64 5\",\"a\":\"b\"},"
		"\"linux\":{\"cgroupsPath\":\"m.slice:p:n\",\"resources\":{\"memory\":{\"limit\":1048576},\"pids\":{\"limit\":9},"
		"\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":0}],\"blockIO\":{\"weight\":10},"
		"\"unified\":{\"cpu.max\":\"max\",\"memory.oom.group\":\"1\"}}}}";
	struct arena arena = {0};
	struct plan plan;
	struct error err;

	(void)state;
	assert_int_equal(make(&arena, json, &root_host, &plan, &err), 0);
	assert_string_equal(plan.cgroup.systemd.unit, "p-n.scope");
	assert_string_equal(plan.cgroup.systemd.subgroup, "container");
	assert_string_equal(plan.cgroup.systemd.socket, "/run/dbus/system_bus_socket");
	assert_string_equal(plan.cgroup.systemd.direct, "/run/systemd/private");
	assert_string_equal(plan.cgroup.systemd.request,
			    BASICS("m.slice") "\nTasksMax\tt\t9\nIOWeight\tt\t1\nMemoryMax\tt\t1048576\n"
			    "CPUQuotaPerSecUSec\tt\t18446744073709551615\nDevicePolicy\ts\tstrict\nDeviceAllow\ta(ss)" DEFAULT_DEVICES
			    "\nTimeoutStopUSec\tt\t5000000");
	assert_int_equal(plan.cgroup.systemd.n_writes, 3);
	assert_string_equal(plan.cgroup.systemd.writes[0].file, "hugetlb.2MB.rsvd.max");
	assert_string_equal(plan.cgroup.systemd.writes[1].file, "hugetlb.2MB.max");
	assert_string_equal(plan.cgroup.systemd.writes[2].file, "memory.oom.group");
	arena_free(&arena);
}

/* No devices, which a user's manager cannot guard; no limit of processes but what is asked for. */
static void test_user(void **state)
{
	struct arena arena = {0};
	struct plan plan;
	struct error err;

	(void)state;
	assert_int_equal(make(&arena,
			      "{\"ociVersion\":\"1.0.0\",\"annotations\":{\"run.oci.systemd.subgroup\":\"\"}}",
			      &user_host, &plan, &err),
			 0);
	assert_string_equal(plan.cgroup.systemd.socket, "/run/user/1000/bus");
	assert_null(plan.cgroup.systemd.direct);
	assert_string_equal(plan.cgroup.systemd.subgroup, "");
	assert_string_equal(plan.cgroup.systemd.request,
			    BASICS("user.slice") "\nTasksMax\tt\t18446744073709551615");
	arena_free(&arena);
}

static void test_manager(void **state)
{
	static const struct {
		struct host host;
		const char *socket; /* NULL: an error */
	} cases[] = {
		{{.privileged = true}, "/run/dbus/system_bus_socket"},
		{{.privileged = true, .runtime_dir = "/x"}, "/run/dbus/system_bus_socket"},
		{{.euid = 7, .runtime_dir = "/x"}, "/x/bus"},
		{{.euid = 0, .in_userns = true, .runtime_dir = "/x"}, "/x/bus"},
		{{.euid = 0, .in_userns = true}, "/run/dbus/system_bus_socket"},
		{{.euid = 7}, NULL},
		{{.euid = 7, .runtime_dir = "x"}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena arena = {0};
		struct plan plan;
		struct error err = {0};
		int rc = make(&arena, "{\"ociVersion\":\"1.0.0\"}", &cases[i].host, &plan, &err);

		assert_int_equal(rc, cases[i].socket ? 0 : -1);
		if (rc == 0)
			assert_string_equal(plan.cgroup.systemd.socket, cases[i].socket);
		else
			assert_non_null(strstr(err.msg, "XDG_RUNTIME_DIR"));
		arena_free(&arena);
	}
}

static void test_subgroup(void **state)
{
	static const char *const bad[] = {"a/b", ".", "..", "cgroup.procs"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct arena arena = {0};
		struct plan plan;
		struct error err;
		const char *json = arena_printf(
			&arena, "{\"ociVersion\":\"1.0.0\",\"annotations\":{\"run.oci.systemd.subgroup\":\"%s\"}}", bad[i]);

		assert_int_equal(make(&arena, json, &root_host, &plan, &err), -1);
		arena_free(&arena);
	}
}

static void test_update(void **state)
{
	struct arena arena = {0};
	struct plan_systemd s = {0};
	struct plan_cgroup writes = {0};
	struct oci_config *config = parse(
		&arena, "{\"ociVersion\":\"1.0.0\",\"linux\":{\"resources\":{\"cpu\":{\"quota\":5000},\"memory\":{\"limit\":-1}}}}");
	struct error err;

	(void)state;
	assert_int_equal(plan_resources(&arena, config->linux->resources, &writes, PLAN_RESOURCES_UPDATE, &err), 0);
	/* The kernel kept the period; what the file says now counts. */
	assert_int_equal(
		plan_systemd_update(&arena, &writes, config->linux->resources, "5000 20000", false, &s, &err), 0);
	assert_string_equal(s.request, "CPUQuotaPerSecUSec\tt\t250000\n?CPUQuotaPeriodUSec\tt\t20000\n"
				       "MemoryMax\tt\t18446744073709551615\nMemorySwapMax\tt\t18446744073709551615");
	assert_int_equal(s.n_writes, 0);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),	    cmocka_unit_test(test_long_name), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_idle),	    cmocka_unit_test(test_annotations), cmocka_unit_test(test_devices),
		cmocka_unit_test(test_whole),	    cmocka_unit_test(test_user),	cmocka_unit_test(test_manager),
		cmocka_unit_test(test_subgroup), cmocka_unit_test(test_update),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
