/* SPDX-License-Identifier: Apache-2.0 */
/* CPU lists: what is one, what is not, and which bits it sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cpulist.h"
#include "base/str.h"

static void test_cpulist(void **state)
{
	static const struct {
		const char *list;
		int end;
		unsigned long first;
	} rows[] = {
		{"0", 1, 1},
		{"0-3,5", 6, 0x2f},
		{" 1 , 3-4 ", 5, 0x1a},
		{",,2,", 3, 4},
		{"", 0, 0},
		{" , ", 0, 0},
		{"63", 64, 1UL << 63},
		{"8191", 8192, 0},
		{"8192", -1, 0},
		{"3-1", -1, 0},
		{"1-", -1, 0},
		{"-1", -1, 0},
		{"1-2-3", -1, 0},
		{"1 2", -1, 0},
		{"0x1", -1, 0},
		{"a", -1, 0},
		{"99999999999", -1, 0},
		{"0-8192", -1, 0},
		{"1;2", -1, 0},
	};
	unsigned long bits[CPULIST_WORDS];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(cpulist_parse(rows[i].list, bits), rows[i].end);
		if (rows[i].end >= 0)
			assert_int_equal(bits[0], rows[i].first);
	}
	assert_int_equal(cpulist_parse("64,8191", bits), 8192);
	assert_true(bits[1] == 1 && bits[CPULIST_WORDS - 1] == 1UL << 63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cpulist)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
