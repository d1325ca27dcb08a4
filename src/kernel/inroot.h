/* SPDX-License-Identifier: Apache-2.0 */
/* The one resolver for paths inside a container's root file system.
 *
 * The tree is hostile: any component may be, or become at any moment, a symbolic link.  Everything goes
 * through openat2(RESOLVE_IN_ROOT) and is then used through the descriptor it gave, never by path again
 * (CVE-2021-30465, CVE-2024-45310, CVE-2026-41579).  Paths may begin with slashes; ".." stays inside.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* openat2 beneath ROOTFD with O_CLOEXEC and RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE.  EAGAIN, which
 * a concurrent rename causes, is tried again a bounded number of times.  "" is the root itself.
 * Returns the descriptor, or -1 with errno. */
int inroot_open(int rootfd, const char *path, int flags, mode_t mode, unsigned resolve);

/* O_PATH descriptor of the directory PATH; missing components are made (mode 0755), also behind dangling links,
 * which are followed inside the root. */
MUST_CHECK int inroot_mkdirs(int rootfd, const char *path, int *ret_fd, struct error *err);

/* O_PATH descriptor of PATH; a missing file is made empty (mode 0644), with its directories. */
MUST_CHECK int inroot_mkfile(int rootfd, const char *path, int *ret_fd, struct error *err);

/* Opens (makes) the directory that holds the last component; *RET_NAME points into PATH.  A path that ends in
 * "." or ".." or is empty is refused. */
MUST_CHECK int inroot_parent(int rootfd, const char *path, int *ret_fd, const char **ret_name, struct error *err);
