/* SPDX-License-Identifier: Apache-2.0 */
/* AppArmor profile and SELinux labels of the process that execve will make.
 *
 * Labels are written through the descriptor of a procfs root (the private instance of init), never by a
 * path, and the file is checked to belong to procfs: a container that mounts over /proc must not be able to
 * swallow the write (CVE-2019-16884, CVE-2025-52881).
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* Whether the running kernel enforces it.  Host facts: ask before entering the container's namespaces. */
bool lsm_apparmor_enabled(void);
bool lsm_selinux_enabled(void);

/* Whether the kernel knows PROFILE, which may be in a namespace of profiles or a stack of them; true where it cannot
 * be asked. */
bool lsm_apparmor_loaded(const char *profile);

/* Refuses a profile or label (NULL: none) whose module is absent, and a profile that is not loaded (runtime.md, create:
 * what cannot be applied is an error there); AT: where the label stands.  Also before. */
MUST_CHECK int lsm_require_selinux(const char *at, const char *label, struct error *err);
MUST_CHECK int lsm_require(const char *apparmor, const char *selinux, struct error *err);

/* For the next execve.  PROCFD: root of a procfs of our pid namespace. */
MUST_CHECK int lsm_set_apparmor(int procfd, const char *profile, struct error *err);
MUST_CHECK int lsm_set_selinux(int procfd, const char *label, struct error *err);

/* Label of keys made from now on; NULL: back to the default.  Around keyring_join(). */
MUST_CHECK int lsm_set_selinux_key(int procfd, const char *label, struct error *err);
