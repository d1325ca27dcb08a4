/* SPDX-License-Identifier: Apache-2.0 */
/* The device compiler against a naive reading of the rules.
 *
 * Programs run in a small interpreter here, which also checks what the kernel's verifier would: jumps
 * go forward and stay inside, registers are written before they are read, the end is an exit with 0 or 1.
 */
#include "plan/devices.h"

#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "libocispec/ocispec.h"
#include "plan/plan.h"

struct request {
	uint32_t type, access, major, minor;
};

static uint64_t source(const struct bpf_insn *insn, const uint64_t *reg, unsigned known)
{
	if (BPF_SRC(insn->code) == BPF_K)
		return (uint64_t)(int64_t)insn->imm;
	assert_true(known & (1u << insn->src_reg));
	return reg[insn->src_reg];
}

static void alu(const struct bpf_insn *insn, uint64_t *reg, unsigned *known)
{
	uint64_t v = source(insn, reg, *known);

	if (BPF_OP(insn->code) == BPF_MOV)
		*known |= 1u << insn->dst_reg;
	assert_true(*known & (1u << insn->dst_reg));
	switch (BPF_OP(insn->code)) {
	case BPF_MOV:
		reg[insn->dst_reg] = v;
		break;
	case BPF_AND:
		reg[insn->dst_reg] &= v;
		break;
	case BPF_OR:
		reg[insn->dst_reg] |= v;
		break;
	case BPF_XOR:
		reg[insn->dst_reg] ^= v;
		break;
	case BPF_RSH:
		reg[insn->dst_reg] >>= v % 64; /* as processors do */
		break;
	default:
		fail_msg("operation %#x", insn->code);
	}
	if (BPF_CLASS(insn->code) == BPF_ALU)
		reg[insn->dst_reg] = (uint32_t)reg[insn->dst_reg];
}

static bool jumps(const struct bpf_insn *insn, const uint64_t *reg, unsigned known)
{
	uint64_t a, b;

	if (BPF_OP(insn->code) == BPF_JA)
		return true;
	assert_true(known & (1u << insn->dst_reg));
	a = reg[insn->dst_reg];
	b = source(insn, reg, known);
	if (BPF_CLASS(insn->code) == BPF_JMP32) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (BPF_OP(insn->code)) {
	case BPF_JNE:
		return a != b;
	case BPF_JEQ:
		return a == b;
	case BPF_JSET:
		return a & b;
	default:
		fail_msg("jump %#x", insn->code);
	}
	return false;
}

static bool run(const struct bpf_insn *insns, size_t n, const struct request *req)
{
	const struct bpf_cgroup_dev_ctx ctx = {req->access << 16 | req->type, req->major,
					       req->minor};
	uint64_t reg[16] = {0};
	unsigned known = 1u << BPF_REG_1 | 1u << BPF_REG_10;
	size_t i = 0;

	for (;; i++) {
		const struct bpf_insn *insn = &insns[i];

		assert_true(i < n);
		switch (BPF_CLASS(insn->code)) {
		case BPF_LDX:
			assert_int_equal(insn->code, BPF_LDX | BPF_MEM | BPF_W);
			assert_int_equal(insn->src_reg, BPF_REG_1);
			assert_true(insn->off >= 0 && insn->off <= 8 && insn->off % 4 == 0);
			reg[insn->dst_reg] = *(const uint32_t *)((const char *)&ctx + insn->off);
			known |= 1u << insn->dst_reg;
			break;
		case BPF_ALU:
		case BPF_ALU64:
			alu(insn, reg, &known);
			break;
		case BPF_JMP:
		case BPF_JMP32:
			if (BPF_OP(insn->code) == BPF_EXIT) {
				assert_true(known & 1 && reg[0] <= 1);
				return reg[0];
			}
			assert_true(insn->off > 0);
			if (jumps(insn, reg, known))
				i += (size_t)insn->off;
			break;
		default:
			fail_msg("instruction %#x", insn->code);
		}
	}
}

/* ---- the naive reading -------------------------------------------------------------------------- */

static unsigned bits(const char *access)
{
	unsigned b = 0;

	for (const char *p = access ? access : "rwm"; *p; p++)
		b |= *p == 'r'	 ? BPF_DEVCG_ACC_READ
		     : *p == 'w' ? BPF_DEVCG_ACC_WRITE
				 : BPF_DEVCG_ACC_MKNOD;
	return b;
}

static bool number_matches(struct oci_i64 rule, uint32_t number)
{
	return !rule.set || rule.v == -1 || rule.v == number;
}

static bool is_default(const struct request *req, unsigned bit)
{
	static const uint32_t nodes[][2] = {{1, 3}, {1, 5}, {1, 7}, {1, 8},
					    {1, 9}, {5, 0}, {5, 1}, {5, 2}};

	if (bit == BPF_DEVCG_ACC_MKNOD)
		return true;
	for (size_t i = 0; i < COUNT_OF(nodes); i++)
		if (req->type == BPF_DEVCG_DEV_CHAR && req->major == nodes[i][0] &&
		    req->minor == nodes[i][1])
			return true;
	return req->type == BPF_DEVCG_DEV_CHAR && req->major == 136;
}

static bool expect(const struct oci_device_rule *rules, size_t n, const struct request *req)
{
	for (unsigned bit = 1; bit <= BPF_DEVCG_ACC_WRITE; bit <<= 1) {
		bool allowed = false;

		if (!(req->access & bit))
			continue;
		for (size_t i = 0; i < n; i++) {
			const char *type = rules[i].type ? rules[i].type : "a";

			if ((*type == 'a' ||
			     (*type == 'b') == (req->type == BPF_DEVCG_DEV_BLOCK)) &&
			    number_matches(rules[i].major, req->major) &&
			    number_matches(rules[i].minor, req->minor) &&
			    bits(rules[i].access) & bit)
				allowed = rules[i].allow.v;
		}
		if (!allowed && !is_default(req, bit))
			return false;
	}
	return true;
}

/* ---- tests -------------------------------------------------------------------------------------- */

static void compile(struct arena *arena, struct oci_device_rule *rules, size_t n,
		    struct plan_cgroup *cg)
{
	struct oci_resources res = {.devices = {.n = n, .v = rules}};
	struct error err;

	if (plan_devices(arena, &res, cg, &err) < 0)
		fail_msg("%s", err.msg);
}

static void compare(struct oci_device_rule *rules, size_t n, const struct plan_cgroup *cg,
		    const struct request *req)
{
	bool want = expect(rules, n, req);
	bool got = cg->n_filter == 0 || run(cg->filter, cg->n_filter, req);

	if (want != got)
		fail_msg("%zu rules, request type %u access %u %u:%u: %d", n, req->type,
			 req->access, req->major, req->minor, got);
}

/* Small numbers, so that rules and requests meet. */
static void test_random(void **state)
{
	static const uint32_t majors[] = {1, 5, 8, 136}, minors[] = {0, 1, 31, 32, 67};
	static const char *const types[] = {NULL, "a", "b", "c"};
	static const char *const accesses[] = {NULL, "r", "w", "m", "rw", "rm", "wm", "mwr"};

	(void)state;
	srandom(42);
	for (int round = 0; round < 2000; round++) {
		struct oci_device_rule rules[12] = {0};
		size_t n = (size_t)random() % (COUNT_OF(rules) + 1);
		struct arena arena = {0};
		struct plan_cgroup cg;

		for (size_t i = 0; i < n; i++) {
			rules[i].allow = (struct oci_bool){random() & 1, true};
			rules[i].type = types[random() % 4];
			rules[i].access = accesses[random() % 8];
			if (random() % 3)
				rules[i].major = (struct oci_i64){majors[random() % 4], true};
			if (random() % 3)
				rules[i].minor = (struct oci_i64){
					random() % 5 ? (int64_t)minors[random() % 5] : -1, true};
		}
		compile(&arena, rules, n, &cg);
		for (unsigned i = 0; i < 2 * 7 * 4 * 5; i++)
			compare(rules, n, &cg,
				&(struct request){1 + i % 2, 1 + i / 2 % 7, majors[i / 14 % 4],
						  minors[i / 56]});
		arena_free(&arena);
	}
}

static void test_nothing_is_denied_everything(void **state)
{
	struct arena arena = {0};
	struct plan_cgroup cg = {.n_filter = 0};
	struct error err;

	(void)state;
	assert_int_equal(plan_devices(&arena, NULL, &cg, &err), 0);
	assert_true(cg.n_filter > 0);
	assert_false(run(cg.filter, cg.n_filter, &(struct request){BPF_DEVCG_DEV_BLOCK, 2, 8, 0}));
	assert_false(
		run(cg.filter, cg.n_filter, &(struct request){BPF_DEVCG_DEV_CHAR, 6, 10, 200}));
	assert_true(run(cg.filter, cg.n_filter, &(struct request){BPF_DEVCG_DEV_CHAR, 6, 1, 3}));
	assert_true(run(cg.filter, cg.n_filter, &(struct request){BPF_DEVCG_DEV_BLOCK, 1, 8, 0}));
	assert_true(run(cg.filter, cg.n_filter, &(struct request){BPF_DEVCG_DEV_CHAR, 6, 136, 77}));
	assert_int_equal(((const struct bpf_insn *)cg.filter)[cg.n_filter - 1].code,
			 BPF_JMP | BPF_EXIT);
	arena_free(&arena);
}

static void test_everything_needs_no_program(void **state)
{
	struct oci_device_rule all[] = {
		{.allow = {false, true}, .access = "rwm"},
		{.allow = {true, true}, .type = "c", .major = {1, true}, .access = "r"},
		{.allow = {false, true}, .type = "b"},
		{.allow = {true, true}, .type = "a", .access = "mrw"},
		{.allow = {true, true}, .type = "b", .major = {8, true}, .access = "r"},
	};
	struct arena arena = {0};
	struct plan_cgroup cg = {.n_filter = 1};

	(void)state;
	compile(&arena, all, COUNT_OF(all), &cg);
	assert_int_equal(cg.n_filter, 0);
	assert_null(cg.filter);
	/* and one exception makes it needed again */
	all[4].allow.v = false;
	compile(&arena, all, COUNT_OF(all), &cg);
	assert_false(run(cg.filter, cg.n_filter, &(struct request){BPF_DEVCG_DEV_BLOCK, 6, 8, 1}));
	assert_true(run(cg.filter, cg.n_filter, &(struct request){BPF_DEVCG_DEV_BLOCK, 4, 8, 1}));
	assert_true(run(cg.filter, cg.n_filter, &(struct request){BPF_DEVCG_DEV_CHAR, 7, 10, 200}));
	arena_free(&arena);
}

/* What engines write again and again must not make the program longer. */
static void test_useless_rules_cost_nothing(void **state)
{
	struct oci_device_rule rules[] = {
		{.allow = {false, true}, .access = "rwm"},
		{.allow = {false, true}, .type = "b", .major = {8, true}},
		{.allow = {true, true},
		 .type = "c",
		 .major = {1, true},
		 .minor = {3, true},
		 .access = "rw"},
		{.allow = {true, true},
		 .type = "c",
		 .major = {136, true},
		 .minor = {7, true},
		 .access = "rwm"},
		{.allow = {false, true}, .type = "c", .access = "m"},
	};
	struct arena arena = {0};
	struct plan_cgroup with, without;

	(void)state;
	compile(&arena, rules, COUNT_OF(rules), &with);
	compile(&arena, NULL, 0, &without);
	assert_int_equal(with.n_filter, without.n_filter);
	arena_free(&arena);
}

static void test_refusals(void **state)
{
	static const struct oci_device_rule bad[] = {
		{.type = "p"},	       {.type = ""},	      {.type = "cb"},
		{.access = ""},	       {.access = "rwx"},     {.access = "R"},
		{.major = {-2, true}}, {.minor = {-2, true}}, {.major = {INT64_C(1) << 32, true}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		/* before a rule that makes it void, too */
		struct oci_device_rule rules[] = {bad[i], {.allow = {true, true}}};
		struct oci_resources res = {.devices = {.n = 2, .v = rules}};
		struct arena arena = {0};
		struct plan_cgroup cg;
		struct error err;

		assert_int_equal(plan_devices(&arena, &res, &cg, &err), -1);
		assert_string_equal(err.where, "linux.resources.devices[0]");
		arena_free(&arena);
	}
}

static void test_many(void **state)
{
	enum { MANY = 4000 };
	struct oci_device_rule *rules = calloc(MANY + 1, sizeof(*rules));
	struct oci_resources res = {.devices = {.n = MANY + 1, .v = rules}};
	struct arena arena = {0};
	struct plan_cgroup cg;
	struct error err;

	(void)state;
	for (int i = 0; i <= MANY; i++)
		rules[i] = (struct oci_device_rule){.allow = {i % 2, true},
						    .type = "c",
						    .major = {200, true},
						    .minor = {i, true},
						    .access = "rw"};
	compile(&arena, rules, MANY, &cg);
	for (uint32_t i = 0; i < MANY; i += 97)
		compare(rules, MANY, &cg, &(struct request){BPF_DEVCG_DEV_CHAR, 1 + i % 7, 200, i});
	assert_int_equal(plan_devices(&arena, &res, &cg, &err), -1);
	arena_free(&arena);
	free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_nothing_is_denied_everything),
		cmocka_unit_test(test_everything_needs_no_program),
		cmocka_unit_test(test_useless_rules_cost_nothing),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
