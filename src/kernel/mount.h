/* SPDX-License-Identifier: Apache-2.0 */
/* Carries out one entry of the plan's mounts.
 *
 * Every mount is assembled detached (fsopen or open_tree), gets its attributes while nobody can see it, and
 * is attached by descriptor to a target found by the resolver of inroot.h: no window, no path walked
 * twice (CVE-2021-30465 and its kin).
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "plan/plan.h"

/* Opens the source of a bind mount as a detached tree, with its attributes set.  USERNS, when not -1, is
 * the user namespace for MOUNT_ATTR_IDMAP.  *RET_FD is the tree. */
MUST_CHECK int mount_open_source(const struct plan_mount *m, int userns, int *ret_fd, struct error *err);

/* True for copy-symlink with a source that is a link: no mount is made of it, and it may lead nowhere. */
bool mount_copies_link(const struct plan_mount *m);

/* Sets MOUNT_ATTR_IDMAP on a detached tree. */
MUST_CHECK int mount_set_idmap(int treefd, const struct plan_mount *m, int userns, struct error *err);

/* Carries M out beneath *ROOTFD.  SOURCE is what mount_open_source() gave, or -1: it is opened here.
 * CGROUP_DIR is the path of the container's cgroup for PLAN_MOUNT_CGROUP.  A mount on the root itself
 * replaces *ROOTFD.  One that is to be read-only last is left writable and given back in *RET_LATER, for
 * mount_make_readonly(), which takes -1 for any other; RET_LATER may be NULL: it is read-only at once. */
MUST_CHECK int mount_carry_out(const struct plan_mount *m, int *rootfd, int source, int userns,
			       const char *cgroup_dir, int *ret_later, struct error *err);

/* Closes MNT. */
MUST_CHECK int mount_make_readonly(const struct plan_mount *m, int mnt, struct error *err);

/* Attaches the detached mount MNT to the object TARGET refers to. 0 or -1 with errno. */
int mount_attach(int mnt, int target);

/* Makes the file system of M, which only mount(2) can make (M->classic), with the options DATA or NULL: detached,
 * without its attributes.  NULL and *RET_FD, or the name of the call that failed, with errno. */
const char *mount_make_classic(const struct plan_mount *m, const char *data, int *ret_fd);

/* A new, detached, read-only and empty tmpfs with room for nothing. -1 with errno. */
int mount_empty_dir(void);
