/* SPDX-License-Identifier: Apache-2.0 */
/* Checked numbers, bounded strings and a growing buffer.  Knows nothing about containers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* Whole decimal string to number, no blanks, no sign for the unsigned ones, no "0x".  False: not such
 * a number or out of range; *ret is then untouched. */
bool str_to_u64(const char *s, uint64_t *ret);
bool str_to_u32(const char *s, uint32_t *ret);
bool str_to_i64(const char *s, int64_t *ret);

/* "512m", "1g", "64k", "1024", "-1": a size in bytes, powers of 1024, an optional b or ib at the end, either
 * case.  -1 means unlimited. */
bool str_to_size(const char *s, int64_t *ret);

bool str_starts(const char *s, const char *prefix);

/* "LIST[I]REST" in BUF, cut where it ends.  Every element of a configuration gets its place written down, for an
 * error that usually does not come: printf would be a fifth of all that vert does before a start. */
void str_place(char *buf, size_t size, const char *list, size_t i, const char *rest);

/* A growing buffer for text; zero it to start with, free .s at the end.  When memory is short .failed
 * is set and further calls do nothing. */
struct buf {
	char *s;
	size_t n, room;
	bool failed;
};
void buf_add(struct buf *b, const void *data, size_t n);
void buf_puts(struct buf *b, const char *s);
__attribute__((format(printf, 2, 3))) void buf_printf(struct buf *b, const char *fmt, ...);
/* Appends S as a JSON string with quotes: control characters, quotes and bytes that are not UTF-8
 * escaped (a path in an error may hold anything). */
void buf_json(struct buf *b, const char *s);
void buf_free(struct buf *b);
