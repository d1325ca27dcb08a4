/* SPDX-License-Identifier: Apache-2.0 */
/* Names as uname(1) and package managers have them. */
#include "machine.h"

#include <elf.h>
#include <stddef.h>

#include "str.h"

const char *machine_name(unsigned elf_machine)
{
	static const struct {
		unsigned machine;
		const char *name;
	} names[] = {
		{EM_386, "i386"},	 {EM_X86_64, "x86_64"},
		{EM_ARM, "arm"},	 {EM_AARCH64, "aarch64"},
		{EM_PPC64, "ppc64"},	 {EM_S390, "s390x"},
		{EM_MIPS, "mips"},	 {EM_RISCV, "riscv"},
		{EM_SPARCV9, "sparc64"}, {258 /* EM_LOONGARCH */, "loongarch"},
	};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (names[i].machine == elf_machine)
			return names[i].name;
	return "another machine";
}

unsigned machine_native(unsigned otherwise)
{
#if defined(__x86_64__)
	(void)otherwise;
	return EM_X86_64;
#elif defined(__aarch64__)
	(void)otherwise;
	return EM_AARCH64;
#else
	return otherwise;
#endif
}
