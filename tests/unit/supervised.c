/* SPDX-License-Identifier: Apache-2.0 */
/* Starting and ending supervisors: see supervised.h. */
#include "supervised.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/sys.h"
#include "container/supervise.h"
#include "kernel/terminal.h"

void open_terminal(int *master, int *slave)
{
	int unlock = 0;

	*master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master < 0 || ioctl(*master, TIOCSPTLCK, &unlock) < 0)
		abort();
	*slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*slave < 0)
		abort();
}

static void take_stdio(int fd, int target, int flags)
{
	if (fd < 0)
		fd = open("/dev/null", flags | O_CLOEXEC);
	if (fd < 0 || dup2(fd, target) < 0)
		abort();
}

static void supervisor(const struct scene *scene)
{
	struct supervise s = {.master = -1, .notify = -1};
	struct sys_clone_args args = {
		.flags = CLONE_PIDFD, .exit_signal = SIGCHLD, .pidfd = (uintptr_t)&s.pidfd};
	int slave = -1, status = SCENE_FAILED;
	struct error e;
	pid_t pid;

	if (scene->terminal)
		open_terminal(&s.master, &slave);
	if (supervise_block_signals(&s.signals, &e) < 0)
		_exit(SCENE_FAILED);
	/* Nothing but 0, 1 and 2: the pipes of the test end when their users do. */
	for (int fd = 3; fd < 64; fd++)
		if (fd != s.master && fd != slave && fd != s.signals)
			close(fd);
	pid = sys_clone3(&args);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setsid();
		supervise_unblock_signals();
		if (s.master >= 0)
			close(s.master); /* there is no execve to do it */
		if (slave >= 0 && terminal_make_controlling(slave, &e) < 0)
			_exit(SCENE_FAILED);
		if (slave > STDERR_FILENO)
			close(slave);
		scene->act();
		_exit(0);
	}
	if (slave >= 0)
		close(slave);
	if (pid < 0 || supervise_wait(&s, &status, &e) < 0)
		status = SCENE_FAILED;
	if (scene->terminal && fcntl(s.master, F_GETFD) >= 0)
		status = SCENE_FAILED; /* it was ours to close */
	_exit(status);
}

bool is_raw(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t) < 0)
		abort();
	return !(t.c_lflag & (ICANON | ECHO | ISIG)) && !(t.c_oflag & OPOST);
}

/* Waits until the terminal is raw, or is not; ten seconds must do. */
static void want_raw(bool raw)
{
	for (int i = 0; is_raw(STDIN_FILENO) != raw; i++) {
		if (i == 1000)
			_exit(SCENE_FAILED);
		usleep(10000);
	}
}

/* A shell's job control: the supervisor is the foreground job; it is stopped as by ^Z, continued in
 * the background and taken to the foreground again, and at each point the terminal has to be as its
 * owner needs it. */
static void shell(const struct scene *scene)
{
	pid_t job;
	int status;

	signal(SIGTTOU, SIG_IGN);
	if (setsid() < 0 || ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
		abort();
	job = fork();
	if (job == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, 0);
		tcsetpgrp(STDIN_FILENO, getpid());
		signal(SIGTTOU, SIG_DFL);
		supervisor(scene);
	}
	want_raw(true);
	kill(job, SIGTSTP);
	if (waitpid(job, &status, WUNTRACED) != job || !WIFSTOPPED(status))
		_exit(SCENE_FAILED);
	want_raw(false);
	tcsetpgrp(STDIN_FILENO, getpid());
	kill(job, SIGCONT);
	usleep(200000);
	want_raw(false);
	tcsetpgrp(STDIN_FILENO, job);
	kill(job, SIGCONT);
	want_raw(true);
	dprintf(STDOUT_FILENO, "shell: done\n");
	waitpid(job, &status, 0);
	_exit(WIFEXITED(status) && !is_raw(STDIN_FILENO) ? WEXITSTATUS(status) : SCENE_FAILED);
}

pid_t scene_begin(const struct scene *scene)
{
	pid_t pid = fork();

	if (pid < 0)
		abort();
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* the test failed */
	take_stdio(scene->in, STDIN_FILENO, O_RDONLY);
	take_stdio(scene->out, STDOUT_FILENO, O_WRONLY);
	if (scene->shell)
		shell(scene);
	supervisor(scene);
	abort();
}

int scene_end(pid_t pid)
{
	int status = 0;

	for (int i = 0; i < 1000; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
		usleep(10000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -SIGKILL;
}

bool comes(int fd, const char *text)
{
	size_t used = 0, len = strlen(text);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char last[64]; /* of what has come, as much as TEXT is long */

	while (poll(&p, 1, 10000) > 0) {
		if (used == len)
			memmove(last, last + 1, --used);
		if (read(fd, last + used, 1) <= 0)
			return false;
		used++;
		if (used == len && memcmp(last, text, len) == 0)
			return true;
	}
	return false;
}
