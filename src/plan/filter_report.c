/* SPDX-License-Identifier: Apache-2.0 */
/* Telling what a filter denies, for debugging profiles: run.vert.seccomp.log and run.vert.seccomp.report. */
#include "plan/filter_priv.h"

#include <string.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include "base/bpf.h"
#include "base/log.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "plan/filter_why.h"
#include "plan/plan.h"

#define AT_LOG "annotations[\"run.vert.seccomp.log\"]"
#define AT_REPORT "annotations[\"run.vert.seccomp.report\"]"

enum { CALLS = 1024 };

int filter_log(const char *value, unsigned *flags, struct error *err)
{
	if (strcmp(value, "denied") != 0)
		return fail_at(err, 0, AT_LOG, "'%s' is not 'denied'", value);
	*flags |= SECCOMP_FILTER_FLAG_LOG;
	return 0;
}

/* Init still has to tell the launcher about the listener when the filter is in force: with write(2). */
static bool denies_write(const struct plan_filter *f)
{
	const struct seccomp_data data = {.nr = seccomp_syscall_resolve_name("write"), .arch = seccomp_arch_native()};

	return (bpf_run(f->insns, f->n, &data) & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
}

/* The program with a question in the place of every errno.  *RET_N: how many there were. */
static struct sock_filter *with_questions(struct arena *arena, const struct plan_filter *f, size_t *ret_n)
{
	struct sock_filter *insns = arena_array(arena, f->n, sizeof(*insns));

	*ret_n = 0;
	memcpy(insns, f->insns, f->n * sizeof(*insns));
	for (size_t i = 0; i < f->n; i++) {
		if (insns[i].code != (BPF_RET | BPF_K) ||
		    (insns[i].k & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO)
			continue;
		insns[i].k = SECCOMP_RET_USER_NOTIF;
		++*ret_n;
	}
	return insns;
}

int filter_report(struct arena *arena, const char *path, struct plan_filter *out, struct error *err)
{
	struct sock_filter *insns;
	const char **names;
	size_t n;

	if (path[0] != '/')
		return fail_at(err, 0, AT_REPORT, "'%s' is not an absolute path", path);
	if (filter_has_notify(out))
		return fail_at(err, 0, AT_REPORT, "the profile has a listener of its own: SCMP_ACT_NOTIFY");
	if (denies_write(out))
		return fail_at(err, 0, AT_REPORT, "the profile denies 'write', which vert-init needs for the report");
	insns = with_questions(arena, out, &n);
	if (n == 0) {
		log_warning("run.vert.seccomp.report: the profile denies nothing by an errno, there is no report");
		return 0;
	}
	names = arena_array(arena, CALLS, sizeof(*names));
	for (int nr = 0; nr < CALLS; nr++)
		names[nr] = filter_call_name(arena, nr);
	out->report = arena_strdup(arena, path);
	out->original = out->insns;
	out->insns = insns;
	out->arch = seccomp_arch_native();
	out->n_names = CALLS;
	out->names = (const char *const *)names;
	return 0;
}
