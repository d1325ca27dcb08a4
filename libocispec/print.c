/* SPDX-License-Identifier: Apache-2.0 */
/* Struct to JSON, driven by the same descriptors as the parser.
 *
 * Properties come out in the order of the table, absent ones do not come out.
 * All memory, yajl's included, is the arena's.
 */
#include "internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <yajl/yajl_gen.h>

struct writer {
	yajl_gen gen;
	struct arena *arena;
};

static void print_object(struct writer *w, const struct oci_type *t, const char *base);

/* A string that was filled in by hand (a path, say) need not be UTF-8; the
 * document must be, or nobody can read it. */
static const char *repair(struct writer *w, const char *s, size_t *len)
{
	char *copy = arena_array(w->arena, *len, sizeof("\xef\xbf\xbd"));
	size_t n = 0;

	for (size_t i = 0, step; i < *len; i += step ? step : 1) {
		step = oci_text_utf8(s + i, *len - i);
		memcpy(copy + n, step ? s + i : "\xef\xbf\xbd", step ? step : 3);
		n += step ? step : 3;
	}
	*len = n;
	return copy;
}

static void print_string(struct writer *w, const char *s)
{
	size_t len = strlen(s), i = 0;

	for (size_t step = 1; step && i < len; i += step)
		step = oci_text_utf8(s + i, len - i);
	if (i < len)
		s = repair(w, s, &len);
	yajl_gen_string(w->gen, (const unsigned char *)s, len);
}

static void print_unsigned(struct writer *w, uint64_t v)
{
	char buf[24];
	int n = snprintf(buf, sizeof(buf), "%" PRIu64, v);

	yajl_gen_number(w->gen, buf, (size_t)n);
}

static void print_signed(struct writer *w, int64_t v)
{
	char buf[24];
	int n = snprintf(buf, sizeof(buf), "%" PRId64, v);

	yajl_gen_number(w->gen, buf, (size_t)n);
}

/* Is the member of an object that F describes there? */
static bool is_present(const struct oci_field *f, const void *p)
{
	if (f->shape != OCI_SINGLE)
		return ((const struct oci_any_list *)p)->v != NULL;
	switch ((enum oci_kind)f->kind) {
	case OCI_BOOL:
		return ((const struct oci_bool *)p)->set;
	case OCI_I32:
	case OCI_PID:
		return ((const struct oci_i32 *)p)->set;
	case OCI_I64:
		return ((const struct oci_i64 *)p)->set;
	case OCI_U16:
		return ((const struct oci_u16 *)p)->set;
	case OCI_U32:
		return ((const struct oci_u32 *)p)->set;
	case OCI_U64:
		return ((const struct oci_u64 *)p)->set;
	case OCI_ENUM:
		return oci_choice_text(f->type(), *(const unsigned int *)p) != NULL;
	case OCI_STR:
	case OCI_OBJ:
		return ((const struct oci_any_pointer *)p)->v != NULL;
	}
	return false;
}

static void print_single(struct writer *w, const struct oci_field *f, const void *p)
{
	switch ((enum oci_kind)f->kind) {
	case OCI_BOOL:
		yajl_gen_bool(w->gen, ((const struct oci_bool *)p)->v);
		break;
	case OCI_I32:
	case OCI_PID:
		print_signed(w, ((const struct oci_i32 *)p)->v);
		break;
	case OCI_I64:
		print_signed(w, ((const struct oci_i64 *)p)->v);
		break;
	case OCI_U16:
		print_unsigned(w, ((const struct oci_u16 *)p)->v);
		break;
	case OCI_U32:
		print_unsigned(w, ((const struct oci_u32 *)p)->v);
		break;
	case OCI_U64:
		print_unsigned(w, ((const struct oci_u64 *)p)->v);
		break;
	case OCI_ENUM:
		print_string(w, oci_choice_text(f->type(), *(const unsigned int *)p));
		break;
	case OCI_STR:
		print_string(w, ((const struct oci_any_pointer *)p)->v);
		break;
	case OCI_OBJ:
		print_object(w, f->type(), ((const struct oci_any_pointer *)p)->v);
		break;
	}
}

static void print_list(struct writer *w, const struct oci_field *f, const struct oci_any_list *l)
{
	const struct oci_any_pointer *strings = l->v;
	const char *objects = l->v;
	const uint32_t *numbers = l->v;
	const unsigned int *choices = l->v;

	yajl_gen_array_open(w->gen);
	for (size_t i = 0; i < l->n; i++) {
		if (f->kind == OCI_OBJ)
			print_object(w, f->type(), objects + i * f->type()->size);
		else if (f->kind == OCI_ENUM)
			print_string(w, oci_choice_text(f->type(), choices[i]));
		else if (f->kind == OCI_STR)
			print_string(w, strings[i].v);
		else
			print_unsigned(w, numbers[i]);
	}
	yajl_gen_array_close(w->gen);
}

static void print_map(struct writer *w, const struct oci_field *f, const struct oci_any_list *l)
{
	const struct oci_any_entry *e = l->v;

	yajl_gen_map_open(w->gen);
	for (size_t i = 0; i < l->n; i++) {
		print_string(w, e[i].key);
		if (f->kind == OCI_OBJ)
			print_object(w, f->type(), e[i].v);
		else
			print_string(w, e[i].v);
	}
	yajl_gen_map_close(w->gen);
}

static void print_object(struct writer *w, const struct oci_type *t, const char *base)
{
	yajl_gen_map_open(w->gen);
	for (const struct oci_field *f = t->fields; f < t->fields + t->n; f++) {
		const void *p = base + f->offset;

		if (!is_present(f, p))
			continue;
		yajl_gen_string(w->gen, (const unsigned char *)f->key, f->key_len);
		if (f->shape == OCI_SINGLE)
			print_single(w, f, p);
		else if (f->shape == OCI_LIST)
			print_list(w, f, p);
		else
			print_map(w, f, p);
	}
	yajl_gen_map_close(w->gen);
}

static void open_writer(struct writer *w, struct arena *arena, bool pretty)
{
	yajl_alloc_funcs memory = oci_text_yajl_memory(arena);

	w->arena = arena;
	w->gen = yajl_gen_alloc(&memory);
	(void)yajl_gen_config(w->gen, yajl_gen_beautify, pretty);
	(void)yajl_gen_config(w->gen, yajl_gen_indent_string, "  ");
}

/* The text stays where yajl wrote it, which is the arena.  Nothing that yajl_gen
 * could complain of can happen here: the table orders the calls, it is not asked
 * to validate strings, and its depth is more than the table's. */
static char *close_writer(struct writer *w)
{
	const unsigned char *text = NULL;
	size_t len;

	(void)yajl_gen_get_buf(w->gen, &text, &len);
	return (char *)text;
}

char *oci_print(struct arena *arena, const struct oci_type *root, const void *object, bool pretty)
{
	struct writer w;

	open_writer(&w, arena, pretty);
	print_object(&w, root, object);
	return close_writer(&w);
}

char *oci_print_list(struct arena *arena, const struct oci_type *element, const void *objects,
		     size_t n, bool pretty)
{
	const char *object = objects;
	struct writer w;

	open_writer(&w, arena, pretty);
	yajl_gen_array_open(w.gen);
	for (size_t i = 0; i < n; i++)
		print_object(&w, element, object + i * element->size);
	yajl_gen_array_close(w.gen);
	return close_writer(&w);
}
