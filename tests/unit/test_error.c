/* SPDX-License-Identifier: Apache-2.0 */
/* How an error is made and what it gains on its way up. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* base/error.h has a function of that name */

#include "base/error.h"

static void test_text(void **state)
{
	struct error e;

	(void)state;
	memset(&e, 0xff, sizeof(e)); /* nothing of what was there stays */
	assert_int_equal(fail(&e, ENOENT, "open '%s'", "/x"), -1);
	assert_string_equal(e.msg, "open '/x': no such file or directory");
	assert_int_equal(e.errnum, ENOENT);
	assert_int_equal(e.status, 0);
	assert_true(!e.code[0] && !e.where[0] && !e.step[0] && !e.hint[0]);

	/* engines look for these words */
	fail(&e, ESRCH, "kill container");
	assert_string_equal(e.msg, "kill container: no such process");

	fail(&e, 0, "no cause");
	assert_string_equal(e.msg, "no cause");
	assert_int_equal(e.errnum, 0);

	fail_at(&e, EINVAL, "mounts[3].source", "mount '%s'", "/a");
	assert_string_equal(e.msg, "mount '/a': invalid argument");
	assert_string_equal(e.where, "mounts[3].source");
}

static void test_fields(void **state)
{
	struct error e;

	(void)state;
	fail(&e, EPERM, "do it");
	assert_int_equal(error_hint(&e, "try %d", 1), -1);
	error_hint(&e, "try 2");
	error_where(&e, "a.b");
	error_where(&e, "c.d");
	error_code(&e, "FIRST");
	error_code(&e, "SECOND");
	error_step(&e, "inner");
	error_step(&e, "outer");
	error_status(&e, 126);
	error_status(&e, 127);
	assert_int_equal(wrap(&e, "start '%s'", "c1"), -1);

	assert_string_equal(e.msg, "start 'c1': do it: operation not permitted");
	assert_string_equal(e.hint, "try 1");
	assert_string_equal(e.where, "a.b");
	assert_string_equal(e.code, "FIRST");
	assert_string_equal(e.step, "inner");
	assert_int_equal(e.status, 126);
	assert_int_equal(e.errnum, EPERM);
}

/* Text that is too long is cut, ends, and never reaches its neighbours. */
static void test_long(void **state)
{
	static char text[5000];
	struct error e;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	fail_at(&e, ENOENT, text, "%s", text);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	assert_int_equal(strlen(e.where), sizeof(e.where) - 1);
	assert_int_equal(e.hint[0], 0);
	wrap(&e, "%s", text);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	error_hint(&e, "%s", text);
	error_code(&e, text);
	error_step(&e, text);
	assert_int_equal(strlen(e.hint), sizeof(e.hint) - 1);
	assert_int_equal(strlen(e.code), sizeof(e.code) - 1);
	assert_int_equal(strlen(e.step), sizeof(e.step) - 1);
}

static void test_errno_text(void **state)
{
	char buf[64], small[4];

	(void)state;
	assert_string_equal(errno_text(EBUSY, buf, sizeof(buf)), buf);
	assert_true(buf[0] >= 'a' && buf[0] <= 'z');
	errno_text(ENOENT, small, sizeof(small));
	assert_int_equal(strlen(small), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_errno_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
