/* SPDX-License-Identifier: Apache-2.0 */
/* The state of the parser: which object, list or map is being read, where its
 * next value goes, and how an error names the place.
 *
 * The root is the only field of an imaginary object, so that no callback has to
 * treat it apart.
 */
#include "internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void oci_reader_path(struct oci_reader *r, char *out, size_t size)
{
	size_t n = 0;
	char key[128];

	out[0] = '\0';
	for (unsigned int i = 0; i < r->depth; i++) {
		const struct oci_frame *f = &r->stack[i];
		const struct oci_any_list *l = f->base;

		if (f->type && f->field)
			n = oci_text_add(out, size, n, "%s%s", n ? "." : "", f->field->key);
		else if (f->type == NULL && f->field->shape == OCI_LIST)
			/* the element in which we are, or the one to come */
			n = oci_text_add(out, size, n, "[%zu]", l->n - (i + 1 < r->depth));
		else if (f->key)
			n = oci_text_add(out, size, n, "[\"%s\"]",
					 oci_text_quote(key, sizeof(key), f->key, strlen(f->key)));
	}
}

/* yajl restarts its count when it flushes a last number at the end of the text. */
size_t oci_reader_token_end(struct oci_reader *r)
{
	return r->flushing ? r->len : yajl_get_bytes_consumed(r->yajl);
}

int oci_reader_fail_at(struct oci_reader *r, size_t at, const char *fmt, ...)
{
	va_list ap;

	oci_locate(r->text, at, &r->err->line, &r->err->column);
	oci_reader_path(r, r->err->path, sizeof(r->err->path));
	va_start(ap, fmt);
	(void)vsnprintf(r->err->msg, sizeof(r->err->msg), fmt, ap);
	va_end(ap);
	return 0;
}

/* What the grammar of the document wants at this point. */
static const char *wanted(const struct oci_frame *f)
{
	static const char *const names[] = {
		[OCI_BOOL] = "a boolean",
		[OCI_I32] = "an integer",
		[OCI_I64] = "an integer",
		[OCI_PID] = "a non-negative integer",
		[OCI_U16] = "a non-negative integer",
		[OCI_U32] = "a non-negative integer",
		[OCI_U64] = "a non-negative integer",
		[OCI_STR] = "a string",
		[OCI_ENUM] = "a string",
		[OCI_OBJ] = "an object",
	};

	if (f->type && f->field->shape != OCI_SINGLE)
		return f->field->shape == OCI_LIST ? "an array" : "an object";
	return names[f->field->kind];
}

int oci_reader_mismatch(struct oci_reader *r, const char *got)
{
	return oci_reader_fail(r, "expected %s, got %s", wanted(oci_reader_top(r)), got);
}

const struct oci_type *oci_reader_field_type(struct oci_reader *r, const struct oci_field *f)
{
	return f == &r->root_field ? r->root_type : f->type();
}

static size_t element_size(struct oci_reader *r, const struct oci_field *f)
{
	if (f->shape == OCI_MAP)
		return sizeof(struct oci_any_entry);
	if (f->kind == OCI_OBJ)
		return oci_reader_field_type(r, f)->size;
	return f->kind == OCI_STR ? sizeof(const char *) : sizeof(uint32_t);
}

int oci_reader_push(struct oci_reader *r, struct oci_frame f)
{
	if (r->depth == OCI_MAX_FRAMES)
		return oci_reader_fail(r, "nested too deeply");
	r->stack[r->depth++] = f;
	return 1;
}

/* Makes room for elements from the start: .v must not stay NULL, which would
 * mean that the list or map is absent. */
int oci_reader_push_elements(struct oci_reader *r, const struct oci_field *field, void *base)
{
	struct oci_any_list *l = base;
	struct oci_frame f = {.field = field, .base = base};

	f.size = element_size(r, field);
	f.room = f.size < 64 ? 128 / f.size : 2;
	l->v = arena_array(r->arena, f.room, f.size);
	if (field->shape == OCI_MAP)
		f.keys = arena_array(r->arena, f.room, sizeof(*f.keys));
	return oci_reader_push(r, f);
}

/* One more element; another, zeroed one always follows it. */
static void *append(struct oci_reader *r, struct oci_frame *f)
{
	struct oci_any_list *l = f->base;
	size_t room = f->room;

	if (l->n + 1 == room) {
		f->room *= 2;
		l->v = arena_grow(r->arena, l->v, room * f->size, f->room * f->size);
		if (f->keys)
			f->keys = arena_grow(r->arena, f->keys, room * sizeof(*f->keys),
					     f->room * sizeof(*f->keys));
	}
	return (char *)l->v + l->n++ * f->size;
}

void *oci_reader_slot(struct oci_reader *r)
{
	struct oci_frame *f = oci_reader_top(r);
	struct oci_any_entry *e;

	if (f->type)
		return (char *)f->base + f->field->offset;
	if (f->field->shape == OCI_LIST)
		return append(r, f);
	e = append(r, f);
	e->key = f->key;
	return &e->v;
}

bool oci_reader_ignores(struct oci_reader *r)
{
	bool ignored = r->skipping || r->skip_next;

	r->skip_next = false;
	return ignored;
}
