/* SPDX-License-Identifier: Apache-2.0 */
/* The profile that an engine gives every container, compiled, against a second and slow reading of its rules: for
 * every system call and a set of arguments the program must answer what some matching rule says, or the default
 * when none does.  Also what the cache gains with it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/bpf.h"
#include "base/fd.h"
#include "base/str.h"
#include "libocispec/ocispec.h"
#include "plan/filter.h"
#include "plan/filter_why.h"
#include "plan/plan.h"

#include <cmocka.h> /* last: it has a macro fail() */

enum { LAST_CALL = 470 };

static struct arena arena;
static const struct oci_seccomp *profile;

static int load_profile_of(const char *name)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];
	struct oci_config *config;
	struct oci_error bad;
	struct error err;
	char *text;
	size_t len;

	snprintf(path, sizeof(path), "%s/tests/data/engines/%s.json", srcdir ? srcdir : ".", name);
	if (fd_read_file(AT_FDCWD, path, 1 << 20, &text, &len, &err) < 0)
		return -1;
	config = oci_parse(&arena, oci_type_config(), text, len, &bad);
	free(text);
	profile = config ? config->linux->seccomp : NULL;
	return profile ? 0 : -1;
}

static int load_profile(void **state)
{
	(void)state;
	return load_profile_of("podman-plain");
}

static int forget_profile(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static bool holds(const struct oci_syscall_arg *arg, const uint64_t values[6])
{
	uint64_t v = values[arg->index.v], limit = arg->value.v;

	switch (arg->op) {
	case OCI_CMP_NE:
		return v != limit;
	case OCI_CMP_LT:
		return v < limit;
	case OCI_CMP_LE:
		return v <= limit;
	case OCI_CMP_EQ:
		return v == limit;
	case OCI_CMP_GE:
		return v >= limit;
	case OCI_CMP_GT:
		return v > limit;
	case OCI_CMP_MASKED_EQ:
		return (v & limit) == arg->value_two.v;
	default:
		return false;
	}
}

static bool matches(const struct oci_syscall_rule *rule, const int *numbers, int nr,
		    const uint64_t values[6])
{
	bool named = false;

	for (size_t i = 0; i < rule->names.n; i++)
		named |= numbers[i] == nr;
	for (size_t i = 0; named && i < rule->args.n; i++)
		named = holds(&rule->args.v[i], values);
	return named;
}

static uint32_t answer_of(enum oci_scmp_action action, const struct oci_u32 *code)
{
	if (action == OCI_ACT_ALLOW)
		return SECCOMP_RET_ALLOW;
	assert_int_equal(action, OCI_ACT_ERRNO); /* the profile has no other */
	return SECCOMP_RET_ERRNO | (code->set ? code->v : 1);
}

/* Numbers of all names, resolved once. */
static int **resolve(void)
{
	int **all = arena_array(&arena, profile->syscalls.n, sizeof(*all));

	for (size_t i = 0; i < profile->syscalls.n; i++) {
		const struct oci_str_list *names = &profile->syscalls.v[i].names;

		all[i] = arena_array(&arena, names->n, sizeof(**all));
		for (size_t k = 0; k < names->n; k++)
			all[i][k] = seccomp_syscall_resolve_name(names->v[k]);
	}
	return all;
}

static void check_call(const struct plan_filter *f, int **numbers, int nr, const uint64_t values[6])
{
	struct seccomp_data data = {.nr = nr, .arch = seccomp_arch_native()};
	bool expected = false, any = false;
	uint64_t got;

	memcpy(data.args, values, sizeof(data.args));
	got = bpf_run(f->insns, f->n, &data);
	for (size_t i = 0; i < profile->syscalls.n; i++) {
		const struct oci_syscall_rule *rule = &profile->syscalls.v[i];

		if (!matches(rule, numbers[i], nr, values))
			continue;
		any = true;
		expected |= got == answer_of(rule->action, &rule->errno_ret);
	}
	if (!any)
		expected = got == answer_of(profile->default_action, &profile->default_errno_ret);
	if (!expected)
		fail_msg("call %d (%llx, %llx): %llx", nr, (unsigned long long)values[0],
			 (unsigned long long)values[1], (unsigned long long)got);
}

static void test_against_rules(void **state)
{
	static const uint64_t samples[] = {
		0,	 1,	  2,	      3,	  8,	      10,	   16,	       40,
		0x20000, 0x20008, 0x7e020000, 0x80000000, 0xffffffff, 0x100000000, UINT64_MAX,
	};
	struct filter_options options = {.cache_dir = -1, .release = "6.1", .machine = "test"};
	struct plan_filter f = {0};
	struct error err;
	int **numbers = resolve();

	(void)state;
	assert_int_equal(plan_filter(&arena, profile, &options, &f, &err), 0);
	for (int nr = 0; nr <= LAST_CALL; nr++)
		for (size_t i = 0; i < COUNT_OF(samples); i++) {
			const uint64_t first[6] = {samples[i]},
				       second[6] = {16, samples[i], samples[i]};

			check_call(&f, numbers, nr, first);
			check_call(&f, numbers, nr, second);
		}
}

/* What `vert seccomp why` says: the rule that it names is the first that matches and has the program's answer, and it
 * names the default exactly when no rule does. */
static void check_why(const struct plan_filter *f, int **numbers, int nr, uint64_t value)
{
	struct filter_call call = {
		.name = "", .token = seccomp_arch_native(), .arch = "native", .nr = nr, .args = {value, value}};
	struct seccomp_data data = {.nr = nr, .arch = seccomp_arch_native(), .args = {value, value}};
	struct filter_answer a;
	struct error err;
	size_t first = 0;

	assert_int_equal(filter_why(&arena, profile, f, &call, &a, &err), 0);
	assert_int_equal(a.value, bpf_run(f->insns, f->n, &data));
	while (first < profile->syscalls.n &&
	       (!matches(&profile->syscalls.v[first], numbers[first], nr, call.args) ||
		answer_of(profile->syscalls.v[first].action, &profile->syscalls.v[first].errno_ret) != a.value))
		first++;
	if (first == profile->syscalls.n) {
		assert_int_equal(a.source, FILTER_BY_DEFAULT);
		assert_int_equal(a.value, answer_of(profile->default_action, &profile->default_errno_ret));
	} else {
		assert_int_equal(a.source, FILTER_BY_RULES);
		assert_int_equal(a.rules[0], first);
	}
}

/* The profiles of all engines at hand. */
static void test_why(void **state)
{
	static const char *const engines[] = {"docker-plain", "podman-plain", "buildkit", "buildah-run",
					      "ctr-security", "cri-secured", "rootless-plain"};
	static const uint64_t samples[] = {0, 8, 40, 0x7e020000, UINT64_MAX};
	const struct filter_options options = {.cache_dir = -1, .release = "6.1", .machine = "test"};
	const struct oci_seccomp *before = profile;
	struct error err;

	(void)state;
	for (size_t e = 0; e < COUNT_OF(engines); e++) {
		struct plan_filter f = {0};
		int **numbers;

		assert_int_equal(load_profile_of(engines[e]), 0);
		assert_true(profile->syscalls.n > 5);
		numbers = resolve();
		assert_int_equal(plan_filter(&arena, profile, &options, &f, &err), 0);
		for (int nr = 0; nr <= LAST_CALL; nr++)
			for (size_t i = 0; i < COUNT_OF(samples); i++)
				check_why(&f, numbers, nr, samples[i]);
	}
	profile = before;
}

/* The same rules in one filter of libseccomp for all architectures, as it is meant to be used. */
static size_t compile_together(struct sock_filter *insns)
{
	scmp_filter_ctx ctx =
		seccomp_init(SCMP_ACT_ERRNO((unsigned)profile->default_errno_ret.v & 0xffff));
	int fd = (int)syscall(SYS_memfd_create, "together", 0);
	ssize_t size;

	assert_true(fd >= 0);
	assert_int_equal(seccomp_arch_add(ctx, SCMP_ARCH_X86), 0);
	assert_int_equal(seccomp_arch_add(ctx, SCMP_ARCH_X32), 0);
	for (size_t i = 0; i < profile->syscalls.n; i++) {
		const struct oci_syscall_rule *rule = &profile->syscalls.v[i];
		uint32_t action = answer_of(rule->action, &rule->errno_ret);
		struct scmp_arg_cmp args[6];

		for (size_t k = 0; k < rule->args.n;
		     k++) /* enum scmp_compare is in the same order */
			args[k] = (struct scmp_arg_cmp){rule->args.v[k].index.v,
							(enum scmp_compare)rule->args.v[k].op,
							rule->args.v[k].value.v,
							rule->args.v[k].value_two.v};
		for (size_t k = 0; k < rule->names.n; k++) {
			int nr = seccomp_syscall_resolve_name(rule->names.v[k]);

			if (nr != __NR_SCMP_ERROR)
				(void)seccomp_rule_add_array(ctx, action, nr,
							     (unsigned)rule->args.n, args);
		}
	}
	assert_int_equal(seccomp_export_bpf(ctx, fd), 0);
	seccomp_release(ctx);
	size = pread(fd, insns, BPF_MAXINSNS * sizeof(*insns), 0);
	assert_true(size > 0);
	close(fd);
	return (size_t)size / sizeof(*insns);
}

/* Joined out of one program for each architecture, the filter answers every call of every architecture as
 * libseccomp's own program for all of them does. */
static void test_like_one_filter(void **state)
{
	static const uint32_t archs[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64, 0};
	static const uint32_t bases[] = {0, 0x40000000, 0x7fffff00, 0x80000000, 0xfffffe00};
	static const uint64_t samples[] = {0,	    2,		8,	    16,	       40,
					   0x20000, 0x7e020000, 0xffffffff, UINT64_MAX};
	static struct sock_filter together[BPF_MAXINSNS];
	struct filter_options options = {.cache_dir = -1, .release = "6.1", .machine = "test"};
	struct plan_filter f = {0};
	struct error err;
	size_t n;

	(void)state;
	if (seccomp_arch_native() != SCMP_ARCH_X86_64)
		skip();
	n = compile_together(together);
	assert_int_equal(plan_filter(&arena, profile, &options, &f, &err), 0);
	for (size_t a = 0; a < COUNT_OF(archs); a++)
		for (size_t b = 0; b < COUNT_OF(bases); b++)
			for (uint32_t nr = 0; nr < 600; nr++)
				for (size_t i = 0; i < COUNT_OF(samples); i++) {
					struct seccomp_data data = {
						.nr = (int)(bases[b] + nr),
						.arch = archs[a],
						.args = {samples[i],
							 samples[(i + b) % COUNT_OF(samples)]},
					};
					uint64_t got = bpf_run(f.insns, f.n, &data);

					if (got == BPF_BAD || got != bpf_run(together, n, &data))
						fail_msg("architecture %#x, call %#x", archs[a],
							 (unsigned)data.nr);
				}
}

static double microseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void remove_dir(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)))
		(void)unlinkat(dirfd(d), e->d_name, 0); /* fails for "." and ".." */
	closedir(d);
	assert_int_equal(rmdir(path), 0);
}

/* Not a bound on time, which no shared machine keeps, but on the proportion: a hit must not compile. */
static void test_cache_is_worth_it(void **state)
{
	char path[] = "/tmp/test_filter_profile.XXXXXX";
	struct filter_options options = {.release = "6.1", .machine = "test"};
	double best[2] = {1e9, 1e9};
	struct plan_filter f[2];
	struct error err;

	(void)state;
	assert_non_null(mkdtemp(path));
	options.cache_dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 10; i++) {
		double start = microseconds();

		f[i > 0] = (struct plan_filter){0};
		assert_int_equal(plan_filter(&arena, profile, &options, &f[i > 0], &err), 0);
		start = microseconds() - start;
		if (start < best[i > 0])
			best[i > 0] = start;
	}
	assert_int_equal(f[0].n, f[1].n);
	assert_memory_equal(f[0].insns, f[1].insns, 8u * f[0].n);
	print_message("%u instructions: miss %.0f us, hit %.0f us\n", f[0].n, best[0], best[1]);
	assert_true(best[1] * 10 < best[0]);
	remove_dir(path);
	close(options.cache_dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_rules),
		cmocka_unit_test(test_why),
		cmocka_unit_test(test_like_one_filter),
		cmocka_unit_test(test_cache_is_worth_it),
	};

	return cmocka_run_group_tests(tests, load_profile, forget_profile);
}
