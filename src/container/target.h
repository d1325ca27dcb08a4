/* SPDX-License-Identifier: Apache-2.0 */
/* A process whose namespaces are to be entered, as seen from outside. */
#pragma once

#include <sys/types.h>

#include "base/error.h"

/* Which of the process's namespaces are not ours (CLONE_NEW*): joining one's own is refused for some kinds. */
MUST_CHECK int target_namespaces(pid_t pid, unsigned long *ret, struct error *err);
