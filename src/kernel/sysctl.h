/* SPDX-License-Identifier: Apache-2.0 */
/* linux.sysctl */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "plan/plan.h"

/* Writes the values to /proc/sys of a procfs that is checked to be one, no link and no mount followed
 * (CVE-2025-52881).  Per-namespace keys reach the namespaces of the calling process. */
MUST_CHECK int sysctl_write_all(const struct plan_sysctl *sysctls, size_t n, struct error *err);
