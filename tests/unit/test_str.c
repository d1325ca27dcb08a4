/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers from text, sizes, and the growing buffer with its JSON strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

static void test_unsigned(void **state)
{
	static const char *const bad[] = {"",
					  "-1",
					  "+1",
					  " 1",
					  "1 ",
					  "0x10",
					  "1.0",
					  "1e3",
					  "18446744073709551616",
					  "99999999999999999999",
					  "\xd9\xa1"};
	uint64_t v = 42;
	uint32_t w = 42;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(str_to_u64(bad[i], &v));
	assert_int_equal(v, 42);
	assert_true(str_to_u64("0", &v) && v == 0);
	assert_true(str_to_u64("007", &v) && v == 7);
	assert_true(str_to_u64("18446744073709551615", &v) && v == UINT64_MAX);
	assert_false(str_to_u32("4294967296", &w));
	assert_int_equal(w, 42);
	assert_true(str_to_u32("4294967295", &w) && w == UINT32_MAX);
}

static void test_signed(void **state)
{
	static const char *const bad[] = {
		"", "-", "--1", "+1", "- 1", "9223372036854775808", "-9223372036854775809"};
	int64_t v = 42;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(str_to_i64(bad[i], &v));
	assert_int_equal(v, 42);
	assert_true(str_to_i64("-9223372036854775808", &v) && v == INT64_MIN);
	assert_true(str_to_i64("9223372036854775807", &v) && v == INT64_MAX);
	assert_true(str_to_i64("-0", &v) && v == 0);
}

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		int64_t size; /* -2: not a size */
	} rows[] = {
		{"0", 0},
		{"1024", 1024},
		{"-1", -1},
		{"64k", 64 << 10},
		{"64K", 64 << 10},
		{"64kb", 64 << 10},
		{"64KiB", 64 << 10},
		{"512m", INT64_C(512) << 20},
		{"1g", INT64_C(1) << 30},
		{"2T", INT64_C(2) << 40},
		{"1p", INT64_C(1) << 50},
		{"5b", 5},
		{"9223372036854775807", INT64_MAX},
		{"8191p", INT64_C(8191) << 50},
		{"8192p", -2},
		{"9223372036854775808", -2},
		{"18446744073709551616", -2},
		{"100000000000000000000000000", -2},
		{"", -2},
		{"-2", -2},
		{"m", -2},
		{"1 m", -2},
		{"1mm", -2},
		{"1mi", -2},
		{"1x", -2},
		{"1.5g", -2},
		{"1e", -2},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int64_t v = -2;

		assert_int_equal(str_to_size(rows[i].text, &v), rows[i].size != -2);
		assert_int_equal(v, rows[i].size);
	}
}

static void test_starts(void **state)
{
	(void)state;
	assert_true(str_starts("abc", "ab") && str_starts("abc", "") && str_starts("", ""));
	assert_false(str_starts("ab", "abc"));
	assert_false(str_starts("xab", "ab"));
}

static void test_buffer(void **state)
{
	struct buf b = {0};
	size_t total = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		buf_puts(&b, "abc");
		buf_printf(&b, "%d;", i);
		buf_add(&b, "", 1);
		total += 3 + (i < 10 ? 1u : i < 100 ? 2u : 3u) + 2;
	}
	assert_false(b.failed);
	assert_int_equal(b.n, total);
	assert_int_equal(b.s[b.n], 0);
	assert_memory_equal(b.s, "abc0;\0abc1;\0", 12);
	buf_free(&b);
	assert_null(b.s);

	buf_puts(&b, ""); /* empty, but a string */
	assert_string_equal(b.s, "");
	buf_free(&b);

	b.failed = true;
	buf_puts(&b, "x");
	assert_int_equal(b.n, 0);
	buf_free(&b);
}

static void test_json(void **state)
{
	static const struct {
		const char *text, *json;
	} rows[] = {
		{"", "\"\""},
		{"plain /path-1", "\"plain /path-1\""},
		{"a\"b\\c", "\"a\\\"b\\\\c\""},
		{"\n\t\r\x1b\x7f", "\"\\n\\t\\u000d\\u001b\\u007f\""},
		{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
		 "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
		{"\xff", "\"\\u00ff\""},
		{"\xc3", "\"\\u00c3\""}, /* cut short */
		{"\xc0\xaf", "\"\\u00c0\\u00af\""}, /* overlong */
		{"\xe0\x80\x80", "\"\\u00e0\\u0080\\u0080\""}, /* overlong */
		{"\xed\xa0\x80", "\"\\u00ed\\u00a0\\u0080\""}, /* half of a surrogate pair */
		{"\xf4\x90\x80\x80", "\"\\u00f4\\u0090\\u0080\\u0080\""}, /* beyond Unicode */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct buf b = {0};

		buf_json(&b, rows[i].text);
		assert_string_equal(b.s, rows[i].json);
		buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unsigned), cmocka_unit_test(test_signed),
		cmocka_unit_test(test_sizes),	 cmocka_unit_test(test_starts),
		cmocka_unit_test(test_buffer),	 cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
