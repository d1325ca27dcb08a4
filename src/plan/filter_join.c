/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp programs of several architectures, each made by itself, as one program. */
#include "plan/filter_priv.h"

#include <stddef.h>
#include <string.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "libocispec/ocispec.h"
#include "plan/plan.h"

/* Calls of x32 come with the architecture of x86-64, and this bit. */
#define X32_BIT 0x40000000U

static struct sock_filter load(size_t member)
{
	return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)member);
}

static bool has_x32(const struct filter_part *parts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (parts[i].is_x32)
			return true;
	return false;
}

/* Who is not PART's goes over it.  No jump but the last reaches further than its 8 bits. */
static size_t put_guard(struct sock_filter *to, const struct filter_part *part, bool beside_x32)
{
	const struct sock_filter over = BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)part->n);
	size_t n = 0;

	to[n++] = load(offsetof(struct seccomp_data, arch));
	if (!beside_x32) {
		to[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, part->arch, 1, 0);
	} else {
		to[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, part->arch, 0, 2);
		to[n++] = load(offsetof(struct seccomp_data, nr));
		to[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT,
						       part->is_x32, !part->is_x32);
	}
	to[n++] = over;
	return n;
}

void filter_join(struct arena *arena, const struct filter_part *parts, size_t n,
		 struct plan_filter *out)
{
	struct sock_filter *insns;
	size_t room = 0, used = 0;
	bool x32 = has_x32(parts, n);

	for (size_t i = 0; i < n; i++)
		room += parts[i].n + FILTER_JOINT;
	insns = arena_array(arena, room, sizeof(*insns));
	for (size_t i = 0; i < n; i++) {
		bool beside_x32 = x32 && (parts[i].is_x32 || parts[i].arch == AUDIT_ARCH_X86_64);

		if (i + 1 < n) /* the last one knows itself what to do with all others */
			used += put_guard(insns + used, &parts[i], beside_x32);
		memcpy(insns + used, parts[i].insns, parts[i].n * sizeof(*insns));
		used += parts[i].n;
	}
	out->n = (uint16_t)used;
	out->insns = insns;
}
