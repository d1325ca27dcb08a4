/* SPDX-License-Identifier: Apache-2.0 */
/* What users see when a document is bad: place, path and text, one row for each
 * kind of mistake, and the limits that keep a hostile document cheap.
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

struct row {
	const char *text;
	unsigned int line, column;
	const char *path, *msg;
};

#define V "\"ociVersion\":\"1.0.0\""

/* clang-format off */
static const struct row configs[] = {
	/* not a document */
	{ "", 1, 1, "", "the document ends too early" },
	{ " \n\t", 2, 2, "", "the document ends too early" },
	{ "null", 1, 1, "", "expected an object, got null" },
	{ "[]", 1, 1, "", "expected an object, got an array" },
	{ " 12", 1, 2, "", "expected an object, got a number" },
	{ "\"x\"", 1, 1, "", "expected an object, got a string" },
	{ "\xef\xbb\xbf{" V "}", 1, 1, "", NULL }, /* byte order mark */
	{ "{" V "} {}", 1, 24, "", "trailing garbage" },
	{ "{" V "}\n\nx", 3, 1, "", NULL },
	{ "{]", 1, 2, "", NULL },
	{ "{" V ",}", 1, 23, "ociVersion", NULL },
	{ "{" V "}}", 1, 23, "", NULL },
	{ "{\"root\":{\"path\":tru }}", 1, 17, "root.path", NULL },
	{ "{\"process\":{\"args\":[\"a\" \"b\"]}}", 1, 25, "process.args[1]", NULL },
	{ "{ /* no comments */ }", 1, 3, "", NULL },
	{ "{'root':1}", 1, 2, "", NULL },
	{ "{\"root\":NaN}", 1, 9, "root", NULL },
	{ "{\"process\":{\"oomScoreAdj\":01}}", 1, 27, "process.oomScoreAdj", NULL },
	{ "{\"hostname\":\"a\tb\"}", 1, 14, "hostname", NULL },
	{ "{\"hostname\":\"\\q\"}", 1, 14, "hostname", NULL },
	{ "{\"hostname\":\"\\u12g4\"}", 1, 15, "hostname", NULL },
	{ "{\"hostname\":\"open", 1, 18, "hostname", "the document ends too early" },

	/* the wrong type */
	{ "{\n  \"process\": {\n    \"cwd\": 3\n  }\n}", 3, 12, "process.cwd",
	  "expected a string, got a number" },
	{ "{\"process\":{\"args\":\"sh\"}}", 1, 20, "process.args", "expected an array, got a string" },
	{ "{\"process\":{\"args\":[\"sh\",{}]}}", 1, 26, "process.args[1]",
	  "expected a string, got an object" },
	{ "{\"process\":{\"args\":[[\"sh\"]]}}", 1, 21, "process.args[0]",
	  "expected a string, got an array" },
	{ "{\"process\":{\"args\":[\"sh\",null]}}", 1, 26, "process.args[1]",
	  "expected a string, got null" },
	{ "{\"process\":{\"rlimits\":[{\"soft\":\"abc\"}]}}", 1, 32, "process.rlimits[0].soft",
	  "expected a non-negative integer, got a string" },
	{ "{\"process\":{\"terminal\":\"a\\\\\\\"b\"}}", 1, 24, "process.terminal",
	  "expected a boolean, got a string" },
	{ "{\"process\":{\"terminal\":1}}", 1, 24, "process.terminal", "expected a boolean, got a number" },
	{ "{\"mounts\":{}}", 1, 11, "mounts", "expected an array, got an object" },
	{ "{\"mounts\":[3]}", 1, 12, "mounts[0]", "expected an object, got a number" },
	{ "{\"root\":[]}", 1, 9, "root", "expected an object, got an array" },
	{ "{\"annotations\":[]}", 1, 16, "annotations", "expected an object, got an array" },
	{ "{\"annotations\":{\"a.b\":true}}", 1, 23, "annotations[\"a.b\"]",
	  "expected a string, got a boolean" },
	{ "{\"annotations\":{\"a\":null}}", 1, 21, "annotations[\"a\"]", "expected a string, got null" },
	{ "{\"linux\":{\"netDevices\":{\"eth0\":{\"name\":23}}}}", 1, 40,
	  "linux.netDevices[\"eth0\"].name", "expected a string, got a number" },
	{ "{\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":7}]}}", 1, 48,
	  "linux.namespaces[1].type", "expected a string, got a number" },

	/* numbers */
	{ "{\"process\":{\"oomScoreAdj\":2147483648}}", 1, 27, "process.oomScoreAdj",
	  "2147483648 is out of range (-2147483648 to 2147483647)" },
	{ "{\"process\":{\"oomScoreAdj\":1.5}}", 1, 27, "process.oomScoreAdj",
	  "expected an integer, got 1.5" },
	{ "{\"process\":{\"oomScoreAdj\":1e3}}", 1, 27, "process.oomScoreAdj",
	  "expected an integer, got 1e3" },
	{ "{\"process\":{\"user\":{\"uid\":-1}}}", 1, 27, "process.user.uid",
	  "-1 is out of range (0 to 4294967295)" },
	{ "{\"process\":{\"user\":{\"additionalGids\":[0,4294967296]}}}", 1, 41,
	  "process.user.additionalGids[1]", "4294967296 is out of range (0 to 4294967295)" },
	{ "{\"linux\":{\"resources\":{\"memory\":{\"limit\":-9223372036854775809}}}}", 1, 42,
	  "linux.resources.memory.limit",
	  "-9223372036854775809 is out of range (-9223372036854775808 to 9223372036854775807)" },
	{ "{\"linux\":{\"resources\":{\"cpu\":{\"shares\":18446744073709551616}}}}", 1, 40,
	  "linux.resources.cpu.shares",
	  "18446744073709551616 is out of range (0 to 18446744073709551615)" },
	{ "{\"linux\":{\"resources\":{\"blockIO\":{\"weight\":70000}}}}", 1, 44,
	  "linux.resources.blockIO.weight", "70000 is out of range (0 to 65535)" },
	{ "{\"process\":{\"oomScoreAdj\":100000000000000000000000000000000000000000000000000}}", 1, 27,
	  "process.oomScoreAdj",
	  "100000000000000000000000000000000000... is out of range (-2147483648 to 2147483647)" },

	/* missing, twice, unknown value */
	{ "{}", 1, 1, "ociVersion", "required but missing" },
	{ "{\"ociVersion\":null}", 1, 1, "ociVersion", "required but missing" },
	{ "{" V ",\n \"mounts\":[{\"destination\":\"/\"},\n  {\"source\":\"x\"}]}", 3, 3,
	  "mounts[1].destination", "required but missing" },
	{ "{" V ",\"hostname\":\"a\",\"hostname\":\"a\"}", 1, 38, "hostname", "given twice" },
	{ "{" V ",\"hostname\":\"a\",\"hostname\":null}", 1, 38, "hostname", "given twice" },
	{ "{" V ",\"hostname\":null,\"hostname\":\"a\"}", 1, 39, "hostname", "given twice" },
	{ "{" V ",\"host\\u006eame\":\"a\",\n\"hostname\":\"a\"}", 2, 1, "hostname", "given twice" },
	{ "{\"annotations\":{\"b\":\"\",\"a\\n\":\"\",\n\"b\":\"\",\"a\\u000a\":\"\",\"b\":\"\"}}", 2, 1,
	  "annotations[\"b\"]", "given twice" },
	{ "{\"linux\":{\"sysctl\":{\"a\\n\":\"\",\n \"a\\u000a\":\"\"}}}", 2, 2,
	  "linux.sysctl[\"a\\u000a\"]", "given twice" },
	{ "{\"linux\":{\"resources\":{\"rdma\":{\"m\":{},\"m\":{}}}}}", 1, 39,
	  "linux.resources.rdma[\"m\"]", "given twice" },
	{ "{\"linux\":{\"namespaces\":[{\"type\":\"net\"}]}}", 1, 33, "linux.namespaces[0].type",
	  "'net' is not one of: mount, pid, network, uts, ipc, user, cgroup, time" },
	{ "{\"linux\":{\"seccomp\":{\"flags\":[\"\"]}}}", 1, 31, "linux.seccomp.flags[0]",
	  "'' is not one of: SECCOMP_FILTER_FLAG_TSYNC, SECCOMP_FILTER_FLAG_LOG, "
	  "SECCOMP_FILTER_FLAG_SPEC_ALLOW, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" },
	{ "{\"linux\":{\"personality\":{\"domain\":\"a\\u001b[1m\\n\xc2\x9b\"}}}", 1, 35,
	  "linux.personality.domain", "'a\\u001b[1m\\u000a\\u009b' is not one of: LINUX, LINUX32" },

	/* text */
	{ "{\"hostname\":\"a\\u0000b\"}", 1, 15, "hostname", "a string may not hold a NUL character" },
	{ "{\"process\":{\"args\":[\"a\",\"\\\\\\u0000\"]}}", 1, 28, "process.args[1]",
	  "a string may not hold a NUL character" },
	{ "{\"unknown\":[\"\\u0000\"]}", 1, 14, "", "a string may not hold a NUL character" },
	{ "{\"annotations\":{\"a\\u0000\":\"\"}}", 1, 19, "annotations",
	  "a string may not hold a NUL character" },
	{ "{\"hostname\":\"\\ud800\"}", 1, 14, "hostname", "half of a surrogate pair" },
	{ "{\"hostname\":\"\\ud800\\u0041\"}", 1, 14, "hostname", "half of a surrogate pair" },
	{ "{\"hostname\":\"\\uDC00\"}", 1, 14, "hostname", "half of a surrogate pair" },
	{ "{\"hostname\":\"\xc3\xa9\xff\"}", 1, 15, "hostname", "invalid UTF-8" },
	{ "{\"hostname\":\"\xc0\xaf\"}", 1, 14, "hostname", "invalid UTF-8" },     /* overlong */
	{ "{\"hostname\":\"\xe0\x80\xaf\"}", 1, 14, "hostname", "invalid UTF-8" },
	{ "{\"hostname\":\"\xed\xa0\x80\"}", 1, 14, "hostname", "invalid UTF-8" }, /* surrogate */
	{ "{\"hostname\":\"\xf4\x90\x80\x80\"}", 1, 14, "hostname", "invalid UTF-8" },
	{ "{\"hostname\":\"\xe2\x82", 1, 14, "hostname", "invalid UTF-8" },
	{ "{\"hostname\":\xff}", 1, 13, "hostname", "invalid UTF-8" },
	{ "{\"a\xff\":1}", 1, 4, "", "invalid UTF-8" },
};
/* clang-format on */

static void check(const struct row *row, const struct oci_error *err)
{
	if (err->line != row->line || err->column != row->column ||
	    strcmp(err->path, row->path) != 0 || (row->msg && strcmp(err->msg, row->msg) != 0) ||
	    err->msg[0] == '\0')
		fail_msg("%s\n  is at %u:%u: '%s': %s\n  not   %u:%u: '%s': %s", row->text,
			 err->line, err->column, err->path, err->msg, row->line, row->column,
			 row->path, row->msg ? row->msg : "");
}

static void test_configs(void **state)
{
	struct oci_error err;
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		const struct row *row = &configs[i];
		size_t len = strlen(row->text);
		char *exact = malloc(len ? len : 1); /* a sanitizer sees a byte too far */

		memcpy(exact, row->text, len);
		assert_null(oci_parse(&a, oci_type_config(), exact, len, &err));
		check(row, &err);
		free(exact);
		arena_free(&a);
	}
}

static void test_lists(void **state)
{
	static const struct row rows[] = {
		{"", 1, 1, "", "the document ends too early"},
		{"{}", 1, 1, "", "expected an array, got an object"},
		{"null", 1, 1, "", "expected an array, got null"},
		{"[{\"destination\":\"/\"},\n {}]", 2, 2, "[1].destination",
		 "required but missing"},
		{"[[]]", 1, 2, "[0]", "expected an object, got an array"},
		{"[{\"destination\":\"/\"},null]", 1, 22, "[1]", "expected an object, got null"},
	};
	struct oci_error err;
	struct arena a = {0};
	size_t n = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_null(oci_parse_list(&a, oci_type_mount(), rows[i].text, strlen(rows[i].text),
					   &n, &err));
		check(&rows[i], &err);
		assert_int_equal(n, 7);
	}
	assert_non_null(oci_parse_list(&a, oci_type_mount(), "[]", 2, &n, &err));
	assert_int_equal(n, 0);
	arena_free(&a);
}

static void test_state_pid(void **state)
{
	static const struct row row = {"{\"pid\":-4}", 1, 8, "pid",
				       "-4 is out of range (0 to 2147483647)"};
	struct oci_error err;
	struct arena a = {0};

	(void)state; /* kill(-4) would be a process group */
	assert_null(oci_parse(&a, oci_type_state(), row.text, strlen(row.text), &err));
	check(&row, &err);
	arena_free(&a);
}

static void test_format(void **state)
{
	struct oci_error err = {.line = 3, .column = 7, .path = "root.path", .msg = "bad"};
	char buf[64], small[8];

	(void)state;
	assert_string_equal(oci_error_format(&err, "c.json", buf, sizeof(buf)),
			    "c.json:3:7: root.path: bad");
	assert_string_equal(oci_error_format(&err, "c.json", small, sizeof(small)), "c.json:");
	err.path[0] = '\0';
	assert_string_equal(oci_error_format(&err, "c.json", buf, sizeof(buf)), "c.json:3:7: bad");
	err.line = 0;
	assert_string_equal(oci_error_format(&err, "c.json", buf, sizeof(buf)), "c.json: bad");
}

static void note(void *data, const char *path, unsigned int line)
{
	char *all = data;

	snprintf(all + strlen(all), 512 - strlen(all), "%s@%u ", path, line);
}

static void test_unknown(void **state)
{
	static const char text[] =
		"{" V ",\n\"vendor\":{\"a\":[1,{\"ociVersion\":2}],\"a\":null},\n"
		"\"process\":{\"cwd\":\"/\",\n\"args\":[],\"Args\":1.5e9},\n\n"
		"\"mounts\":[{\"destination\":\"/\"},{\"destination\":\"/\",\"x\\u001by\":\"\"}],"
		"\"annotations\":{\"whatever\":\"\"},\"\":1,\"a.b\":2}";
	char all[512] = "";
	const struct oci_watch watch = {note, all};
	struct arena a = {0};
	struct oci_error err;

	(void)state;
	assert_non_null(oci_parse_watch(&a, oci_type_config(), text, strlen(text), &watch, &err));
	assert_string_equal(all, "vendor@2 process.Args@4 mounts[1][\"x\\u001by\"]@6 [\"\"]@6 "
				 "[\"a.b\"]@6 ");
	arena_free(&a);
}

static void *nest(struct arena *a, const char *start, char open, char close, size_t depth,
		  struct oci_error *err)
{
	size_t n = strlen(start), len = n + 2 * depth;
	char *text = malloc(len + 1);
	void *o;

	memcpy(text, start, n);
	memset(text + n, open, depth);
	memset(text + n + depth, close, depth);
	text[len] = '}';
	o = oci_parse(a, oci_type_config(), text, len + 1, err);
	free(text);
	return o;
}

static void test_depth(void **state)
{
	struct oci_error err;
	struct arena a = {0};

	(void)state;
	assert_non_null(nest(&a, "{" V ",\"x\":", '[', ']', OCI_MAX_DEPTH - 1, &err));
	assert_null(nest(&a, "{" V ",\"x\":", '[', ']', OCI_MAX_DEPTH, &err));
	assert_string_equal(err.msg, "nested too deeply");
	assert_int_equal(err.column, strlen("{" V ",\"x\":") + OCI_MAX_DEPTH);
	assert_null(nest(&a, "{" V ",\"x\":", '[', ']', 1000000, &err));
	assert_string_equal(err.msg, "nested too deeply");
	arena_free(&a);
}

static void test_size(void **state)
{
	struct oci_error err;
	struct arena a = {0};

	(void)state; /* too large is said before the text is touched */
	assert_null(oci_parse(&a, oci_type_config(), "{}", OCI_MAX_SIZE + 1, &err));
	assert_string_equal(err.msg, "the document is larger than 16 MiB");
	assert_int_equal(err.line, 0);
	arena_free(&a);
}

/* Time must not grow with the square of what a document holds. */
static void test_many(void **state)
{
	enum { MANY = 100000 };
	char *text = malloc(MANY * 16), unknown[512] = "";
	const struct oci_watch watch = {note, unknown};
	struct oci_error err;
	struct arena a = {0};
	struct oci_config *c;
	size_t n;

	(void)state;
	n = (size_t)sprintf(text, "{" V ",\"annotations\":{");
	for (int i = 0; i < MANY; i++)
		n += (size_t)sprintf(text + n, "%s\"%d\":\"\"", i ? "," : "", i * 7919 % MANY);
	memcpy(text + n, "}}", 2);
	c = oci_parse(&a, oci_type_config(), text, n + 2, &err);
	assert_non_null(c);
	assert_int_equal(c->annotations.n, MANY);
	assert_string_equal(c->annotations.v[2].key, "15838"); /* still in their order */
	n += (size_t)sprintf(text + n, ",\"77\":\"\"}}");
	assert_null(oci_parse(&a, oci_type_config(), text, n, &err));
	assert_string_equal(err.path, "annotations[\"77\"]");
	assert_int_equal(err.column, n - strlen("\"77\":\"\"}}") + 1);

	n = (size_t)sprintf(text, "{" V);
	for (int i = 0; i < MANY; i++)
		n += (size_t)sprintf(text + n, ",\n\"%d\":[]", i);
	text[n++] = '}';
	assert_non_null(oci_parse_watch(&a, oci_type_config(), text, n, &watch, &err));
	assert_memory_equal(unknown, "0@2 1@3 2@4 ", 12);
	free(text);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_configs),	  cmocka_unit_test(test_lists),
		cmocka_unit_test(test_state_pid), cmocka_unit_test(test_format),
		cmocka_unit_test(test_unknown),	  cmocka_unit_test(test_depth),
		cmocka_unit_test(test_size),	  cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
