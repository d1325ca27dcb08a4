/* SPDX-License-Identifier: Apache-2.0 */
/* The acting program, vert-init, as it stands inside vert: an ELF file from vert_init_start up to,
 * not including, vert_init_end.
 */
#pragma once

extern const char vert_init_start[], vert_init_end[];
