/* SPDX-License-Identifier: Apache-2.0 */
/* A foreground process and its supervisor: statuses, signals, the caller's terminal and its job control. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "supervised.h"

static void make_pipe(int ends[2])
{
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
}

static void exit_seven(void)
{
	_exit(7);
}

static void kill_self(void)
{
	kill(getpid(), SIGKILL);
}

static void test_status(void **state)
{
	(void)state;
	assert_int_equal(scene_end(scene_begin(&(struct scene){-1, -1, .act = exit_seven})), 7);
	assert_int_equal(scene_end(scene_begin(&(struct scene){-1, -1, .act = kill_self})),
			 128 + SIGKILL);
	assert_int_equal(scene_end(scene_begin(
				 &(struct scene){-1, -1, .terminal = true, .act = exit_seven})),
			 7);
	assert_int_equal(
		scene_end(scene_begin(&(struct scene){-1, -1, .terminal = true, .act = kill_self})),
		128 + SIGKILL);
}

static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
	caught = sig;
}

static void report_signals(void)
{
	static const int expected[] = {SIGTERM, SIGUSR1, SIGINT,  SIGQUIT,
				       SIGHUP,	SIGALRM, SIGTTIN, SIGTSTP};
	sigset_t set, old;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		signal(expected[i], on_signal);
		sigaddset(&set, expected[i]);
	}
	sigprocmask(SIG_BLOCK, &set, &old);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		dprintf(1, "ready %zu\n", i);
		caught = 0;
		while (!caught)
			sigsuspend(&old);
		if (caught != expected[i])
			_exit(10 + (int)i);
	}
	_exit(3);
}

static void test_signals(void **state)
{
	static const int sent[] = {SIGTERM, SIGUSR1, SIGINT,  SIGQUIT,
				   SIGHUP,  SIGALRM, SIGTTIN, SIGTSTP};
	struct scene scene = {.in = -1, .act = report_signals};
	int out[2];

	(void)state;
	for (int terminal = 0; terminal < 2; terminal++) {
		pid_t pid;

		make_pipe(out);
		scene.out = out[1];
		scene.terminal = terminal;
		pid = scene_begin(&scene);
		close(out[1]);
		for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
			char text[16];

			snprintf(text, sizeof(text), "ready %zu", i);
			assert_true(comes(out[0], text));
			assert_int_equal(kill(pid, SIGCHLD),
					 0); /* these two are not for the process */
			assert_int_equal(kill(pid, SIGWINCH), 0);
			assert_int_equal(kill(pid, sent[i]), 0);
			if (sent[i] == SIGTTIN || sent[i] == SIGTSTP) {
				usleep(100000); /* we may have stopped, too; SIGCONT revokes what is pending */
				kill(pid, SIGCONT);
			}
		}
		assert_int_equal(scene_end(pid), 3);
		close(out[0]);
	}
}

static void show_size(void)
{
	struct winsize size;
	sigset_t changed, usual;

	/* One that comes between the look and the wait is not lost. */
	sigemptyset(&changed);
	sigaddset(&changed, SIGWINCH);
	sigprocmask(SIG_BLOCK, &changed, &usual);
	sigdelset(&usual, SIGWINCH);
	signal(SIGWINCH, on_signal);
	for (;;) {
		ioctl(0, TIOCGWINSZ, &size);
		dprintf(1, "size %dx%d.\n", size.ws_row, size.ws_col);
		if (size.ws_row == 50)
			return;
		sigsuspend(&usual);
	}
}

static void show_ready(void)
{
	dprintf(1, "ready\n");
	pause();
}

/* The size at the start and its changes go to the process; raw only while it is ours: not while a shell has
 * stopped us or runs us in the background, and not after the end. */
static void test_caller_terminal(void **state)
{
	struct scene scene = {.terminal = true, .shell = true, .act = show_size};
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	int master, slave;
	pid_t pid;

	(void)state;
	open_terminal(&master, &slave);
	assert_int_equal(ioctl(master, TIOCSWINSZ, &size), 0);
	scene.in = scene.out = slave;
	assert_false(is_raw(slave));
	pid = scene_begin(&scene);
	assert_true(comes(master, "size 24x80."));
	assert_true(comes(master, "shell: done"));
	assert_true(is_raw(slave));
	size.ws_row = 50;
	assert_int_equal(ioctl(master, TIOCSWINSZ, &size), 0); /* the kernel sends SIGWINCH */
	assert_true(comes(master, "size 50x80."));
	assert_int_equal(scene_end(pid), 0);
	assert_false(is_raw(slave));
	assert_false(fcntl(slave, F_GETFL) & O_NONBLOCK);
	close(master);
	close(slave);
}

/* Given back, too, when a signal ends the process. */
static void test_given_back(void **state)
{
	struct scene scene = {.terminal = true, .act = show_ready};
	int master, slave;
	pid_t pid;

	(void)state;
	open_terminal(&master, &slave);
	scene.in = scene.out = slave;
	pid = scene_begin(&scene);
	assert_true(comes(master, "ready"));
	assert_true(is_raw(slave));
	kill(pid, SIGTERM);
	assert_int_equal(scene_end(pid), 128 + SIGTERM);
	assert_false(is_raw(slave));
	close(master);
	close(slave);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_caller_terminal),
		cmocka_unit_test(test_given_back),
	};

	signal(SIGHUP, SIG_DFL); /* nohup(1) has it ignored */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
