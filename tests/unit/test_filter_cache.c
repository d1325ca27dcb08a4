/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of compiled filters: what is in the key, and that nothing but our own undamaged entry is ever
 * used.
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
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "libocispec/ocispec.h"
#include "plan/filter.h"
#include "plan/filter_cache.h"
#include "plan/plan.h"

#include <cmocka.h> /* last: it has a macro fail() */

static struct arena arena;
static struct filter_options options = {.cache_dir = -1, .release = "6.1", .machine = "test"};
static char dir_path[] = "/tmp/test_filter_cache.XXXXXX";

static const char profile[] = "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
			      "\"architectures\":[\"SCMP_ARCH_X86_64\"],"
			      "\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],\"syscalls\":[{\"names\":["
			      "\"read\",\"close\"],\"action\":"
			      "\"SCMP_ACT_TRACE\",\"errnoRet\":7,\"args\":[{\"index\":1,\"value\":"
			      "2,\"valueTwo\":3,\"op\":\"SCMP_CMP_EQ\"}]}]}";

static void empty_dir(void)
{
	DIR *d = fdopendir(openat(options.cache_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)))
		(void)unlinkat(options.cache_dir, e->d_name, 0);
	closedir(d);
}

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir_path))
		return -1;
	options.cache_dir = open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return options.cache_dir < 0;
}

static int remove_dir(void **state)
{
	(void)state;
	empty_dir();
	close(options.cache_dir);
	return rmdir(dir_path);
}

static int teardown(void **state)
{
	(void)state;
	empty_dir();
	arena_free(&arena);
	return 0;
}

static struct oci_seccomp *parse(const char *json)
{
	struct oci_error bad;
	struct oci_seccomp *s = oci_parse(&arena, oci_type_seccomp(), json, strlen(json), &bad);

	if (!s)
		fail_msg("%s: %s: %s", json, bad.path, bad.msg);
	return s;
}

static struct plan_filter compile(const struct oci_seccomp *s)
{
	struct plan_filter f = {0};
	struct error err;

	if (plan_filter(&arena, s, &options, &f, &err) < 0)
		fail_msg("%s (%s)", err.msg, err.where);
	return f;
}

static void key_of(const struct oci_seccomp *s, const struct filter_options *o, const char *library,
		   uint8_t *key)
{
	assert_true(filter_cache_key(s, o, library, key));
}

/* The one entry of the cache; its name is written to NAME. */
static bool find_entry(char *name, size_t size)
{
	DIR *d = fdopendir(openat(options.cache_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const struct dirent *e;
	bool found = false;

	assert_non_null(d);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.') {
			assert_false(found);
			found = true;
			snprintf(name, size, "%s", e->d_name);
		}
	closedir(d);
	return found;
}

/* Each single change of the profile and of its surroundings must give another key; a missing one once let a runtime
 * use the wrong filter. */
static void test_key_has_everything(void **state)
{
	static const char *const changes[][2] = {
		{"ERRNO\",\"default", "TRACE\",\"default"},
		{":38", ":39"},
		{"\"defaultErrnoRet\":38,", ""},
		{"X86_64", "X86"},
		{"\"architectures\":[\"SCMP_ARCH_X86_64\"],", ""},
		{"FLAG_LOG", "FLAG_TSYNC"},
		{"\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],", ""},
		{"[\"SECCOMP_FILTER_FLAG_LOG\"]", "[]"},
		{"read", "write"},
		{"\"read\",\"close\"", "\"close\",\"read\""},
		{"read\",\"close", "readclose"},
		{"SCMP_ACT_TRACE", "SCMP_ACT_ERRNO"},
		{"\"errnoRet\":7", "\"errnoRet\":8"},
		{"\"errnoRet\":7,", ""},
		{"\"index\":1", "\"index\":2"},
		{"\"value\":2", "\"value\":4294967298"},
		{"\"valueTwo\":3", "\"valueTwo\":2"},
		{"\"valueTwo\":3,", ""},
		{"CMP_EQ", "CMP_NE"},
	};
	struct filter_options release = options, machine = options, strict = options;
	uint8_t keys[COUNT_OF(changes) + 5][DIGEST_SIZE];
	size_t n = 0;

	(void)state;
	release.release = "6.2";
	machine.machine = "other";
	strict.fail_unknown = true;
	key_of(parse(profile), &options, "lib", keys[n++]);
	key_of(parse(profile), &options, "lib2", keys[n++]);
	key_of(parse(profile), &release, "lib", keys[n++]);
	key_of(parse(profile), &machine, "lib", keys[n++]);
	key_of(parse(profile), &strict, "lib", keys[n++]);
	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		const char *at = strstr(profile, changes[i][0]);

		assert_non_null(at);
		key_of(parse(arena_printf(&arena, "%.*s%s%s", (int)(at - profile), profile,
					  changes[i][1], at + strlen(changes[i][0]))),
		       &options, "lib", keys[n++]);
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (memcmp(keys[i], keys[k], DIGEST_SIZE) == 0)
				fail_msg("%zu and %zu have the same key", i, k);
}

/* These differ for every container and do not reach the program. */
static void test_key_without_listener(void **state)
{
	struct oci_seccomp *s = parse(profile);
	uint8_t key[DIGEST_SIZE], other[DIGEST_SIZE];

	(void)state;
	key_of(s, &options, "lib", key);
	s->listener_path = "/run/agent";
	s->listener_metadata = "container 1";
	key_of(s, &options, "lib", other);
	assert_memory_equal(key, other, sizeof(key));
}

static void test_entry_is_used(void **state)
{
	const struct oci_seccomp *s = parse(profile);
	struct plan_filter first = compile(s), second;
	uint8_t key[DIGEST_SIZE] = {1};
	char name[128];
	struct stat st;

	(void)state;
	assert_true(find_entry(name, sizeof(name)));
	assert_int_equal(fstatat(options.cache_dir, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	second = compile(s);
	assert_int_equal(first.n, second.n);
	assert_memory_equal(first.insns, second.insns, 8u * first.n);
	/* That the second one came out of the cache shows when the entry holds something else. */
	second = (struct plan_filter){.n = 1, .insns = "\x06\0\0\0\x01\0\x05\0"};
	filter_cache_store(options.cache_dir, key, &second);
	assert_false(
		filter_cache_lookup(options.cache_dir, (uint8_t[DIGEST_SIZE]){2}, &arena, &first));
	assert_true(filter_cache_lookup(options.cache_dir, key, &arena, &first));
	assert_true(first.n == 1 && memcmp(first.insns, second.insns, 8) == 0);
}

static void expect_miss(const uint8_t *key, const char *what)
{
	struct plan_filter f = {0};

	if (filter_cache_lookup(options.cache_dir, key, &arena, &f))
		fail_msg("used an entry with %s", what);
	assert_null(f.insns);
}

static void test_damage_is_seen(void **state)
{
	const struct plan_filter f = {.n = 2,
				      .insns = "\x06\0\0\0\x01\0\x05\0\x06\0\0\0\x02\0\x05\0"};
	uint8_t key[DIGEST_SIZE] = {3}, byte, other;
	struct plan_filter found;
	char name[128];
	struct stat st;
	int fd;

	(void)state;
	filter_cache_store(options.cache_dir, key, &f);
	assert_true(find_entry(name, sizeof(name)));
	fd = openat(options.cache_dir, name, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	for (off_t at = 0; at < st.st_size; at++) {
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		for (int bit = 0; bit < 8; bit++) {
			other = (uint8_t)(byte ^ 1 << bit);
			assert_int_equal(pwrite(fd, &other, 1, at), 1);
			expect_miss(key, "a wrong bit");
		}
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	assert_true(filter_cache_lookup(options.cache_dir, key, &arena, &found));
	assert_int_equal(fchmod(fd, 0640), 0);
	expect_miss(key, "other people's permission");
	assert_int_equal(fchmod(fd, 0600), 0);
	for (off_t size = 0; size <= st.st_size + 9; size++) {
		if (size == st.st_size)
			continue;
		assert_int_equal(ftruncate(fd, size), 0);
		expect_miss(key, "another size");
	}
	close(fd);
	filter_cache_store(options.cache_dir, key, &f);
	assert_true(filter_cache_lookup(options.cache_dir, key, &arena, &found));
	/* The right content under another entry's name. */
	key[1] = 9;
	filter_cache_store(options.cache_dir, key, &f);
	key[1] = 0;
	assert_int_equal(unlinkat(options.cache_dir, name, 0), 0);
	{
		char second[128];

		assert_true(find_entry(second, sizeof(second)));
		assert_int_equal(renameat(options.cache_dir, second, options.cache_dir, name), 0);
	}
	expect_miss(key, "another key");
}

static void test_foreign_things(void **state)
{
	const struct plan_filter f = {.n = 1, .insns = "\x06\0\0\0\x01\0\x05\0"};
	const uint8_t key[DIGEST_SIZE] = {4};
	struct plan_filter found;
	char name[128];

	(void)state;
	filter_cache_store(options.cache_dir, key, &f);
	assert_true(find_entry(name, sizeof(name)));
	assert_int_equal(renameat(options.cache_dir, name, options.cache_dir, ".target"), 0);
	assert_int_equal(symlinkat(".target", options.cache_dir, name), 0);
	expect_miss(key, "a symbolic link");
	filter_cache_store(options.cache_dir, key,
			   &f); /* replaces the link, does not write through it */
	assert_true(filter_cache_lookup(options.cache_dir, key, &arena, &found));
	assert_int_equal(unlinkat(options.cache_dir, name, 0), 0);
	assert_int_equal(mkfifoat(options.cache_dir, name, 0600), 0);
	expect_miss(key, "a FIFO");
	filter_cache_store(options.cache_dir, key, &f);
	assert_true(filter_cache_lookup(options.cache_dir, key, &arena, &found));
	assert_int_equal(fchmod(options.cache_dir, 0770), 0);
	expect_miss(key, "a directory that others write to");
	assert_int_equal(fchmod(options.cache_dir, 0700), 0);
	if (geteuid() == 0) {
		assert_int_equal(fchownat(options.cache_dir, name, 12345, -1, 0), 0);
		expect_miss(key, "another owner");
	}
}

static void test_bounded(void **state)
{
	const struct plan_filter f = {.n = 1, .insns = "\x06\0\0\0\x01\0\x05\0"};
	DIR *d;
	int n = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		filter_cache_store(options.cache_dir,
				   (uint8_t[DIGEST_SIZE]){5, (uint8_t)i, (uint8_t)(i >> 8)}, &f);
	d = fdopendir(openat(options.cache_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	assert_true(n > 2 && n < 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_key_has_everything, teardown),
		cmocka_unit_test_teardown(test_key_without_listener, teardown),
		cmocka_unit_test_teardown(test_entry_is_used, teardown),
		cmocka_unit_test_teardown(test_damage_is_seen, teardown),
		cmocka_unit_test_teardown(test_foreign_things, teardown),
		cmocka_unit_test_teardown(test_bounded, teardown),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
