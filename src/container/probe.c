/* SPDX-License-Identifier: Apache-2.0 */
/* An exec with an end: see probe.h. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/sys.h"
#include "container/supervise.h"
#include "kernel/cgroup.h"

enum { DEATH_MS = 10000 };

static uint64_t now_us(void)
{
	struct timespec t = {0};

	(void)sys_clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail with this clock */
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* A cgroup below one with processes may hold processes too, as long as no controller is handed on.  Where it cannot be
 * made (no permission, too deep) the process group has to do. */
static void make_cgroup(struct probe *p, const struct plan *plan, int *cgroup)
{
	struct stat st;
	int fd;

	if (*cgroup < 0 || plan->cgroup.systemd.program)
		return;
	snprintf(p->name, sizeof(p->name), "vert-probe-%d", (int)getpid());
	if (mkdirat(*cgroup, p->name, 0755) < 0) {
		log_debug("no cgroup for the probe: its process group is killed at the end");
		return;
	}
	fd = openat(*cgroup, p->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		(void)unlinkat(*cgroup, p->name, AT_REMOVEDIR);
		return;
	}
	p->id = st.st_ino;
	p->cgroup = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	fd_close(*cgroup);
	*cgroup = fd;
}

static int make_pipe(struct probe *p, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(err, errno, "make a pipe");
	p->pipe = ends[0];
	(void)fcntl(p->pipe, F_SETFL, O_NONBLOCK);
	p->out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	p->err = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (p->out < 0 || p->err < 0 || dup2(ends[1], STDOUT_FILENO) < 0 || dup2(ends[1], STDERR_FILENO) < 0) {
		fd_close(ends[1]);
		return fail(err, errno, "arrange descriptors");
	}
	fd_close(ends[1]);
	return 0;
}

int probe_prepare(struct probe *p, const struct plan *plan, int *cgroup, struct error *err)
{
	const struct itimerval timer = {.it_value = {.tv_sec = plan->probe.timeout_ms / 1000,
						     .tv_usec = (long)(plan->probe.timeout_ms % 1000) * 1000}};

	p->start_us = now_us();
	if (setitimer(ITIMER_REAL, &timer, NULL) < 0)
		return fail(err, errno, "set a timer");
	make_cgroup(p, plan, cgroup);
	return plan->probe.json ? make_pipe(p, err) : 0;
}

void probe_restore(struct probe *p)
{
	if (p->out >= 0) {
		(void)dup2(p->out, STDOUT_FILENO);
		fd_close(take_fd(&p->out));
	}
	if (p->err >= 0) {
		(void)dup2(p->err, STDERR_FILENO);
		fd_close(take_fd(&p->err));
	}
}

/* All that is there now; what is beyond the limit is thrown away, so that the writer never waits. */
static void read_output(struct probe *p, const struct plan *plan)
{
	char part[4096];
	ssize_t n;

	while (p->pipe >= 0 && (n = read(p->pipe, part, sizeof(part))) != 0) {
		size_t room = plan->probe.max_output - p->output.n;

		if (n < 0)
			return; /* nothing more for now */
		p->cut |= (size_t)n > room;
		buf_add(&p->output, part, (size_t)n > room ? room : (size_t)n);
	}
	if (p->pipe >= 0)
		fd_close(take_fd(&p->pipe));
}

static void kill_all(struct probe *p, pid_t pid)
{
	struct error err;

	if (p->cgroup < 0)
		(void)kill(-pid, SIGKILL); /* it has made a session of its own */
	else if (cgroup_kill(p->cgroup, &err) < 0)
		log_warning("%s", err.msg);
}

static void remove_group(struct probe *p, const struct plan *plan)
{
	char path[4096];
	struct error err;

	if (p->cgroup < 0)
		return;
	fd_close(take_fd(&p->cgroup));
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", plan->cgroup.path, p->name) >= sizeof(path) ||
	    cgroup_remove(plan->cgroup.mount, path, p->id, DEATH_MS, &err) != 0)
		log_warning("cgroup '%s' of the probe is left", p->name);
}

static void put_result(struct buf *b, const char *key, bool there, int value)
{
	buf_printf(b, there ? "\"%s\":%d," : "\"%s\":null,", key, value);
}

static uint64_t us(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000000 + (uint64_t)t->tv_usec;
}

/* STATUS in wait(2)'s form, -1: it did not come that far. */
static int tell(struct probe *p, int status, const struct rusage *used, struct error *err)
{
	struct buf b = {0};
	int rc = 0;

	buf_puts(&b, "{");
	put_result(&b, "status", status >= 0 && WIFEXITED(status), WEXITSTATUS(status));
	put_result(&b, "signal", status >= 0 && WIFSIGNALED(status), WTERMSIG(status));
	buf_printf(&b, "\"timed_out\":%s,\"wall_us\":%" PRIu64 ",", p->timed_out ? "true" : "false",
		   now_us() - p->start_us);
	buf_printf(&b, "\"user_us\":%" PRIu64 ",\"system_us\":%" PRIu64 ",\"max_rss\":%" PRIu64 ",",
		   us(&used->ru_utime), us(&used->ru_stime), (uint64_t)used->ru_maxrss * 1024);
	buf_puts(&b, "\"output\":");
	buf_add(&p->output, "", 1);
	buf_json(&b, p->output.s ? p->output.s : "");
	buf_printf(&b, ",\"truncated\":%s}\n", p->cut ? "true" : "false");
	if (b.failed || p->output.failed)
		rc = fail(err, ENOMEM, "compose the output");
	else if (fd_write_all(STDOUT_FILENO, b.s, b.n) < 0)
		rc = fail(err, errno, "write to standard output");
	buf_free(&b);
	return rc;
}

/* 0: the process has ended or is being killed; else the signal that ends us. */
static int watch(struct probe *p, const struct plan *plan, pid_t pid, int pidfd, int signals)
{
	for (;;) {
		struct pollfd polls[] = {{.fd = pidfd, .events = POLLIN},
					 {.fd = signals, .events = POLLIN},
					 {.fd = p->pipe, .events = POLLIN}};
		int sig;

		if (poll(polls, 3, -1) < 0 && errno != EINTR)
			return SIGABRT;
		read_output(p, plan);
		if (polls[0].revents)
			return 0;
		while ((sig = supervise_next_signal(signals)) != 0) {
			if (sig == SIGINT || sig == SIGTERM || sig == SIGHUP || sig == SIGQUIT)
				return sig;
			if (sig == SIGALRM && !p->timed_out) {
				p->timed_out = true;
				kill_all(p, pid);
			}
		}
	}
}

int probe_wait(struct probe *p, const struct plan *plan, pid_t pid, int pidfd, int signals, int *ret_status,
	       struct error *err)
{
	struct rusage used = {0};
	int sig = watch(p, plan, pid, pidfd, signals), status = 0, rc = 0;

	kill_all(p, pid); /* also what the command left in the background */
	(void)sys_pidfd_send_signal(pidfd, SIGKILL); /* it may have ended */
	while (wait4(pid, &status, __WALL, &used) < 0)
		if (errno != EINTR) {
			rc = fail(err, errno, "wait for the probe's process");
			break;
		}
	if (p->cgroup >= 0)
		(void)cgroup_wait_empty(p->cgroup, DEATH_MS); /* the removal tells */
	read_output(p, plan);
	remove_group(p, plan);
	if (sig) {
		fail(err, 0, "interrupted by signal %d", sig);
		return error_status(err, 128 + sig);
	}
	if (rc == 0 && plan->probe.json)
		rc = tell(p, status, &used, err);
	buf_free(&p->output);
	*ret_status = p->timed_out	   ? PROBE_TIMED_OUT
		      : WIFSIGNALED(status) ? 128 + WTERMSIG(status)
					    : WEXITSTATUS(status);
	return rc < 0 ? error_status(err, PROBE_FAILED) : 0;
}

void probe_undo(struct probe *p, const struct plan *plan, struct error *err)
{
	const struct rusage nothing = {0};
	struct error other;

	probe_restore(p);
	remove_group(p, plan);
	if (err->status == PROBE_TIMED_OUT && plan->probe.json) {
		p->timed_out = true;
		(void)!tell(p, -1, &nothing, &other); /* the first error is the one to tell */
	}
	error_status(err, PROBE_FAILED);
}
