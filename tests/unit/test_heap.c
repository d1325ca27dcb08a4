/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator of the vert that is linked with musl, under other names: blocks do not overlap, are aligned, keep what
 * is written, come back when they are free, and calloc() is zero on a used block as well.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define malloc heap_malloc
#define calloc heap_calloc
#define realloc heap_realloc
#define free heap_free
void *heap_malloc(size_t n);
void *heap_calloc(size_t n, size_t size);
void *heap_realloc(void *p, size_t n);
void heap_free(void *p);
#include "base/heap.c"
#undef malloc
#undef calloc
#undef realloc
#undef free

#include <cmocka.h> /* last: it has a macro fail() */

enum { BLOCKS = 400 };

/* Sizes from 0 to some megabytes, in an order that is none. */
static size_t size_of(unsigned i)
{
	static const size_t large[] = {1023, 1024, 1025, 4096, 65536, 100000, 1048576, 3000000};

	return i % 40 == 7 ? large[i / 40 % 8] : i * 7919 % 1500;
}

static void fill(char *p, unsigned i)
{
	memset(p, (int)(i % 251), size_of(i));
}

static void check(const char *p, unsigned i)
{
	for (size_t k = 0; k < size_of(i); k++)
		if ((unsigned char)p[k] != i % 251)
			fail_msg("byte %zu of block %u", k, i);
}

static void test_blocks_keep_what_is_written(void **state)
{
	static char *p[BLOCKS];

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < BLOCKS; i++) {
			p[i] = heap_malloc(size_of(i));
			assert_non_null(p[i]);
			assert_int_equal((uintptr_t)p[i] % 16, 0);
			fill(p[i], i);
		}
		for (unsigned i = 0; i < BLOCKS; i += 2) {
			check(p[i], i);
			heap_free(p[i]);
		}
		for (unsigned i = 0; i < BLOCKS; i += 2) {
			p[i] = heap_malloc(size_of(i));
			fill(p[i], i);
		}
		for (unsigned i = 0; i < BLOCKS; i++) {
			check(p[i], i);
			heap_free(p[i]);
		}
	}
}

/* What waits in a list is used again: a program that runs for days does not grow. */
static void test_freed_blocks_come_back(void **state)
{
	static const size_t sizes[] = {1, 100, 1024, 1025, 500000, 5000000};
	void *first[6];

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		first[i] = heap_malloc(sizes[i]);
		heap_free(first[i]);
	}
	for (unsigned k = 0; k < 1000; k++)
		for (unsigned i = 0; i < 6; i++) {
			void *p = heap_malloc(sizes[i]);

			assert_ptr_equal(p, first[i]);
			heap_free(p);
		}
}

static void test_calloc_is_zero(void **state)
{
	static const char zeros[3000];
	char *p = heap_malloc(3000);

	(void)state;
	memset(p, 0xff, 3000);
	heap_free(p);
	assert_ptr_equal(heap_calloc(30, 100), p);
	assert_memory_equal(p, zeros, 3000);
	heap_free(p);
}

static void test_realloc_keeps_the_contents(void **state)
{
	char *p = heap_realloc(NULL, 10), *q;

	(void)state;
	memcpy(p, "123456789", 10);
	for (size_t n = 10; n < 5000000; n *= 3) {
		p = heap_realloc(p, n);
		assert_string_equal(p, "123456789");
	}
	q = heap_realloc(p, 10);
	assert_ptr_equal(q, p);
	heap_free(q);
}

static void test_too_much_is_refused(void **state)
{
	(void)state;
	assert_null(heap_malloc(SIZE_MAX));
	assert_null(heap_malloc((size_t)1 << 62));
	assert_null(heap_malloc((size_t)1 << 60)); /* the kernel refuses that one */
	assert_null(heap_calloc(SIZE_MAX / 2, 3));
	heap_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks_keep_what_is_written),
		cmocka_unit_test(test_freed_blocks_come_back),
		cmocka_unit_test(test_calloc_is_zero),
		cmocka_unit_test(test_realloc_keeps_the_contents),
		cmocka_unit_test(test_too_much_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
