/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* OCI documents (config, state, features and parts of them) as C structs.
 *
 * Every struct, enum and descriptor here comes from ocispec.def; nothing is
 * declared twice.  A parsed document lives in the arena given to the parser and
 * keeps no pointer into the text.  What was absent (or null) in the document:
 *
 *	struct oci_bool, oci_u32, ...   .set is false
 *	const char *, struct oci_x *    NULL
 *	enum oci_x                      0 (OCI_x_absent)
 *	lists and maps                  .v is NULL; an empty one has .n == 0 and .v != NULL
 *
 * Lists are followed by a zeroed element: a list of strings can go to execve(2).
 * Structs that are filled in by hand print by the same rules.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

#undef linux /* a macro in gnu17, a member here */

/* Scalars that know whether they were present in the document. */
struct oci_bool { bool v, set; };
struct oci_i32 { int32_t v; bool set; };
struct oci_i64 { int64_t v; bool set; };
struct oci_u16 { uint16_t v; bool set; };
struct oci_u32 { uint32_t v; bool set; };
struct oci_u64 { uint64_t v; bool set; };

struct oci_str_list { size_t n; const char **v; };
struct oci_u32_list { size_t n; uint32_t *v; };
struct oci_str_entry { const char *key, *v; };
struct oci_str_map { size_t n; struct oci_str_entry *v; };

/* C type of a kind; pid is an i32 that is not negative. */
#define OCI_ONE_bool struct oci_bool
#define OCI_ONE_i32 struct oci_i32
#define OCI_ONE_i64 struct oci_i64
#define OCI_ONE_pid struct oci_i32
#define OCI_ONE_u16 struct oci_u16
#define OCI_ONE_u32 struct oci_u32
#define OCI_ONE_u64 struct oci_u64
#define OCI_ONE_str const char *

/* Enums (0 always means "absent"), and the lists and maps of each type:
 * struct oci_mount_list { size_t n; struct oci_mount *v; } and so on. */
#define CHOICE(name) enum oci_##name { OCI_##name##_absent,
#define IS(id, text) id,
#define END_CHOICE(name)                                                                           \
	};                                                                                         \
	struct oci_##name##_list { size_t n; enum oci_##name *v; };
#define OBJECT(name)                                                                               \
	struct oci_##name;                                                                         \
	struct oci_##name##_list { size_t n; struct oci_##name *v; };                              \
	struct oci_##name##_entry { const char *key; struct oci_##name *v; };                      \
	struct oci_##name##_map { size_t n; struct oci_##name##_entry *v; };
#include "ocispec.def"

/* The structs.  .at is the byte offset of the object's '{' in the text. */
#define OBJECT(name) struct oci_##name { uint32_t at;
#define VAL(need, kind, member, key) OCI_ONE_##kind member;
#define ENUM(need, choice, member, key) enum oci_##choice member;
#define OBJ(need, object, member, key) struct oci_##object *member;
#define LIST(need, kind, member, key) struct oci_##kind##_list member;
#define LIST_ENUM(need, choice, member, key) struct oci_##choice##_list member;
#define LIST_OBJ(need, object, member, key) struct oci_##object##_list member;
#define MAP(need, kind, member, key) struct oci_##kind##_map member;
#define MAP_OBJ(need, object, member, key) struct oci_##object##_map member;
#define END(name) };
#include "ocispec.def"

/* Descriptors: what the parser, the printer and the tests walk. */
enum oci_kind {
	OCI_BOOL, OCI_I32, OCI_I64, OCI_PID, OCI_U16, OCI_U32, OCI_U64, OCI_STR, OCI_ENUM, OCI_OBJ
};
enum oci_shape { OCI_SINGLE, OCI_LIST, OCI_MAP };

struct oci_type;

struct oci_field {
	const char *key;
	const struct oci_type *(*type)(void); /* of OCI_ENUM and OCI_OBJ */
	uint16_t offset;
	uint8_t key_len;
	uint8_t kind, shape;
	bool required;
};

struct oci_type {
	const char *name;
	size_t size;                    /* of the struct; 0 for an enum */
	size_t n;                       /* fields, or choices with index 0 */
	const struct oci_field *fields; /* of an object */
	const char *const *choices;     /* of an enum, [0] is NULL */
};

/* oci_type_config(), oci_type_process(), oci_type_namespace_type(), ... */
#define CHOICE(name) const struct oci_type *oci_type_##name(void);
#define OBJECT(name) const struct oci_type *oci_type_##name(void);
#include "ocispec.def"

/* The text of an enum value as it stands in JSON; NULL for 0 and unknown ones. */
const char *oci_choice_text(const struct oci_type *choice, unsigned int value);

/* The value of an enum whose text is the LEN bytes at S; 0 when there is none. */
unsigned int oci_choice_value(const struct oci_type *choice, const char *s, size_t len);

/* Longer documents and deeper nesting are errors. */
enum { OCI_MAX_SIZE = 16 * 1024 * 1024, OCI_MAX_DEPTH = 64 };

/* One error is one line: control characters of the document come escaped. */
struct oci_error {
	unsigned int line, column; /* from 1; 0 when the error has no place */
	char path[256];            /* process.rlimits[0].soft, annotations["a.b"]; may be empty */
	char msg[384];
};

/* Writes "FILENAME:LINE:COLUMN: PATH: MESSAGE", cut to SIZE, and returns BUF. */
char *oci_error_format(const struct oci_error *err, const char *filename, char *buf, size_t size);

/* Told about properties that no row knows; the specification wants them ignored. */
struct oci_watch {
	void (*unknown)(void *data, const char *path, unsigned int line);
	void *data;
};

/* Parses TEXT into a new object of type ROOT, or returns NULL and fills ERR.
 * Properties given twice, of the wrong type or out of range, and required ones
 * that are missing are errors; null is absent, but no element of a list or map.
 * TEXT need not be terminated. */
void *oci_parse(struct arena *arena, const struct oci_type *root, const char *text, size_t len,
		struct oci_error *err);

/* The same, and tells WATCH (which may be NULL) what is ignored. */
void *oci_parse_watch(struct arena *arena, const struct oci_type *root, const char *text,
		      size_t len, const struct oci_watch *watch, struct oci_error *err);

/* Parses an array of objects of type ELEMENT.  Returns the first one (not NULL
 * for an empty array) and their number:
 *	struct oci_mount_list l;
 *	l.v = oci_parse_list(&arena, oci_type_mount(), text, len, &l.n, &err); */
void *oci_parse_list(struct arena *arena, const struct oci_type *element, const char *text,
		     size_t len, size_t *ret_n, struct oci_error *err);

/* Turns a byte offset, as kept in every object, into line and column (in characters). */
void oci_locate(const char *text, size_t offset, unsigned int *ret_line, unsigned int *ret_column);

/* JSON of an object, or of an array of N objects, as a string of the arena.
 * Pretty output ends with a newline.  Bytes that are not UTF-8 become U+FFFD. */
char *oci_print(struct arena *arena, const struct oci_type *root, const void *object, bool pretty);
char *oci_print_list(struct arena *arena, const struct oci_type *element, const void *objects,
		     size_t n, bool pretty);

/* True for every SemVer 1.y.z[-pre][+build]. */
bool oci_version_supported(const char *version);
