/* SPDX-License-Identifier: Apache-2.0 */
/* The table at work.  Documents are written by walking the descriptors, so that
 * every row is there without being named here; each is parsed and printed back,
 * and then every value of it is replaced by one of the wrong type in turn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libocispec/ocispec.h"

typedef const struct oci_type *type_function(void);

static type_function *const roots[] = {
	oci_type_config, oci_type_state, oci_type_features, oci_type_process, oci_type_resources,
};
enum { ROOTS = sizeof(roots) / sizeof(roots[0]) };

/* ---- documents from the descriptors ---- */

/* A value of the document: a member, an element, or a whole list or map. */
struct spot {
	char path[128]; /* as errors name it */
	size_t at, end; /* offsets in the text */
	size_t parent; /* that of the object it is a member of */
	unsigned int kind; /* enum oci_kind, of one value */
	enum oci_shape shape;
	bool member, required;
	bool easy; /* an object that may be empty */
};

struct maker {
	char text[32768], path[128];
	size_t n, parent, count;
	struct spot spots[1000];
};

static void make_object(struct maker *m, const struct oci_type *t);

__attribute__((format(printf, 2, 3))) static void put(struct maker *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	m->n += (size_t)vsnprintf(m->text + m->n, sizeof(m->text) - m->n, fmt, ap);
	va_end(ap);
	assert_true(m->n < sizeof(m->text));
}

static bool has_required(const struct oci_type *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->fields[i].required)
			return true;
	return false;
}

static struct spot *new_spot(struct maker *m, const struct oci_field *f, enum oci_shape shape,
			     bool member)
{
	struct spot *s = &m->spots[m->count++];

	assert_true(m->count <= sizeof(m->spots) / sizeof(m->spots[0]));
	*s = (struct spot){
		.at = m->n,
		.parent = m->parent,
		.kind = f->kind,
		.shape = shape,
		.member = member,
		.required = f->required,
		.easy = f->kind == OCI_OBJ && !has_required(f->type()),
	};
	memcpy(s->path, m->path, sizeof(s->path));
	return s;
}

static void make_value(struct maker *m, const struct oci_field *f, bool member)
{
	static const char *const samples[] = {
		[OCI_BOOL] = "true",
		[OCI_I32] = "-2147483648",
		[OCI_I64] = "-9223372036854775808",
		[OCI_PID] = "2147483647",
		[OCI_U16] = "65535",
		[OCI_U32] = "4294967295",
		[OCI_U64] = "18446744073709551615",
		[OCI_STR] = "\"a/\\\"\\\\\\n\\u001f~\"",
	};
	struct spot *s = new_spot(m, f, OCI_SINGLE, member);

	if (f->kind == OCI_OBJ)
		make_object(m, f->type());
	else if (f->kind == OCI_ENUM)
		put(m, "\"%s\"", f->type()->choices[1 + m->count % (f->type()->n - 1)]);
	else
		put(m, "%s", samples[f->kind]);
	s->end = m->n;
}

static void make_member(struct maker *m, const struct oci_field *f)
{
	size_t cut = strlen(m->path), elements = f->kind == OCI_ENUM ? f->type()->n - 1 : 2;
	struct spot *s;

	if (f->shape == OCI_SINGLE) {
		make_value(m, f, true);
		return;
	}
	s = new_spot(m, f, f->shape, true);
	put(m, f->shape == OCI_LIST ? "[" : "{");
	for (size_t i = 0; i < elements; i++) {
		put(m, "%s", i ? "," : "");
		if (f->shape == OCI_MAP)
			put(m, "\"k.%zu\":", i);
		snprintf(m->path + cut, sizeof(m->path) - cut,
			 f->shape == OCI_MAP ? "[\"k.%zu\"]" : "[%zu]", i);
		make_value(m, f, false);
		m->path[cut] = '\0';
	}
	put(m, f->shape == OCI_LIST ? "]" : "}");
	s->end = m->n;
}

static void make_object(struct maker *m, const struct oci_type *t)
{
	size_t cut = strlen(m->path), parent = m->parent;

	m->parent = m->n;
	put(m, "{");
	for (size_t i = 0; i < t->n; i++) {
		put(m, "%s\"%s\":", i ? "," : "", t->fields[i].key);
		snprintf(m->path + cut, sizeof(m->path) - cut, "%s%s", cut ? "." : "",
			 t->fields[i].key);
		make_member(m, &t->fields[i]);
		m->path[cut] = '\0';
	}
	put(m, "}");
	m->parent = parent;
}

static void make(struct maker *m, const struct oci_type *t)
{
	memset(m, 0, sizeof(*m));
	make_object(m, t);
}

static void test_every_row_round_trips(void **state)
{
	static struct maker m;
	struct oci_error err;

	(void)state;
	for (size_t i = 0; i < ROOTS; i++) {
		const struct oci_type *t = roots[i]();
		struct arena a = {0};
		char *text;
		void *o;

		make(&m, t);
		o = oci_parse(&a, t, m.text, m.n, &err);
		if (o == NULL)
			fail_msg("%s: %s: %s", t->name, err.path, err.msg);
		assert_string_equal(oci_print(&a, t, o, false), m.text);

		text = oci_print(&a, t, o, true);
		assert_int_equal(text[strlen(text) - 1], '\n');
		o = oci_parse(&a, t, text, strlen(text), &err);
		assert_string_equal(oci_print(&a, t, o, false), m.text);
		arena_free(&a);
	}
}

/* May TEXT stand where the spot is? */
static bool is_fitting(const struct spot *s, const char *text)
{
	bool number = s->kind >= OCI_I32 && s->kind <= OCI_U64;

	if (strcmp(text, "null") == 0)
		return s->member && !s->required;
	if (s->shape != OCI_SINGLE)
		return strcmp(text, s->shape == OCI_LIST ? "[]" : "{}") == 0;
	if (strcmp(text, "{}") == 0)
		return s->easy;
	if (strcmp(text, "7") == 0)
		return number;
	if (strcmp(text, "-7") == 0)
		return s->kind == OCI_I32 || s->kind == OCI_I64;
	if (strcmp(text, "\"x\"") == 0)
		return s->kind == OCI_STR;
	return strcmp(text, "false") == 0 && s->kind == OCI_BOOL;
}

static void check_refused(const struct spot *s, const char *instead, const struct oci_error *err)
{
	bool null = strcmp(instead, "null") == 0 && s->member;
	bool object = s->shape == OCI_SINGLE && s->kind == OCI_OBJ && instead[0] == '{';
	bool list = s->shape == OCI_LIST && instead[0] == '[';

	assert_int_equal(err->line, 1);
	assert_int_equal(err->column, (null ? s->parent : s->at) + 1 + list);
	/* the right type on the outside: the path goes on into it */
	assert_memory_equal(err->path, s->path, strlen(s->path));
	assert_int_equal(err->path[strlen(s->path)], object ? '.' : list ? '[' : '\0');
	if (null || object)
		assert_string_equal(err->msg, "required but missing");
	else if (!list)
		assert_true(strstr(err->msg, "expected ") || strstr(err->msg, "out of range") ||
			    strstr(err->msg, "is not one of: "));
}

/* Parses the document with INSTEAD in place of the value. */
static void replace(const struct maker *m, const struct oci_type *t, const struct spot *s,
		    const char *instead)
{
	char text[sizeof(m->text) + 32];
	size_t n = strlen(instead), len = s->at + n + m->n - s->end;
	struct arena a = {0};
	struct oci_error err;

	memcpy(text, m->text, s->at);
	memcpy(text + s->at, instead, n);
	memcpy(text + s->at + n, m->text + s->end, m->n - s->end);
	if (oci_parse(&a, t, text, len, &err) == NULL)
		check_refused(s, instead, &err);
	if (is_fitting(s, instead) != (err.line == 0))
		fail_msg("%s: %s at %s: '%s'", t->name, instead, s->path, err.msg);
	arena_free(&a);
}

static void test_every_row_refuses_other_types(void **state)
{
	static const char *const others[] = {
		"null",	 "false", "7",	"-7",	"1.5",	"1e2", "123456789012345678901",
		"\"x\"", "{}",	  "[]", "[{}]", "[[]]",
	};
	static struct maker m;

	(void)state;
	for (size_t i = 0; i < ROOTS; i++) {
		make(&m, roots[i]());
		assert_true(m.count > 10);
		for (size_t spot = 0; spot < m.count; spot++)
			for (size_t k = 0; k < sizeof(others) / sizeof(others[0]); k++)
				replace(&m, roots[i](), &m.spots[spot], others[k]);
	}
}

static void test_truncated_anywhere(void **state)
{
	static struct maker m;
	struct oci_error err;
	struct arena a = {0};

	(void)state;
	make(&m, oci_type_resources()); /* not the config: the work is the square of its size */
	for (size_t n = 0; n < m.n; n++) {
		char *exact = malloc(n ? n : 1); /* a sanitizer sees a byte too far */

		memcpy(exact, m.text, n);
		assert_null(oci_parse(&a, oci_type_resources(), exact, n, &err));
		assert_int_equal(err.line, 1);
		assert_int_equal(err.column, n + 1);
		assert_string_equal(err.msg, "the document ends too early");
		arena_free(&a);
		free(exact);
	}
}

/* The parser's stack and messages are of a fixed size; the table must fit. */
static unsigned int frames_of(const struct oci_type *t)
{
	unsigned int most = 0;

	for (size_t i = 0; t->size && i < t->n; i++) {
		const struct oci_field *f = &t->fields[i];
		unsigned int n = f->shape != OCI_SINGLE;

		n += f->type ? frames_of(f->type()) : 0;
		most = n > most ? n : most;
	}
	return most + 1;
}

static void test_table_fits_the_parser(void **state)
{
	size_t len;

	(void)state;
	/* the imaginary root object and a list of documents come on top */
	for (size_t i = 0; i < ROOTS; i++)
		assert_in_range(frames_of(roots[i]()) + 2, 3, 16);
#define CHOICE(name)                                                                          \
	len = 0;                                                                              \
	for (unsigned int i = 1; i < oci_type_##name()->n; i++) {                             \
		const char *text = oci_choice_text(oci_type_##name(), i);                     \
		assert_int_equal(oci_choice_value(oci_type_##name(), text, strlen(text)), i); \
		len += strlen(text) + 2;                                                      \
	}                                                                                     \
	assert_true(len < 256);
#include "libocispec/ocispec.def"
	assert_null(oci_choice_text(oci_type_status(), 0));
	assert_null(oci_choice_text(oci_type_status(), 99));
	assert_int_equal(oci_choice_value(oci_type_status(), "runnin", 6), 0);
	assert_int_equal(oci_choice_value(oci_type_status(), "running\0x", 9), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_round_trips),
		cmocka_unit_test(test_every_row_refuses_other_types),
		cmocka_unit_test(test_truncated_anywhere),
		cmocka_unit_test(test_table_fits_the_parser),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
