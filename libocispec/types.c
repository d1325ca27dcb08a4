/* SPDX-License-Identifier: Apache-2.0 */
/* The descriptor tables, expanded from ocispec.def. */
#include "ocispec.h"

#include <string.h>

#define KIND_bool OCI_BOOL
#define KIND_i32 OCI_I32
#define KIND_i64 OCI_I64
#define KIND_pid OCI_PID
#define KIND_u16 OCI_U16
#define KIND_u32 OCI_U32
#define KIND_u64 OCI_U64
#define KIND_str OCI_STR
#define REQUIRED true
#define OPTIONAL false
#define EXTRA false

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The parser reads and writes every enum as an unsigned int, and keeps one bit
 * of a 64-bit word for every field of an object. */
#define CHOICE(name) _Static_assert(sizeof(enum oci_##name) == sizeof(unsigned int), #name);
#include "ocispec.def"

/* clang-format off */
#define ROW(need, kind_, shape_, type_, member, key_)                                              \
	{ .key = key_, .key_len = sizeof(key_) - 1, .type = type_,                                 \
	  .offset = offsetof(self, member), .kind = kind_, .shape = shape_, .required = need },

#define CHOICE(name_)                                                                              \
	const struct oci_type *oci_type_##name_(void)                                              \
	{                                                                                          \
		static const char *const texts[] = { NULL,
#define IS(id, text) text,
#define END_CHOICE(name_)                                                                          \
		};                                                                                 \
		static const struct oci_type t = { #name_, 0, COUNT(texts), NULL, texts };         \
		return &t;                                                                         \
	}

#define OBJECT(name_)                                                                              \
	const struct oci_type *oci_type_##name_(void)                                              \
	{                                                                                          \
		typedef struct oci_##name_ self;                                                   \
		static const struct oci_field rows[] = {
#define VAL(need, kind, member, key) ROW(need, KIND_##kind, OCI_SINGLE, NULL, member, key)
#define ENUM(need, choice, member, key) ROW(need, OCI_ENUM, OCI_SINGLE, oci_type_##choice, member, key)
#define OBJ(need, object, member, key) ROW(need, OCI_OBJ, OCI_SINGLE, oci_type_##object, member, key)
#define LIST(need, kind, member, key) ROW(need, KIND_##kind, OCI_LIST, NULL, member, key)
#define LIST_ENUM(need, choice, member, key) ROW(need, OCI_ENUM, OCI_LIST, oci_type_##choice, member, key)
#define LIST_OBJ(need, object, member, key) ROW(need, OCI_OBJ, OCI_LIST, oci_type_##object, member, key)
#define MAP(need, kind, member, key) ROW(need, KIND_##kind, OCI_MAP, NULL, member, key)
#define MAP_OBJ(need, object, member, key) ROW(need, OCI_OBJ, OCI_MAP, oci_type_##object, member, key)
#define END(name_)                                                                                 \
		};                                                                                 \
		static const struct oci_type t = { #name_, sizeof(self), COUNT(rows), rows, NULL };\
		_Static_assert(COUNT(rows) <= 64, #name_);                                         \
		return &t;                                                                         \
	}
#include "ocispec.def"
/* clang-format on */

const char *oci_choice_text(const struct oci_type *choice, unsigned int value)
{
	return value > 0 && value < choice->n ? choice->choices[value] : NULL;
}

unsigned int oci_choice_value(const struct oci_type *choice, const char *s, size_t len)
{
	for (unsigned int i = 1; i < choice->n; i++)
		if (strlen(choice->choices[i]) == len && memcmp(choice->choices[i], s, len) == 0)
			return i;
	return 0;
}
