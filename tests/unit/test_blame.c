/* SPDX-License-Identifier: Apache-2.0 */
/* What an error learns after the failure: the guilty part of a path, the line in a document, a code. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#undef fail
#include "base/blame.h"
#include "base/complete.h"
#include "base/errno_name.h"
#include "base/position.h"

static const char document[] = "{\n" /* 1 */
			       "  \"a\\\"b\": [1, {\"x\": \"]}\"}],\n" /* 2 */
			       "  \"mounts\": [\n" /* 3 */
			       "    {\"source\": \"a\"},\n" /* 4 */
			       "    {\"options\": [\n" /* 5 */
			       "       \"ro\",\n" /* 6 */
			       "       \"frob\"]}],\n" /* 7 */
			       "  \"linux\": {\"sysctl\": {\n" /* 8 */
			       "     \"net.a\": true,\n" /* 9 */
			       "     \"net.b\": -1.5e3}}\n" /* 10 */
			       "}\n";

static void test_position(void **state)
{
	static const struct {
		const char *place;
		unsigned line;
	} want[] = {
		{"mounts", 3},
		{"mounts[0]", 4},
		{"mounts[0].source", 4},
		{"mounts[1].options[0]", 6},
		{"mounts[1].options[1]", 7},
		{"linux.sysctl[\"net.a\"]", 9},
		{"linux.sysctl[\"net.b\"]", 10},
		{"linux.sysctl[\"net.c\"]", 8}, /* not there: where it would be */
		{"mounts[7]", 3},
		{"mounts[1].source", 5},
		{"hooks", 0},
		{"NOTIFY_SOCKET", 0},
		{"", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_int_equal(position_line(document, strlen(document), want[i].place),
				 want[i].line);
}

/* Any cut of the text ends in time and in bounds. */
static void test_position_cut(void **state)
{
	(void)state;
	for (size_t n = 0; n < strlen(document); n++) {
		char *part = malloc(n + 1);

		memcpy(part, document, n);
		(void)position_line(part, n, "linux.sysctl[\"net.b\"]");
		(void)position_line(part, n, "mounts[1].options[1]");
		free(part);
	}
}

static struct error blamed(int errnum, const char *path)
{
	struct error e;

	fail(&e, errnum, "open '%s'", path);
	error_blame(&e, -1, path);
	return e;
}

static void test_missing(void **state)
{
	char dir[] = "/tmp/test_blame-XXXXXX", path[128], part[64];
	struct error e;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a/b/c", dir);
	snprintf(part, sizeof(part), "%s/a", dir);
	e = blamed(ENOENT, path);
	assert_string_equal(e.path, path);
	assert_string_equal(e.denied_at, part);
	assert_non_null(strstr(e.hint, "does not exist"));

	assert_int_equal(symlink("nowhere", part), 0);
	e = blamed(ENOENT, path);
	assert_string_equal(e.denied_at, part);
	assert_non_null(strstr(e.hint, "symbolic link to 'nowhere'"));
	assert_int_equal(unlink(part), 0);

	assert_int_equal(symlink("a", part), 0);
	e = blamed(ELOOP, path);
	assert_string_equal(e.denied_at, part);
	assert_non_null(strstr(e.hint, "leads back to itself"));
	assert_int_equal(unlink(part), 0);
	rmdir(dir);
}

static void test_not_directory(void **state)
{
	struct error e = blamed(ENOTDIR, "/dev/null/x/y");

	(void)state;
	assert_string_equal(e.denied_at, "/dev/null");
	assert_non_null(strstr(e.hint, "not a directory"));
}

/* As an ordinary user, which the test becomes when root runs it. */
static void test_denied(void **state)
{
	char dir[] = "/tmp/test_blame-XXXXXX", path[128], part[64];
	struct error e;
	uid_t me = geteuid();

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(part, sizeof(part), "%s/shut", dir);
	snprintf(path, sizeof(path), "%s/shut/b/c", dir);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(mkdir(part, 0700), 0);
	if (me == 0) {
		assert_int_equal(seteuid(12345), 0);
	} else {
		assert_int_equal(chmod(part, 0600), 0);
	}
	e = blamed(EACCES, path);
	if (me == 0)
		assert_int_equal(seteuid(0), 0);
	assert_string_equal(e.denied_at, part);
	assert_non_null(strstr(e.hint, me == 0 ? "mode 0700 and owner 0:" : "mode 0600"));
	assert_non_null(strstr(e.hint, "need 'x'"));
	rmdir(part);
	rmdir(dir);
}

/* An error with another reason keeps its path and is not walked; what is known already stays. */
static void test_other_errors(void **state)
{
	struct error e = blamed(EINVAL, "/nowhere/x");

	(void)state;
	assert_string_equal(e.path, "/nowhere/x");
	assert_string_equal(e.denied_at, "");
	fail(&e, ENOENT, "open");
	error_path(&e, "/first");
	error_hint(&e, "mine");
	error_blame(&e, -1, "/nowhere/x");
	assert_string_equal(e.path, "/first");
	assert_string_equal(e.hint, "mine");
}

static const char *completed(int errnum, const char *where, const char *step, const char *code)
{
	static struct error e;

	fail_at(&e, errnum, where, "x");
	if (step)
		error_step(&e, step);
	if (code)
		error_code(&e, code);
	error_complete(&e);
	return e.code;
}

static void test_codes(void **state)
{
	(void)state;
	assert_string_equal(completed(0, "mounts[3].source", "make mounts", NULL), "MOUNT_INVALID");
	assert_string_equal(completed(EPERM, "mounts[3]", NULL, NULL), "MOUNT_FAILED");
	assert_string_equal(completed(0, "process.envelope", NULL, NULL), "PROCESS_INVALID");
	assert_string_equal(completed(EIO, NULL, "clone init", NULL), "CLONE");
	assert_string_equal(completed(EIO, NULL, "no such step", NULL), "SYSTEM_CALL");
	assert_string_equal(completed(0, NULL, NULL, NULL), "REFUSED");
	assert_string_equal(completed(0, "mounts", NULL, "OWN"), "OWN");
}

static void test_errno_names(void **state)
{
	(void)state;
	assert_string_equal(errno_name(ENOENT), "ENOENT");
	assert_string_equal(errno_name(EDQUOT), "EDQUOT");
	assert_string_equal(errno_name(0), "");
	assert_string_equal(errno_name(-1), "");
	assert_string_equal(errno_name(100000), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_position), cmocka_unit_test(test_position_cut),
		cmocka_unit_test(test_missing),	 cmocka_unit_test(test_not_directory),
		cmocka_unit_test(test_denied),	 cmocka_unit_test(test_other_errors),
		cmocka_unit_test(test_codes),	 cmocka_unit_test(test_errno_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
