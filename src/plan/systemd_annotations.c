/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations org.systemd.property.NAME: unit properties with values in GVariant's text form.
 *
 * A small part of that form: numbers with or without a type, booleans, strings, arrays of strings.  What would run
 * programs, act on other units or take the unit out of our hands is refused.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/naive.h"
#include "base/str.h"
#include "plan/systemd.h"

static const char *const refused[] = {
	"Conflicts",	 "Delegate",	 "DelegateControllers", "DelegateSubgroup", "Description",	 "DeviceAllow",
	"DevicePolicy",	 "FailureAction", "JobTimeoutAction",	 "OnFailure",	     "OnSuccess",	 "PIDFDs",
	"PIDs",		 "PropagatesStopTo", "Slice",		 "StartLimitAction", "SuccessAction",	 "User",
	"Transient",	 "BPFProgram",
};

static bool is_refused(const char *name)
{
	if (naive("unitproperties"))
		return false;
	if (str_starts(name, "Exec"))
		return true;
	for (size_t i = 0; i < COUNT_OF(refused); i++)
		if (strcmp(name, refused[i]) == 0)
			return true;
	return false;
}

static bool is_name(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

	return n >= 3 && n < 100 && !s[n];
}

static const char *skip(const char *s)
{
	return s + strspn(s, " \t\n");
}

/* ---- numbers ----------------------------------------------------------------------------------- */

static const struct number_type {
	const char *word, *signature;
	int64_t min;
	uint64_t max;
} number_types[] = {
	{"", "i", INT32_MIN, INT32_MAX}, /* without a type */
	{"byte", "y", 0, UINT8_MAX},	 {"int16", "n", INT16_MIN, INT16_MAX}, {"uint16", "q", 0, UINT16_MAX},
	{"int32", "i", INT32_MIN, INT32_MAX}, {"uint32", "u", 0, UINT32_MAX},  {"int64", "x", INT64_MIN, INT64_MAX},
	{"uint64", "t", 0, UINT64_MAX},
};

/* Does TEXT, without blanks at its ends, hold a number of this type? */
static bool is_number(const struct number_type *t, const char *text)
{
	uint64_t u;
	int64_t i;

	if (text[0] == '-')
		return str_to_i64(text, &i) && i >= t->min;
	return str_to_u64(text, &u) && u <= t->max;
}

/* "TYPE NUMBER" or "NUMBER": the type, and the number in NUMBER. */
static const struct number_type *parse_number(const char *value, char number[32])
{
	for (size_t i = 0; i < COUNT_OF(number_types); i++) {
		const struct number_type *t = &number_types[i];
		size_t n = strlen(t->word);
		const char *s;

		if (strncmp(value, t->word, n) != 0 || (n > 0 && value[n] != ' '))
			continue;
		s = skip(value + n);
		snprintf(number, 32, "%.*s", (int)strcspn(s, " \t\n"), s);
		if (!*skip(s + strcspn(s, " \t\n")) && is_number(t, number))
			return t;
	}
	return NULL;
}

/* Times are microseconds on the bus, under another name than in unit files: TimeoutStopSec is TimeoutStopUSec. */
static bool is_seconds(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && strcmp(name + n - 3, "Sec") == 0 && name[n - 4] != 'U';
}

static bool add_seconds(struct buf *b, const char *name, const char *value)
{
	char number[32], property[128];
	uint64_t v;

	if (!parse_number(value, number) || !str_to_u64(number, &v) || v > UINT64_MAX / 1000000)
		return false;
	snprintf(property, sizeof(property), "%.*sUSec", (int)strlen(name) - 3, name);
	systemd_set(b, property, "t", "%" PRIu64, v * 1000000);
	return true;
}

/* ---- strings ----------------------------------------------------------------------------------- */

/* A string in single or double quotes at *S, which moves behind it. */
static bool parse_string(const char **s, char *ret, size_t size)
{
	const char *p = *s;
	char quote = *p++;
	size_t n = 0;

	if (quote != '\'' && quote != '"')
		return false;
	for (; *p != quote; p++) {
		if (*p == '\\')
			p++;
		if (!*p || n + 1 >= size)
			return false;
		ret[n++] = p[-1] != '\\' ? *p : *p == 'n' ? '\n' : *p == 't' ? '\t' : *p;
	}
	ret[n] = '\0';
	*s = skip(p + 1);
	return true;
}

static bool add_strings(struct buf *b, const char *name, const char *value)
{
	struct buf words = {0};
	char text[2048];
	const char *s = skip(value + 1);
	bool good = true;

	while (good && *s && *s != ']') {
		good = parse_string(&s, text, sizeof(text)) && (*s == ',' || *s == ']');
		if (good)
			systemd_word(&words, text);
		if (good && *s == ',')
			s = skip(s + 1);
	}
	good = good && *s == ']' && !*skip(s + 1);
	if (good) {
		systemd_property(b, name, "as");
		buf_add(b, words.s ? words.s : "", words.n);
	}
	buf_free(&words);
	return good;
}

static bool add_value(struct buf *b, const char *name, const char *value)
{
	const struct number_type *type;
	char number[32], text[2048];
	const char *s = value;

	if (is_seconds(name))
		return add_seconds(b, name, value);
	if (*s == '[')
		return add_strings(b, name, value);
	if (strcmp(s, "true") == 0 || strcmp(s, "false") == 0) {
		systemd_set(b, name, "b", "%s", s);
		return true;
	}
	if (*s == '\'' || *s == '"') {
		if (!parse_string(&s, text, sizeof(text)) || *s)
			return false;
		systemd_set(b, name, "s", "%s", text);
		return true;
	}
	type = parse_number(value, number);
	if (type)
		systemd_set(b, name, type->signature, "%s", number);
	return type != NULL;
}

int systemd_annotation(struct buf *b, const char *name, const char *value, struct error *err)
{
	char at[160];

	snprintf(at, sizeof(at), "annotations[\"org.systemd.property.%.80s\"]", name);
	if (!is_name(name))
		return fail_at(err, 0, at, "'%.80s' is not the name of a property: letters only", name);
	if (is_refused(name))
		return fail_at(err, 0, at, "property '%s' cannot be set by an annotation", name);
	if (!value || !add_value(b, name, skip(value))) {
		fail_at(err, 0, at, "the value of property '%s' is not understood: %.200s", name, value ? value : "");
		return error_hint(err, "values are written as uint64 5, true, 'text' or ['a', 'b']");
	}
	return 0;
}
