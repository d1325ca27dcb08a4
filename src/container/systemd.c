/* SPDX-License-Identifier: Apache-2.0 */
/* One run of vert-systemd: see systemd.h. */
#include "systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

#define GRACE_MS 2000 /* for it to see its own deadline */
#define ANSWER_SIZE 2048

/* The request as a file that needs no file system. */
static int make_input(const char *text, int *ret_fd, struct error *err)
{
	autoclose int fd = sys_memfd_create("vert-request", MFD_CLOEXEC);

	if (fd < 0 || fd_write_all(fd, text ? text : "", text ? strlen(text) : 0) < 0)
		return fail(err, errno, "make the request to systemd");
	*ret_fd = take_fd(&fd);
	return 0;
}

/* posix_spawn and not fork: update runs in vert, which is larger; and signals are blocked in vert-init. */
static int spawn(const struct plan_systemd *s, char *const *argv, int in, int out, pid_t *ret, struct error *err)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	char *no_env[] = {NULL};
	sigset_t none, usual;
	int rc;

	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	sigaddset(&usual, SIGXFSZ);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	rc = posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	/* The one line on standard error is ours, and nobody's pipe may be held open. */
	if (rc == 0)
		rc = posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (rc == 0)
		rc = posix_spawnattr_setsigmask(&attr, &none);
	if (rc == 0)
		rc = posix_spawnattr_setsigdefault(&attr, &usual);
	if (rc == 0)
		rc = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (rc == 0)
		rc = posix_spawn(ret, s->program, &files, &attr, argv, no_env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	if (rc == 0)
		return 0;
	fail(err, rc, "execute '%s'", s->program);
	return error_code(err, "SYSTEMD_HELPER");
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Is one of the signals that wait there a request to end? */
static int ending_signal(int signals)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM || info.ssi_signo == SIGHUP ||
		    info.ssi_signo == SIGQUIT)
			return (int)info.ssi_signo;
	return 0;
}

/* Reads until end of file.  0, or -1: late, interrupted. */
static int read_answer(int out, const struct plan_systemd *s, int signals, char *text, struct error *err)
{
	int64_t end = now_ms() + s->timeout_ms + GRACE_MS;
	size_t used = 0;

	for (;;) {
		struct pollfd p[2] = {{.fd = out, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
		int64_t left = end - now_ms();
		int n = poll(p, signals >= 0 ? 2 : 1, left > 0 ? (int)left : 0), sig;
		ssize_t got;

		if (n < 0 && errno != EINTR)
			return fail(err, errno, "wait for vert-systemd");
		if (n == 0) {
			fail(err, 0, "vert-systemd did not end in time, for unit '%s'", s->unit);
			return error_code(err, "SYSTEMD_TIMEOUT");
		}
		if (n > 0 && (p[1].revents & POLLIN) && (sig = ending_signal(signals)) != 0) {
			fail(err, 0, "interrupted by signal %d", sig);
			return error_status(err, 128 + sig);
		}
		if (n < 0 || !p[0].revents)
			continue;
		got = read(out, text + used, ANSWER_SIZE - 1 - used);
		if (got < 0)
			return fail(err, errno, "read from vert-systemd");
		used += (size_t)got;
		text[used] = '\0';
		if (got == 0 || used == ANSWER_SIZE - 1)
			return 0;
	}
}

/* CODE, HINT, MESSAGE: a line each. */
static int take_answer(const struct plan_systemd *s, char *text, int status, struct error *err)
{
	char *hint = strchr(text, '\n'), *message = hint ? strchr(hint + 1, '\n') : NULL;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (!message || !message[1]) {
		if (WIFSIGNALED(status))
			fail(err, 0, "'%s' was killed by signal %d", s->program, WTERMSIG(status));
		else
			fail(err, 0, "'%s' ended with status %d without a word", s->program, WEXITSTATUS(status));
		error_code(err, "SYSTEMD_HELPER");
		return error_hint(err, "it needs libsystemd.so.0: see 'ldd %s'", s->program);
	}
	*hint++ = *message++ = '\0';
	fail(err, 0, "%s", message);
	if (*text)
		error_code(err, text);
	return *hint ? error_hint(err, "%s", hint) : -1;
}

int systemd_call(const struct plan_systemd *s, const char *verb, const char *first, const char *second, int signals,
		 struct error *err)
{
	autoclose int in = -1, out = -1, child_out = -1;
	char ms[16], text[ANSWER_SIZE] = "";
	char *argv[] = {"vert-systemd", (char *)verb,	 (char *)s->socket, (char *)(s->direct ? s->direct : ""),
			ms,		(char *)s->unit, (char *)first,	    first ? (char *)second : NULL,
			NULL};
	int pair[2], status = 0, rc;
	pid_t pid;

	snprintf(ms, sizeof(ms), "%d", s->timeout_ms);
	if (make_input(s->request, &in, err) < 0)
		return -1;
	if (pipe2(pair, O_CLOEXEC) < 0)
		return fail(err, errno, "make a pipe");
	out = pair[0];
	child_out = pair[1];
	if (spawn(s, argv, in, child_out, &pid, err) < 0)
		return -1;
	fd_close(take_fd(&child_out));
	rc = read_answer(out, s, signals, text, err);
	if (rc < 0)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return rc < 0 ? -1 : take_answer(s, text, status, err);
}
