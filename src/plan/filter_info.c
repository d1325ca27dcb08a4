/* SPDX-License-Identifier: Apache-2.0 */
/* The seccomp library's version and architectures: constants of the library, no filter is made. */
#include "filter_info.h"

#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/str.h"
#include "libocispec/arena.h"

/* config-linux.md, seccomp.architectures */
static const char *const architectures[] = {
	"SCMP_ARCH_X86",     "SCMP_ARCH_X86_64",   "SCMP_ARCH_X32",	    "SCMP_ARCH_ARM",
	"SCMP_ARCH_AARCH64", "SCMP_ARCH_MIPS",	   "SCMP_ARCH_MIPS64",	    "SCMP_ARCH_MIPS64N32",
	"SCMP_ARCH_MIPSEL",  "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC",
	"SCMP_ARCH_PPC64",   "SCMP_ARCH_PPC64LE",  "SCMP_ARCH_S390",	    "SCMP_ARCH_S390X",
	"SCMP_ARCH_PARISC",  "SCMP_ARCH_PARISC64", "SCMP_ARCH_RISCV64",	    "SCMP_ARCH_LOONGARCH64",
	"SCMP_ARCH_M68K",    "SCMP_ARCH_SH",	   "SCMP_ARCH_SHEB",
};

const char *const *filter_architectures(size_t *ret_n)
{
	*ret_n = COUNT_OF(architectures);
	return architectures;
}

const char *filter_library_version(struct arena *arena)
{
	const struct scmp_version *v = seccomp_version();

	return arena_printf(arena, "%u.%u.%u", v->major, v->minor, v->micro);
}

bool filter_syscall_known(const char *name, char *near, size_t size)
{
	unsigned best = NEAREST_FAR;

	near[0] = '\0';
	if (seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR)
		return true;
	for (int i = 0; i < 1024; i++) {
		char *known = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);
		unsigned distance = known ? nearest_distance(name, known) : NEAREST_FAR;

		if (distance < best) {
			best = distance;
			snprintf(near, size, "%s", known);
		}
		free(known);
	}
	return false;
}
