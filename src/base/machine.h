/* SPDX-License-Identifier: Apache-2.0 */
/* Machines by the numbers of ELF files. */
#pragma once

/* "aarch64" */
const char *machine_name(unsigned elf_machine);

/* The number of the machine that vert is built for; OTHERWISE where that is not known. */
unsigned machine_native(unsigned otherwise);
