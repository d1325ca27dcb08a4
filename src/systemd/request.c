/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing and appending properties: see request.h. */
#include "request.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* Cuts the text at the next DELIMITER; returns what is before it, NULL at the end. */
static char *cut(char **text, char delimiter)
{
	char *start = *text, *end;

	if (!start)
		return NULL;
	end = strchr(start, delimiter);
	*text = end ? end + 1 : NULL;
	if (end)
		*end = '\0';
	return start;
}

static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (*s == '\\' && s[1]) {
			s++;
			*out++ = *s == 't' ? '\t' : *s == 'n' ? '\n' : *s;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

static int parse_line(char *line, struct property *p, struct error *err)
{
	size_t room = 2;
	char *word;

	*p = (struct property){.name = cut(&line, '\t')};
	p->signature = cut(&line, '\t');
	if (!p->signature)
		return fail(err, EINVAL, "property '%s' without a value", p->name);
	p->optional = p->name[0] == '?';
	p->name += p->optional;
	for (const char *s = line; s && (s = strchr(s, '\t')); s++)
		room++;
	p->words = calloc(room, sizeof(*p->words));
	if (!p->words)
		return fail(err, ENOMEM, "read properties");
	while ((word = cut(&line, '\t'))) {
		unescape(word);
		p->words[p->n_words++] = word;
	}
	return 0;
}

int request_parse(char *text, struct request *ret, struct error *err)
{
	size_t lines = 1;
	char *line;

	for (const char *s = text; (s = strchr(s, '\n')); s++)
		lines++;
	*ret = (struct request){.v = calloc(lines, sizeof(*ret->v))};
	if (!ret->v)
		return fail(err, ENOMEM, "read properties");
	if (!*text)
		return 0;
	while ((line = cut(&text, '\n')))
		if (parse_line(line, &ret->v[ret->n++], err) < 0)
			return -1;
	return 0;
}

void request_free(struct request *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->v[i].words);
	free(r->v);
	*r = (struct request){0};
}

/* One number of the basic type TYPE. */
static int append_number(sd_bus_message *m, char type, const char *word)
{
	uint64_t u = 0;
	int64_t i = 0;

	if (word[0] == '-' ? !str_to_i64(word, &i) : !str_to_u64(word, &u))
		return -EINVAL;
	if (word[0] != '-')
		i = (int64_t)u;
	switch (type) {
	case 't':
	case 'x':
		return sd_bus_message_append_basic(m, type, &i);
	case 'u':
	case 'i':
		return sd_bus_message_append_basic(m, type, &(int32_t){(int32_t)i});
	case 'q':
	case 'n':
		return sd_bus_message_append_basic(m, type, &(int16_t){(int16_t)i});
	case 'y':
		return sd_bus_message_append_basic(m, type, &(uint8_t){(uint8_t)i});
	default:
		return -EINVAL;
	}
}

static int append_word(sd_bus_message *m, char type, const char *word)
{
	if (type == 's')
		return sd_bus_message_append_basic(m, type, word);
	if (type == 'b')
		return sd_bus_message_append_basic(m, type, &(int){strcmp(word, "true") == 0});
	return append_number(m, type, word);
}

static unsigned nibble(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

static int append_bytes(sd_bus_message *m, const char *hex)
{
	size_t n = strlen(hex) / 2;
	uint8_t bytes[1024];

	if (n > sizeof(bytes) || strspn(hex, "0123456789abcdef") != 2 * n)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
	return sd_bus_message_append_array(m, 'y', bytes, n);
}

/* "as", "a(st)" and "a(ss)". */
static int append_array(sd_bus_message *m, const struct property *p)
{
	const char *contents = p->signature + 1;
	bool pairs = contents[0] == '(';
	int r = sd_bus_message_open_container(m, 'a', contents);

	if (pairs && (p->n_words % 2 || strlen(contents) != 4))
		return -EINVAL;
	for (size_t i = 0; i < p->n_words && r >= 0; i += pairs ? 2 : 1) {
		if (!pairs) {
			r = append_word(m, contents[0], p->words[i]);
			continue;
		}
		r = sd_bus_message_open_container(m, 'r', contents[2] == 't' ? "st" : "ss");
		if (r >= 0)
			r = append_word(m, contents[1], p->words[i]);
		if (r >= 0)
			r = append_word(m, contents[2], p->words[i + 1]);
		if (r >= 0)
			r = sd_bus_message_close_container(m);
	}
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_value(sd_bus_message *m, const struct property *p)
{
	if (p->signature[0] == 'a' && p->signature[1] != 'y')
		return append_array(m, p);
	if (p->n_words != 1)
		return -EINVAL;
	return p->signature[0] == 'a' ? append_bytes(m, p->words[0]) : append_word(m, p->signature[0], p->words[0]);
}

int request_append(const struct request *request, sd_bus_message *m)
{
	int r = 0;

	for (size_t i = 0; i < request->n && r >= 0; i++) {
		const struct property *p = &request->v[i];

		if (p->dropped)
			continue;
		r = sd_bus_message_open_container(m, 'r', "sv");
		if (r >= 0)
			r = sd_bus_message_append_basic(m, 's', p->name);
		if (r >= 0)
			r = sd_bus_message_open_container(m, 'v', p->signature);
		if (r >= 0)
			r = append_value(m, p);
		if (r >= 0)
			r = sd_bus_message_close_container(m);
		if (r >= 0)
			r = sd_bus_message_close_container(m);
	}
	return r;
}

bool request_drop(struct request *request, const char *message)
{
	for (size_t i = 0; i < request->n; i++) {
		struct property *p = &request->v[i];

		if (!p->optional || p->dropped || !strstr(message, p->name))
			continue;
		p->dropped = true;
		return true;
	}
	return false;
}
