/* SPDX-License-Identifier: Apache-2.0 */
/* A classic BPF machine with the instructions that the kernel lets seccomp programs have (seccomp_check_filter()),
 * as far as libseccomp uses them.
 */
#include "bpf.h"

#include <stdbool.h>
#include <string.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

static bool jump_taken(uint16_t code, uint32_t a, uint32_t k)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	case BPF_JGE:
		return a >= k;
	default:
		return a & k;
	}
}

uint64_t bpf_run(const void *insns, size_t n, const struct seccomp_data *data)
{
	const struct sock_filter *program = insns;
	uint32_t a = 0;

	for (size_t pc = 0; pc < n; pc++) {
		const struct sock_filter *i = &program[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (i->k % 4 || i->k > sizeof(*data) - 4)
				return BPF_BAD;
			memcpy(&a, (const char *)data + i->k, 4);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
		case BPF_JMP | BPF_JGT | BPF_K:
		case BPF_JMP | BPF_JGE | BPF_K:
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += jump_taken(i->code, a, i->k) ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			return BPF_BAD;
		}
	}
	return BPF_BAD;
}
