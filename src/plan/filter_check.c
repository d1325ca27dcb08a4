/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of linux.seccomp, its flags, and programs that come ready-made. */
#include "filter_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "base/str.h"
#include "libocispec/ocispec.h"
#include "plan/filter_info.h"
#include "plan/plan.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

enum { MAX_ERRNO = 4094, MAX_ARGS = 6 }; /* libseccomp takes less than the kernel's 4095 */

/* An errno that the action cannot carry is an error (config-linux.md), and one that the kernel would cut is, too. */
static bool errno_fits(enum oci_scmp_action action, const struct oci_u32 *value, char *why,
		       size_t size)
{
	uint32_t max = action == OCI_ACT_ERRNO	 ? MAX_ERRNO
		       : action == OCI_ACT_TRACE ? UINT16_MAX
						 : 0;

	if (!value->set || (max && value->v <= max))
		return true;
	if (max)
		snprintf(why, size, "errno %u is above %u", value->v, max);
	else
		snprintf(why, size, "the action %s returns no errno",
			 oci_choice_text(oci_type_scmp_action(), action));
	return false;
}

bool filter_args_repeat(const struct oci_syscall_rule *rule)
{
	unsigned seen = 0;

	for (size_t i = 0; i < rule->args.n; i++) {
		unsigned bit = 1u << rule->args.v[i].index.v;

		if (seen & bit)
			return true;
		seen |= bit;
	}
	return false;
}

/* The place in config.json is put together only when it is needed: profiles have hundreds of rules. */
__attribute__((format(printf, 4, 5))) static int refuse(struct error *err, size_t rule,
							const char *member, const char *fmt, ...)
{
	char where[sizeof(err->where)], text[sizeof(err->msg)];
	va_list ap;

	snprintf(where, sizeof(where), "linux.seccomp.syscalls[%zu].%s", rule, member);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return fail_at(err, 0, where, "%s", text);
}

static int check_args(const struct oci_syscall_rule *rule, size_t i, struct error *err)
{
	char member[32];

	if (rule->args.n > MAX_ARGS)
		return refuse(err, i, "args", "%zu conditions, a system call has %d arguments",
			      rule->args.n, MAX_ARGS);
	for (size_t k = 0; k < rule->args.n; k++) {
		const struct oci_syscall_arg *arg = &rule->args.v[k];

		if (arg->index.v < MAX_ARGS && arg->op != 0)
			continue;
		snprintf(member, sizeof(member), "args[%zu].%s", k, arg->op ? "index" : "op");
		if (arg->op == 0)
			return refuse(err, i, member, "the comparison is missing");
		return refuse(err, i, member, "argument %u: the last one has index %d",
			      arg->index.v, MAX_ARGS - 1);
	}
	return 0;
}

static int check_rule(const struct oci_syscall_rule *rule, size_t i, struct error *err)
{
	char text[128];

	if (rule->action == 0)
		return refuse(err, i, "action", "the action is missing");
	if (rule->names.n == 0)
		return refuse(err, i, "names", "a rule needs the name of a system call");
	/* Init still has to tell the launcher about the listener when the filter is in force: with write(2). */
	for (size_t k = 0; rule->action == OCI_ACT_NOTIFY && k < rule->names.n; k++)
		if (strcmp(rule->names.v[k], "write") == 0)
			return refuse(err, i, "names",
				      "SCMP_ACT_NOTIFY cannot be used for 'write'");
	if (!errno_fits(rule->action, &rule->errno_ret, text, sizeof(text)))
		return refuse(err, i, "errnoRet", "%s", text);
	return check_args(rule, i, err);
}

static int check_listener(const struct oci_seccomp *s, struct error *err)
{
	bool has_path = s->listener_path && *s->listener_path;

	if (has_path && s->listener_path[0] != '/')
		return fail_at(err, 0, "linux.seccomp.listenerPath", "'%s' is not an absolute path",
			       s->listener_path);
	if (!has_path && s->listener_metadata && *s->listener_metadata)
		return fail_at(err, 0, "linux.seccomp.listenerMetadata",
			       "listenerMetadata needs a listenerPath");
	return 0;
}

static int check_architectures(const struct oci_seccomp *s, struct error *err)
{
	size_t n;
	const char *const *known = filter_architectures(&n);
	char place[64];

	for (size_t i = 0; i < s->architectures.n; i++) {
		size_t k = 0;

		while (k < n && strcmp(known[k], s->architectures.v[i]) != 0)
			k++;
		if (k < n)
			continue;
		snprintf(place, sizeof(place), "linux.seccomp.architectures[%zu]", i);
		return fail_at(err, 0, place, "unknown architecture '%s'", s->architectures.v[i]);
	}
	return 0;
}

int filter_check(const struct oci_seccomp *s, struct error *err)
{
	char text[128];

	if (s->default_action == 0)
		return fail_at(err, 0, "linux.seccomp.defaultAction",
			       "the default action is missing");
	if (s->default_action == OCI_ACT_NOTIFY)
		return fail_at(err, 0, "linux.seccomp.defaultAction",
			       "SCMP_ACT_NOTIFY cannot be the default: the runtime's own calls "
			       "would wait");
	if (!errno_fits(s->default_action, &s->default_errno_ret, text, sizeof(text)))
		return fail_at(err, 0, "linux.seccomp.defaultErrnoRet", "%s", text);
	if (check_architectures(s, err) < 0 || check_listener(s, err) < 0)
		return -1;
	for (size_t i = 0; i < s->syscalls.n; i++)
		if (check_rule(&s->syscalls.v[i], i, err) < 0)
			return -1;
	return 0;
}

/* Without the property, speculation is not mitigated in the filtered process: as with the other runtimes, and the
 * kernel's own default since 5.16.  TSYNC is for programs with threads, which init has not.
 * WAIT_KILLABLE_RECV without a listener is an error to the kernel and means nothing. */
unsigned filter_flags(const struct oci_seccomp *s, bool notify)
{
	static const unsigned bits[] = {
		[OCI_FILTER_TSYNC] = 0,
		[OCI_FILTER_LOG] = SECCOMP_FILTER_FLAG_LOG,
		[OCI_FILTER_SPEC_ALLOW] = SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		[OCI_FILTER_WAIT_KILLABLE_RECV] = SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
	};
	unsigned flags = 0;

	if (!s || !s->flags.v)
		return SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	for (size_t i = 0; i < s->flags.n; i++)
		flags |= bits[s->flags.v[i]];
	if (!notify)
		flags &= ~(unsigned)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	return flags;
}

static int base64_digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
}

int filter_decode(struct arena *arena, const char *base64, struct plan_filter *out,
		  struct error *err)
{
	static const char at[] = "annotations[\"run.oci.seccomp_bpf_data\"]";
	size_t len = strlen(base64), pad = 0, n = 0;
	uint32_t word = 0;
	uint8_t *bytes;

	while (pad < 2 && pad < len && base64[len - 1 - pad] == '=')
		pad++;
	if (len == 0 || len % 4)
		return fail_at(err, 0, at, "the program is not base64 text");
	if (len / 4 * 3 - pad > BPF_MAXINSNS * sizeof(struct sock_filter))
		return fail_at(err, 0, at, "the program has more than %d instructions",
			       BPF_MAXINSNS);
	bytes = arena_alloc(arena, len / 4 * 3);
	for (size_t i = 0; i < len; i++) {
		int digit = i < len - pad ? base64_digit(base64[i]) : 0;

		if (digit < 0)
			return fail_at(err, 0, at, "the program is not base64 text");
		word = word << 6 | (uint32_t)digit;
		if (i % 4 != 3)
			continue;
		for (int shift = 16; shift >= 0; shift -= 8)
			bytes[n++] = (uint8_t)(word >> shift);
	}
	n -= pad;
	if (n == 0 || n % sizeof(struct sock_filter))
		return fail_at(err, 0, at, "%zu bytes are not whole BPF instructions", n);
	out->n = (uint16_t)(n / sizeof(struct sock_filter));
	out->insns = bytes;
	return 0;
}

bool filter_has_notify(const struct plan_filter *filter)
{
	const struct sock_filter *insns = filter->insns;

	for (size_t i = 0; i < filter->n; i++)
		if (insns[i].code == (BPF_RET | BPF_K) &&
		    (insns[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
			return true;
	return false;
}
