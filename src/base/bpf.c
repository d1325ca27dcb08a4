/* SPDX-License-Identifier: Apache-2.0 */
/* A classic BPF machine with the instructions that the kernel lets seccomp programs have (seccomp_check_filter()).
 * Jumps go forward only, so every program ends.
 */
#include "bpf.h"

#include <string.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "base/str.h"

struct machine {
	const struct seccomp_data *data;
	uint32_t a, x, memory[BPF_MEMWORDS];
	bool looks_at_arguments;
	bool bad;
};

static bool jump_taken(uint16_t code, uint32_t a, uint32_t operand)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == operand;
	case BPF_JGT:
		return a > operand;
	case BPF_JGE:
		return a >= operand;
	default:
		return a & operand;
	}
}

static uint32_t load(struct machine *m, uint32_t at)
{
	uint32_t v = 0;

	if (at % 4 || at > sizeof(*m->data) - 4)
		m->bad = true;
	else
		memcpy(&v, (const char *)m->data + at, 4);
	m->looks_at_arguments |= at >= offsetof(struct seccomp_data, instruction_pointer);
	return v;
}

static uint32_t compute(struct machine *m, uint16_t op, uint32_t operand)
{
	uint32_t a = m->a;

	switch (op) {
	case BPF_ADD:
		return a + operand;
	case BPF_SUB:
		return a - operand;
	case BPF_MUL:
		return a * operand;
	case BPF_DIV:
		m->bad |= operand == 0; /* ends the program; the kernel's verifier refuses a constant 0 */
		return operand ? a / operand : 0;
	case BPF_AND:
		return a & operand;
	case BPF_OR:
		return a | operand;
	case BPF_XOR:
		return a ^ operand;
	case BPF_LSH:
		return a << (operand & 31);
	case BPF_RSH:
		return a >> (operand & 31);
	case BPF_NEG:
		return -a;
	default:
		m->bad = true;
		return 0;
	}
}

/* Everything but jumps and returns. */
static void execute(struct machine *m, const struct sock_filter *i)
{
	uint32_t cell = i->k < BPF_MEMWORDS ? i->k : 0;

	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		m->a = load(m, i->k);
		break;
	case BPF_LD | BPF_W | BPF_LEN:
		m->a = sizeof(*m->data);
		break;
	case BPF_LDX | BPF_W | BPF_LEN:
		m->x = sizeof(*m->data);
		break;
	case BPF_LD | BPF_IMM:
		m->a = i->k;
		break;
	case BPF_LDX | BPF_IMM:
		m->x = i->k;
		break;
	case BPF_LD | BPF_MEM:
		m->a = m->memory[cell];
		m->bad |= cell != i->k;
		break;
	case BPF_LDX | BPF_MEM:
		m->x = m->memory[cell];
		m->bad |= cell != i->k;
		break;
	case BPF_ST:
		m->memory[cell] = m->a;
		m->bad |= cell != i->k;
		break;
	case BPF_STX:
		m->memory[cell] = m->x;
		m->bad |= cell != i->k;
		break;
	case BPF_MISC | BPF_TAX:
		m->x = m->a;
		break;
	case BPF_MISC | BPF_TXA:
		m->a = m->x;
		break;
	default:
		if (BPF_CLASS(i->code) == BPF_ALU)
			m->a = compute(m, BPF_OP(i->code), BPF_SRC(i->code) == BPF_X ? m->x : i->k);
		else
			m->bad = true;
	}
}

uint64_t bpf_trace(const void *insns, size_t n, const struct seccomp_data *data, size_t *ret_steps,
		   bool *ret_looks_at_arguments)
{
	const struct sock_filter *program = insns;
	struct machine m = {.data = data};

	*ret_steps = 0;
	for (size_t pc = 0; pc < n && !m.bad; pc++) {
		const struct sock_filter *i = &program[pc];

		++*ret_steps;
		*ret_looks_at_arguments = m.looks_at_arguments;
		if (i->code == (BPF_RET | BPF_K) || i->code == (BPF_RET | BPF_A))
			return BPF_RVAL(i->code) == BPF_K ? i->k : m.a;
		if (i->code == (BPF_JMP | BPF_JA))
			pc += i->k;
		else if (BPF_CLASS(i->code) == BPF_JMP && BPF_OP(i->code) <= BPF_JSET)
			pc += jump_taken(i->code, m.a, BPF_SRC(i->code) == BPF_X ? m.x : i->k) ? i->jt : i->jf;
		else
			execute(&m, i);
	}
	return BPF_BAD;
}

uint64_t bpf_run(const void *insns, size_t n, const struct seccomp_data *data)
{
	bool looks;
	size_t steps;

	return bpf_trace(insns, n, data, &steps, &looks);
}

/* ---- printing --------------------------------------------------------------------------------- */

static void print_load(struct buf *b, uint32_t at)
{
	const uint32_t args = offsetof(struct seccomp_data, args);

	if (at == offsetof(struct seccomp_data, nr))
		buf_puts(b, "a = nr");
	else if (at == offsetof(struct seccomp_data, arch))
		buf_puts(b, "a = arch");
	else if (at >= args && at < sizeof(struct seccomp_data))
		buf_printf(b, "a = arg%u.%s", (at - args) / 8, (at - args) % 8 == 0 ? "low" : "high");
	else
		buf_printf(b, "a = data[%u]", at);
}

static void print_jump(struct buf *b, size_t at, const struct sock_filter *i)
{
	static const char *const ops[] = {[BPF_JEQ >> 4] = "==", [BPF_JGT >> 4] = ">", [BPF_JGE >> 4] = ">=",
					  [BPF_JSET >> 4] = "&"};

	if (BPF_OP(i->code) == BPF_JA) {
		buf_printf(b, "goto %zu", at + 1 + i->k);
		return;
	}
	buf_printf(b, "if a %s ", BPF_OP(i->code) <= BPF_JSET ? ops[BPF_OP(i->code) >> 4] : "?");
	if (BPF_SRC(i->code) == BPF_X)
		buf_puts(b, "x");
	else
		buf_printf(b, "%#x", i->k);
	buf_printf(b, " goto %zu else %zu", at + 1 + i->jt, at + 1 + i->jf);
}

static void print_other(struct buf *b, const struct sock_filter *i)
{
	static const char *const ops[] = {"+", "-", "*", "/", "|", "&", "<<", ">>", NULL, NULL, "^"};
	unsigned op = BPF_OP(i->code) >> 4;

	if (BPF_CLASS(i->code) == BPF_ALU && op < COUNT_OF(ops) && ops[op])
		buf_printf(b, BPF_SRC(i->code) == BPF_X ? "a = a %s x" : "a = a %s %#x", ops[op], i->k);
	else
		buf_printf(b, "code %#x k %#x", i->code, i->k);
}

static void print_return(struct buf *b, uint32_t value)
{
	static const struct {
		uint32_t action;
		const char *name;
		bool with_data;
	} names[] = {
		{SECCOMP_RET_KILL_PROCESS, "KILL_PROCESS", false}, {SECCOMP_RET_KILL_THREAD, "KILL_THREAD", false},
		{SECCOMP_RET_TRAP, "TRAP", false},		   {SECCOMP_RET_ERRNO, "ERRNO", true},
		{SECCOMP_RET_USER_NOTIF, "NOTIFY", false},	   {SECCOMP_RET_TRACE, "TRACE", true},
		{SECCOMP_RET_LOG, "LOG", false},		   {SECCOMP_RET_ALLOW, "ALLOW", false},
	};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (names[i].action != (value & SECCOMP_RET_ACTION_FULL))
			continue;
		buf_printf(b, "return %s", names[i].name);
		if (names[i].with_data)
			buf_printf(b, "(%u)", value & SECCOMP_RET_DATA);
		return;
	}
	buf_printf(b, "return %#x", value);
}

void bpf_disassemble(struct buf *b, const void *insns, size_t n)
{
	const struct sock_filter *program = insns;

	for (size_t pc = 0; pc < n; pc++) {
		const struct sock_filter *i = &program[pc];

		buf_printf(b, "%4zu  ", pc);
		if (i->code == (BPF_LD | BPF_W | BPF_ABS))
			print_load(b, i->k);
		else if (i->code == (BPF_RET | BPF_K))
			print_return(b, i->k);
		else if (BPF_CLASS(i->code) == BPF_JMP)
			print_jump(b, pc, i);
		else
			print_other(b, i);
		buf_puts(b, "\n");
	}
}
