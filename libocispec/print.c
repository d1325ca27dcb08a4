/* SPDX-License-Identifier: Apache-2.0 */
/* Struct to JSON, driven by the same descriptors as the parser.
 *
 * Properties come out in the order of the table, absent ones do not come out.
 * The text grows at the end of the arena, where growing is free.
 */
#include "internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct writer {
	struct arena *arena;
	char *text;
	size_t n, room;
	bool pretty;
	bool fresh; /* nothing is in the innermost object or array yet */
	unsigned int depth;
};

static void print_object(struct writer *w, const struct oci_type *t, const char *base);

static void put(struct writer *w, const char *s, size_t n)
{
	size_t room = w->room;

	while (room - w->n <= n)
		room += room / 4 + 1024; /* growing costs nothing, pages that nobody needs do */
	if (room > w->room) {
		w->text = arena_grow(w->arena, w->text, w->room, room);
		w->room = room;
	}
	memcpy(w->text + w->n, s, n);
	w->n += n;
}

static void start_line(struct writer *w)
{
	if (!w->pretty)
		return;
	put(w, "\n", 1);
	for (unsigned int i = 0; i < w->depth; i++)
		put(w, "  ", 2);
}

/* Comes before every member and element. */
static void start_item(struct writer *w)
{
	if (!w->fresh)
		put(w, ",", 1);
	w->fresh = false;
	start_line(w);
}

static void open_with(struct writer *w, const char *bracket)
{
	put(w, bracket, 1);
	w->depth++;
	w->fresh = true;
}

static void close_with(struct writer *w, const char *bracket)
{
	w->depth--;
	if (!w->fresh)
		start_line(w);
	put(w, bracket, 1);
	w->fresh = false;
}

/* False: all of the eight bytes stand for themselves. */
static bool may_be_special(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\',
		 del = word ^ ones * 0x7f;

	/* Subtracting sets the top bit of a byte that was less, and maybe of its neighbour. */
	return ((word | (word - ones * 0x20) | (quote - ones) | (backslash - ones) | (del - ones)) &
		tops) != 0;
}

/* How much of S, which has LEFT bytes, stands for itself: nearly always all of it. */
static size_t plain_length(const char *s, size_t left)
{
	uint64_t word;
	size_t n = 0;

	for (; left - n >= sizeof(word); n += sizeof(word)) {
		memcpy(&word, s + n, sizeof(word));
		if (may_be_special(word))
			break;
	}
	while (n < left && s[n] >= 0x20 && s[n] < 0x7f && s[n] != '"' && s[n] != '\\')
		n++;
	return n;
}

/* A string that was filled in by hand (a path, say) need not be UTF-8; the
 * document must be, or nobody can read it. */
static void print_string(struct writer *w, const char *s)
{
	static const char plain[] = "\"\\\n\r\t\b\f", names[] = "\"\\nrtbf";
	const char *end = s + strlen(s), *found;
	char escape[8];
	size_t good;

	put(w, "\"", 1);
	for (; s < end; s += good ? good : 1) {
		good = plain_length(s, (size_t)(end - s));
		if (good > 0) {
			put(w, s, good);
			continue;
		}
		good = oci_text_utf8(s, (size_t)(end - s));
		found = strchr(plain, *s);
		if (good == 0)
			put(w, "\xef\xbf\xbd", 3); /* U+FFFD */
		else if (found)
			put(w, (char[]){'\\', names[found - plain]}, 2);
		else if ((unsigned char)*s < 0x20)
			put(w, escape,
			    (size_t)snprintf(escape, sizeof(escape), "\\u%04x", (unsigned int)*s));
		else
			put(w, s, good);
	}
	put(w, "\"", 1);
}

static void print_key(struct writer *w, const char *key)
{
	start_item(w);
	print_string(w, key);
	put(w, ": ", w->pretty ? 2 : 1);
}

static void print_unsigned(struct writer *w, uint64_t v)
{
	char buf[24];

	put(w, buf, (size_t)snprintf(buf, sizeof(buf), "%" PRIu64, v));
}

static void print_signed(struct writer *w, int64_t v)
{
	char buf[24];

	put(w, buf, (size_t)snprintf(buf, sizeof(buf), "%" PRId64, v));
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
		put(w, ((const struct oci_bool *)p)->v ? "true" : "false",
		    ((const struct oci_bool *)p)->v ? 4 : 5);
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

	open_with(w, "[");
	for (size_t i = 0; i < l->n; i++) {
		start_item(w);
		if (f->kind == OCI_OBJ)
			print_object(w, f->type(), objects + i * f->type()->size);
		else if (f->kind == OCI_ENUM)
			print_string(w, oci_choice_text(f->type(), choices[i]));
		else if (f->kind == OCI_STR)
			print_string(w, strings[i].v);
		else
			print_unsigned(w, numbers[i]);
	}
	close_with(w, "]");
}

static void print_map(struct writer *w, const struct oci_field *f, const struct oci_any_list *l)
{
	const struct oci_any_entry *e = l->v;

	open_with(w, "{");
	for (size_t i = 0; i < l->n; i++) {
		print_key(w, e[i].key);
		if (f->kind == OCI_OBJ)
			print_object(w, f->type(), e[i].v);
		else
			print_string(w, e[i].v);
	}
	close_with(w, "}");
}

static void print_object(struct writer *w, const struct oci_type *t, const char *base)
{
	open_with(w, "{");
	for (const struct oci_field *f = t->fields; f < t->fields + t->n; f++) {
		const void *p = base + f->offset;

		if (!is_present(f, p))
			continue;
		print_key(w, f->key);
		if (f->shape == OCI_SINGLE)
			print_single(w, f, p);
		else if (f->shape == OCI_LIST)
			print_list(w, f, p);
		else
			print_map(w, f, p);
	}
	close_with(w, "}");
}

static char *finish(struct writer *w)
{
	if (w->pretty)
		put(w, "\n", 1);
	put(w, "", 1);
	return w->text;
}

char *oci_print(struct arena *arena, const struct oci_type *root, const void *object, bool pretty)
{
	struct writer w = {.arena = arena, .pretty = pretty};

	print_object(&w, root, object);
	return finish(&w);
}

char *oci_print_list(struct arena *arena, const struct oci_type *element, const void *objects,
		     size_t n, bool pretty)
{
	struct writer w = {.arena = arena, .pretty = pretty};

	open_with(&w, "[");
	for (size_t i = 0; i < n; i++) {
		start_item(&w);
		print_object(&w, element, (const char *)objects + i * element->size);
	}
	close_with(&w, "]");
	return finish(&w);
}
