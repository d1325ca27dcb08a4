/* SPDX-License-Identifier: Apache-2.0 */
/* Why a program cannot be executed, said in full: only looked into after a failure.
 *
 * Exit status 127: not found; 126: found and not executable.  The words are those engines look for
 * ("executable file not found in $PATH", "no such file or directory", "permission denied").
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* Before execve: EXE must be there, a regular file, executable for us.  NAME is args[0]. */
MUST_CHECK int exec_check(const char *exe, const char *name, struct error *err);

/* NAME was in no directory of PATH; DENIED: something of that name was, but may not be executed. */
int exec_not_found(const char *name, const char *path, bool denied, struct error *err);

/* execve(2) failed with ERRNUM: a missing interpreter, another machine's ELF, a text without #! ... */
int exec_failed(const char *exe, const char *name, int errnum, struct error *err);
