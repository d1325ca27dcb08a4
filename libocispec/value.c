/* SPDX-License-Identifier: Apache-2.0 */
/* Scalars: is this one wanted here, is it in range, and into which member it
 * goes.
 *
 * Numbers are read from their text, because yajl's own conversion goes through
 * double or stops at 63 bits.
 */
#include "internal.h"

#include <inttypes.h>
#include <string.h>

int oci_value_null(void *ctx)
{
	struct oci_reader *r = ctx;
	struct oci_frame *f = oci_reader_top(r);

	if (oci_reader_ignores(r))
		return 1;
	if (f->type == NULL || r->depth == 1)
		return oci_reader_mismatch(r, "null");
	f->null |= UINT64_C(1) << (f->field - f->type->fields);
	return 1;
}

int oci_value_boolean(void *ctx, int v)
{
	struct oci_reader *r = ctx;

	if (oci_reader_ignores(r))
		return 1;
	if (oci_reader_scalar_kind(oci_reader_top(r)) != OCI_BOOL)
		return oci_reader_mismatch(r, "a boolean");
	*(struct oci_bool *)oci_reader_slot(r) = (struct oci_bool){.v = v, .set = true};
	return 1;
}

/* Stores the two's complement V as a member of an object. */
static void store_number(enum oci_kind kind, void *p, uint64_t v)
{
	switch (kind) {
	case OCI_I32:
	case OCI_PID:
		*(struct oci_i32 *)p = (struct oci_i32){(int32_t)v, true};
		break;
	case OCI_I64:
		*(struct oci_i64 *)p = (struct oci_i64){(int64_t)v, true};
		break;
	case OCI_U16:
		*(struct oci_u16 *)p = (struct oci_u16){(uint16_t)v, true};
		break;
	case OCI_U32:
		*(struct oci_u32 *)p = (struct oci_u32){(uint32_t)v, true};
		break;
	default:
		*(struct oci_u64 *)p = (struct oci_u64){v, true};
		break;
	}
}

/* Reads the digits of an integer; false when there is something else. */
static bool read_digits(const char *s, size_t len, bool *ret_huge, uint64_t *ret_v)
{
	uint64_t v = 0;
	bool huge = false;

	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		huge |= __builtin_mul_overflow(v, 10, &v);
		huge |= __builtin_add_overflow(v, (uint64_t)(s[i] - '0'), &v);
	}
	*ret_huge = huge;
	*ret_v = v;
	return true;
}

int oci_value_number(void *ctx, const char *s, size_t len)
{
	static const struct {
		uint64_t below;
		uint64_t above;
	} limits[] = {
		[OCI_I32] = {UINT64_C(1) << 31, INT32_MAX},
		[OCI_I64] = {UINT64_C(1) << 63, INT64_MAX},
		[OCI_PID] = {0, INT32_MAX},
		[OCI_U16] = {0, UINT16_MAX},
		[OCI_U32] = {0, UINT32_MAX},
		[OCI_U64] = {0, UINT64_MAX},
	};
	struct oci_reader *r = ctx;
	bool negative = s[0] == '-', huge;
	enum oci_kind kind;
	uint64_t v;
	char number[40];

	if (oci_reader_ignores(r))
		return 1;
	kind = oci_reader_scalar_kind(oci_reader_top(r));
	if (kind < OCI_I32 || kind > OCI_U64)
		return oci_reader_mismatch(r, "a number");
	if (!read_digits(s + negative, len - negative, &huge, &v))
		return oci_reader_mismatch(r, oci_text_quote(number, sizeof(number), s, len));
	if (huge || v > (negative ? limits[kind].below : limits[kind].above))
		return oci_reader_fail(r, "%s is out of range (%s%" PRIu64 " to %" PRIu64 ")",
				       oci_text_quote(number, sizeof(number), s, len),
				       limits[kind].below ? "-" : "", limits[kind].below,
				       limits[kind].above);
	if (oci_reader_top(r)->type)
		store_number(kind, oci_reader_slot(r), negative ? -v : v);
	else
		*(uint32_t *)oci_reader_slot(r) = (uint32_t)v; /* only lists of u32 exist */
	return 1;
}

static int on_choice(struct oci_reader *r, const char *s, size_t len)
{
	const struct oci_type *choice = oci_reader_top(r)->field->type();
	unsigned int v = oci_choice_value(choice, s, len);
	char all[256] = "", text[64];
	size_t n = 0;

	if (v) {
		*(unsigned int *)oci_reader_slot(r) = v;
		return 1;
	}
	for (size_t i = 1; i < choice->n; i++)
		n = oci_text_add(all, sizeof(all), n, "%s%s", n ? ", " : "", choice->choices[i]);
	return oci_reader_fail(r, "'%s' is not one of: %s",
			       oci_text_quote(text, sizeof(text), s, len), all);
}

int oci_value_string(void *ctx, const unsigned char *str, size_t len)
{
	struct oci_reader *r = ctx;
	const char *s = (const char *)str;
	struct oci_any_pointer *p;
	enum oci_kind kind;

	if (oci_reader_ignores(r))
		return 1;
	kind = oci_reader_scalar_kind(oci_reader_top(r));
	if (kind == OCI_ENUM)
		return on_choice(r, s, len);
	if (kind != OCI_STR)
		return oci_reader_mismatch(r, "a string");
	p = oci_reader_slot(r);
	p->v = arena_strndup(r->arena, s, len);
	return 1;
}
