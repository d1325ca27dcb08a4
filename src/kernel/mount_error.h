/* SPDX-License-Identifier: Apache-2.0 */
/* Why a mount failed: the kernel's own words, and the causes that its errno does not tell. */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

/* A call on the file system context FS (-1: there is none) failed with errno while WHAT of M was set, made or mounted.
 * Returns -1. */
int mount_fail_fs(int fs, const struct plan_mount *m, const char *what, struct error *err);

/* mount_setattr(2) failed with errno for M's attributes, which WHAT names.  Returns -1. */
int mount_fail_attributes(const struct plan_mount *m, const char *what, struct error *err);

/* M, made or cloned (IS_DIR), could not be attached to TARGET; errno tells why.  Returns -1. */
int mount_fail_attach(const struct plan_mount *m, bool is_dir, int target, struct error *err);
