/* SPDX-License-Identifier: Apache-2.0 */
/* The arena: zeroed, aligned, growing in place where it can, and what happens
 * when the memory runs out, on the heap and in a block of the caller.
 */
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libocispec/arena.h"

static jmp_buf ran_out;

static void run_out(void)
{
	longjmp(ran_out, 1);
}

static void test_zeroed_and_aligned(void **state)
{
	struct arena a = {0};

	(void)state;
	for (size_t size = 0; size < 3000; size += 7) {
		char *p = arena_alloc(&a, size);

		assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size); /* overlapping the next one would show */
		assert_int_equal(arena_strndup(&a, "odd", 3)[3], 0);
	}
	arena_free(&a);
	assert_null(a.chunks);
	assert_non_null(arena_alloc(&a, 1));
	arena_free(&a);
}

static void test_bigger_than_a_chunk(void **state)
{
	struct arena a = {0};
	char *small = arena_strdup(&a, "before"), *big = arena_alloc(&a, 3 << 20);

	(void)state;
	memset(big, 1, 3 << 20);
	assert_string_equal(small, "before");
	assert_string_equal(arena_strdup(&a, "after"), "after");
	arena_free(&a);
}

static void test_strings(void **state)
{
	struct arena a = {0};

	(void)state;
	assert_string_equal(arena_strdup(&a, ""), "");
	assert_string_equal(arena_strndup(&a, "abcdef", 3), "abc");
	assert_string_equal(arena_printf(&a, "%s-%d", "x", 42), "x-42");
	assert_string_equal(arena_printf(&a, "%s", ""), "");
	assert_int_equal(strlen(arena_printf(&a, "%70000d", 1)), 70000);
	arena_free(&a);
}

static void test_grow(void **state)
{
	struct arena a = {0};
	char *p = arena_grow(&a, NULL, 0, 32), *q;

	(void)state;
	memset(p, 'x', 32);
	q = arena_grow(&a, p, 32, 64);
	assert_ptr_equal(p, q); /* the last allocation: in place */
	assert_int_equal(q[31], 'x');
	assert_int_equal(q[32], 0);
	assert_int_equal(q[63], 0);
	(void)arena_alloc(&a, 1);
	p = arena_grow(&a, q, 64, 128);
	assert_ptr_not_equal(p, q);
	assert_int_equal(p[31], 'x');
	assert_int_equal(p[127], 0);
	arena_free(&a);
}

static void test_fixed(void **state)
{
	static alignas(64) char block[4096];
	struct arena a;
	char *p;

	(void)state;
	memset(block, 'j', sizeof(block)); /* the caller's block need not be clean */
	arena_init_fixed(&a, block + 1, sizeof(block) - 1);
	assert_int_equal(arena_used(&a), 0);
	p = arena_alloc(&a, 100);
	assert_true(p > block && p + 100 <= block + sizeof(block));
	assert_int_equal(p[0] | p[99], 0);
	assert_true(arena_used(&a) >= 100 && arena_used(&a) < 200);
	a.no_memory = run_out;
	arena_free(&a);
	assert_int_equal(arena_used(&a), 0);
	assert_ptr_equal(arena_alloc(&a, 100), p);
	arena_free(&a);
}

/* What a fixed arena cannot hold is refused, never taken from the heap. */
static void test_fixed_runs_out(void **state)
{
	static char block[1024];
	volatile size_t rounds = 0;
	struct arena a;

	(void)state;
	arena_init_fixed(&a, block, sizeof(block));
	a.no_memory = run_out;
	if (setjmp(ran_out) == 0)
		for (;; rounds++)
			(void)arena_strdup(&a, "123456789");
	assert_in_range(rounds, 1024 / 32, 1024 / 10);
	assert_null(a.chunks);
	if (setjmp(ran_out) == 0) {
		(void)arena_grow(&a, NULL, 0, 1025);
		fail_msg("grew past the end of the block");
	}
}

static void test_absurd_sizes(void **state)
{
	struct arena a = {.no_memory = run_out};
	static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 15, SIZE_MAX / 2, PTRDIFF_MAX};

	(void)state;
	for (volatile size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (setjmp(ran_out) == 0) {
			(void)arena_alloc(&a, sizes[i]);
			fail_msg("%zu bytes allocated", sizes[i]);
		}
		if (setjmp(ran_out) == 0) {
			(void)arena_array(&a, sizes[i], sizes[i]);
			fail_msg("%zu squared bytes allocated", sizes[i]);
		}
	}
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zeroed_and_aligned),
		cmocka_unit_test(test_bigger_than_a_chunk),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_grow),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_fixed_runs_out),
		cmocka_unit_test(test_absurd_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
