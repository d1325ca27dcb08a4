/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a place in a JSON text, by skipping what lies before it. */
#include "position.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "str.h"

struct scan {
	const char *s, *end;
};

static void skip_blanks(struct scan *c)
{
	while (c->s < c->end && (isspace((unsigned char)*c->s) || *c->s == ',' || *c->s == ':'))
		c->s++;
}

/* From an opening quote to behind the closing one; the text between them is RET of RET_N bytes. */
static void take_string(struct scan *c, const char **ret, size_t *ret_n)
{
	const char *start = ++c->s;

	while (c->s < c->end && *c->s != '"')
		c->s += *c->s == '\\' && c->end - c->s > 1 ? 2 : 1;
	*ret = start;
	*ret_n = (size_t)((c->s < c->end ? c->s : c->end) - start);
	c->s = c->s < c->end ? c->s + 1 : c->end;
}

/* Over one value, whatever it is. */
static void skip_value(struct scan *c)
{
	unsigned depth = 0;
	const char *text;
	size_t n;

	skip_blanks(c);
	do {
		skip_blanks(c);
		if (c->s >= c->end)
			return;
		if (*c->s == '"') {
			take_string(c, &text, &n);
			continue;
		}
		if (*c->s == '{' || *c->s == '[') {
			depth++;
			c->s++;
		} else if (*c->s == '}' || *c->s == ']') {
			if (depth == 0)
				return;
			depth--;
			c->s++;
		} else {
			c->s += 1; /* a number or a word: its other characters are nothing special either */
			while (c->s < c->end && !strchr(",:{}[]\" \t\r\n", *c->s))
				c->s++;
		}
	} while (depth > 0);
}

/* Moves to the value of KEY in the object that begins here. */
static bool enter_object(struct scan *c, const char *key, size_t key_n)
{
	const char *name;
	size_t n;

	if (c->s >= c->end || *c->s != '{')
		return false;
	c->s++;
	for (;;) {
		skip_blanks(c);
		if (c->s >= c->end || *c->s != '"')
			return false;
		take_string(c, &name, &n);
		skip_blanks(c);
		if (n == key_n && memcmp(name, key, n) == 0)
			return c->s < c->end;
		skip_value(c);
	}
}

/* Moves to element INDEX of the list that begins here. */
static bool enter_list(struct scan *c, uint32_t index)
{
	if (c->s >= c->end || *c->s != '[')
		return false;
	c->s++;
	for (;;) {
		skip_blanks(c);
		if (c->s >= c->end || *c->s == ']')
			return false;
		if (index-- == 0)
			return true;
		skip_value(c);
	}
}

/* Moves into the first part of *PLACE and takes it off: "name", ".name", "[3]" or "[\"key\"]". */
static bool enter(struct scan *c, const char **place)
{
	const char *p = *place + (**place == '.');
	size_t n;
	uint32_t index;

	if (p[0] == '[' && p[1] == '"') {
		const char *end = strstr(p, "\"]");

		*place = end ? end + 2 : p + strlen(p);
		return end && enter_object(c, p + 2, (size_t)(end - p - 2));
	}
	if (p[0] == '[') {
		char number[12];

		n = strcspn(p + 1, "]");
		*place = p + 1 + n + (p[1 + n] == ']');
		if (n >= sizeof(number))
			return false;
		memcpy(number, p + 1, n);
		number[n] = '\0';
		return str_to_u32(number, &index) && enter_list(c, index);
	}
	n = strcspn(p, ".[");
	*place = p + n;
	return n > 0 && enter_object(c, p, n);
}

unsigned position_line(const char *text, size_t len, const char *place)
{
	struct scan c = {text, text + len};
	const char *found = NULL;
	unsigned line = 1;

	skip_blanks(&c);
	while (*place && enter(&c, &place))
		found = c.s;
	for (const char *s = text; found && s < found; s++)
		line += *s == '\n';
	return found ? line : 0;
}
