/* SPDX-License-Identifier: Apache-2.0 */
/* Checked numbers, bounded strings and a growing buffer. */
#include "str.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool str_to_u64(const char *s, uint64_t *ret)
{
	uint64_t v = 0;

	if (!*s)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return false;
	}
	*ret = v;
	return true;
}

bool str_to_u32(const char *s, uint32_t *ret)
{
	uint64_t v;

	if (!str_to_u64(s, &v) || v > UINT32_MAX)
		return false;
	*ret = (uint32_t)v;
	return true;
}

bool str_to_i64(const char *s, int64_t *ret)
{
	bool negative = *s == '-';
	uint64_t v;

	if (!str_to_u64(s + negative, &v) || v > (uint64_t)INT64_MAX + negative)
		return false;
	*ret = negative ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

bool str_to_size(const char *s, int64_t *ret)
{
	static const char units[] = "kmgtp";
	char digits[24];
	size_t n = strspn(s, "0123456789");
	const char *unit = s + n;
	uint64_t v;
	unsigned shift = 0;

	if (strcmp(s, "-1") == 0) {
		*ret = -1;
		return true;
	}
	if (n == 0 || n >= sizeof(digits))
		return false;
	memcpy(digits, s, n);
	digits[n] = '\0';
	if (!str_to_u64(digits, &v))
		return false;
	if (*unit && strchr(units, tolower((unsigned char)*unit))) {
		shift = 10 * (unsigned)(strchr(units, tolower((unsigned char)*unit)) - units + 1);
		unit++;
		if (tolower((unsigned char)*unit) == 'i' && tolower((unsigned char)unit[1]) == 'b')
			unit++;
	}
	if (tolower((unsigned char)*unit) == 'b')
		unit++;
	if (*unit || v > (uint64_t)INT64_MAX >> shift)
		return false;
	*ret = (int64_t)(v << shift);
	return true;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static char *append(char *to, const char *end, const char *s)
{
	while (to < end && *s)
		*to++ = *s++;
	return to;
}

void str_place(char *buf, size_t size, const char *list, size_t i, const char *rest)
{
	char digits[24] = "", *first = digits + sizeof(digits) - 1, *to = buf;
	const char *end = buf + size - 1;

	do
		*--first = (char)('0' + i % 10);
	while ((i /= 10) > 0);
	to = append(to, end, list);
	to = append(to, end, "[");
	to = append(to, end, first);
	to = append(to, end, "]");
	*append(to, end, rest) = '\0';
}

static bool buf_reserve(struct buf *b, size_t more)
{
	size_t room = b->room ? b->room : 256;
	char *s;

	if (b->failed)
		return false;
	while (room - b->n < more + 1)
		room *= 2;
	if (room == b->room)
		return true;
	s = realloc(b->s, room);
	if (!s) {
		b->failed = true;
		return false;
	}
	b->s = s;
	b->room = room;
	return true;
}

void buf_add(struct buf *b, const void *data, size_t n)
{
	if (!buf_reserve(b, n))
		return;
	memcpy(b->s + b->n, data, n);
	b->n += n;
	b->s[b->n] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !buf_reserve(b, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(b->s + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

/* Length of the valid UTF-8 sequence at S, 0 when there is none. */
static size_t utf8_length(const unsigned char *s)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

void buf_json(struct buf *b, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	buf_puts(b, "\"");
	while (*p) {
		size_t n = utf8_length(p);

		if (*p == '"' || *p == '\\')
			buf_printf(b, "\\%c", *p);
		else if (*p == '\n')
			buf_puts(b, "\\n");
		else if (*p == '\t')
			buf_puts(b, "\\t");
		else if (*p < 0x20 || *p == 0x7f || n == 0)
			buf_printf(b, "\\u%04x", *p);
		else
			buf_add(b, p, n);
		p += n ? n : 1;
	}
	buf_puts(b, "\"");
}

void buf_free(struct buf *b)
{
	free(b->s);
	*b = (struct buf){0};
}
