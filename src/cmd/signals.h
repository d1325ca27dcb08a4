/* SPDX-License-Identifier: Apache-2.0 */
/* Names of signals. */
#pragma once

#include <stdbool.h>

/* "9", "KILL", "SIGKILL", "sigkill", "RTMIN+3", "RTMAX-1"; 0 is a signal too (it tests for existence).
 * False: no such signal, *RET is untouched. */
bool signal_parse(const char *s, int *ret);
