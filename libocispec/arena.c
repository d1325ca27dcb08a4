/* SPDX-License-Identifier: Apache-2.0 */
/* Bump allocation out of few large blocks.
 *
 * Blocks come from malloc() and are cleared piece by piece as they are handed
 * out: calloc() would touch every page of a block of which a small document
 * uses one, and a page fault costs more than parsing a kilobyte.
 */
#include "arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#endif

/* With AddressSanitizer only what was handed out may be touched, so that an
 * overflow inside a block is seen as it would be with malloc(). */
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
enum { GUARD = 16 };
#define FORBID(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define PERMIT(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
enum { GUARD = 0 };
#define FORBID(p, n) ((void)(p), (void)(n))
#define PERMIT(p, n) ((void)(p), (void)(n))
#endif

enum { FIRST_CHUNK = 16 * 1024, LAST_CHUNK = 1024 * 1024 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	alignas(max_align_t) char data[];
};

_Noreturn static void out_of_memory(struct arena *a)
{
	if (a->no_memory)
		a->no_memory();
	fputs("out of memory\n", stderr);
	_Exit(EXIT_FAILURE);
}

static void add_chunk(struct arena *a, size_t need)
{
	size_t size = a->chunks ? a->chunks->size * 2 : FIRST_CHUNK;
	struct arena_chunk *c;

	if (size > LAST_CHUNK)
		size = LAST_CHUNK;
	if (size < need)
		size = need;
	c = a->base || size > PTRDIFF_MAX - sizeof(*c) ? NULL : malloc(sizeof(*c) + size);
	if (c == NULL)
		out_of_memory(a);
	c->size = size;
	c->next = a->chunks;
	a->chunks = c;
	a->next = c->data;
	a->end = c->data + size;
	FORBID(a->next, size);
}

/* SIZE bytes, not cleared. */
static char *take(struct arena *a, size_t size, size_t align)
{
	size_t pad = -(uintptr_t)a->next & (align - 1);
	size_t left = a->end - a->next;
	char *p;

	if (size > PTRDIFF_MAX - 64)
		out_of_memory(a);
	if (left < pad || left - pad < size + GUARD) {
		add_chunk(a, size + GUARD);
		pad = 0;
	}
	p = a->next + pad;
	a->next = p + size + GUARD;
	PERMIT(p, size);
	return p;
}

void arena_init_fixed(struct arena *a, void *base, size_t size)
{
	*a = (struct arena){.base = base, .next = base, .end = (char *)base + size};
}

size_t arena_used(const struct arena *a)
{
	return a->base ? (size_t)(a->next - a->base) : 0;
}

void *arena_alloc(struct arena *a, size_t size)
{
	size = size ? size : 1;
	return memset(take(a, size, alignof(max_align_t)), 0, size);
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		out_of_memory(a);
	return arena_alloc(a, total);
}

void *arena_grow(struct arena *a, void *p, size_t old, size_t new)
{
	char *q = p;

	if (q && q + old + GUARD == a->next && new > old &&
	    (size_t)(a->end - a->next) >= new - old) {
		PERMIT(q + old, new - old);
		memset(q + old, 0, new - old);
		a->next += new - old;
		return q;
	}
	q = arena_alloc(a, new);
	if (p)
		memcpy(q, p, old < new ? old : new);
	return q;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *p = take(a, n + 1, 1);

	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		out_of_memory(a);
	p = take(a, (size_t)n + 1, 1);
	va_start(ap, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap); /* the same arguments: the same length */
	va_end(ap);
	return p;
}

void arena_free(struct arena *a)
{
	for (struct arena_chunk *c = a->chunks, *next; c; c = next) {
		next = c->next;
		PERMIT(c->data, c->size);
		free(c);
	}
	a->chunks = NULL;
	if (a->base == NULL)
		a->end = NULL;
	a->next = a->base;
}
