/* SPDX-License-Identifier: Apache-2.0 */
/* Work in a child process: what it wrote comes back, and what fails is seen. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* base/error.h has a function of that name */

#include "base/beside.h"
#include "base/fd.h"

static int write_word(void *context, int fd)
{
	return fd_write_all(fd, context, strlen(context));
}

static int give_up(void *context, int fd)
{
	(void)write_word(context, fd);
	return -1;
}

static int die(void *context, int fd)
{
	(void)write_word(context, fd);
	return raise(SIGKILL);
}

static void no_child_is_left(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void what_was_written_comes_back(void **state)
{
	static const char *const words[] = {"one", "another"};
	struct beside b[2];
	char got[16] = "";

	(void)state;
	for (int i = 0; i < 2; i++)
		beside_begin(&b[i], write_word, (void *)(uintptr_t)words[i]);
	for (int i = 0; i < 2; i++) {
		int fd = beside_end(&b[i]);

		assert_true(fd >= 0);
		assert_int_equal(pread(fd, got, sizeof(got), 0), strlen(words[i]));
		assert_memory_equal(got, words[i], strlen(words[i]));
		close(fd);
	}
	no_child_is_left();
}

static void half_a_result_is_none(void **state)
{
	int (*const works[])(void *context, int fd) = {give_up, die};

	(void)state;
	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		struct beside b;

		beside_begin(&b, works[i], (void *)(uintptr_t) "half");
		assert_int_equal(beside_end(&b), -1);
	}
	no_child_is_left();
}

static void the_end_comes_once(void **state)
{
	struct beside b;

	(void)state;
	beside_begin(&b, write_word, (void *)(uintptr_t) "word");
	close(beside_end(&b));
	assert_int_equal(beside_end(&b), -1);
}

/* A caller that ignores SIGCHLD cannot be told how the child ended: as if it had failed. */
static void an_end_that_cannot_be_seen_is_a_failure(void **state)
{
	struct beside b;

	(void)state;
	signal(SIGCHLD, SIG_IGN);
	beside_begin(&b, write_word, (void *)(uintptr_t) "word");
	assert_int_equal(beside_end(&b), -1);
	signal(SIGCHLD, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_comes_back),
		cmocka_unit_test(half_a_result_is_none),
		cmocka_unit_test(the_end_comes_once),
		cmocka_unit_test(an_end_that_cannot_be_seen_is_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
