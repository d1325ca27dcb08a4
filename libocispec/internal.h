/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Shared by the files of libocispec, not for its users: the generic view of a
 * struct that its descriptor gives (oci_any_), what is known about text
 * (oci_text_), and the state of the parser (oci_reader_).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yajl/yajl_parse.h>

#include "ocispec.h"

/* Any list, map or pointer seen through its descriptor.  may_alias, because the
 * same memory is also accessed through the typed members of ocispec.h. */
struct oci_any_list {
	size_t n;
	void *v;
} __attribute__((may_alias));

struct oci_any_entry {
	const char *key;
	void *v;
} __attribute__((may_alias));

struct oci_any_pointer {
	void *v;
} __attribute__((may_alias));

/* Offset of the first byte at which TEXT is not good UTF-8 or has an escape that
 * no string may hold (U+0000, half a surrogate pair), or LEN; RET_WHY says what. */
size_t oci_text_first_bad(const char *text, size_t len, const char **ret_why);

/* Length of the UTF-8 sequence at S, which has LEFT bytes; 0 when it is not good. */
size_t oci_text_utf8(const char *s, size_t left);

/* Copies LEN bytes of a document for use in a message: control characters come
 * escaped, and what does not fit is replaced by "...".  Returns OUT. */
char *oci_text_quote(char *out, size_t size, const char *s, size_t len);

/* Appends to the N characters in OUT; returns how many there are now. */
__attribute__((format(printf, 4, 5))) size_t oci_text_add(char *out, size_t size, size_t n,
							  const char *fmt, ...);

/* Where the token that ends before END begins. */
size_t oci_text_token_start(const char *text, size_t end);

/* Lets yajl take its memory from ARENA; freeing is left to the arena. */
yajl_alloc_funcs oci_text_yajl_memory(struct arena *arena);

/* More than any document known to the table needs. */
enum { OCI_MAX_FRAMES = 16 };

/* A key of a map and where it ends. */
struct oci_seen_key {
	const char *key;
	uint32_t at;
};

/* An object, list or map of which the end has not been seen. */
struct oci_frame {
	const struct oci_type *type;   /* object: its type; NULL in a list or a map */
	const struct oci_field *field; /* object: the field being read; else: what holds this */
	void *base;                    /* object: its struct; else: its struct oci_any_list */
	uint64_t given, null;          /* object: a bit per field */
	const char *key;               /* map: the current key */
	struct oci_seen_key *keys;     /* map: all keys */
	size_t size, room;             /* list, map: bytes per element, elements allocated */
};

struct oci_reader {
	struct arena *arena;
	const struct oci_watch *watch;
	const char *text;
	size_t len;
	struct oci_error *err;
	yajl_handle yajl;
	const struct oci_type *root_type;
	struct oci_field root_field;
	bool flushing;         /* in yajl_complete_parse() */
	bool skip_next;        /* the next value belongs to an unknown key */
	unsigned int skipping; /* depth inside an unknown value, 0 when not skipping */
	size_t line_at;        /* offset of which the line is known */
	unsigned int line;
	unsigned int depth;    /* frames in use; the first is the imaginary object */
	struct oci_frame stack[OCI_MAX_FRAMES];
};

static inline struct oci_frame *oci_reader_top(struct oci_reader *r)
{
	return &r->stack[r->depth - 1];
}

/* Where the token that yajl has just reported ends. */
size_t oci_reader_token_end(struct oci_reader *r);

/* The path of the value being read, as in struct oci_error. */
void oci_reader_path(struct oci_reader *r, char *out, size_t size);

/* Fills in the error: at the offset AT, or at the token just reported.  Both
 * return 0, which makes yajl stop. */
__attribute__((format(printf, 3, 4))) int oci_reader_fail_at(struct oci_reader *r, size_t at,
							     const char *fmt, ...);
#define oci_reader_fail(r, ...)                                                                    \
	oci_reader_fail_at(r, oci_text_token_start((r)->text, oci_reader_token_end(r)), __VA_ARGS__)

/* "expected what the table wants, got GOT". */
int oci_reader_mismatch(struct oci_reader *r, const char *got);

/* The type of the objects or of the enum that a field holds. */
const struct oci_type *oci_reader_field_type(struct oci_reader *r, const struct oci_field *f);

/* Enters an object, or the list or map at BASE that FIELD describes. */
int oci_reader_push(struct oci_reader *r, struct oci_frame f);
int oci_reader_push_elements(struct oci_reader *r, const struct oci_field *field, void *base);

/* Where the value of the current token goes: a member, or a new element. */
void *oci_reader_slot(struct oci_reader *r);

/* True when the token is part of a value to ignore. */
bool oci_reader_ignores(struct oci_reader *r);

/* The kind of scalar that may stand here, or OCI_OBJ when none may. */
static inline enum oci_kind oci_reader_scalar_kind(const struct oci_frame *f)
{
	return f->type && f->field->shape != OCI_SINGLE ? OCI_OBJ : (enum oci_kind)f->field->kind;
}

/* yajl's callbacks for scalars. */
int oci_value_null(void *ctx);
int oci_value_boolean(void *ctx, int v);
int oci_value_number(void *ctx, const char *s, size_t len);
int oci_value_string(void *ctx, const unsigned char *str, size_t len);
