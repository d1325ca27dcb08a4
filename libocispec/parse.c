/* SPDX-License-Identifier: Apache-2.0 */
/* Streaming JSON to struct, driven by the descriptors.
 *
 * yajl calls back once per token; the reader remembers which object, list or map
 * the token belongs to.  Here are the tokens that open, close and name; value.c
 * has the others.  Properties that no row knows are skipped by counting, never
 * by recursion.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

static const struct oci_field *find_field(const struct oci_type *t, const char *key, size_t len)
{
	for (const struct oci_field *f = t->fields; f < t->fields + t->n; f++)
		if (f->key_len == len && memcmp(f->key, key, len) == 0)
			return f;
	return NULL;
}

static bool is_plain(const char *key, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!(key[i] >= '0' && key[i] <= '9') &&
		    !((key[i] | 0x20) >= 'a' && (key[i] | 0x20) <= 'z'))
			return false;
	return len > 0;
}

/* Tells of an unknown property.  Lines are counted on from the last one told, so
 * that a document full of them stays cheap. */
static void tell_unknown(struct oci_reader *r, const char *key, size_t len)
{
	char path[256], text[128];
	size_t at = oci_reader_token_end(r), n;

	for (; r->line_at < at; r->line_at++)
		r->line += r->text[r->line_at] == '\n';
	oci_reader_path(r, path, sizeof(path));
	n = strlen(path);
	oci_text_quote(text, sizeof(text), key, len);
	if (is_plain(key, len))
		oci_text_add(path, sizeof(path), n, "%s%s", n ? "." : "", text);
	else
		oci_text_add(path, sizeof(path), n, "[\"%s\"]", text);
	r->watch->unknown(r->watch->data, path, r->line);
}

static int on_key(void *ctx, const unsigned char *str, size_t len)
{
	struct oci_reader *r = ctx;
	struct oci_frame *f = oci_reader_top(r);
	const char *key = (const char *)str;
	uint64_t bit;

	if (r->skipping)
		return 1;
	if (f->type == NULL) {
		f->key = arena_strndup(r->arena, key, len);
		f->keys[((struct oci_any_list *)f->base)->n] =
			(struct oci_seen_key){f->key, (uint32_t)oci_reader_token_end(r)};
		return 1;
	}
	f->field = find_field(f->type, key, len);
	if (f->field == NULL) {
		r->skip_next = true;
		if (r->watch)
			tell_unknown(r, key, len);
		return 1;
	}
	bit = UINT64_C(1) << (f->field - f->type->fields);
	if (f->given & bit)
		return oci_reader_fail(r, "given twice");
	f->given |= bit;
	return 1;
}

/* Counts the depth of an unknown value. */
static int skip_into(struct oci_reader *r)
{
	if (r->depth - 1 + ++r->skipping > OCI_MAX_DEPTH)
		return oci_reader_fail(r, "nested too deeply");
	return 1;
}

static int on_open_object(void *ctx)
{
	struct oci_reader *r = ctx;
	struct oci_frame *f = oci_reader_top(r), new = {0};
	struct oci_any_pointer *p;
	uint32_t at = (uint32_t)oci_reader_token_end(r) - 1;

	if (oci_reader_ignores(r))
		return skip_into(r);
	if (f->type && f->field->shape == OCI_MAP)
		return oci_reader_push_elements(r, f->field, oci_reader_slot(r));
	if (oci_reader_scalar_kind(f) != OCI_OBJ || (f->type && f->field->shape == OCI_LIST))
		return oci_reader_mismatch(r, "an object");
	new.type = oci_reader_field_type(r, f->field);
	if (f->type == NULL && f->field->shape == OCI_LIST) {
		new.base = oci_reader_slot(r);
	} else {
		p = oci_reader_slot(r);
		p->v = new.base = arena_alloc(r->arena, new.type->size);
	}
	memcpy(new.base, &at, sizeof(at)); /* every struct begins with its place */
	return oci_reader_push(r, new);
}

static int by_key_and_place(const void *a, const void *b)
{
	const struct oci_seen_key *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	return order ? order : (x->at > y->at) - (x->at < y->at);
}

/* Sorted at the end, because looking every key up in a list would make a map of
 * a million keys, which fits into a document, take an hour. */
static int check_keys(struct oci_reader *r, struct oci_frame *f)
{
	size_t n = ((struct oci_any_list *)f->base)->n;
	const struct oci_seen_key *again = NULL;

	qsort(f->keys, n, sizeof(*f->keys), by_key_and_place);
	for (size_t i = 1; i < n; i++)
		if (strcmp(f->keys[i - 1].key, f->keys[i].key) == 0 &&
		    (again == NULL || f->keys[i].at < again->at))
			again = &f->keys[i];
	if (again == NULL)
		return 1;
	f->key = again->key;
	return oci_reader_fail_at(r, oci_text_token_start(r->text, again->at), "given twice");
}

static int check_required(struct oci_reader *r, struct oci_frame *f)
{
	uint32_t at;

	for (size_t i = 0; i < f->type->n; i++) {
		if (!f->type->fields[i].required || (f->given & ~f->null) >> i & 1)
			continue;
		f->field = &f->type->fields[i];
		memcpy(&at, f->base, sizeof(at));
		return oci_reader_fail_at(r, at, "required but missing");
	}
	return 1;
}

static int on_close_object(void *ctx)
{
	struct oci_reader *r = ctx;
	struct oci_frame *f = oci_reader_top(r);

	if (r->skipping) {
		r->skipping--;
		return 1;
	}
	if (!(f->type ? check_required(r, f) : check_keys(r, f)))
		return 0;
	r->depth--;
	return 1;
}

static int on_open_array(void *ctx)
{
	struct oci_reader *r = ctx;
	struct oci_frame *f = oci_reader_top(r);

	if (oci_reader_ignores(r))
		return skip_into(r);
	if (f->type == NULL || f->field->shape != OCI_LIST)
		return oci_reader_mismatch(r, "an array");
	return oci_reader_push_elements(r, f->field, oci_reader_slot(r));
}

static int on_close_array(void *ctx)
{
	struct oci_reader *r = ctx;

	if (r->skipping)
		r->skipping--;
	else
		r->depth--;
	return 1;
}

static const yajl_callbacks callbacks = {
	.yajl_null = oci_value_null,
	.yajl_boolean = oci_value_boolean,
	.yajl_number = oci_value_number,
	.yajl_string = oci_value_string,
	.yajl_start_map = on_open_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_close_object,
	.yajl_start_array = on_open_array,
	.yajl_end_array = on_close_array,
};

/* What yajl calls "premature EOF" or, when the text ends inside a word, a bad
 * string, is seen only when it is told that no more text follows. */
static void fail_syntax(struct oci_reader *r)
{
	size_t end = oci_reader_token_end(r), at = oci_text_token_start(r->text, end), len;
	const char *why;

	if (r->flushing) {
		oci_reader_fail_at(r, r->len, "the document ends too early");
		return;
	}
	why = (char *)yajl_get_error(r->yajl, 0, NULL, 0);
	why += strcspn(why, ":");
	why += strspn(why, ": "); /* past "lexical error: " */
	len = strcspn(why, "\n");
	while (len && why[len - 1] == '.')
		len--;
	if (end < r->len && strchr(" \t\r\n", r->text[at]))
		at = end; /* a character that no token begins with is not always consumed */
	oci_reader_fail_at(r, at, "%.*s", (int)len, why);
}

static bool run(struct oci_reader *r)
{
	yajl_alloc_funcs memory = oci_text_yajl_memory(r->arena);
	yajl_status status;
	const char *why = "";
	size_t good;

	if (r->len > OCI_MAX_SIZE) {
		(void)oci_text_add(r->err->msg, sizeof(r->err->msg), 0,
				   "the document is larger than %d MiB", OCI_MAX_SIZE >> 20);
		return false;
	}
	r->yajl = yajl_alloc(&callbacks, &memory, r);
	(void)yajl_config(r->yajl, yajl_dont_validate_strings, 1); /* done here, and better */
	good = oci_text_first_bad(r->text, r->len, &why);
	status = yajl_parse(r->yajl, (const unsigned char *)r->text, good);
	if (status == yajl_status_ok && good < r->len) {
		oci_reader_fail_at(r, good, "%s", why);
		return false;
	}
	if (status == yajl_status_ok) {
		r->flushing = true;
		status = yajl_complete_parse(r->yajl);
	}
	if (status == yajl_status_error)
		fail_syntax(r);
	return status == yajl_status_ok;
}

/* Reads a document into ROOT: its .v is the object, or it is the list. */
static bool read_document(struct oci_reader *r, enum oci_shape shape, struct oci_any_list *root)
{
	static const struct oci_type imaginary = {.name = "document"};

	*r->err = (struct oci_error){0};
	r->root_field = (struct oci_field){
		.key = "",
		.kind = OCI_OBJ,
		.shape = (uint8_t)shape,
		.offset = shape == OCI_SINGLE ? offsetof(struct oci_any_list, v) : 0,
	};
	r->stack[0] = (struct oci_frame){.type = &imaginary, .field = &r->root_field, .base = root};
	r->depth = 1;
	r->line = 1;
	return run(r);
}

void *oci_parse_watch(struct arena *arena, const struct oci_type *root, const char *text,
		      size_t len, const struct oci_watch *watch, struct oci_error *err)
{
	struct oci_reader r = {
		.arena = arena,
		.watch = watch,
		.text = text,
		.len = len,
		.err = err,
		.root_type = root,
	};
	struct oci_any_list document = {0};

	return read_document(&r, OCI_SINGLE, &document) ? document.v : NULL;
}

void *oci_parse(struct arena *arena, const struct oci_type *root, const char *text, size_t len,
		struct oci_error *err)
{
	return oci_parse_watch(arena, root, text, len, NULL, err);
}

void *oci_parse_list(struct arena *arena, const struct oci_type *element, const char *text,
		     size_t len, size_t *ret_n, struct oci_error *err)
{
	struct oci_reader r = {
		.arena = arena,
		.text = text,
		.len = len,
		.err = err,
		.root_type = element,
	};
	struct oci_any_list document = {0};

	if (!read_document(&r, OCI_LIST, &document))
		return NULL;
	*ret_n = document.n;
	return document.v;
}
