/* SPDX-License-Identifier: Apache-2.0 */
/* What the operator's commands print: gc and the report of delete. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "cmd/duration.h"
#include "container_double.h"

static void expect(const char *line, int r, const char *calls, const char *output)
{
	struct outcome got;

	run_vert(line, &got);
	if (got.r != r || strcmp(noted, calls) != 0 || strcmp(got.output, output) != 0)
		fail_msg("vert %s\n  result %d: %s\n  calls: %s\n  output: %s", line, got.r, got.msg, noted, got.output);
	free(got.output);
}

static void test_gc(void **state)
{
	(void)state;
	expect("gc -n", 0, "gc dry 10000; ",
	       "RESULT        KIND       NAME         WHY\n"
	       "would remove  container  alpha        its process has ended\n"
	       "left          cgroup     /vert/\\x1bx  remove it: busy\n");
	expect("gc --min-age 0s --format json", -1, "gc 0; ",
	       "{\"dry_run\":false,\"removed\":[{\"kind\":\"container\",\"name\":\"alpha\",\"why\":\"its process has ended\"}],"
	       "\"left\":[{\"kind\":\"cgroup\",\"name\":\"/vert/\\u001bx\",\"why\":\"it is empty, and no container's\","
	       "\"error\":\"remove it: busy\"}]}\n");
	expect("gc --min-age x", -1, "", "");
}

static void test_delete_report(void **state)
{
	(void)state;
	expect("delete --report=json alpha", 0, "delete alpha; ", "{}\n");
	expect("delete --report=json -r .", 0, "delete alpha; delete beta; ", "{}\n{}\n");
	expect("delete --report=/nowhere/report alpha", -1, "delete alpha; ", "");
	expect("delete --timeout 0s alpha", -1, "", "");
}

static void test_top(void **state)
{
	(void)state;
	/* The same numbers twice: nothing was used in between. */
	expect("top", 0, "",
	       "ID     CPU   MEMORY  LIMIT  PIDS  READ/S  WRITE/S  WAIT-CPU  WAIT-MEM  WAIT-IO\n"
	       "alpha  0.0%  1.5M    -      3     -       0        0.5%      12.2%     -\n");
	expect("top --format json", 0, "",
	       "[\n  {\"id\":\"alpha\",\"cpu_percent\":0.00,\"cpu_usec\":5000000,\"memory\":1572864,\"memory_max\":null,"
	       "\"pids\":3,\"pids_max\":20,\"read_bytes_per_sec\":null,\"write_bytes_per_sec\":0.00,\"cpu_pressure\":0.50,"
	       "\"memory_pressure\":12.25,\"io_pressure\":null}\n]\n");
	expect("top --interval 1ms", -1, "", "");
}

static void test_follow(void **state)
{
	static const char *const bad[] = {"memory", "memory:some", "memory:some:150ms", "disk:some:150ms/1s",
					  "memory:most:150ms/1s", "memory:some:x/1s", "memory:some:150ms/1h", ":::"};
	char line[128];

	(void)state;
	expect("events --follow alpha", 0, "follow alpha; ", "{}\n");
	expect("events --follow --psi memory:some:150ms/1s --psi io:full:1s/2s alpha", 0,
	       "follow alpha memory some 150000/1000000 io full 1000000/2000000; ", "{}\n");
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		snprintf(line, sizeof(line), "events --follow --psi %s alpha", bad[i]);
		expect(line, -1, "", "");
	}
	expect("events --psi io:full:1s/2s alpha", -1, "", "");
	expect("events --follow --stats alpha", -1, "", "");
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		unsigned least;
		bool good;
		unsigned ms;
	} rows[] = {
		{"5s", 1, true, 5000},	 {"1m30s", 1, true, 90000}, {"1.5s", 1, true, 1500}, {"250ms", 1, true, 250},
		{"2", 1, true, 2000},	 {"0s", 0, true, 0},	    {"0s", 1, false, 0},     {"", 0, false, 0},
		{"5x", 0, false, 0},	 {"-1s", 0, false, 0},	    {"s", 0, false, 0},	     {"9999999h", 0, false, 0},
		{"1s5", 0, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		unsigned ms = 0;

		if (duration_parse(rows[i].text, rows[i].least, &ms) != rows[i].good || ms != rows[i].ms)
			fail_msg("'%s' is %u", rows[i].text, ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gc),
		cmocka_unit_test(test_delete_report),
		cmocka_unit_test(test_top),
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
