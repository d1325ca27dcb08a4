/* SPDX-License-Identifier: Apache-2.0 */
/* What engines read: the log file, line by line, and standard error. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* base/error.h has a function of that name */

#include "base/log.h"
#include "base/sys.h"

static char text[16384], err_text[16384];

static void read_back(int fd, char *buf, size_t size)
{
	ssize_t n = pread(fd, buf, size - 1, 0);

	assert_true(n >= 0);
	buf[n] = '\0';
	close(fd);
}

/* Runs ACT with a log file (or none) and standard error caught in TEXT and ERR_TEXT. */
static void capture(bool file, bool json, enum log_level level, void (*act)(void))
{
	int log = sys_memfd_create("log", 0), err = sys_memfd_create("stderr", 0),
	    saved = dup(STDERR_FILENO);

	assert_true(log >= 0 && err >= 0 && saved >= 0);
	log_settings.fd = file ? log : -1;
	log_settings.json = json;
	log_settings.level = level;
	dup2(err, STDERR_FILENO);
	act();
	dup2(saved, STDERR_FILENO);
	close(saved);
	read_back(log, text, sizeof(text));
	read_back(err, err_text, sizeof(err_text));
}

static void say_three(void)
{
	struct error e;

	log_debug("looking at %d", 1);
	log_warning("odd: %s", "x");
	fail_at(&e, ENOENT, "mounts[0]", "mount '%s'", "/a");
	error_code(&e, "MOUNT_SOURCE_MISSING");
	error_step(&e, "mount file systems");
	error_op(&e, "open_tree");
	error_path(&e, "/srv/a");
	snprintf(e.denied_at, sizeof(e.denied_at), "/srv");
	e.line = 12;
	error_hint(&e, "make it");
	log_error(&e);
}

/* The line without its time, which is checked by form: 2006-01-02T15:04:05.000000Z. */
static const char *without_time(char *line)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.ddddddZ";
	char *at = strstr(line, "\"time\":\"");

	assert_non_null(at);
	at += strlen("\"time\":\"");
	for (size_t i = 0; form[i]; i++)
		assert_true(form[i] == 'd' ? at[i] >= '0' && at[i] <= '9' : at[i] == form[i]);
	memmove(at, at + strlen(form), strlen(at + strlen(form)) + 1);
	return line;
}

static void test_json_line(void **state)
{
	(void)state;
	/* an engine reads each line as an object and wants exactly one for a failure */
	capture(true, true, LOG_LEVEL_ERROR, say_three);
	assert_string_equal(
		without_time(text),
		"{\"msg\":\"mount '/a': no such file or directory (config.json:12: mounts[0])\","
		"\"level\":\"error\",\"time\":\"\",\"code\":\"MOUNT_SOURCE_MISSING\","
		"\"op\":\"open_tree\",\"errno\":\"ENOENT\",\"path\":\"/srv/a\",\"denied_at\":\"/srv\","
		"\"config\":\"mounts[0]\",\"line\":12,\"phase\":\"mount file systems\",\"hint\":\"make it\"}\n");
	assert_string_equal(err_text,
			    "vert: mount '/a': no such file or directory (config.json:12: mounts[0]) "
			    "[MOUNT_SOURCE_MISSING, mount file systems]\n"
			    "  hint: make it\n");
}

/* libvert: the error arrives whole, and nobody else is told of anything. */
static void test_error_socket(void **state)
{
	struct error got;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	log_settings.error_fd = pair[1];
	capture(false, false, LOG_LEVEL_DEBUG, say_three);
	log_settings.error_fd = 0;
	assert_int_equal(recv(pair[0], &got, sizeof(got), MSG_DONTWAIT), sizeof(got));
	assert_string_equal(got.msg, "mount '/a': no such file or directory");
	assert_string_equal(got.code, "MOUNT_SOURCE_MISSING");
	assert_string_equal(got.where, "mounts[0]");
	assert_string_equal(err_text, "");
	close(pair[0]);
	close(pair[1]);
}

static void test_levels(void **state)
{
	(void)state;
	capture(true, true, LOG_LEVEL_DEBUG, say_three);
	assert_non_null(strstr(text, "{\"msg\":\"looking at 1\",\"level\":\"debug\","));
	assert_non_null(strstr(text, "\n{\"msg\":\"odd: x\",\"level\":\"warning\","));
	assert_null(strstr(err_text, "odd")); /* only the error goes to standard error */

	capture(true, false, LOG_LEVEL_WARNING, say_three);
	assert_null(strstr(text, "looking"));
	assert_non_null(strstr(text, "Z warning: odd: x\n"));
	assert_non_null(strstr(text, "Z error: mount '/a'"));

	capture(false, false, LOG_LEVEL_DEBUG, say_three);
	assert_string_equal(text, "");
	assert_non_null(
		strstr(err_text, "vert: debug: looking at 1\nvert: warning: odd: x\nvert: mount"));

	capture(false, false, LOG_LEVEL_ERROR, say_three);
	assert_int_equal(strncmp(err_text, "vert: mount", 11), 0);
}

static void say_hostile(void)
{
	struct error e;

	fail(&e, 0, "exec '%s'", "\x1b]0;x\n{\"level\":\"info\"}\xff");
	log_error(&e);
}

/* A name from a container neither drives the reader's terminal nor forges a line. */
static void test_hostile(void **state)
{
	(void)state;
	capture(true, true, LOG_LEVEL_ERROR, say_hostile);
	assert_string_equal(without_time(text),
			    "{\"msg\":\"exec '\\u001b]0;x\\n{\\\"level\\\":\\\"info\\\"}\\u00ff'\","
			    "\"level\":\"error\",\"time\":\"\"}\n");
	assert_string_equal(err_text, "vert: exec '\\x1b]0;x\\x0a{\"level\":\"info\"}\xff'\n");

	capture(true, false, LOG_LEVEL_ERROR, say_hostile);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_null(strchr(text, '\x1b'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_line),
		cmocka_unit_test(test_error_socket),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
