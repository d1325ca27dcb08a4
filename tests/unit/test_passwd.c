/* SPDX-License-Identifier: Apache-2.0 */
/* Home directories out of user databases that were made to hurt: whatever stands there, the answer comes at once and
 * is a path.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "kernel/passwd.h"

#include <cmocka.h> /* last: it has a macro fail() */

static char root_path[] = "/tmp/test_passwd.XXXXXX";
static int root = -1;

static int make_root(void **state)
{
	(void)state;
	if (!mkdtemp(root_path))
		return -1;
	root = open(root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? -1 : mkdirat(root, "etc", 0755);
}

static int remove_root(void **state)
{
	(void)state;
	(void)unlinkat(root, "etc/passwd", 0);
	(void)unlinkat(root, "etc/other", 0);
	(void)unlinkat(root, "etc", AT_REMOVEDIR);
	close(root);
	return rmdir(root_path);
}

static int new_file(const char *name)
{
	int fd;

	(void)unlinkat(root, name, 0);
	fd = openat(root, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	return fd;
}

static void put(const char *name, const char *text)
{
	autoclose int fd = new_file(name);

	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

static const char *home(uid_t uid)
{
	static char buf[64];

	memset(buf, 'x', sizeof(buf));
	passwd_home(root, uid, buf, sizeof(buf));
	return buf;
}

static void test_lines(void **state)
{
	(void)state;
	put("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"
			  "# a comment\n"
			  "\n"
			  "1000:x:1:1::/wrong:/bin/sh\n"
			  "short:x:2:2\n"
			  "relative:x:3:3::home:/bin/sh\n"
			  "empty:x:4:4:::/bin/sh\n"
			  "octal:x:0x5:5::/five:/bin/sh\n"
			  "wrapped:x:4294967302:6::/six:/bin/sh\n"
			  "blank:x: 7:7::/seven:/bin/sh\n"
			  "user:x:1000:1000:A user:/home/user:/bin/sh\n"
			  "second:x:1000:1000::/second:/bin/sh\n"
			  "more:x:8:8::/eight:/bin/sh:more:fields\n"
			  "last:x:9:9::/nine");
	assert_string_equal(home(0), "/root");
	assert_string_equal(home(1), "/wrong");
	assert_string_equal(home(2), "/");
	assert_string_equal(home(3), "/");
	assert_string_equal(home(4), "/");
	assert_string_equal(home(5), "/");
	assert_string_equal(home(6), "/");
	assert_string_equal(home(7), "/");
	assert_string_equal(home(8), "/eight");
	assert_string_equal(home(9), "/nine");
	assert_string_equal(home(1000), "/home/user");
	assert_string_equal(home(12345), "/");
}

static void test_no_file(void **state)
{
	(void)state;
	(void)unlinkat(root, "etc/passwd", 0);
	assert_string_equal(home(0), "/");
	assert_int_equal(mkdirat(root, "etc/passwd", 0755), 0);
	assert_string_equal(home(0), "/");
	assert_int_equal(unlinkat(root, "etc/passwd", AT_REMOVEDIR), 0);
	assert_int_equal(mkfifoat(root, "etc/passwd", 0644), 0);
	assert_string_equal(home(0), "/"); /* and does not wait for a writer */
	put("etc/passwd", "");
	assert_string_equal(home(0), "/");
}

/* Links are followed inside the root alone: the host's own file has a line for root as well. */
static void test_links(void **state)
{
	static const char *const targets[] = {"/etc/passwd", "../../../../../../etc/passwd",
					      "/proc/self/root/etc/passwd", "passwd", "/dev/zero"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(targets); i++) {
		(void)unlinkat(root, "etc/passwd", 0);
		assert_int_equal(symlinkat(targets[i], root, "etc/passwd"), 0);
		assert_string_equal(home(0), "/");
	}
	put("etc/other", "r:x:0:0::/inside:/bin/sh\n");
	(void)unlinkat(root, "etc/passwd", 0);
	assert_int_equal(symlinkat("/../../etc/other", root, "etc/passwd"), 0);
	assert_string_equal(home(0), "/inside");
}

/* Lines and files without end. */
static void test_large(void **state)
{
	static char junk[65536];
	autoclose int fd = -1;
	char line[256];

	(void)state;
	memset(junk, 'j', sizeof(junk));
	fd = new_file("etc/passwd");
	dprintf(fd, "%.5000s:x:1:1::/long:/bin/sh\n", junk);
	dprintf(fd, "good:x:1:1::/good:/bin/sh\n");
	dprintf(fd, "edge:%.*s:2:2::/edge:/bin/sh\n", 4096 - 30, junk);
	snprintf(line, sizeof(line), "home:x:3:3::/%.70s:/bin/sh\n", junk);
	assert_int_equal(fd_write_all(fd, line, strlen(line)), 0);
	assert_string_equal(home(1), "/good");
	assert_string_equal(home(2), "/edge");
	assert_string_equal(home(3), "/"); /* longer than the caller's room */
	for (int i = 0; i < 16; i++) /* one line of a mebibyte */
		assert_int_equal(fd_write_all(fd, junk, sizeof(junk)), 0);
	dprintf(fd, "\nlate:x:4:4::/late:/bin/sh\n");
	assert_string_equal(home(4), "/"); /* behind what is read at all */
	assert_int_equal(ftruncate(fd, (off_t)1 << 40), 0); /* a terabyte of nothing */
	assert_string_equal(home(5), "/");
	close(fd);
	fd = new_file("etc/passwd");
	assert_int_equal(write(fd, "nul\0:x:6:6::/six:/bin/sh\nb:x:7:7::/se\0ven:/bin/sh\n", 50),
			 50);
	assert_string_equal(home(6), "/");
	assert_string_equal(home(7), "/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
