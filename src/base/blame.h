/* SPDX-License-Identifier: Apache-2.0 */
/* Which part of a path it was: "permission denied" names a file, the reason is often a directory far above it.
 *
 * Called after a failure only, by the process that failed: its credentials are the ones that were refused.
 */
#pragma once

#include "error.h"

/* For an error with EACCES, EPERM, ENOENT, ENOTDIR or ELOOP about PATH: remembers PATH, walks it from its beginning and
 * remembers the first part that is missing or refuses, with a hint that tells its mode and owner, and who we are.
 * ROOTFD: what PATH begins at, and what it does not leave; -1: "/", or the working directory.  Other errors only
 * get the path.  Returns -1. */
int error_blame(struct error *err, int rootfd, const char *path);
