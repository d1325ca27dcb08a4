/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler from device rules to a cgroup device program.
 *
 * The rules are walked from the last to the first with the set of accesses that are not decided yet: an
 * allowing rule that matches takes its accesses out of the set and grants the request once nothing is
 * left, a denying one that speaks about any of them ends it.  That is "the last rule wins" for each access.
 */
#include "plan/devices.h"

#include <linux/bpf.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/plan.h"

#define ANY (-1)
#define ALL_ACCESS (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)
#define MAX_RULES 4000 /* the verifier follows 8192 jumps, two for each */

struct rule {
	bool allow;
	unsigned access;
	int type; /* BPF_DEVCG_DEV_* or ANY */
	int64_t major, minor; /* or ANY */
	uint32_t minors; /* not 0: in place of MINOR, bit n is minor n */
};

struct rules {
	size_t n;
	struct rule *v;
	bool base; /* what holds where no rule matches */
};

/* What every container may use, whatever its list says: the default devices and terminals, and making nodes,
 * which opens nothing by itself.  /dev/net/tun is not among them. */
static const struct rule defaults[] = {
	{true, BPF_DEVCG_ACC_MKNOD, BPF_DEVCG_DEV_CHAR, ANY, ANY, 0},
	{true, BPF_DEVCG_ACC_MKNOD, BPF_DEVCG_DEV_BLOCK, ANY, ANY, 0},
	{true, ALL_ACCESS, BPF_DEVCG_DEV_CHAR, 136, ANY, 0}, /* /dev/pts/N */
	{true, ALL_ACCESS, BPF_DEVCG_DEV_CHAR, 5, 2, 0}, /* /dev/ptmx */
	{true, ALL_ACCESS, BPF_DEVCG_DEV_CHAR, 5, 1, 0}, /* /dev/console */
	{true, ALL_ACCESS, BPF_DEVCG_DEV_CHAR, 5, 0, 0}, /* /dev/tty */
	{true, ALL_ACCESS, BPF_DEVCG_DEV_CHAR, 1, 9, 0}, /* /dev/urandom */
	{true, ALL_ACCESS, BPF_DEVCG_DEV_CHAR, 1, 8, 0}, /* /dev/random */
	{true, ALL_ACCESS, BPF_DEVCG_DEV_CHAR, 1, 7, 0}, /* /dev/full */
	{true, ALL_ACCESS, BPF_DEVCG_DEV_CHAR, 1, 5, 0}, /* /dev/zero */
	{true, ALL_ACCESS, BPF_DEVCG_DEV_CHAR, 1, 3, 0}, /* /dev/null */
};

static bool take_type(const char *type, int *ret)
{
	static const struct {
		const char *name;
		int type;
	} types[] = {{"a", ANY}, {"b", BPF_DEVCG_DEV_BLOCK}, {"c", BPF_DEVCG_DEV_CHAR}};

	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (strcmp(type ? type : "a", types[i].name) == 0) {
			*ret = types[i].type;
			return true;
		}
	return false;
}

static bool take_access(const char *access, unsigned *ret)
{
	unsigned bits = 0;

	for (const char *p = access ? access : "rwm"; *p; p++) {
		if (*p == 'r')
			bits |= BPF_DEVCG_ACC_READ;
		else if (*p == 'w')
			bits |= BPF_DEVCG_ACC_WRITE;
		else if (*p == 'm')
			bits |= BPF_DEVCG_ACC_MKNOD;
		else
			return false;
	}
	*ret = bits;
	return bits != 0;
}

/* A device number; absent or -1 is any. */
static bool take_number(struct oci_i64 number, int64_t *ret)
{
	*ret = number.set ? number.v : ANY;
	return *ret >= ANY && *ret <= UINT32_MAX;
}

static int take_rule(const struct oci_device_rule *r, size_t i, struct rule *ret, struct error *err)
{
	struct rule rule = {.allow = r->allow.v};
	const char *bad = NULL;

	if (!take_type(r->type, &rule.type))
		bad = "'type' is not a, b or c";
	else if (!take_access(r->access, &rule.access))
		bad = "'access' is not made of r, w and m";
	else if (!take_number(r->major, &rule.major) || !take_number(r->minor, &rule.minor))
		bad = "'major' or 'minor' is out of range";
	if (bad) {
		fail(err, 0, "device rule %zu: %s", i, bad);
		snprintf(err->where, sizeof(err->where), "linux.resources.devices[%zu]", i);
		return -1;
	}
	*ret = rule;
	return 0;
}

/* True when A speaks about everything that B speaks about. */
static bool covers(const struct rule *a, const struct rule *b)
{
	return (a->type == ANY || a->type == b->type) &&
	       (a->major == ANY || a->major == b->major) &&
	       (a->minor == ANY || a->minor == b->minor) && !(b->access & ~a->access);
}

static bool is_covered(const struct rules *rules, const struct rule *rule)
{
	for (size_t i = 0; i < rules->n; i++)
		if (covers(&rules->v[i], rule))
			return true;
	return false;
}

/* Appends a rule to the list, which runs from the last rule of the document to the first.  A rule about
 * everything becomes the base: nothing before it matters.  Returns false then. */
static bool push(struct rules *rules, const struct rule *rule)
{
	static const struct rule everything = {true, ALL_ACCESS, ANY, ANY, ANY, 0};

	if (covers(rule, &everything)) {
		rules->base = rule->allow;
		return false;
	}
	if (!is_covered(rules, rule))
		rules->v[rules->n++] = *rule;
	return true;
}

/* Neighbours that differ in their minor number alone become one rule: how long a program takes to load goes by its
 * length, and every start waits for it. */
static void join_minors(struct rules *rules)
{
	struct rule *last = NULL;
	size_t n = 0;

	for (size_t i = 0; i < rules->n; i++) {
		struct rule *r = &rules->v[i];
		bool small = r->minor >= 0 && r->minor < 32;

		if (small)
			r->minors = UINT32_C(1) << r->minor;
		if (last && small && last->minors && last->allow == r->allow &&
		    last->access == r->access && last->type == r->type && last->major == r->major) {
			last->minors |= r->minors;
			continue;
		}
		last = &rules->v[n++];
		*last = *r;
	}
	rules->n = n;
}

/* Reads the document's rules and the defaults into RULES, without those that cannot matter. */
static int collect(struct arena *arena, const struct oci_device_rule_list *list,
		   struct rules *rules, struct error *err)
{
	bool matters = true;

	if (list->n > MAX_RULES)
		return fail_at(err, 0, "linux.resources.devices", "more than %d device rules",
			       MAX_RULES);
	rules->v = arena_array(arena, COUNT_OF(defaults) + list->n, sizeof(*rules->v));
	for (size_t i = 0; i < COUNT_OF(defaults); i++)
		push(rules, &defaults[i]);
	for (size_t i = list->n; i > 0; i--) {
		struct rule rule;

		if (take_rule(&list->v[i - 1], i - 1, &rule, err) < 0)
			return -1;
		matters = matters && push(rules, &rule);
	}
	/* Next to the base, rules that say what it says anyway are of no use. */
	while (rules->n > 0 && rules->v[rules->n - 1].allow == rules->base)
		rules->n--;
	join_minors(rules);
	return 0;
}

/* ---- the program -------------------------------------------------------------------------------- */

enum { RESULT = BPF_REG_0, CONTEXT, ACCESS, DIFFERENCE, SCRATCH, SET_OF_MINORS };

/* clang-format off */
#define LOAD(dst, field) \
	{BPF_LDX | BPF_MEM | BPF_W, dst, CONTEXT, offsetof(struct bpf_cgroup_dev_ctx, field), 0}
#define AND(dst, value)		{BPF_ALU64 | BPF_AND | BPF_K, dst, 0, 0, (int32_t)(value)}
#define XOR(dst, value)		{BPF_ALU | BPF_XOR | BPF_K, dst, 0, 0, (int32_t)(value)}
#define OR(dst, src)		{BPF_ALU64 | BPF_OR | BPF_X, dst, src, 0, 0}
#define SET(dst, value)		{BPF_ALU | BPF_MOV | BPF_K, dst, 0, 0, (int32_t)(value)}
#define SHIFT_RIGHT_BY(dst, src) {BPF_ALU64 | BPF_RSH | BPF_X, dst, src, 0, 0}
#define SHIFT_RIGHT(dst, n)	{BPF_ALU64 | BPF_RSH | BPF_K, dst, 0, 0, n}
#define RETURN(value)		{BPF_ALU64 | BPF_MOV | BPF_K, RESULT, 0, 0, value}, \
				{BPF_JMP | BPF_EXIT, 0, 0, 0, 0}
#define UNLESS_EQUAL(reg, value, skip) \
	{BPF_JMP32 | BPF_JNE | BPF_K, reg, 0, skip, (int32_t)(value)}
#define IF_ANY(reg, bits, skip)	{BPF_JMP | BPF_JSET | BPF_K, reg, 0, skip, (int32_t)(bits)}
#define SKIP(n)			{BPF_JMP | BPF_JA, 0, 0, n, 0}
/* clang-format on */

/* No rule takes more than this, the start and the end together neither. */
#define RULE_INSNS 17
#define FRAME_INSNS 4

struct program {
	size_t n;
	struct bpf_insn *v;
};

static void emit(struct program *p, const struct bpf_insn *insns, size_t n)
{
	memcpy(p->v + p->n, insns, n * sizeof(*insns));
	p->n += n;
}

#define EMIT(p, ...)                                    \
	emit(p, (const struct bpf_insn[]){__VA_ARGS__}, \
	     sizeof((const struct bpf_insn[]){__VA_ARGS__}) / sizeof(struct bpf_insn))

/* What a matching rule does: return, or take its accesses out and go on behind it. */
static void emit_verdict(struct program *p, const struct rule *rule)
{
	if (rule->access == ALL_ACCESS)
		EMIT(p, RETURN(rule->allow));
	else if (rule->allow)
		EMIT(p, AND(ACCESS, ~rule->access), UNLESS_EQUAL(ACCESS, 0, 2), RETURN(1));
	else
		EMIT(p, IF_ANY(ACCESS, rule->access, 1), SKIP(2), RETURN(0));
}

/* One of several: the bit of this minor number in the set, and no bit beyond the set in the number. */
static void emit_minor(struct program *p, const struct rule *rule)
{
	if (rule->minor == ANY)
		return;
	EMIT(p, LOAD(SCRATCH, minor));
	if ((rule->minors & (rule->minors - 1)) == 0) {
		EMIT(p, XOR(SCRATCH, rule->minor), OR(DIFFERENCE, SCRATCH));
		return;
	}
	EMIT(p, SET(SET_OF_MINORS, ~rule->minors), SHIFT_RIGHT_BY(SET_OF_MINORS, SCRATCH));
	EMIT(p, AND(SET_OF_MINORS, 1), OR(DIFFERENCE, SET_OF_MINORS));
	EMIT(p, AND(SCRATCH, ~31), OR(DIFFERENCE, SCRATCH));
}

/* Gathers in DIFFERENCE in what the request is not what the rule is about, and jumps behind the rule unless that
 * is nothing.  One jump a rule, and numbers that are loaded afresh: with more of either the kernel's
 * verifier would give up on a program of a thousand rules. */
static void emit_rule(struct program *p, const struct rule *rule)
{
	const int other_type = BPF_DEVCG_DEV_BLOCK + BPF_DEVCG_DEV_CHAR - rule->type;
	const int16_t verdict = rule->access == ALL_ACCESS ? 2 : 4; /* instructions */

	if (rule->type != ANY) /* the types are bits, and one of them is set */
		EMIT(p, LOAD(DIFFERENCE, access_type), AND(DIFFERENCE, other_type));
	else
		EMIT(p, SET(DIFFERENCE, 0));
	if (rule->major != ANY)
		EMIT(p, LOAD(SCRATCH, major), XOR(SCRATCH, rule->major), OR(DIFFERENCE, SCRATCH));
	emit_minor(p, rule);
	EMIT(p, UNLESS_EQUAL(DIFFERENCE, 0, verdict));
	emit_verdict(p, rule);
}

int plan_devices(struct arena *arena, const struct oci_resources *res, struct plan_cgroup *out,
		 struct error *err)
{
	static const struct oci_device_rule_list none;
	struct rules rules = {.base = false};
	struct program p = {0};

	out->filter = NULL;
	out->n_filter = 0;
	if (collect(arena, res ? &res->devices : &none, &rules, err) < 0)
		return -1;
	if (rules.n == 0 && rules.base)
		return 0;
	p.v = arena_array(arena, rules.n * RULE_INSNS + FRAME_INSNS, sizeof(*p.v));
	EMIT(&p, LOAD(ACCESS, access_type), SHIFT_RIGHT(ACCESS, 16));
	for (size_t i = 0; i < rules.n; i++)
		emit_rule(&p, &rules.v[i]);
	EMIT(&p, RETURN(rules.base));
	out->filter = p.v;
	out->n_filter = p.n;
	return 0;
}
