/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Memory that is given back all at once.
 *
 * `struct arena a = { 0 };` is an empty arena on the heap, which grows as it is
 * used.  arena_init_fixed() makes one that lives in a block of the caller, for
 * example a shared mapping, and never asks the heap for anything.  No function
 * here returns NULL: when memory runs out, no_memory() is called if there is
 * one, and the process ends if that returns.
 */

#include <stdbool.h>
#include <stddef.h>

struct arena_chunk;

struct arena {
	char *next, *end;             /* what is left of the current block */
	char *base;                   /* the caller's block, NULL on the heap */
	struct arena_chunk *chunks;   /* on the heap: all blocks, newest first */
	void (*no_memory)(void);      /* may longjmp or exit; NULL is fine */
};

/* Takes all memory from the SIZE bytes at BASE, which stay the caller's. */
void arena_init_fixed(struct arena *a, void *base, size_t size);

/* Bytes of a fixed arena that are in use, counted from its base. */
size_t arena_used(const struct arena *a);

/* SIZE zeroed bytes, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size);

/* N zeroed elements of SIZE bytes each. */
void *arena_array(struct arena *a, size_t n, size_t size);

/* Makes the block P, of OLD bytes, NEW bytes long; the bytes added are zeroed.
 * It grows in place when P was the last thing allocated, else it moves.
 * P may be NULL when OLD is 0. */
void *arena_grow(struct arena *a, void *p, size_t old, size_t new);

/* Copies, always terminated.  N is the number of bytes, none of them NUL. */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
__attribute__((format(printf, 2, 3))) char *arena_printf(struct arena *a, const char *fmt, ...);

/* Gives everything back; the arena is empty and can be used again.  A fixed
 * arena starts at its base again. */
void arena_free(struct arena *a);
