/* SPDX-License-Identifier: Apache-2.0 */
/* The container's systemd unit: its name, and its properties from linux.resources and annotations.
 *
 * Pure.  The properties are one text that vert-systemd turns into D-Bus values, one property a line:
 *
 *	NAME <tab> SIGNATURE { <tab> WORD }		t, u, q, y, i, x, n: a number	b: true, false	s: text
 *							as: any number of texts	ay: the bytes in hexadecimal
 *							a(st), a(ss): pairs of words
 *
 * Tab, newline and backslash in a word are written \\t, \\n, \\\\.  A name that begins with '?' is left out when the
 * manager does not know it: older ones lack it, and the limit is in force in the container's cgroup anyway.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "plan/plan.h"

struct arena;
struct host;
struct oci_config;
struct oci_resources;

/* Manager, name, slice, description and properties of the unit of a new container, into PLAN->cgroup.systemd, without
 * program and timeout.  PLAN->cgroup has its writes already. */
MUST_CHECK int plan_systemd(struct arena *arena, const struct oci_config *config, const struct host *host,
			    struct plan *plan, struct error *err);

/* Where the manager of this caller is: RET's socket and, for the system's, direct. */
MUST_CHECK int plan_systemd_manager(struct arena *arena, const struct host *host, struct plan_systemd *ret,
				    struct error *err);

/* True when SOCKET is not that of the system's manager. */
bool plan_systemd_is_user(const char *socket);

/* The properties that change with an update: those of WRITES and, when RES has any, the device rules (not for a user's
 * manager).  CPU_MAX is what the file holds after the update.  RET gets request ("": none) and writes. */
MUST_CHECK int plan_systemd_update(struct arena *arena, const struct plan_cgroup *writes,
				   const struct oci_resources *res, const char *cpu_max, bool user,
				   struct plan_systemd *ret, struct error *err);

/* ---- the parts, for each other and for tests ----------------------------------------------------- */

/* "slice:prefix:name" (NULL, "": none is given) to the names of slice and unit. */
MUST_CHECK int plan_systemd_names(struct arena *arena, const char *cgroups_path, const char *id, bool user,
				  const char **ret_slice, const char **ret_unit, struct error *err);

/* Starts a line; more words follow by systemd_word(). */
void systemd_property(struct buf *b, const char *name, const char *signature);
void systemd_word(struct buf *b, const char *word);
__attribute__((format(printf, 4, 5))) void systemd_set(struct buf *b, const char *name, const char *signature,
						       const char *fmt, ...);

/* Appends the property that stands for one write.  False: there is none. */
bool systemd_limit(struct buf *b, const char *file, const char *value);

/* DevicePolicy and DeviceAllow: what systemd's program lets through is no less than what ours does.  RESET: the unit
 * may have a list already. */
void systemd_devices(struct buf *b, const struct oci_resources *res, bool reset);

/* The annotation org.systemd.property.NAME, a value in GVariant's text form. */
MUST_CHECK int systemd_annotation(struct buf *b, const char *name, const char *value, struct error *err);
