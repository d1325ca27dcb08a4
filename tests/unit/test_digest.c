/* SPDX-License-Identifier: Apache-2.0 */
/* BLAKE2b-256 against values that other programs print (b2sum -l 256), at every edge of a block, and that no two
 * sequences of pieces are the same stream.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/str.h"

static void hex(struct digest *d, char *text)
{
	uint8_t out[DIGEST_SIZE];

	digest_final(d, out);
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", out[i]);
}

static void test_known_values(void **state)
{
	static const struct {
		size_t n; /* letters 'a' */
		const char *expected;
	} rows[] = {
		{0, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"},
		{1, "8928aae63c84d87ea098564d1e03ad813f107add474e56aedd286349c0c03ea4"},
		{127, "59e2f1aba240f20aa591016f5ef429990bc9c2131dcd0d30f0ffd75ed18f317d"},
		{128, "ae2aa48507885c4c950fb809b2076f959cde9f8ea6da260d9a3587df33dac450"},
		{129, "2f64744a6de0d2c0b56e64cf6e29a5aaa255010d415d51c75ccc82f73dccd865"},
		{255, "177ec7b22a982dd81ec80e0f8fd488bb347952a0876fed488191b6dede62df81"},
		{256, "eae4d3a7627549b383179dc18049964f91a6fed14c9f3fb26705eda3eeda5558"},
		{257, "496943de3c8b1458635ee30c15bb26cede6957abdd28f0a860cdaf967116c747"},
		{1000, "e00b0ddbf1e2cdaf5c898e1a5e8826ea3a2c339bcf2a478da2e5fca9ff126672"},
	};
	char text[2 * DIGEST_SIZE + 1], letters[1000];
	struct digest d;

	(void)state;
	memset(letters, 'a', sizeof(letters));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		digest_init(&d);
		digest_bytes(&d, letters, rows[i].n);
		hex(&d, text);
		assert_string_equal(text, rows[i].expected);
		digest_init(&d); /* the same in pieces of uneven size */
		for (size_t at = 0, part = 1; at < rows[i].n; at += part, part = part % 50 + 7) {
			if (part > rows[i].n - at)
				part = rows[i].n - at;
			digest_bytes(&d, letters + at, part);
		}
		hex(&d, text);
		assert_string_equal(text, rows[i].expected);
	}
}

static void test_pieces_are_delimited(void **state)
{
	static const char *const pairs[][2] = {
		{"ab", "c"}, {"a", "bc"}, {"abc", ""}, {"", "abc"}, {"abc", NULL}};
	char texts[COUNT_OF(pairs)][2 * DIGEST_SIZE + 1];
	struct digest d;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(pairs); i++) {
		digest_init(&d);
		digest_string(&d, pairs[i][0]);
		digest_string(&d, pairs[i][1]);
		hex(&d, texts[i]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(texts[i], texts[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_values),
		cmocka_unit_test(test_pieces_are_delimited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
