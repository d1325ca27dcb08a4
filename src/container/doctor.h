/* SPDX-License-Identifier: Apache-2.0 */
/* `vert doctor`: what this host and this caller offer to containers, found out by trying. */
#pragma once

#include <stddef.h>

enum doctor_state {
	DOCTOR_FINE,
	DOCTOR_INFO,	/* neither good nor bad, or not to be found out by this caller */
	DOCTOR_LIMITED,	/* something is not possible here */
	DOCTOR_MISSING,	/* no container will start */
};

struct doctor_fact {
	const char *group, *name;	/* "kernel", "openat2" */
	enum doctor_state state;
	char detail[512];	/* what was found */
	char fix[256];		/* the line that mends it, "": none */
};

/* Calls EACH for every fact, group by group.  Nothing is left behind; children and file system contexts are made and
 * end at once. */
void doctor_examine(void (*each)(const struct doctor_fact *, void *), void *data);

/* doctor_kernel.c, doctor_host.c: one function a fact; it fills the rest of FACT. */
struct doctor_probe {
	const char *group, *name;
	void (*run)(struct doctor_fact *fact);
};
extern const struct doctor_probe doctor_kernel_probes[], doctor_host_probes[]; /* the last has name NULL */

/* Sets state and detail. */
__attribute__((format(printf, 3, 4)))
void doctor_found(struct doctor_fact *fact, enum doctor_state state, const char *fmt,
							...);
__attribute__((format(printf, 2, 3))) void doctor_fix(struct doctor_fact *fact, const char *fmt, ...);
