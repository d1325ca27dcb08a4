/* SPDX-License-Identifier: Apache-2.0 */
/* Handing over: pid file, pidfd, seccomp listener; and the post-mortem of a process that died early. */
#include "handover.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/blame.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/naive.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/denials.h"
#include "container/oom.h"
#include "container/step.h"
#include "kernel/privilege.h"

int handover_pid_file(const char *path, pid_t pid, struct error *err)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", (int)pid);

	if (fd_put_file(path, 0644, text, (size_t)n, err) == 0)
		return 0;
	error_blame(err, -1, path);
	return wrap(err, "write the pid file '%s'", path);
}

static int fail_socket(const char *what, const char *path, struct error *err)
{
	fail(err, errno, "%s socket '%s'", what, path);
	error_blame(err, -1, path);
	if (err->errnum == ECONNREFUSED)
		error_hint(err, "nobody listens at '%s'", path);
	return error_code(err, "SOCKET");
}

/* Connects to the stream socket at PATH; its parent directory is reached through a descriptor, so that any
 * length of path will do. */
static int connect_stream(const char *path, int *ret_sock, struct error *err)
{
	autoclose int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	autoclose int at = open(path, O_PATH | O_CLOEXEC);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timeval patience = {.tv_sec = 10};

	if (sock < 0 || at < 0)
		return fail_socket("open", path, err);
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", at);
	if (!naive("deadline"))
		(void)setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)); /* also limits connect */
	if (connect(sock, (struct sockaddr *)&address, sizeof(address)) < 0)
		return fail_socket("connect to", path, err);
	*ret_sock = take_fd(&sock);
	return 0;
}

static int send_with_fd(int sock, const void *text, size_t len, int fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec part = {.iov_base = (void *)text, .iov_len = len};
	struct msghdr h = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	while (len > 0) {
		ssize_t n = sendmsg(sock, &h, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		len -= (size_t)n;
		part = (struct iovec){.iov_base = (char *)part.iov_base + n, .iov_len = len};
		h.msg_control = NULL; /* the descriptor goes with the first bytes alone */
		h.msg_controllen = 0;
	}
	return 0;
}

int handover_pidfd(const char *path, int pidfd, struct error *err)
{
	autoclose int sock = -1;

	if (connect_stream(path, &sock, err) < 0)
		return wrap(err, "hand over the pidfd");
	if (send_with_fd(sock, "pidfd", 5, pidfd) < 0)
		return fail(err, errno, "send the pidfd to '%s'", path);
	return 0;
}

int handover_oom_score(const struct plan *plan, pid_t pid, struct error *err)
{
	autoclose int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int now;

	if (proc < 0)
		return fail(err, errno, "open '/proc'");
	if (privilege_set_oom_score(proc, pid, plan->process.oom_score_adj, plan->rootless, &now, err) < 0)
		return error_where(err, "process.oomScoreAdj");
	if (now == plan->process.oom_score_adj)
		return 0;
	fail_at(err, EACCES, "process.oomScoreAdj", "oom_score_adj %d: it stays at %d", plan->process.oom_score_adj,
		now);
	return error_hint(err, "lowering it needs CAP_SYS_RESOURCE");
}

void handover_raise_limits(const struct plan *plan)
{
	const struct plan_process *p = &plan->process;
	struct rlimit present;

	for (size_t i = 0; i < p->n_rlimits; i++) {
		const struct plan_rlimit *l = &p->rlimits[i];

		if (prlimit(0, l->resource, NULL, &present) < 0 || present.rlim_max >= l->hard)
			continue;
		present.rlim_max = l->hard;
		(void)prlimit(0, l->resource, &present, NULL);
	}
}

int handover_listener(const struct plan *plan, int pidfd, pid_t pid, int number, struct error *err)
{
	const struct plan_filter *f = &plan->process.seccomp;
	autoclose int listener = sys_pidfd_getfd(pidfd, number);
	autoclose int sock = -1;
	struct buf state = {0};
	int rc;

	if (listener < 0)
		return fail_at(err, errno, "linux.seccomp", "take the seccomp listener");
	if (f->report)
		return denials_start(plan, listener, err);
	if (connect_stream(f->listener_path, &sock, err) < 0) {
		wrap(err, "hand over the seccomp listener");
		return error_where(err, "linux.seccomp.listenerPath");
	}
	buf_printf(&state, "%s,\"pid\":%d,\"state\":%s,\"status\":\"%s\",\"pid\":%d}}", f->listener_state, (int)pid,
		   plan->state_head, plan->verb == PLAN_EXEC ? "running" : "creating",
		   plan->verb == PLAN_EXEC ? (int)plan->target_pid : (int)pid);
	rc = state.failed ? fail(err, ENOMEM, "describe the container to the seccomp agent") : 0;
	if (rc == 0 && send_with_fd(sock, state.s, state.n, listener) < 0)
		rc = fail_at(err, errno, "linux.seccomp.listenerPath", "send the seccomp listener to '%s'",
			     f->listener_path);
	buf_free(&state);
	return rc;
}

int handover_lost(int pidfd, int cgroup_dirfd, struct error *err)
{
	/* Before it is waited for: systemd removes the cgroup of a process that has ended. */
	int status, rc = oom_explain(cgroup_dirfd, err);

	(void)sys_pidfd_send_signal(pidfd, SIGKILL); /* it closed its socket: it is not there for us any more */
	status = proc_reap(pidfd);
	if (rc < 0)
		return -1;
	if (status >= 0 && WIFSIGNALED(status))
		fail(err, 0, "read from the init process: it was killed by signal %d%s", WTERMSIG(status),
		     WTERMSIG(status) == SIGKILL && oom_cannot_tell(cgroup_dirfd)
			     ? ", as by the kernel under too low a memory limit; its cgroup is gone, so nobody can tell"
			     : "");
	else if (status >= 0)
		fail(err, 0, "read from the init process: it ended with status %d", WEXITSTATUS(status));
	else
		fail(err, 0, "read from the init process: it is gone");
	if (status >= 0 && WIFSIGNALED(status) && steps_died_by_filter(WTERMSIG(status)))
		error_hint(err, STEPS_FILTER_HINT);
	return error_code(err, "INIT_DIED");
}
