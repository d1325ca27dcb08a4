/* SPDX-License-Identifier: Apache-2.0 */
/* The parser: words in, a filled structure out.
 *
 * Written for what engines really send (single-dash long names, repeated flags, "-" and negative numbers as
 * values) and for people (options behind operands, the nearest name for a slip).
 */
#include "cli.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"

struct parser {
	const struct cli_syntax *syntax, *outer;
	char *const *next; /* the word to look at, NULL at the end */
	size_t room; /* words there are: no list can be longer */
	struct arena *arena;
	char *values;
	struct cli_words words;
	struct error *err; /* the first error */
	bool failed;
};

int cli_misuse(struct error *err, const char *fmt, ...)
{
	char text[sizeof(err->msg)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fail(err, 0, "%s", text);
	return error_code(err, "USAGE");
}

/* Reports, unless something went wrong before. */
__attribute__((format(printf, 2, 3))) static void complain(struct parser *p, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (p->failed)
		return;
	p->failed = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cli_misuse(p->err, "%s", text);
}

/* ---- values ------------------------------------------------------------------------------------- */

static bool set_flag(struct parser *p, const struct cli_option *o, void *where, const char *text)
{
	static const char *const words[] = {"false", "true", "no", "yes", "0", "1"};

	(void)p;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(text, words[i]) == 0) {
			if (o->kind == CLI_FLAG)
				*(bool *)where = i % 2;
			return true;
		}
	return false;
}

static bool set_string(struct parser *p, const struct cli_option *o, void *where, const char *text)
{
	(void)p, (void)o;
	*(const char **)where = text;
	return true;
}

static bool set_choice(struct parser *p, const struct cli_option *o, void *where, const char *text)
{
	(void)p;
	for (unsigned i = 0; o->choices[i]; i++)
		if (strcmp(text, o->choices[i]) == 0) {
			*(unsigned *)where = i;
			return true;
		}
	return false;
}

static bool set_list(struct parser *p, const struct cli_option *o, void *where, const char *text)
{
	const char ***list = where;
	size_t n = 0;

	(void)o;
	if (!*list)
		*list = arena_array(p->arena, p->room + 1, sizeof(**list));
	while ((*list)[n])
		n++;
	(*list)[n] = text;
	return true;
}

static bool set_u32(struct parser *p, const struct cli_option *o, void *where, const char *text)
{
	(void)p, (void)o;
	return str_to_u32(text, where);
}

static bool set_oci_u16(struct parser *p, const struct cli_option *o, void *where, const char *text)
{
	uint32_t v;

	(void)p, (void)o;
	if (!str_to_u32(text, &v) || v > UINT16_MAX)
		return false;
	*(struct oci_u16 *)where = (struct oci_u16){.v = (uint16_t)v, .set = true};
	return true;
}

static bool set_oci_u64(struct parser *p, const struct cli_option *o, void *where, const char *text)
{
	struct oci_u64 *u = where;

	(void)p, (void)o;
	return u->set = str_to_u64(text, &u->v);
}

static bool set_oci_i64(struct parser *p, const struct cli_option *o, void *where, const char *text)
{
	struct oci_i64 *i = where;

	(void)p, (void)o;
	return i->set = str_to_i64(text, &i->v);
}

static bool set_oci_size(struct parser *p, const struct cli_option *o, void *where,
			 const char *text)
{
	struct oci_i64 *i = where;

	(void)p, (void)o;
	return i->set = str_to_size(text, &i->v);
}

/* clang-format off */
static const struct {
	bool (*set)(struct parser *, const struct cli_option *, void *where, const char *text);
	bool takes_value;
	const char *wants;
} kinds[] = {
	[CLI_FLAG]     = { set_flag,     false, "true or false" },
	[CLI_NOTHING]  = { set_flag,     false, "true or false" },
	[CLI_STRING]   = { set_string,   true,  "" },
	[CLI_CHOICE]   = { set_choice,   true,  "" },	/* told with its choices */
	[CLI_LIST]     = { set_list,     true,  "" },
	[CLI_U32]      = { set_u32,      true,  "a number from 0 to 4294967295" },
	[CLI_OCI_U16]  = { set_oci_u16,  true,  "a number from 0 to 65535" },
	[CLI_OCI_U64]  = { set_oci_u64,  true,  "a number that is not negative" },
	[CLI_OCI_I64]  = { set_oci_i64,  true,  "a number" },
	[CLI_OCI_SIZE] = { set_oci_size, true,  "bytes, a size such as 512m, or -1" },
};
/* clang-format on */

bool cli_takes_value(const struct cli_option *option)
{
	return kinds[option->kind].takes_value;
}

/* "text, json" out of the choices of an option. */
static void list_choices(const struct cli_option *o, char *buf, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; o->choices[i] && n < size; i++) {
		const char *between = i == 0 ? "" : o->choices[i + 1] ? ", " : " or ";

		n += (size_t)snprintf(buf + n, size - n, "%s%s", between, o->choices[i]);
	}
}

/* SPELLED is the option as it was written, for messages. */
static void store(struct parser *p, const struct cli_option *o, const char *spelled,
		  const char *text)
{
	char wants[160];

	if (kinds[o->kind].set(p, o, p->values + o->at, text))
		return;
	snprintf(wants, sizeof(wants), "%s", kinds[o->kind].wants);
	if (o->choices)
		list_choices(o, wants, sizeof(wants));
	complain(p, "option '%s' wants %s, not '%s'", spelled, wants, text);
}

/* ---- names -------------------------------------------------------------------------------------- */

const struct cli_option *cli_find(const struct cli_syntax *syntax, const char *name)
{
	size_t len = strcspn(name, "=");

	for (size_t i = 0; i < syntax->n_options; i++) {
		const char *have = syntax->options[i].name;

		if (strncmp(have, name, len) == 0 && have[len] == '\0')
			return &syntax->options[i];
	}
	return NULL;
}

static const struct cli_option *find_letter(const struct cli_syntax *syntax, char letter)
{
	for (size_t i = 0; i < syntax->n_options; i++)
		if (syntax->options[i].letter == letter)
			return &syntax->options[i];
	return NULL;
}

/* NAME is the word without its dashes. */
static void unknown_option(struct parser *p, const char *dashes, const char *name)
{
	const char *nearest = NULL;
	unsigned best = 99;
	char bare[64];

	if (p->failed)
		return;
	snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(name, "="), name);
	complain(p, "unknown option '%s%s'", dashes, bare);
	p->words.unknown = arena_printf(p->arena, "%s%s", dashes, bare);
	if (p->outer && cli_find(p->outer, bare)) {
		error_hint(p->err, "'%s%s' is a global option: it stands before the command",
			   dashes, bare);
		return;
	}
	for (size_t i = 0; i < p->syntax->n_options; i++) {
		const struct cli_option *o = &p->syntax->options[i];
		unsigned distance = o->help ? nearest_distance(bare, o->name) : best;

		if (distance < best) {
			best = distance;
			nearest = o->name;
		}
	}
	if (nearest)
		error_hint(p->err, "did you mean '--%s'?", nearest);
}

/* ---- words -------------------------------------------------------------------------------------- */

/* TEXT is what stood behind the option in the same word, NULL: nothing. */
static void take_option(struct parser *p, const struct cli_option *o, const char *spelled,
			const char *text)
{
	if (!text && cli_takes_value(o)) {
		text = *p->next;
		if (!text) {
			/* these words are searched for by podman's probe of what a runtime can do */
			complain(p, "option '%s' requires an argument", spelled);
			return;
		}
		p->next++;
	}
	store(p, o, spelled, text ? text : "true");
}

static void take_long(struct parser *p, const struct cli_option *o, const char *name)
{
	const char *equals = strchr(name, '=');
	char spelled[64];

	snprintf(spelled, sizeof(spelled), "--%s", o->name);
	take_option(p, o, spelled, equals ? equals + 1 : NULL);
}

/* "-dt", "-bDIR", "-b=DIR": WORD is without the dash and not empty. */
static void take_letters(struct parser *p, const char *word)
{
	for (const char *c = word; *c; c++) {
		const struct cli_option *o = find_letter(p->syntax, *c);
		char spelled[] = {'-', *c, '\0'};

		if (!o && (*c == 'h' || *c == '?')) {
			p->words.help = true;
			continue;
		}
		if (!o) {
			unknown_option(p, "-", word);
			return;
		}
		if (c[1] == '=') {
			take_option(p, o, spelled, c + 2);
			return;
		}
		if (cli_takes_value(o)) {
			take_option(p, o, spelled, c[1] ? c + 1 : NULL);
			return;
		}
		take_option(p, o, spelled, NULL);
	}
}

static void take_word(struct parser *p, const char *word)
{
	const char *name = word + 1 + (word[1] == '-');
	const struct cli_option *o = cli_find(p->syntax, name);

	/* A long name may stand behind one dash (go-runc says -no-subreaper); "-p" is a letter first. */
	if (o && (word[1] == '-' || name[1] != '\0'))
		take_long(p, o, name);
	else if (strcmp(name, "help") == 0)
		p->words.help = true;
	else if (word[1] == '-')
		unknown_option(p, "--", name);
	else
		take_letters(p, name);
}

int cli_parse(const struct cli_syntax *syntax, const struct cli_syntax *outer, char *const *argv,
	      struct arena *arena, void *values, struct cli_words *ret_words, struct error *err)
{
	struct parser p = {.syntax = syntax,
			   .outer = outer,
			   .next = argv,
			   .arena = arena,
			   .values = values,
			   .err = err};
	bool options = true;

	while (argv[p.room])
		p.room++;
	p.words.v = arena_array(arena, p.room + 1, sizeof(*p.words.v));
	while (*p.next) {
		const char *word = *p.next++;

		if (options && strcmp(word, "--") == 0) {
			options = false;
		} else if (options && word[0] == '-' && word[1] != '\0') {
			take_word(&p, word);
		} else {
			p.words.v[p.words.n++] = word;
			options = options && !syntax->in_order;
		}
	}
	*ret_words = p.words;
	return p.failed && !p.words.help ? -1 : 0;
}

/* ---- operands ----------------------------------------------------------------------------------- */

int cli_check_operands(const struct cli_command *command, const struct cli_words *words,
		       struct error *err)
{
	const char *name = command->operands;

	if (words->n < command->syntax.min) {
		for (size_t i = 0; i < words->n; i++)
			name += strcspn(name, " ") + 1;
		cli_misuse(err, "'%s' needs %.*s", command->name, (int)strcspn(name, " "), name);
	} else if (words->n > command->syntax.max) {
		cli_misuse(err, "'%s' does not take the argument '%s'", command->name,
		     words->v[command->syntax.max]);
	} else {
		return 0;
	}
	return error_hint(err, "usage: vert %s [OPTION...] %s", command->name, command->operands);
}
