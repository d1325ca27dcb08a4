/* SPDX-License-Identifier: Apache-2.0 */
/* malloc() of the vert that is linked with musl: blocks out of a piece of the program's own memory, and of one
 * mapping after another when that is used up.
 *
 * A start asks for a few dozen blocks, libseccomp for some ten thousand small ones.  The C library's allocator maps
 * and unmaps memory for them (360 times each for a usual profile), and every such page is touched anew.  Here a
 * block that is given back waits in the list of its size for the next one; vert has one thread and ends soon.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	UNIT = 16, /* what every type is aligned to */
	SMALL = 1024, /* up to here there is a list for each multiple of UNIT, then for powers of two */
	N_SMALL = SMALL / UNIT,
	N_LISTS = N_SMALL + 64,
	OWN = 64 * 1024,
	MAPPING = 1024 * 1024,
};

struct block {
	size_t size; /* of what follows, a size that some list has */
	_Alignas(UNIT) char data[];
};

struct free_block {
	struct free_block *next;
};

static _Alignas(UNIT) char own[OWN];
static char *next = own, *end = own + OWN;
static struct free_block *lists[N_LISTS];

/* The list that N bytes are in; *RET_SIZE is what its blocks have. */
static size_t list_of(size_t n, size_t *ret_size)
{
	unsigned bits;

	if (n <= SMALL) {
		size_t units = n ? (n + UNIT - 1) / UNIT : 1;

		*ret_size = units * UNIT;
		return units - 1;
	}
	bits = 64 - (unsigned)__builtin_clzll(n - 1);
	*ret_size = (size_t)1 << bits;
	return N_SMALL + bits;
}

static char *take(size_t size)
{
	size_t total = sizeof(struct block) + size;
	char *p;

	if ((size_t)(end - next) < total) {
		size_t map = total > MAPPING ? total : MAPPING;

		p = mmap(NULL, map, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			return NULL;
		next = p;
		end = p + map;
	}
	p = next;
	next += total;
	return p;
}

static struct block *block_of(void *p)
{
	return (struct block *)((char *)p - offsetof(struct block, data));
}

/* *RET_FRESH: nothing but zeros is in it. */
static void *get(size_t n, int *ret_fresh)
{
	struct block *b;
	size_t size, i;

	*ret_fresh = 0;
	if (n > PTRDIFF_MAX / 2) {
		errno = ENOMEM;
		return NULL;
	}
	i = list_of(n, &size);
	if (lists[i]) {
		struct free_block *f = lists[i];

		lists[i] = f->next;
		return f;
	}
	b = (struct block *)take(size);
	if (!b)
		return NULL; /* with the errno of mmap */
	b->size = size;
	*ret_fresh = 1;
	return b->data;
}

void *malloc(size_t n)
{
	int fresh;

	return get(n, &fresh);
}

void *calloc(size_t n, size_t size)
{
	size_t total;
	int fresh;
	void *p;

	if (__builtin_mul_overflow(n, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	p = get(total, &fresh);
	return p && !fresh ? memset(p, 0, total) : p;
}

void free(void *p)
{
	struct free_block *f = p;
	size_t size, i;

	if (!p)
		return;
	i = list_of(block_of(p)->size, &size);
	if (size != block_of(p)->size) /* somebody wrote over it: no list has this size */
		abort();
	f->next = lists[i];
	lists[i] = f;
}

void *realloc(void *p, size_t n)
{
	size_t old = p ? block_of(p)->size : 0;
	void *q;

	if (p && n <= old)
		return p;
	q = malloc(n);
	if (q && p) {
		memcpy(q, p, old);
		free(p);
	}
	return q;
}
