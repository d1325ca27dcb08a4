/* SPDX-License-Identifier: Apache-2.0 */
/* Unit, occupant and cgroup: see scope.h. */
#include "scope.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/handover.h"
#include "container/proto.h"
#include "container/systemd.h"

#define UNDO_MS 5000

/* ---- the occupant ------------------------------------------------------------------------------ */

_Noreturn static void occupant_main(int sock, scope_clone_fn *clone, void *context)
{
	struct msg m = {.kind = MSG_PID};
	autoclose int pidfd = -1;
	char path[4096];
	ssize_t n;
	pid_t pid;

	(void)prctl(PR_SET_NAME, "vert:scope"); /* only for ps */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		_exit(1);
	do
		n = recv(sock, path, sizeof(path) - 1, 0);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		_exit(1);
	path[n] = '\0';
	if (clone(context, sock, path, &pid, &pidfd, &m.error) < 0)
		m.kind = MSG_ERROR;
	m.value = m.kind == MSG_PID ? (int)pid : 0;
	_exit(proto_send(sock, &m, pidfd) < 0);
}

/* CGROUP: a directory to clone it into, -1: ours. */
static int start_occupant(struct scope *s, int cgroup, scope_clone_fn *clone, void *context, struct error *err)
{
	autoclose int ours = -1, theirs = -1;
	struct sys_clone_args args = {
		.flags = CLONE_PIDFD | (cgroup >= 0 ? SYS_CLONE_INTO_CGROUP : 0),
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)(cgroup >= 0 ? cgroup : 0),
	};
	int pair[2], pidfd = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(err, errno, "make a socket pair");
	ours = pair[0];
	theirs = pair[1];
	args.pidfd = (uint64_t)(uintptr_t)&pidfd;
	s->pid = sys_clone3(&args);
	if (s->pid < 0)
		return fail(err, errno, "clone the process for the systemd unit");
	if (s->pid == 0) {
		fd_close(take_fd(&ours));
		occupant_main(theirs, clone, context);
	}
	s->pidfd = pidfd;
	s->sock = take_fd(&ours);
	return 0;
}

static void end_occupant(struct scope *s)
{
	if (s->pidfd >= 0) {
		(void)sys_pidfd_send_signal(s->pidfd, SIGKILL);
		(void)proc_reap(s->pidfd);
		fd_close(take_fd(&s->pidfd));
	}
	if (s->sock >= 0)
		fd_close(take_fd(&s->sock));
}

/* ---- unit and cgroup --------------------------------------------------------------------------- */

/* Where systemd has put the occupant.  The kernel's word counts: were it not the unit's cgroup, limits would be those
 * of something else. */
static int find_unit(struct scope *s, const struct plan_systemd *systemd, struct error *err)
{
	char file[40], text[8192], *line, *name;

	snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)s->pid);
	if (fd_read_small(-1, file, text, sizeof(text)) <= 0)
		return fail(err, errno, "read '%s'", file);
	line = str_starts(text, "0::/") ? text : strstr(text, "\n0::/");
	if (!line)
		return fail(err, 0, "'%s' names no cgroup of version 2", file);
	line = strstr(line, "0::/") + 3;
	line[strcspn(line, "\n")] = '\0';
	name = strrchr(line, '/') + 1;
	name += name[0] == '_' && systemd->unit[0] != '_'; /* systemd's mark for names that could be a kernel file's */
	if (strcmp(name, systemd->unit) != 0 || strstr(line, "/..")) {
		fail(err, 0, "systemd started unit '%s', but the process is in cgroup '%s'", systemd->unit, line);
		return error_code(err, "SYSTEMD_CGROUP");
	}
	if ((size_t)snprintf(s->unit, sizeof(s->unit), "%s", line) >= sizeof(s->unit))
		return fail(err, ENAMETOOLONG, "cgroup of unit '%s'", systemd->unit);
	return 0;
}

/* When the occupant is dead, that is the cause of whatever failed; its cgroup, which would tell why, has gone with
 * it. */
static int explain_death(struct scope *s, const struct plan_cgroup *plan, struct error *err)
{
	struct pollfd p = {.fd = s->pidfd, .events = POLLIN};
	int status;

	if (poll(&p, 1, 0) <= 0)
		return -1;
	status = proc_reap(s->pidfd);
	fd_close(take_fd(&s->pidfd));
	fail(err, 0, "the first process in unit '%s' was killed", plan->systemd.unit);
	if (status < 0 || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		return -1;
	for (size_t i = 0; i < plan->n_writes; i++)
		if (strcmp(plan->writes[i].file, "memory.max") == 0) {
			fail_at(err, 0, plan->writes[i].at,
				"the first process in unit '%s' was killed: the memory limit could be too low",
				plan->systemd.unit);
			return error_code(err, "OOM");
		}
	return -1;
}

int scope_make(struct scope *s, struct plan_cgroup *plan, scope_clone_fn *clone, void *context, int signals,
	       struct cgroup *ret, struct error *err)
{
	const struct plan_systemd *systemd = &plan->systemd;
	const char *subgroup = systemd->subgroup;
	char pid[16];

	if (start_occupant(s, -1, clone, context, err) < 0)
		return -1;
	snprintf(pid, sizeof(pid), "%d", (int)s->pid);
	s->asked = true;
	if (systemd_call(systemd, "start", pid, NULL, signals, err) < 0) {
		/* Somebody else's: scope_undo() must not even ask for it. */
		s->asked = strcmp(err->code, "SYSTEMD_UNIT_EXISTS") != 0 && strcmp(err->code, "SYSTEMD_CONNECT") != 0 &&
			   strcmp(err->code, "SYSTEMD_DENIED") != 0 && strcmp(err->code, "SYSTEMD_HELPER") != 0;
		return -1;
	}
	if (find_unit(s, systemd, err) < 0)
		return explain_death(s, plan, err);
	if ((size_t)snprintf(s->path, sizeof(s->path), "%s%s%s", s->unit, subgroup[0] ? "/" : "", subgroup) >=
	    sizeof(s->path))
		return fail(err, ENAMETOOLONG, "cgroup of unit '%s'", systemd->unit);
	plan->path = s->path;
	if (cgroup_adopt(plan, subgroup[0] != '\0', s->pid, ret, err) < 0)
		return explain_death(s, plan, err);
	return 0;
}

int scope_enter(struct scope *s, const struct plan_systemd *systemd, int cgroup_dirfd, scope_clone_fn *clone,
		void *context, int signals, struct error *err)
{
	char pid[16];

	snprintf(s->path, sizeof(s->path), "/"); /* an empty message would read as the end */
	if (start_occupant(s, cgroup_dirfd, clone, context, err) == 0)
		return 0;
	if (err->errnum != EACCES || start_occupant(s, -1, clone, context, err) < 0)
		return -1;
	snprintf(pid, sizeof(pid), "%d", (int)s->pid);
	return systemd_call(systemd, "attach", pid, systemd->subgroup, signals, err);
}

int scope_clone(struct scope *s, int cgroup_dirfd, pid_t *ret_pid, int *ret_pidfd, struct error *err)
{
	struct msg m;
	int n;

	if (send(s->sock, s->path, strlen(s->path), MSG_NOSIGNAL) < 0)
		return handover_lost(s->pidfd, cgroup_dirfd, err);
	n = proto_recv(s->sock, &m, ret_pidfd);
	if (n == 0) /* nobody else can have ended it but the kernel, short of memory */
		return handover_lost(s->pidfd, cgroup_dirfd, err);
	if (n < 0)
		return fail(err, errno, "receive the container's first process");
	if (m.kind == MSG_ERROR) {
		*err = m.error;
		return -1;
	}
	if (m.kind != MSG_PID || *ret_pidfd < 0)
		return fail(err, EBADMSG, "receive the container's first process");
	*ret_pid = m.value;
	end_occupant(s);
	return 0;
}

int scope_apply(const struct scope *s, const struct plan_cgroup *plan, struct error *err)
{
	const struct plan_systemd *systemd = &plan->systemd;
	autoclose int dirfd = -1;

	if (!systemd->n_writes || !systemd->subgroup[0]) /* without a subgroup all is written there anyway */
		return 0;
	if (cgroup_open(plan->mount, s->unit, 0, &dirfd, err) < 0)
		return -1;
	return cgroup_apply(dirfd, systemd->writes, systemd->n_writes, err);
}

void scope_undo(struct scope *s, const struct plan_cgroup *plan)
{
	struct plan_systemd systemd = plan->systemd;
	struct error err;

	end_occupant(s);
	if (!s->asked)
		return;
	systemd.request = NULL;
	if (systemd.timeout_ms > UNDO_MS) /* the caller has waited long enough; an empty unit ends by itself */
		systemd.timeout_ms = UNDO_MS;
	if (systemd_call(&systemd, "stop", systemd.description, NULL, SYSTEMD_NO_SIGNALS, &err) < 0)
		log_debug("%s", err.msg);
	s->asked = false;
}
