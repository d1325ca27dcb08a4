/* SPDX-License-Identifier: Apache-2.0 */
/* Documents as people write them, and what users of the structs rely on.  Rows
 * are tested one by one in test_ocispec_rows.c, errors in test_ocispec_errors.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libocispec/ocispec.h"

typedef const struct oci_type *type_function(void);

static char *read_file(const char *dir, const char *name, size_t *ret_len)
{
	char path[512], *text = malloc(1 << 20);
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	if (f == NULL)
		fail_msg("cannot open %s (is srcdir or OCI_SCHEMA_DIR right?)", path);
	*ret_len = fread(text, 1, 1 << 20, f);
	fclose(f);
	return text;
}

/* These files are in the form in which they are printed. */
static void test_files(void **state)
{
	static const struct {
		const char *name;
		type_function *type;
	} files[] = {
		{"config.json", oci_type_config},	{"state.json", oci_type_state},
		{"features.json", oci_type_features},	{"process.json", oci_type_process},
		{"resources.json", oci_type_resources}, {"mounts.json", oci_type_mount},
	};
	const char *srcdir = getenv("srcdir");
	char dir[256];

	(void)state;
	snprintf(dir, sizeof(dir), "%s/tests/unit/data/ocispec", srcdir ? srcdir : ".");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const struct oci_type *t = files[i].type();
		struct oci_error err = {0};
		struct arena a = {0};
		bool list = t == oci_type_mount();
		char buf[1024];
		size_t len, n = 0;
		char *text = read_file(dir, files[i].name, &len);
		void *o = list ? oci_parse_list(&a, t, text, len, &n, &err)
			       : oci_parse(&a, t, text, len, &err);

		if (o == NULL)
			fail_msg("%s", oci_error_format(&err, files[i].name, buf, sizeof(buf)));
		text[len] = '\0';
		assert_string_equal(
			list ? oci_print_list(&a, t, o, n, true) : oci_print(&a, t, o, true), text);
		arena_free(&a);
		free(text);
	}
}

/* The specification's own examples, when they are at hand. */
static void test_schema_examples(void **state)
{
	static const struct {
		const char *name;
		type_function *type;
		bool good;
	} files[] = {
		{"config/good/minimal.json", oci_type_config, true},
		{"config/good/minimal-for-start.json", oci_type_config, true},
		{"config/good/spec-example.json", oci_type_config, true},
		{"config/good/linux-netdevice.json", oci_type_config, true},
		{"config/good/linux-rdma.json", oci_type_config, true},
		{"config/bad/invalid-json.json", oci_type_config, false},
		{"config/bad/linux-netdevice.json", oci_type_config, false},
		{"config/bad/linux-rdma.json", oci_type_config, false},
		{"state/good/spec-example.json", oci_type_state, true},
		{"state/bad/invalid-json.json", oci_type_state, false},
		{"features/good/minimal.json", oci_type_features, true},
		{"features/good/runc.json", oci_type_features, true},
		{"features/bad/missing-ociVersionMax.json", oci_type_features, false},
	};
	const char *schema = getenv("OCI_SCHEMA_DIR");
	char dir[256];

	(void)state;
	if (schema == NULL) {
		print_message(
			"OCI_SCHEMA_DIR is not set: the specification's examples are not read\n");
		skip();
	}
	snprintf(dir, sizeof(dir), "%s/test", schema);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct oci_error err = {0};
		struct arena a = {0};
		size_t len;
		char *text = read_file(dir, files[i].name, &len);
		void *o = oci_parse(&a, files[i].type(), text, len, &err);

		if ((o != NULL) != files[i].good)
			fail_msg("%s: %s: %s", files[i].name, err.path, err.msg);
		arena_free(&a);
		free(text);
	}
}

static void test_members(void **state)
{
	static const char text[] =
		"{\n\"ociVersion\":\"1.2.0\",\"root\":null,\n"
		"  "
		"\"process\":{\"cwd\":\"/\",\"args\":[\"sh\",\"-c\"],\"env\":[],\"terminal\":false,"
		"\"user\":{\"uid\":0,\"additionalGids\":[5,6]}},\n"
		"\"annotations\":{},\"linux\":{\"rootfsPropagation\":\"rslave\"}}";
	struct arena a = {0};
	struct oci_error err;
	struct oci_config *c = oci_parse(&a, oci_type_config(), text, strlen(text), &err);
	unsigned int line, column;

	(void)state;
	assert_non_null(c);
	assert_null(c->root);
	assert_string_equal(c->oci_version, "1.2.0");
	assert_int_equal(c->process->args.n, 2);
	assert_string_equal(c->process->args.v[1], "-c");
	assert_null(c->process->args.v[2]); /* fit for execve(2) */
	assert_int_equal(c->process->env.n, 0);
	assert_non_null(c->process->env.v); /* empty is not absent */
	assert_null(c->process->env.v[0]);
	assert_null(c->mounts.v);
	assert_non_null(c->annotations.v);
	assert_true(c->process->terminal.set && !c->process->terminal.v);
	assert_false(c->process->no_new_privileges.set);
	assert_true(c->process->user->uid.set && !c->process->user->gid.set);
	assert_int_equal(c->process->user->additional_gids.v[1], 6);
	assert_int_equal(c->linux->rootfs_propagation, OCI_PROPAGATION_RSLAVE);
	oci_locate(text, c->process->at, &line, &column);
	assert_int_equal(line, 3);
	assert_int_equal(column, 13);
	arena_free(&a);
}

static void test_print_by_hand(void **state)
{
	const char *hooks[] = {"prestart\xff", "\xed\xa0\x80", "\xc3\xa9"};
	struct oci_features f = {
		.oci_version_min = "1.0.0",
		.hooks = {3, hooks},
		.mount_options = {0, hooks},
	};
	struct oci_mount mounts[] = {{.destination = "/a"}, {.destination = "/b"}};
	struct arena a = {0};

	(void)state;
	/* a broken string must not break the document: U+FFFD for each byte */
	assert_string_equal(oci_print(&a, oci_type_features(), &f, false),
			    "{\"ociVersionMin\":\"1.0.0\",\"hooks\":[\"prestart\xef\xbf\xbd\","
			    "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\",\"\xc3\xa9\"],"
			    "\"mountOptions\":[]}");
	assert_string_equal(oci_print_list(&a, oci_type_mount(), mounts, 2, false),
			    "[{\"destination\":\"/a\"},{\"destination\":\"/b\"}]");
	assert_string_equal(oci_print_list(&a, oci_type_mount(), NULL, 0, false), "[]");
	arena_free(&a);
}

/* The printed form keeps what the parser tells apart: 0, false, "" and [] are there. */
static void test_absent_is_not_empty(void **state)
{
	static const char *const texts[] = {
		"{}",
		"{\"linux\":{}}",
		"{\"memory\":{\"limit\":0}}",
		"{\"unified\":{}}",
		"{\"devices\":[]}",
		"{\"cpu\":{\"cpus\":\"\",\"idle\":0},\"memory\":{\"useHierarchy\":false}}",
	};
	struct oci_error err;
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct oci_resources *r =
			oci_parse(&a, oci_type_resources(), texts[i], strlen(texts[i]), &err);

		assert_non_null(r);
		assert_string_equal(oci_print(&a, oci_type_resources(), r, false),
				    i == 1 ? "{}" : texts[i]); /* no such row */
	}
	arena_free(&a);
}

static void test_strings_survive(void **state)
{
	static const char text[] = "{\"ociVersion\":\"\\u00e9\\ud83d\\ude00 "
				   "\\/\\\\\\\"\\b\\f\\n\\r\\t\xc3\xa9\x7f\\\\u0000\"}";
	struct arena a = {0};
	struct oci_error err;
	struct oci_config *c = oci_parse(&a, oci_type_config(), text, strlen(text), &err);
	const char *back;

	(void)state;
	assert_non_null(c);
	assert_string_equal(c->oci_version,
			    "\xc3\xa9\xf0\x9f\x98\x80 /\\\"\b\f\n\r\t\xc3\xa9\x7f\\u0000");
	back = oci_print(&a, oci_type_config(), c, false);
	assert_string_equal(
		((struct oci_config *)oci_parse(&a, oci_type_config(), back, strlen(back), &err))
			->oci_version,
		c->oci_version);
	arena_free(&a);
}

/* A document can live in memory of the caller, all of it. */
static void test_fixed_arena(void **state)
{
	static char block[32768];
	static const char text[] = "{\"cwd\":\"/\",\"args\":[\"a\\nb\"]}";
	struct arena a;
	struct oci_error err;
	struct oci_process *p;

	(void)state;
	arena_init_fixed(&a, block, sizeof(block));
	p = oci_parse(&a, oci_type_process(), text, strlen(text), &err);
	assert_in_range((uintptr_t)p, (uintptr_t)block, (uintptr_t)(block + sizeof(block)));
	assert_in_range((uintptr_t)p->args.v[0], (uintptr_t)block,
			(uintptr_t)(block + sizeof(block)));
	assert_null(a.chunks);
}

static void test_versions(void **state)
{
	static const char *const good[] = {
		"1.0.0",
		"1.0.2",
		"1.3.0",
		"1.10.99",
		"1.0.0-rc5",
		"1.0.2-dev",
		"1.2.1+dev",
		"1.0.0-alpha.1.x-y",
		"1.1.0-rc.3+build.007",
		"1.0.0-0a",
		"1.0.0--",
	};
	static const char *const bad[] = {
		"",	   "1",	     "1.",     "1.0",	     "1.0.",	   "1.0.0.",
		"1.0.0.0", "0.9.0",  "2.0.0",  "10.0.0",     "11.0.0",	   "v1.0.0",
		" 1.0.0",  "1.0.0 ", "1.0.0-", "1.0.0+",     "1.0.0-a..b", "1.0.0-01",
		"1.01.0",  "1.0.00", "1.-1.0", "1.0.0-rc_1", "1.0.0+a+b",  "1.x.0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!oci_version_supported(good[i]))
			fail_msg("'%s' is refused", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (oci_version_supported(bad[i]))
			fail_msg("'%s' is accepted", bad[i]);
	assert_false(oci_version_supported(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_schema_examples),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_print_by_hand),
		cmocka_unit_test(test_absent_is_not_empty),
		cmocka_unit_test(test_strings_survive),
		cmocka_unit_test(test_fixed_arena),
		cmocka_unit_test(test_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
