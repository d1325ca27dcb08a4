/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a foreground process' terminal: both ways, to their end, with readers, writers and process
 * trees that misbehave. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* base/error.h has a function of that name */

#include "base/fd.h"
#include "supervised.h"

static void make_pipe(int ends[2])
{
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
}

enum { MUCH = 300000 };

static void write_much(void)
{
	struct termios t;

	tcgetattr(1, &t);
	cfmakeraw(&t);
	tcsetattr(1, TCSANOW, &t);
	for (int i = 0; i < MUCH / 100; i++) {
		char line[101];

		snprintf(line, sizeof(line), "%099d\n", i);
		if (fd_write_all(1, line, 100) < 0)
			_exit(1);
	}
}

/* All of it arrives, also what was written just before the end, at a reader that takes its time. */
static void test_output(void **state)
{
	struct scene scene = {.in = -1, .terminal = true, .act = write_much};
	static char all[MUCH + 4096];
	size_t used = 0;
	int out[2];
	ssize_t n;
	pid_t pid;

	(void)state;
	make_pipe(out);
	scene.out = out[1];
	pid = scene_begin(&scene);
	close(out[1]);
	usleep(300000);
	while ((n = read(out[0], all + used, sizeof(all) - used)) > 0)
		used += (size_t)n;
	assert_int_equal(used, MUCH);
	for (int i = 0; i < MUCH / 100; i++)
		assert_int_equal(atoi(all + 100 * i + 90), i);
	assert_int_equal(scene_end(pid), 0);
	close(out[0]);
}

static void sum_lines(void)
{
	char line[256];
	long sum = 0;
	FILE *f = fdopen(0, "r");

	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), f))
		sum += atol(line);
	printf("sum %ld.\n", sum);
	fflush(stdout);
}

/* The end of a pipe is typed as end of file, after a whole line or half of one; nothing spins. */
static void test_input(void **state)
{
	static const char *const inputs[] = {"1\n2\n3\n", "1\n2\n3", "6\n", "6"};
	struct scene scene = {.terminal = true, .act = sum_lines};
	int in[2], out[2];

	(void)state;
	for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
		pid_t pid;

		make_pipe(in);
		make_pipe(out);
		scene.in = in[0];
		scene.out = out[1];
		pid = scene_begin(&scene);
		close(in[0]);
		close(out[1]);
		assert_true(comes(out[0], "ready"));
		assert_int_equal(fd_write_all(in[1], inputs[i], strlen(inputs[i])), 0);
		close(in[1]);
		assert_true(comes(out[0], "sum 6."));
		assert_int_equal(scene_end(pid), 0);
		close(out[0]);
	}
}

static void write_for_ever(void)
{
	char text[4096];

	memset(text, 'y', sizeof(text));
	while (write(1, text, sizeof(text)) > 0)
		;
	_exit(errno == EIO ? 5 : 6);
}

static long cpu_ms(pid_t pid)
{
	char path[64], text[1024], *p;
	unsigned long user, system;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	assert_true(fd_read_small(-1, path, text, sizeof(text)) > 0);
	p = strrchr(text, ')');
	assert_int_equal(sscanf(p, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
				&system),
			 2);
	return (long)(user + system) * 1000 / sysconf(_SC_CLK_TCK);
}

/* A reader that stops reading: no processor time, no memory, and signals still work. */
static void test_stopped_reader(void **state)
{
	struct scene scene = {.in = -1, .terminal = true, .act = write_for_ever};
	int out[2];
	long before;
	pid_t pid;

	(void)state;
	make_pipe(out);
	scene.out = out[1];
	pid = scene_begin(&scene);
	close(out[1]);
	usleep(300000); /* everything is full now */
	before = cpu_ms(pid);
	usleep(700000);
	assert_true(cpu_ms(pid) - before <= 20);
	kill(pid, SIGTERM); /* ends the process; its output still waits for the reader */
	usleep(200000);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	kill(pid, SIGTERM); /* ends the wait */
	assert_int_equal(scene_end(pid), 128 + SIGTERM);
	close(out[0]);
}

/* A reader that goes away hangs the terminal up, as a pipe's end would kill the writer. */
static void test_lost_reader(void **state)
{
	struct scene scene = {.in = -1, .terminal = true, .act = write_for_ever};
	int out[2], status;
	pid_t pid;

	(void)state;
	make_pipe(out);
	scene.out = out[1];
	pid = scene_begin(&scene);
	close(out[1]);
	assert_true(comes(out[0], "yyyy"));
	close(out[0]);
	status = scene_end(pid);
	assert_true(status == 128 + SIGHUP || status == 5);
}

/* The end of a session's leader hangs its terminal up for everybody; without this leader it stays. */
static void leave_session(void)
{
	signal(SIGHUP, SIG_IGN);
	ioctl(0, TIOCNOTTY);
}

static void leave_a_writer(void)
{
	leave_session();
	if (fork() == 0) {
		char text[1024];

		prctl(PR_SET_PDEATHSIG, 0);
		alarm(20);
		memset(text, 'z', sizeof(text));
		for (;;) /* until the terminal is hung up */
			if (write(1, text, sizeof(text)) < 0)
				_exit(0);
	}
	usleep(100000);
	dprintf(1, "last words\n");
	_exit(4);
}

static void leave_a_sleeper(void)
{
	leave_session();
	if (fork() == 0) {
		poll(&(struct pollfd){.fd = 0}, 1, 20000); /* until the terminal is hung up */
		_exit(0);
	}
	dprintf(1, "last words\n");
	_exit(4);
}

/* Processes that outlive the first one and keep its terminal do not keep us. */
static void test_survivors(void **state)
{
	void (*const acts[])(void) = {leave_a_sleeper, leave_a_writer};
	struct scene scene = {.in = -1, .terminal = true};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t total = 0;
		int out[2];
		ssize_t n;
		pid_t pid;

		make_pipe(out);
		scene.out = out[1];
		scene.act = acts[i];
		pid = scene_begin(&scene);
		close(out[1]);
		assert_true(comes(out[0], "last words"));
		/* as slow as it takes for the writer never to be waited for */
		while ((n = read(out[0], (char[4096]){0}, 4096)) > 0 && total < 1 << 20) {
			total += (size_t)n;
			usleep(2000);
		}
		assert_true(total < 1 << 20);
		assert_int_equal(scene_end(pid), 4);
		close(out[0]);
	}
}

static void reopen(void)
{
	char name[64];

	if (ttyname_r(0, name, sizeof(name)) != 0)
		_exit(8);
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	usleep(700000);
	if (open(name, O_RDWR) != 0 || dup2(0, 1) != 1)
		_exit(9);
	dprintf(1, "back again\n");
	_exit(0);
}

/* No holder of the terminal for a while: no hang-up, no busy loop, and it still works. */
static void test_reopened(void **state)
{
	struct scene scene = {.in = -1, .terminal = true, .act = reopen};
	int out[2];
	pid_t pid;

	(void)state;
	make_pipe(out);
	scene.out = out[1];
	pid = scene_begin(&scene);
	close(out[1]);
	usleep(500000);
	assert_true(cpu_ms(pid) <= 50);
	assert_true(comes(out[0], "back again"));
	assert_int_equal(scene_end(pid), 0);
	close(out[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output),	       cmocka_unit_test(test_input),
		cmocka_unit_test(test_stopped_reader), cmocka_unit_test(test_lost_reader),
		cmocka_unit_test(test_survivors),      cmocka_unit_test(test_reopened),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
