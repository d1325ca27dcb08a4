/* SPDX-License-Identifier: Apache-2.0 */
/* The names of errno values, for what a program reads: descriptions differ between C libraries. */
#pragma once

/* "ENOENT" for ENOENT; "" for 0 and for numbers that no header here knows. */
const char *errno_name(int errnum);
