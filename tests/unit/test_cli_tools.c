/* SPDX-License-Identifier: Apache-2.0 */
/* What the operator's commands print: gc and the report of delete. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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
		cmocka_unit_test(test_durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
