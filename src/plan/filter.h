/* SPDX-License-Identifier: Apache-2.0 */
/* The seccomp program: from linux.seccomp to BPF, by libseccomp or from the cache.
 *
 * The rules of the specification are checked on every call; then the program comes out of the cache when one
 * is given and holds it (no rule of libseccomp is built in that case), else libseccomp compiles it.  A cache
 * that cannot be read or written costs time, never safety: it is treated as if it were not there.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

struct arena;
struct oci_seccomp;
struct plan_filter;

struct filter_options {
	int cache_dir;		/* directory below the state root, 0700 and ours; -1: no cache */
	const char *release;	/* uname(2): the kernel decides which actions there are */
	const char *machine;
	bool fail_unknown;	/* run.oci.seccomp_fail_unknown_syscall */
	const char *bpf_data;	/* run.oci.seccomp_bpf_data: base64 of a program that replaces the rules; NULL */
	const char *log;	/* run.vert.seccomp.log: "denied"; NULL */
	const char *report;	/* run.vert.seccomp.report: a path; NULL */
	const char *receiver;	/* run.oci.seccomp.receiver: used when listenerPath is absent; NULL */
};

/* Fills OUT (zeroed by the caller) from S.  S may be NULL: OUT then has a program only when there is
 * bpf_data.  listener_path is set when the program has a NOTIFY action; listener_state is left to the
 * caller, who knows the container's state and S->listener_metadata. */
MUST_CHECK int plan_filter(struct arena *arena, const struct oci_seccomp *s,
			   const struct filter_options *options, struct plan_filter *out, struct error *err);
