/* SPDX-License-Identifier: Apache-2.0 */
/* Carries vert-init inside vert, so that one file is installed and the two always fit together.
 * The assembler reads the program from the build directory, where the compiler runs; the Makefile
 * builds it first.  Read-only data, page-aligned: it is written to a memfd as it is.
 */
#include "blob.h"

__asm__(".pushsection .rodata.vert_init, \"a\", %progbits\n"
	".balign 4096\n"
	".globl vert_init_start, vert_init_end\n"
	"vert_init_start:\n"
	".incbin \"vert-init\"\n"
	"vert_init_end:\n"
	".byte 0\n"
	".popsection\n");
