/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up annotations that steer the runtime (run.oci.*, run.vert.*, org.systemd.property.*). */
#pragma once

struct oci_config;

/* The value of annotation KEY, NULL when it is not there. */
const char *annotation(const struct oci_config *config, const char *key);

/* Limits that cannot be enforced: "fail" (the default), "warn", "ignore". */
#define PLAN_UNENFORCEABLE "run.vert.unenforceable"
