/* SPDX-License-Identifier: Apache-2.0 */
/* A process whose namespaces are to be entered, as seen from outside. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* Which of the process's namespaces are not ours (CLONE_NEW*): joining one's own is refused for some kinds.  Those in
 * KNOWN are taken for theirs without a look, which costs two entries of /proc each; OWN_USERNS is the inode of our user
 * namespace, 0: not known yet. */
MUST_CHECK int target_namespaces(pid_t pid, uint64_t own_userns, unsigned long known, unsigned long *ret,
				 struct error *err);
