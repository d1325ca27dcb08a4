/* SPDX-License-Identifier: Apache-2.0 */
/* A process for one call.
 *
 *   caller ------- fork -------> worker ---- fork ----> vert-init      (create, exec: the worker waits for it)
 *     |                            |                        |
 *     | <----- struct error -------+------------------------+
 *     | <----- status -------------+
 *
 * Two kinds of message over a SOCK_SEQPACKET pair, told apart by their size.  The answer does not depend on the
 * worker's status as the kernel knows it: a caller that ignores SIGCHLD or waits for any child takes that from us.
 *
 * After fork() in a program with threads the worker uses the heap, which glibc and musl (since 1.2.2) allow, and no
 * other lock of theirs; all signals are blocked until the caller's handlers are gone from it.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "lib/lib.h"

enum { KEPT_MAX = 256 + 8 };

/* What main() does for the program, see there. */
static int become_worker(struct error *err)
{
	sigset_t none;

	for (int sig = 1; sig < _NSIG; sig++)
		(void)sys_default_action(sig); /* SIGKILL and SIGSTOP have no other */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL); /* cannot fail with these arguments */
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return fail(err, errno, "open '/dev/null' for standard descriptor %d", fd);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail(err, errno, "protect the process from tracing");
	return 0;
}

/* The caller's other descriptors are none of ours: a pipe of its, held here, would not end. */
static int close_others(const struct vert *v, const struct job *job, int sock, int result,
			struct error *err)
{
	int keep[KEPT_MAX];
	size_t n = 0;

	keep[n++] = sock;
	keep[n++] = result;
	keep[n++] = v->log.fd;
	for (size_t i = 0; job->stdio && i < 3; i++)
		keep[n++] = job->stdio[i];
	for (size_t i = 0; i < job->n_fds; i++)
		keep[n++] = job->fds[i];
	return fd_close_from(3, keep, n) < 0 ? fail(err, errno, "close descriptors") : 0;
}

/* A copy of *FD above those that the container gets. */
static int lift(int fd, size_t n_fds)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, (int)(3 + n_fds));
}

/* Puts the descriptors for the container to their numbers; ours are out of the way first. */
static int arrange(const struct job *job, struct error *err)
{
	int lifted[3 + KEPT_MAX];
	size_t n = 0;

	log_settings.error_fd = lift(log_settings.error_fd, job->n_fds);
	if (log_settings.fd >= 0)
		log_settings.fd = lift(log_settings.fd, job->n_fds);
	for (size_t i = 0; i < 3; i++)
		lifted[n++] = lift(job->stdio ? job->stdio[i] : (int)i, job->n_fds);
	for (size_t i = 0; i < job->n_fds; i++)
		lifted[n++] = lift(job->fds[i], job->n_fds);
	for (size_t i = 0; i < n; i++)
		if (lifted[i] < 0 || dup2(lifted[i], (int)i) < 0)
			return fail(err, errno, "hand on descriptor %d",
				    i >= 3	 ? job->fds[i - 3]
				    : job->stdio ? job->stdio[i]
						 : (int)i);
	return 0;
}

static int carry_out(const struct vert *v, const struct job *job, int result, struct error *err)
{
	struct buf out = {0};
	int r;

	if (job->replaces && arrange(job, err) < 0)
		return -1;
	r = job->run(v, job->request, &out, err);
	if (r == 0 && (out.failed || (out.n && fd_write_all(result, out.s, out.n) < 0)))
		r = fail(err, out.failed ? ENOMEM : errno, "write the result");
	buf_free(&out);
	return r;
}

static int carry_out_or_tell(const struct vert *v, const struct job *job, int result)
{
	struct error err;

	if (carry_out(v, job, result, &err) == 0)
		return 0;
	log_error(&err);
	return 1;
}

/* In a process of its own again, whose end we wait for. */
static int carry_out_program(const struct vert *v, const struct job *job)
{
	struct error err;
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(carry_out_or_tell(v, job, -1));
	if (pid < 0) {
		fail(&err, errno, "create a process");
		log_error(&err);
		return 1 << 8;
	}
	(void)fd_close_from(3, &log_settings.error_fd,
			    1); /* what we hold longer than needed is no harm */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

_Noreturn static void work(const struct vert *v, const struct job *job, int sock, int result)
{
	struct error err;
	int status = 1 << 8;

	log_settings = v->log;
	log_settings.error_fd = sock;
	if (become_worker(&err) < 0 || close_others(v, job, sock, result, &err) < 0)
		log_error(&err);
	else
		status = job->replaces ? carry_out_program(v, job)
				       : carry_out_or_tell(v, job, result) << 8;
	(void)send(sock, &status, sizeof(status), MSG_NOSIGNAL); /* the caller is gone: so are we */
	_exit(0);
}

/* The worker's answer.  0: *RET_STATUS is how it ended; 1: it told an error. */
static int listen_to(int sock, int *ret_status, struct error *err)
{
	bool told = false;

	for (;;) {
		struct error e;
		ssize_t n = recv(sock, &e, sizeof(e), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == (ssize_t)sizeof(e)) {
			*err = e;
			told = true;
		} else if (n == (ssize_t)sizeof(*ret_status)) {
			memcpy(ret_status, &e, sizeof(*ret_status));
			return told;
		} else {
			fail(err, n < 0 ? errno : ECHILD, "the process of this call died");
			return 1;
		}
	}
}

static pid_t fork_worker(const struct vert *v, const struct job *job, const int pair[2], int result)
{
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all,
			&before); /* no handler of the caller's runs in the worker */
	pid = fork();
	if (pid == 0) {
		fd_close(pair[0]);
		work(v, job, pair[1], result);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid;
}

int lib_isolate(const struct vert *v, const struct job *job, int result, int *ret_status,
		struct error *err)
{
	autoclose int mine = -1;
	int pair[2], told;
	pid_t pid;

	if (job->n_fds > KEPT_MAX - 8)
		return fail(err, E2BIG, "%zu descriptors for a container", job->n_fds);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(err, errno, "make a socket pair");
	mine = pair[0];
	pid = fork_worker(v, job, pair, result);
	if (pid < 0)
		fail(err, errno, "create a process");
	fd_close(pair[1]);
	if (pid < 0)
		return -1;
	told = listen_to(mine, ret_status, err);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) /* ECHILD: somebody else's, see above */
		;
	if (told)
		return -1;
	if (WIFSIGNALED(*ret_status))
		return fail(err, 0, "the process of this call died of signal %d",
			    WTERMSIG(*ret_status));
	return 0;
}
