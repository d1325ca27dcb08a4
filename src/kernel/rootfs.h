/* SPDX-License-Identifier: Apache-2.0 */
/* The container's root: make the tree ours, hide and protect parts of it, switch to it.
 *
 * All in the container's new mount namespace, before the old root is gone; paths inside the root are resolved by
 * inroot.h alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "plan/plan.h"

/* Gives "/" and all below the propagation PROPAGATION (MS_*, recursive), binds ROOTFS onto itself so that it is a
 * mount that can become the root, and returns a descriptor of that mount.  Without OWN_MOUNTS, in a mount namespace
 * that is not the container's alone, the directory is opened and nothing is mounted. */
MUST_CHECK int rootfs_open(const char *rootfs, bool own_mounts, unsigned long propagation, int *ret_fd,
			   struct error *err);

/* linux.maskedPaths: an empty read-only directory over directories (one for all), /dev/null over anything else.
 * What does not exist is passed over; the root itself is an error.  CVE-2025-31133: /dev/null is the host's, looked
 * at, and mounted read-only, as its owner and mode are the host's too. */
MUST_CHECK int rootfs_mask(int rootfd, const struct plan_path *paths, size_t n, struct error *err);

/* linux.readonlyPaths, each with the mounts below it; that of "/" is every mount of the container. */
MUST_CHECK int rootfs_protect(int rootfd, const struct plan_path *paths, size_t n, struct error *err);

/* root.readonly */
MUST_CHECK int rootfs_make_readonly(int rootfd, struct error *err);

/* Makes ROOTFD "/" and the working directory.  NO_PIVOT: by moving the mount and chroot(2), for a root on an
 * initramfs; without OWN_MOUNTS by chroot(2) alone.  FINAL (MS_*, 0: none) is linux.rootfsPropagation, applied to the
 * new "/" alone. */
MUST_CHECK int rootfs_enter(int rootfd, bool own_mounts, bool no_pivot, unsigned long final, struct error *err);
