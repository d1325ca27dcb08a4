/* SPDX-License-Identifier: Apache-2.0 */
/* Files read and written whole; descriptors and pointers that change hands. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* base/error.h has a function of that name */

#include "base/fd.h"

static char dir_name[] = "/tmp/vert-test-fd.XXXXXX";
static int dir = -1;

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir_name))
		return -1;
	dir = open(dir_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlinkat(dir, "file", 0);
	unlinkat(dir, "fifo", 0);
	close(dir);
	return rmdir(dir_name); /* fails when a test left something */
}

static void write_file(const char *text, size_t n)
{
	int fd = openat(dir, "file", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, n), 0);
	close(fd);
}

static void test_read(void **state)
{
	autofree char *text = NULL;
	struct error e;
	size_t n = 0;

	(void)state;
	write_file("ab\0cd\n", 6);
	assert_int_equal(fd_read_file(dir, "file", 6, &text, &n, &e), 0);
	assert_int_equal(n, 6);
	assert_memory_equal(text, "ab\0cd\n", 7);
	free(take_ptr(text));
	assert_null(text);

	assert_int_equal(fd_read_file(dir, "file", 5, &text, NULL, &e), -1);
	assert_non_null(strstr(e.msg, "larger than 5 bytes"));
	assert_int_equal(fd_read_file(dir, "none", 5, &text, NULL, &e), -1);
	assert_int_equal(e.errnum, ENOENT);
	assert_int_equal(fd_read_file(dir, ".", 5, &text, NULL, &e), -1);
	assert_int_equal(e.errnum, EISDIR);
	assert_null(text);

	write_file("", 0);
	assert_int_equal(fd_read_file(dir, "file", 0, &text, &n, &e), 0);
	assert_true(n == 0 && text[0] == '\0');
}

/* Files of procfs have content and no size. */
static void test_procfs(void **state)
{
	autofree char *text = NULL;
	struct error e;
	size_t n = 0;

	(void)state;
	assert_int_equal(fd_read_file(-1, "/proc/self/status", 1 << 20, &text, &n, &e), 0);
	assert_true(n > 100 && strlen(text) == n);
	free(take_ptr(text));
	assert_int_equal(fd_read_file(-1, "/proc/self/status", 100, &text, &n, &e), -1);
	assert_non_null(strstr(e.msg, "larger than 100 bytes"));
}

/* A FIFO nobody writes to must not hold us up. */
static void test_fifo(void **state)
{
	char *text = NULL;
	struct error e;

	(void)state;
	assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
	alarm(10);
	assert_int_equal(fd_read_file(dir, "fifo", 100, &text, NULL, &e), -1);
	alarm(0);
	assert_non_null(strstr(e.msg, "not a regular file"));
}

static void test_small(void **state)
{
	char buf[8];

	(void)state;
	write_file("max\n", 4);
	assert_int_equal(fd_read_small(dir, "file", buf, sizeof(buf)), 3);
	assert_string_equal(buf, "max");
	write_file("0123456789", 10);
	assert_int_equal(fd_read_small(dir, "file", buf, sizeof(buf)), 7);
	assert_string_equal(buf, "0123456");
	assert_int_equal(fd_read_small(dir, "none", buf, sizeof(buf)), -1);
	assert_int_equal(errno, ENOENT);

	assert_int_equal(fd_write_at(dir, "file", "xyz", 3), 0);
	assert_int_equal(fd_read_small(dir, "file", buf, sizeof(buf)), 7);
	assert_string_equal(buf, "xyz3456");
	assert_int_equal(fd_write_at(dir, "none", "x", 1), -1);
	assert_int_equal(errno, ENOENT);
}

static void test_replace(void **state)
{
	char buf[16];
	struct error e;
	struct stat st;
	mode_t old = umask(0);

	(void)state;
	write_file("old", 3);
	assert_int_equal(fd_replace_file(dir, "file", 0640, "new text", 8, &e), 0);
	assert_int_equal(fd_read_small(dir, "file", buf, sizeof(buf)), 8);
	assert_string_equal(buf, "new text");
	assert_int_equal(fstatat(dir, "file", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	umask(old);

	/* no temporary file is left, see remove_dir(), and what was there stays */
	assert_int_equal(fd_replace_file(dir, "none/file", 0600, "x", 1, &e), -1);
	assert_int_equal(e.errnum, ENOENT);
	assert_int_equal(mkdirat(dir, "d", 0700), 0);
	assert_int_equal(fd_replace_file(dir, "d", 0600, "x", 1, &e), -1);
	assert_int_equal(unlinkat(dir, "d", AT_REMOVEDIR), 0);
}

static void test_ownership(void **state)
{
	int number;

	(void)state;
	{
		autoclose int fd = dup(dir), given = dup(dir);

		assert_true(fd >= 0 && given >= 0);
		number = fd;
		errno = EXDEV;
		close(take_fd(&given));
		assert_int_equal(given, -1);
	}
	assert_int_equal(fcntl(number, F_GETFD), -1);
	errno = EXDEV;
	fd_close(-1);
	assert_int_equal(errno, EXDEV);
}

static void test_write_all(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(fd_write_all(dir, "x", 1), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(fd_write_all(ends[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(fd_write_all(ends[1], "", 0), 0);
	close(ends[1]);
}

/* What is no regular file is written to, by its name and by a link, and neither replaced nor removed. */
static void test_put_special(void **state)
{
	char path[64], link[64], got[8];
	int reader;
	struct error e;
	struct stat st;

	(void)state;
	snprintf(path, sizeof(path), "%s/fifo", dir_name);
	snprintf(link, sizeof(link), "%s/file", dir_name);
	(void)unlinkat(dir, "fifo", 0);
	(void)unlinkat(dir, "file", 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(symlink("fifo", link), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fd_put_file(i ? link : path, 0600, "text", 4, &e), 0);
		assert_int_equal(read(reader, got, sizeof(got)), 4);
		assert_memory_equal(got, "text", 4);
		fd_remove_put(i ? link : path);
	}
	assert_int_equal(fstatat(dir, "fifo", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(fstatat(dir, "file", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISLNK(st.st_mode));
	close(reader);
	assert_int_equal(unlinkat(dir, "file", 0), 0);
}

static void test_put_regular(void **state)
{
	char path[64], text[8];
	struct error e;

	(void)state;
	snprintf(path, sizeof(path), "%s/file", dir_name);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fd_put_file(path, 0600, i ? "b" : "a long", i ? 1 : 6, &e), 0);
		assert_int_equal(fd_read_small(-1, path, text, sizeof(text)), i ? 1 : 6);
	}
	fd_remove_put(path);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(fd_put_file(dir_name, 0600, "x", 1, &e), -1); /* a directory */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),	    cmocka_unit_test(test_procfs),
		cmocka_unit_test(test_fifo),	    cmocka_unit_test(test_small),
		cmocka_unit_test(test_replace),	    cmocka_unit_test(test_ownership),
		cmocka_unit_test(test_write_all),   cmocka_unit_test(test_put_special),
		cmocka_unit_test(test_put_regular),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
