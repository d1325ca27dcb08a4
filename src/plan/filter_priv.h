/* SPDX-License-Identifier: Apache-2.0 */
/* What the files filter*.c share: the parts of plan_filter(). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct arena;
struct filter_options;
struct oci_seccomp;
struct oci_syscall_rule;
struct plan_filter;
struct sock_filter;

/* The rules of config-linux.md (seccomp) and of the kernel that need no compiling to be seen. */
MUST_CHECK int filter_check(const struct oci_seccomp *s, struct error *err);

/* Whether some index occurs twice: then every entry is a rule of its own (libcontainer's reading, which profiles
 * have come to depend on), else all must hold. */
bool filter_args_repeat(const struct oci_syscall_rule *rule);

/* SECCOMP_FILTER_FLAG_* for S, which may be NULL. */
unsigned filter_flags(const struct oci_seccomp *s, bool notify);

/* A ready program from base64. */
MUST_CHECK int filter_decode(struct arena *arena, const char *base64, struct plan_filter *out,
			     struct error *err);

/* Whether the program can ask a listener: seen in the program itself, as it may come from anywhere. */
bool filter_has_notify(const struct plan_filter *filter);

/* Compiles S, which filter_check() has passed, into ARENA: fills out->n and out->insns. */
MUST_CHECK int filter_compile(struct arena *arena, const struct oci_seccomp *s, const struct filter_options *options,
			      struct plan_filter *out, struct error *err);

/* What compiles: name, version, native architecture; part of the cache's key. */
void filter_library(char *buf, size_t size);

/* A program for one architecture: what the kernel calls it (seccomp_data.arch), and whether it is x32, which the
 * kernel calls x86-64. */
struct filter_part {
	uint32_t arch;
	bool is_x32;
	size_t n;
	const struct sock_filter *insns;
};

enum {
	FILTER_MAX_ARCHS = 24, /* all that filter_check() knows, and our own */
	FILTER_JOINT = 5,      /* instructions that filter_join() adds to a part, at most */
};

/* One program of all PARTS, of different architectures: each call goes to the part of its architecture, a call of
 * another one to the last part, which must know what to do with it.  The sum must fit into BPF_MAXINSNS. */
void filter_join(struct arena *arena, const struct filter_part *parts, size_t n, struct plan_filter *out);

/* run.vert.seccomp.log: the flag that makes the kernel log what is denied. */
MUST_CHECK int filter_log(const char *value, unsigned *flags, struct error *err);

/* run.vert.seccomp.report: the program asks a listener of ours in place of every errno. */
MUST_CHECK int filter_report(struct arena *arena, const char *path, struct plan_filter *out, struct error *err);
