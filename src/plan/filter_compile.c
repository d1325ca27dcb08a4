/* SPDX-License-Identifier: Apache-2.0 */
/* linux.seccomp to BPF with libseccomp; the only file that knows that library.
 *
 * Each architecture is compiled by itself, and filter_join() puts the programs together: libseccomp looks for the
 * target of a jump along all that it has made so far, so one program for three architectures takes more than twice
 * the time of three programs.  The three are made at the same time, by processes of their own.
 */
#include "plan/filter_priv.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <seccomp.h>

#include "base/beside.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"
#include "libocispec/ocispec.h"
#include "plan/filter.h"
#include "plan/filter_why.h"
#include "plan/plan.h"

/* From so many rules on the program is a search tree instead of a list.  With no rule at all libseccomp up to
 * 2.5.3 makes a wrong tree (libseccomp issue 370); with few the tree is no faster. */
enum { TREE_MIN_RULES = 9 };

enum { BESIDE = 3 }; /* architectures that are compiled beside our own, at most */

struct rule {
	size_t index; /* in the profile */
	const char *name;
	int number; /* of the architecture we run on, as libseccomp wants it */
	uint32_t action;
	unsigned n;
	const struct scmp_arg_cmp *args;
};

struct arch {
	uint32_t token;
	size_t index; /* in the profile */
};

struct compiler {
	const struct oci_seccomp *profile;
	const struct filter_options *options;
	struct arena scratch;
	uint32_t default_action;
	struct rule *rules;
	size_t n_rules;
	struct arch archs[FILTER_MAX_ARCHS]; /* the first one is the one we run on */
	size_t n_archs;
};

static void release_filter(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}

static uint32_t action_value(enum oci_scmp_action action, const struct oci_u32 *errno_ret)
{
	uint32_t value = errno_ret->set ? errno_ret->v : EPERM;

	switch (action) {
	case OCI_ACT_KILL:
	case OCI_ACT_KILL_THREAD:
		return SCMP_ACT_KILL_THREAD;
	case OCI_ACT_KILL_PROCESS:
		return SCMP_ACT_KILL_PROCESS;
	case OCI_ACT_TRAP:
		return SCMP_ACT_TRAP;
	case OCI_ACT_ERRNO:
		return SCMP_ACT_ERRNO(value);
	case OCI_ACT_TRACE:
		return SCMP_ACT_TRACE(value);
	case OCI_ACT_ALLOW:
		return SCMP_ACT_ALLOW;
	case OCI_ACT_LOG:
		return SCMP_ACT_LOG;
	case OCI_ACT_NOTIFY:
		return SCMP_ACT_NOTIFY;
	case OCI_scmp_action_absent:
		break;
	}
	return SCMP_ACT_KILL_PROCESS; /* filter_check() has seen to it that this is not reached */
}

uint32_t filter_rule_value(const struct oci_syscall_rule *rule)
{
	return action_value(rule->action, &rule->errno_ret);
}

uint32_t filter_default_value(const struct oci_seccomp *s)
{
	return action_value(s->default_action, &s->default_errno_ret);
}

static struct scmp_arg_cmp condition(const struct oci_syscall_arg *arg)
{
	static const enum scmp_compare ops[] = {
		[OCI_CMP_NE] = SCMP_CMP_NE,
		[OCI_CMP_LT] = SCMP_CMP_LT,
		[OCI_CMP_LE] = SCMP_CMP_LE,
		[OCI_CMP_EQ] = SCMP_CMP_EQ,
		[OCI_CMP_GE] = SCMP_CMP_GE,
		[OCI_CMP_GT] = SCMP_CMP_GT,
		[OCI_CMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};

	/* For MASKED_EQ the first value is the mask, the second what must come out. */
	return (struct scmp_arg_cmp){arg->index.v, ops[arg->op], arg->value.v, arg->value_two.v};
}

static void place_of(size_t index, char *buf, size_t size)
{
	snprintf(buf, size, "linux.seccomp.syscalls[%zu]", index);
}

/* A system call that this libseccomp does not know cannot be named to the kernel.  A profile made for newer
 * systems then permits less than it says, which is harmless, or forbids less, which is worth a warning. */
static int unknown_name(const struct compiler *c, size_t index, const char *name, struct error *err)
{
	enum oci_scmp_action action = c->profile->syscalls.v[index].action;
	bool lax_default = c->profile->default_action == OCI_ACT_ALLOW ||
			   c->profile->default_action == OCI_ACT_LOG;
	bool forbids = action != OCI_ACT_ALLOW && action != OCI_ACT_LOG;
	char at[64];

	place_of(index, at, sizeof(at));
	if (c->options->fail_unknown)
		return fail_at(err, 0, at, "unknown system call '%s'", name);
	if (lax_default && forbids)
		log_warning("%s: unknown system call '%s' is not filtered", at, name);
	else
		log_debug("%s: unknown system call '%s' is ignored", at, name);
	return 0;
}

/* All names of rule INDEX.  Where conditions repeat an argument each is a rule of its own. */
static int collect_names(struct compiler *c, size_t index, uint32_t action, struct error *err)
{
	const struct oci_syscall_rule *rule = &c->profile->syscalls.v[index];
	struct scmp_arg_cmp *args = arena_array(&c->scratch, rule->args.n, sizeof(*args));
	bool apart = filter_args_repeat(rule);
	unsigned n = (unsigned)rule->args.n;

	for (unsigned i = 0; i < n; i++)
		args[i] = condition(&rule->args.v[i]);
	for (size_t k = 0; k < rule->names.n; k++) {
		const char *name = rule->names.v[k];
		int number = seccomp_syscall_resolve_name(name);

		if (number == __NR_SCMP_ERROR) {
			if (unknown_name(c, index, name, err) < 0)
				return -1;
			continue;
		}
		for (unsigned i = 0; i < (apart ? n : 1); i++)
			c->rules[c->n_rules++] =
				(struct rule){index, name, number, action, apart ? 1 : n, args + i};
	}
	return 0;
}

static int collect_rules(struct compiler *c, struct error *err)
{
	const struct oci_seccomp *s = c->profile;
	size_t most = 0;

	for (size_t i = 0; i < s->syscalls.n; i++)
		most += s->syscalls.v[i].names.n * (s->syscalls.v[i].args.n + 1);
	c->rules = arena_array(&c->scratch, most, sizeof(*c->rules));
	for (size_t i = 0; i < s->syscalls.n; i++) {
		uint32_t action = filter_rule_value(&s->syscalls.v[i]);

		if (action == c->default_action) /* says nothing new, and libseccomp refuses it */
			continue;
		if (collect_names(c, i, action, err) < 0)
			return -1;
	}
	return 0;
}

static bool has_architecture(const struct compiler *c, uint32_t token)
{
	for (size_t i = 0; i < c->n_archs; i++)
		if (c->archs[i].token == token)
			return true;
	return false;
}

/* 0: libseccomp cannot filter it here.  "SCMP_ARCH_X86_64" is "x86_64" to it. */
static uint32_t arch_token(const char *name)
{
	uint32_t token;
	char lower[32];
	size_t n = 0;

	for (const char *s = name + strlen("SCMP_ARCH_"); *s && n + 1 < sizeof(lower); s++)
		lower[n++] = (char)tolower((unsigned char)*s);
	lower[n] = '\0';
	token = seccomp_arch_resolve_name(lower);
	return (token ^ seccomp_arch_native()) & __AUDIT_ARCH_LE ? 0 : token;
}

/* What libseccomp cannot filter is left out: an architecture of the other byte order, and one that came with a later
 * release than ours.  Neither is this machine's, so no call of it can come here; one that came would be killed. */
static void collect_architectures(struct compiler *c)
{
	c->archs[c->n_archs++] = (struct arch){.token = seccomp_arch_native()};
	for (size_t i = 0; i < c->profile->architectures.n; i++) {
		uint32_t token = arch_token(c->profile->architectures.v[i]);

		if (token == 0)
			log_debug("linux.seccomp.architectures[%zu]: no call of '%s' can come here", i,
				  c->profile->architectures.v[i]);
		else if (!has_architecture(c, token)) /* so there are no more than filter_check() knows names */
			c->archs[c->n_archs++] = (struct arch){token, i};
	}
}

static int add_rules(const struct compiler *c, scmp_filter_ctx ctx, struct error *err)
{
	char at[64];

	for (size_t i = 0; i < c->n_rules; i++) {
		const struct rule *r = &c->rules[i];
		int rc = seccomp_rule_add_array(ctx, r->action, r->number, r->n, r->args);

		if (rc >= 0 || rc == -EEXIST) /* the same rule twice */
			continue;
		place_of(r->index, at, sizeof(at));
		return fail_at(err, -rc, at, "libseccomp refuses the rule for '%s'", r->name);
	}
	return 0;
}

static int read_program(struct compiler *c, int fd, struct filter_part *out, struct error *err)
{
	off_t size = lseek(fd, 0, SEEK_END);
	void *insns;

	if (size <= 0 || (size_t)size % sizeof(struct sock_filter))
		return fail_at(err, 0, "linux.seccomp", "libseccomp wrote %lld bytes, no program",
			       (long long)size);
	insns = arena_alloc(&c->scratch, (size_t)size);
	if (pread(fd, insns, (size_t)size, 0) != size)
		return fail(err, errno, "read the seccomp program");
	out->insns = insns;
	out->n = (size_t)size / sizeof(struct sock_filter);
	return 0;
}

/* libseccomp begins with the architecture we run on. */
static int set_architectures(struct compiler *c, scmp_filter_ctx ctx, const struct arch *archs,
			     size_t n, struct error *err)
{
	bool native = false;
	char at[64];
	int rc;

	for (size_t i = 0; i < n; i++) {
		native |= archs[i].token == c->archs[0].token;
		rc = seccomp_arch_add(ctx, archs[i].token);
		if (rc == 0 || rc == -EEXIST)
			continue;
		snprintf(at, sizeof(at), "linux.seccomp.architectures[%zu]", archs[i].index);
		return fail_at(err, -rc, at, "architecture '%s' cannot be filtered here",
			       c->profile->architectures.v[archs[i].index]);
	}
	rc = native ? 0 : seccomp_arch_remove(ctx, c->archs[0].token);
	return rc < 0 ? fail_at(err, -rc, "linux.seccomp.architectures",
				"libseccomp keeps its own architecture")
		      : 0;
}

/* One program for ARCHS, which answers for all others what libseccomp does: the process is killed.  Into a file,
 * because libseccomp before 2.6 writes to nothing else. */
static int write_program(struct compiler *c, const struct arch *archs, size_t n, int fd,
			 struct error *err)
{
	__attribute__((cleanup(release_filter))) scmp_filter_ctx ctx =
		seccomp_init(c->default_action);
	int rc;

	if (!ctx)
		return fail_at(err, 0, "linux.seccomp.defaultAction",
			       "this kernel does not have the action %s",
			       oci_choice_text(oci_type_scmp_action(), c->profile->default_action));
	if (set_architectures(c, ctx, archs, n, err) < 0 || add_rules(c, ctx, err) < 0)
		return -1;
	if (c->n_rules >= TREE_MIN_RULES) {
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
		if (rc < 0)
			log_debug("libseccomp makes no tree: %s", strerror(-rc));
	}
	rc = seccomp_export_bpf(ctx, fd);
	return rc < 0 ? fail_at(err, -rc, "linux.seccomp", "libseccomp cannot compile the filter")
		      : 0;
}

static int compile_for(struct compiler *c, const struct arch *archs, size_t n,
		       struct filter_part *out, struct error *err)
{
	autoclose int fd = sys_memfd_create("seccomp", 1 /* MFD_CLOEXEC */);

	if (fd < 0)
		return fail(err, errno, "memfd_create for the seccomp program");
	if (write_program(c, archs, n, fd, err) < 0)
		return -1;
	return read_program(c, fd, out, err);
}

struct job {
	struct compiler *c;
	const struct arch *arch;
};

static int write_beside(void *context, int fd)
{
	const struct job *job = context;
	struct error err; /* whoever waits does it again, and tells */

	return write_program(job->c, job->arch, 1, fd, &err);
}

static int take_or_compile(struct compiler *c, const struct arch *arch, struct beside *beside,
			   struct filter_part *out, struct error *err)
{
	autoclose int fd = beside ? beside_end(beside) : -1;

	return fd >= 0 ? read_program(c, fd, out, err) : compile_for(c, arch, 1, out, err);
}

/* Our own architecture here, the next ones beside us. */
static int compile_all(struct compiler *c, struct filter_part *parts, struct error *err)
{
	struct beside beside[BESIDE];
	size_t n = c->n_archs - 1 < BESIDE ? c->n_archs - 1 : BESIDE;
	int rc;

	for (size_t i = 0; i < n; i++) {
		struct job job = {c, &c->archs[1 + i]};

		beside_begin(&beside[i], write_beside, &job);
	}
	rc = compile_for(c, &c->archs[0], 1, &parts[0], err);
	for (size_t i = 1; rc == 0 && i < c->n_archs; i++)
		rc = take_or_compile(c, &c->archs[i], i <= n ? &beside[i - 1] : NULL, &parts[i],
				     err);
	for (size_t i = 0; rc < 0 && i < n; i++)
		fd_close(beside_end(&beside[i]));
	return rc;
}

static int compile_apart(struct compiler *c, struct filter_part parts[FILTER_MAX_ARCHS],
			 size_t *ret_total, struct error *err)
{
	size_t total = 0;

	if (compile_all(c, parts, err) < 0)
		return -1;
	for (size_t i = 0; i < c->n_archs; i++) {
		parts[i].is_x32 = c->archs[i].token == SCMP_ARCH_X32;
		parts[i].arch = parts[i].is_x32 ? SCMP_ARCH_X86_64 : c->archs[i].token;
		total += parts[i].n + FILTER_JOINT;
	}
	*ret_total = total;
	return 0;
}

static int compile(struct compiler *c, struct arena *arena, struct plan_filter *out,
		   struct error *err)
{
	struct filter_part parts[FILTER_MAX_ARCHS];
	size_t n, total;

	collect_architectures(c);
	if (collect_rules(c, err) < 0)
		return -1;
	n = c->n_archs;
	if (compile_apart(c, parts, &total, err) < 0)
		return -1;
	/* Together the programs of similar architectures share what they have in common. */
	if (total > BPF_MAXINSNS && n > 1) {
		if (compile_for(c, c->archs, n, &parts[0], err) < 0)
			return -1;
		n = 1;
		total = parts[0].n;
	}
	if (total > BPF_MAXINSNS)
		return fail_at(err, 0, "linux.seccomp",
			       "the filter needs %zu instructions, the kernel takes %d", total,
			       BPF_MAXINSNS);
	filter_join(arena, parts, n, out);
	return 0;
}

int filter_compile(struct arena *arena, const struct oci_seccomp *s,
		   const struct filter_options *options, struct plan_filter *out, struct error *err)
{
	struct compiler c = {
		.profile = s,
		.options = options,
		.default_action = filter_default_value(s),
	};
	int rc = compile(&c, arena, out, err);

	arena_free(&c.scratch);
	return rc;
}

/* Version and architecture are constants of the library: asking costs nothing and needs no filter. */
void filter_library(char *buf, size_t size)
{
	const struct scmp_version *v = seccomp_version();

	snprintf(buf, size, "libseccomp %u.%u.%u %08x", v->major, v->minor, v->micro,
		 seccomp_arch_native());
}
