/* SPDX-License-Identifier: Apache-2.0 */
/* What libocispec knows about text: UTF-8, places in a document, messages and
 * version numbers; and the memory of yajl.
 *
 * The document is checked here in one fast pass before it is parsed, because
 * yajl takes overlong forms and surrogates for UTF-8, turns half a surrogate pair
 * into '?' and \u0000 into the end of every C string that follows it.
 */
#include "internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

size_t oci_text_utf8(const char *s, size_t left)
{
	/* clang-format off */
	/* Lead byte, length, and the range of the second byte (Unicode, table 3-7). */
	static const struct { uint8_t first, last, len, low, high; } forms[] = {
		{ 0x00, 0x7f, 1, 0, 0 },       { 0xc2, 0xdf, 2, 0x80, 0xbf },
		{ 0xe0, 0xe0, 3, 0xa0, 0xbf }, { 0xe1, 0xec, 3, 0x80, 0xbf },
		{ 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
		{ 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf },
		{ 0xf4, 0xf4, 4, 0x80, 0x8f },
	};
	/* clang-format on */
	const unsigned char *p = (const unsigned char *)s;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t len = forms[i].len;

		if (left == 0 || p[0] < forms[i].first || p[0] > forms[i].last)
			continue;
		if (len > left || (len > 1 && (p[1] < forms[i].low || p[1] > forms[i].high)))
			return 0;
		if ((len > 2 && (p[2] & 0xc0) != 0x80) || (len > 3 && (p[3] & 0xc0) != 0x80))
			return 0;
		return len;
	}
	return 0;
}

/* The code unit of a \uXXXX at S, or -1 when there is none. */
static int escape_unit(const char *s, size_t left)
{
	int unit = 0;

	if (left < 6 || s[0] != '\\' || s[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int c = s[i] | 0x20;

		if (s[i] >= '0' && s[i] <= '9')
			unit = unit * 16 + s[i] - '0';
		else if (c >= 'a' && c <= 'f')
			unit = unit * 16 + c - 'a' + 10;
		else
			return -1;
	}
	return unit;
}

/* Length of the escape at S, 0 when it is not good.  What is no escape at all
 * has a length too: yajl refuses it and says so better. */
static size_t escape_length(const char *s, size_t left, const char **ret_why)
{
	int unit = escape_unit(s, left);

	if (unit < 0)
		return left < 2 ? 1 : 2;
	if (unit == 0) {
		*ret_why = "a string may not hold a NUL character";
		return 0;
	}
	if ((unit & 0xf800) != 0xd800)
		return 6;
	if (unit < 0xdc00 && (escape_unit(s + 6, left - 6) & ~0x3ff) == 0xdc00)
		return 12;
	*ret_why = "half of a surrogate pair";
	return 0;
}

/* True when one of the eight bytes is a backslash or not ASCII. */
static bool is_special(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	uint64_t x = word ^ ones * '\\';

	return ((word | ((x - ones) & ~x)) & tops) != 0;
}

size_t oci_text_first_bad(const char *text, size_t len, const char **ret_why)
{
	size_t i = 0, step;
	uint64_t word;

	while (i < len) {
		if (len - i >= sizeof(word)) {
			memcpy(&word, text + i, sizeof(word));
			if (!is_special(word)) {
				i += sizeof(word);
				continue;
			}
		}
		*ret_why = "invalid UTF-8";
		if (text[i] == '\\')
			step = escape_length(text + i, len - i, ret_why);
		else
			step = oci_text_utf8(text + i, len - i);
		if (step == 0)
			return i;
		i += step;
	}
	return len;
}

size_t oci_text_add(char *out, size_t size, size_t n, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(out + n, size - n, fmt, ap);
	va_end(ap);
	n += len > 0 ? (size_t)len : 0;
	return n < size ? n : size - 1;
}

/* Control characters of both sets: a terminal takes U+009B for an escape. */
static bool is_control(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;

	return p[0] < 0x20 || p[0] == 0x7f || (len == 2 && p[0] == 0xc2 && p[1] < 0xa0);
}

char *oci_text_quote(char *out, size_t size, const char *s, size_t len)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0, step; i < len; i += step) {
		size_t good = oci_text_utf8(s + i, len - i);
		char piece[8] = "?";

		step = good ? good : 1;
		if (good && is_control(s + i, good))
			(void)oci_text_add(piece, sizeof(piece), 0, "\\u%04x",
					   (unsigned char)s[i + good - 1]);
		else
			memcpy(piece, good ? s + i : "?", step);
		if (n + strlen(piece) + sizeof("...") > size) {
			(void)oci_text_add(out, size, n, "...");
			break;
		}
		n = oci_text_add(out, size, n, "%s", piece);
	}
	return out;
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '+' || c == '-' || c == '.';
}

/* Only errors ask, so reading backwards is cheaper than remembering every start. */
size_t oci_text_token_start(const char *text, size_t end)
{
	size_t i = end, n;

	if (end == 0)
		return 0;
	i--;
	if (text[i] == '"') {
		while (i > 0) {
			if (text[--i] != '"')
				continue;
			for (n = 0; n < i && text[i - n - 1] == '\\'; n++)
				;
			if (n % 2 == 0) /* inside a string every quote is escaped */
				break;
		}
	} else if (is_word(text[i])) {
		while (i > 0 && is_word(text[i - 1]))
			i--;
	}
	return i;
}

void oci_locate(const char *text, size_t offset, unsigned int *ret_line, unsigned int *ret_column)
{
	unsigned int line = 1, column = 1;

	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			line++;
			column = 1;
		} else if ((text[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	*ret_line = line;
	*ret_column = column;
}

char *oci_error_format(const struct oci_error *err, const char *filename, char *buf, size_t size)
{
	char place[32] = "";

	if (err->line)
		(void)snprintf(place, sizeof(place), ":%u:%u", err->line, err->column);
	/* Cut when too long, as promised. */
	(void)snprintf(buf, size, "%s%s: %s%s%s", filename, place, err->path,
		       err->path[0] ? ": " : "", err->msg);
	return buf;
}

/* Skips a number without leading zeros; false when there is none. */
static bool skip_number(const char **p)
{
	const char *s = *p;

	*p += strspn(s, "0123456789");
	return *p > s && (*s != '0' || *p == s + 1);
}

/* Skips dot-separated identifiers; numeric ones may not start with 0 in PRE. */
static bool skip_identifiers(const char **p, bool pre)
{
	static const char set[] = "0123456789-"
				  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (;; ++*p) {
		const char *s = *p;
		size_t digits = strspn(s, "0123456789"), n = strspn(s, set);

		if (n == 0 || (pre && digits == n && n > 1 && *s == '0'))
			return false;
		*p += n;
		if (**p != '.')
			return true;
	}
}

bool oci_version_supported(const char *version)
{
	const char *p = version;

	if (p == NULL || strncmp(p, "1.", 2) != 0)
		return false;
	p += 2;
	if (!skip_number(&p) || *p++ != '.' || !skip_number(&p))
		return false;
	if (*p == '-' && (p++, !skip_identifiers(&p, true)))
		return false;
	if (*p == '+' && (p++, !skip_identifiers(&p, false)))
		return false;
	return *p == '\0';
}

/* yajl asks for a bigger block without saying how big the old one is. */
union header {
	size_t size;
	max_align_t align;
};

static void *yajl_memory_alloc(void *ctx, size_t size)
{
	union header *h = arena_alloc(ctx, sizeof(*h) + size);

	h->size = size;
	return h + 1;
}

static void *yajl_memory_grow(void *ctx, void *p, size_t size)
{
	union header *h = p;

	if (h == NULL)
		return yajl_memory_alloc(ctx, size);
	h--;
	h = arena_grow(ctx, h, sizeof(*h) + h->size, sizeof(*h) + size);
	h->size = size;
	return h + 1;
}

static void yajl_memory_free(void *ctx, void *p)
{
	(void)ctx;
	(void)p;
}

yajl_alloc_funcs oci_text_yajl_memory(struct arena *arena)
{
	return (yajl_alloc_funcs){
		.malloc = yajl_memory_alloc,
		.realloc = yajl_memory_grow,
		.free = yajl_memory_free,
		.ctx = arena,
	};
}
