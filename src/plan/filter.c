/* SPDX-License-Identifier: Apache-2.0 */
/* linux.seccomp to BPF with libseccomp; the only file that knows that library. */
#include "filter.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/filter.h>
#include <seccomp.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"
#include "libocispec/ocispec.h"
#include "plan/filter_cache.h"
#include "plan/filter_priv.h"
#include "plan/filter_why.h"
#include "plan/plan.h"

/* From so many rules on the program is a search tree instead of a list.  With no rule at all libseccomp up to
 * 2.5.3 makes a wrong tree (libseccomp issue 370); with few the tree is no faster. */
enum { TREE_MIN_RULES = 9 };

struct compiler {
	const struct oci_seccomp *profile;
	const struct filter_options *options;
	scmp_filter_ctx ctx;
	size_t n_rules;
	char at[64]; /* the rule being added */
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

static int add_rule(struct compiler *c, uint32_t action, int number, const char *name, unsigned n,
		    const struct scmp_arg_cmp *args, struct error *err)
{
	int rc = seccomp_rule_add_array(c->ctx, action, number, n, args);

	if (rc < 0 && rc != -EEXIST) /* the same rule twice */
		return fail_at(err, -rc, c->at, "libseccomp refuses the rule for '%s'", name);
	c->n_rules++;
	return 0;
}

/* A system call that this libseccomp does not know cannot be named to the kernel.  A profile made for newer
 * systems then permits less than it says, which is harmless, or forbids less, which is worth a warning. */
static int unknown_name(const struct compiler *c, const struct oci_syscall_rule *rule,
			const char *name, struct error *err)
{
	bool lax_default = c->profile->default_action == OCI_ACT_ALLOW ||
			   c->profile->default_action == OCI_ACT_LOG;
	bool forbids = rule->action != OCI_ACT_ALLOW && rule->action != OCI_ACT_LOG;

	if (c->options->fail_unknown)
		return fail_at(err, 0, c->at, "unknown system call '%s'", name);
	if (lax_default && forbids)
		log_warning("%s: unknown system call '%s' is not filtered", c->at, name);
	else
		log_debug("%s: unknown system call '%s' is ignored", c->at, name);
	return 0;
}

static int add_name(struct compiler *c, const struct oci_syscall_rule *rule, uint32_t action,
		    const char *name, struct error *err)
{
	struct scmp_arg_cmp args[6];
	int number = seccomp_syscall_resolve_name(name);
	unsigned n = (unsigned)rule->args.n;

	if (number == __NR_SCMP_ERROR)
		return unknown_name(c, rule, name, err);
	for (unsigned i = 0; i < n; i++)
		args[i] = condition(&rule->args.v[i]);
	if (!filter_args_repeat(rule))
		return add_rule(c, action, number, name, n, args, err);
	for (unsigned i = 0; i < n; i++)
		if (add_rule(c, action, number, name, 1, &args[i], err) < 0)
			return -1;
	return 0;
}

static int add_rules(struct compiler *c, uint32_t default_action, struct error *err)
{
	for (size_t i = 0; i < c->profile->syscalls.n; i++) {
		const struct oci_syscall_rule *rule = &c->profile->syscalls.v[i];
		uint32_t action = filter_rule_value(rule);

		if (action == default_action) /* says nothing new, and libseccomp refuses it */
			continue;
		snprintf(c->at, sizeof(c->at), "linux.seccomp.syscalls[%zu]", i);
		for (size_t k = 0; k < rule->names.n; k++)
			if (add_name(c, rule, action, rule->names.v[k], err) < 0)
				return -1;
	}
	return 0;
}

/* "SCMP_ARCH_X86_64" is "x86_64" to libseccomp.  The architecture we run on is always there. */
static int add_architectures(struct compiler *c, struct error *err)
{
	const struct scmp_version *v = seccomp_version();

	for (size_t i = 0; i < c->profile->architectures.n; i++) {
		const char *name = c->profile->architectures.v[i];
		uint32_t token;
		char lower[32];
		size_t n = 0;
		int rc;

		for (const char *s = name + strlen("SCMP_ARCH_"); *s && n + 1 < sizeof(lower); s++)
			lower[n++] = (char)tolower((unsigned char)*s);
		lower[n] = '\0';
		snprintf(c->at, sizeof(c->at), "linux.seccomp.architectures[%zu]", i);
		token = seccomp_arch_resolve_name(lower);
		if (token == 0)
			return fail_at(err, 0, c->at,
				       "libseccomp %u.%u.%u does not know the architecture '%s'",
				       v->major, v->minor, v->micro, name);
		rc = seccomp_arch_add(c->ctx, token);
		if (rc < 0 && rc != -EEXIST)
			return fail_at(err, -rc, c->at, "architecture '%s' cannot be filtered here",
				       name);
	}
	return 0;
}

/* libseccomp before 2.6 writes programs to descriptors only. */
static int export_program(scmp_filter_ctx ctx, struct arena *arena, struct plan_filter *out,
			  struct error *err)
{
	autoclose int fd = sys_memfd_create("seccomp", 1 /* MFD_CLOEXEC */);
	off_t size;
	void *insns;
	int rc;

	if (fd < 0)
		return fail(err, errno, "memfd_create for the seccomp program");
	rc = seccomp_export_bpf(ctx, fd);
	if (rc < 0)
		return fail_at(err, -rc, "linux.seccomp", "libseccomp cannot compile the filter");
	size = lseek(fd, 0, SEEK_END);
	if (size <= 0 || (size_t)size % sizeof(struct sock_filter))
		return fail_at(err, 0, "linux.seccomp", "libseccomp wrote %lld bytes, no program",
			       (long long)size);
	if ((size_t)size > BPF_MAXINSNS * sizeof(struct sock_filter))
		return fail_at(err, 0, "linux.seccomp",
			       "the filter needs %zu instructions, the kernel takes %d",
			       (size_t)size / sizeof(struct sock_filter), BPF_MAXINSNS);
	insns = arena_alloc(arena, (size_t)size);
	if (pread(fd, insns, (size_t)size, 0) != size)
		return fail(err, errno, "read the seccomp program");
	out->n = (uint16_t)((size_t)size / sizeof(struct sock_filter));
	out->insns = insns;
	return 0;
}

static int compile(struct arena *arena, const struct oci_seccomp *s,
		   const struct filter_options *options, struct plan_filter *out, struct error *err)
{
	uint32_t default_action = filter_default_value(s);
	__attribute__((cleanup(release_filter))) scmp_filter_ctx ctx = seccomp_init(default_action);
	struct compiler c = {.profile = s, .options = options, .ctx = ctx};
	int rc;

	if (!ctx)
		return fail_at(err, 0, "linux.seccomp.defaultAction",
			       "this kernel does not have the action %s",
			       oci_choice_text(oci_type_scmp_action(), s->default_action));
	if (add_architectures(&c, err) < 0 || add_rules(&c, default_action, err) < 0)
		return -1;
	if (c.n_rules >= TREE_MIN_RULES) {
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
		if (rc < 0)
			log_debug("libseccomp makes no tree: %s", strerror(-rc));
	}
	return export_program(ctx, arena, out, err);
}

/* Version and architecture are constants of the library: asking costs nothing and needs no filter. */
static void library_name(char *buf, size_t size)
{
	const struct scmp_version *v = seccomp_version();

	snprintf(buf, size, "libseccomp %u.%u.%u %08x", v->major, v->minor, v->micro,
		 seccomp_arch_native());
}

static int get_program(struct arena *arena, const struct oci_seccomp *s,
		       const struct filter_options *options, struct plan_filter *out,
		       struct error *err)
{
	uint8_t key[DIGEST_SIZE];
	char library[64];

	library_name(library, sizeof(library));
	if (options->cache_dir < 0 || !filter_cache_key(s, options, library, key))
		return compile(arena, s, options, out, err);
	if (filter_cache_lookup(options->cache_dir, key, arena, out))
		return 0;
	if (compile(arena, s, options, out, err) < 0)
		return -1;
	filter_cache_store(options->cache_dir, key, out);
	return 0;
}

int plan_filter(struct arena *arena, const struct oci_seccomp *s,
		const struct filter_options *options, struct plan_filter *out, struct error *err)
{
	const char *path =
		s && s->listener_path && *s->listener_path ? s->listener_path : options->receiver;

	if (!s && !options->bpf_data)
		return 0;
	if (s && filter_check(s, err) < 0)
		return -1;
	if (options->bpf_data ? filter_decode(arena, options->bpf_data, out, err) < 0
			      : get_program(arena, s, options, out, err) < 0)
		return -1;
	out->notify = filter_has_notify(out);
	out->flags = filter_flags(s, out->notify);
	if (out->notify && !path)
		return fail_at(
			err, 0, "linux.seccomp.listenerPath",
			"SCMP_ACT_NOTIFY is used, but nobody listens: listenerPath is missing");
	if (out->notify && path[0] != '/')
		return fail_at(err, 0, "linux.seccomp.listenerPath", "'%s' is not an absolute path",
			       path);
	if (out->notify)
		out->listener_path = arena_strdup(arena, path);
	out->present = true;
	return 0;
}
