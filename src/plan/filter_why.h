/* SPDX-License-Identifier: Apache-2.0 */
/* Why a filter answers a system call as it does: the compiled program is run over the call, and the rules of the
 * profile that give this answer are found by reading them.  The program decides; the rules explain.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct arena;
struct buf;
struct oci_seccomp;
struct oci_syscall_rule;
struct plan_filter;

struct filter_call {
	const char *name;
	uint32_t token;		/* libseccomp's for the architecture */
	const char *arch;	/* "x86_64" */
	int nr;
	uint64_t args[6];
};

/* The call NAME (or its number) of the architecture ARCH ("x86", "SCMP_ARCH_X86"; NULL: the one we run on). */
MUST_CHECK int filter_call(struct arena *arena, const char *arch, const char *name, struct filter_call *ret,
			   struct error *err);

enum filter_source {
	FILTER_BY_RULES,	/* .rules */
	FILTER_BY_DEFAULT,	/* no rule that matches */
	FILTER_BY_ARCH,		/* the profile does not name this architecture */
	FILTER_BY_PROGRAM,	/* a ready-made program, or a translation of the library's */
};

struct filter_answer {
	uint32_t value;		/* what the program returns: SECCOMP_RET_* */
	size_t steps;		/* instructions it took */
	bool free;		/* allowed whatever the arguments: newer kernels do not run the program */
	enum filter_source source;
	size_t n_rules, n_near;
	size_t *rules;		/* indices of the rules that match and give this answer, in order */
	size_t *near;		/* without one: of those that name the call, but whose conditions do not hold */
};

/* S may be NULL for a program that came ready-made. */
MUST_CHECK int filter_why(struct arena *arena, const struct oci_seccomp *s, const struct plan_filter *program,
			  const struct filter_call *call, struct filter_answer *ret, struct error *err);

/* A filter that denies execve(2) lets no program start, and init, which it binds as well, could not say why. */
MUST_CHECK int filter_check_execve(const struct plan_filter *program, struct error *err);

/* How many system calls of this machine the filter knows by number, and how many of those it allows without being
 * run (Linux 5.11 keeps a bitmap of them). */
void filter_count(const struct plan_filter *program, size_t *ret_known, size_t *ret_free);

/* The name of NR here, NULL: none; for free() there is no need: it lives in ARENA. */
const char *filter_call_name(struct arena *arena, int nr);

/* Whether this library can name the system call NAME to the kernel. */
bool filter_knows(const char *name);

/* filter_text.c: "ERRNO(EPERM)", "arg0 == 0x10 and arg1 != 0x1". */
void filter_put_value(struct buf *b, uint32_t value);
void filter_put_conditions(struct buf *b, const struct oci_syscall_rule *rule);
const char *filter_errno_name(unsigned number);	/* NULL: unknown */

/* What the rule's action is to the kernel. */
uint32_t filter_rule_value(const struct oci_syscall_rule *rule);
uint32_t filter_default_value(const struct oci_seccomp *s);
