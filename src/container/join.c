/* SPDX-License-Identifier: Apache-2.0 */
/* exec: clone a process into the container's cgroup, let it join the namespaces, and become the program.
 *
 *   joiner (parent, outside)                         process (child)
 *   setns(pidfd, pid [and user, when unprivileged]),
 *   or a stage process: see join_stage.c
 *   clone3(into the cgroup)          ------------->  setns(pidfd, the rest), user last
 *                                    <-------------  MSG_CONSOLE + master
 *                                    <-------------  MSG_SECCOMP
 *   oom score
 *   pid file, MSG_GO, ahead          ------------->
 *                                    <-------------  MSG_READY
 *   or now: pid file, pidfd, MSG_GO  ------------->  execve
 *   end of file: it runs             <-------------
 *
 * We are the sealed copy and not dumpable before the first namespace is joined: what lives in the container can
 * neither trace us nor reach the host's binary through us (CVE-2019-5736, CVE-2016-9962).
 */
#include "join.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/handover.h"
#include "container/join_priv.h"
#include "container/proto.h"
#include "container/scope.h"
#include "container/step.h"
#include "container/supervise.h"
#include "kernel/cgroup.h"
#include "kernel/coresched.h"
#include "kernel/rdt.h"
#include "kernel/sched.h"
#include "kernel/terminal.h"

static int open_target(void *context, struct error *err)
{
	struct join *j = context;
	const struct plan *p = j->plan;

	/* What vert has looked at is still what it was; a number would have to be looked at again. */
	j->target = p->target_fd > 0 ? p->target_fd : proc_open(p->target_pid, p->target_start);
	if (j->target < 0) {
		fail(err, 0, "container not running: '%s': no such process", p->id);
		return error_code(err, "CONTAINER_NOT_RUNNING");
	}
	if (p->cgroup.manager == PLAN_CGROUP_NONE)
		return 0;
	if (p->cgroup_fd > 0) {
		j->cgroup = p->cgroup_fd;
		return 0;
	}
	return cgroup_open(p->cgroup.mount, p->cgroup.path, 0, &j->cgroup, err);
}

static int prepare_probe(void *context, struct error *err)
{
	struct join *j = context;

	return j->plan->probe.present ? probe_prepare(&j->probe, j->plan, &j->cgroup, err) : 0;
}

static int set_first_cpus(void *context, struct error *err)
{
	const struct plan_process *p = &((struct join *)context)->plan->process;

	return p->cpus_initial ? sched_set_cpus(p->cpus_initial, "process.execCPUAffinity.initial", err) : 0;
}

static int open_sockets(void *context, struct error *err)
{
	struct join *j = context;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(err, errno, "make a socket pair");
	j->sock = pair[0];
	j->child_sock = pair[1];
	return 0;
}

static bool has_occupant(const struct join *j)
{
	return j->plan->cgroup.systemd.program != NULL;
}

static int join_first(void *context, struct error *err)
{
	return has_occupant(context) ? 0 : join_enter(context, err);
}

static int clone_in_unit(void *context, int sock, const char *cgroup_path, pid_t *ret_pid, int *ret_pidfd,
			 struct error *err)
{
	struct join *j = context;

	(void)cgroup_path;
	j->sibling = true;
	j->occupant = sock;
	if (join_enter(j, err) < 0 || (join_leaves_host(j) && join_leave_host(j, sock, err) < 0) ||
	    join_clone(j, err) < 0)
		return -1;
	*ret_pid = j->pid;
	*ret_pidfd = j->pidfd;
	return 0;
}

static int clone_process(void *context, struct error *err)
{
	struct join *j = context;

	j->door = has_occupant(j) ? -1 : j->cgroup;
	if (!has_occupant(j)) {
		if ((join_leaves_host(j) ? join_clone_by_stage : join_clone)(j, err) < 0)
			return -1;
	} else if (scope_enter(&j->scope, &j->plan->cgroup.systemd, j->cgroup, clone_in_unit, j, j->signals, err) < 0 ||
		   scope_clone(&j->scope, j->cgroup, &j->pid, &j->pidfd, err) < 0) {
		return -1;
	}
	fd_close(j->child_sock);
	j->child_sock = -1;
	probe_restore(&j->probe);
	return 0;
}

static int set_oom_score(void *context, struct error *err)
{
	struct join *j = context;
	const struct plan_process *p = &j->plan->process;

	if (rdt_add(&j->plan->rdt, j->pid, err) < 0)
		return -1;
	if (p->core == PLAN_CORE_OF && coresched_share(p->core_pid, p->core_start, j->pid, err) < 0)
		return error_where(err, "annotations[\"run.vert.core_sched\"]");
	if (!j->plan->process.set_oom_score || j->plan->euid != 0)
		return 0;
	return handover_oom_score(j->plan, j->pid, err);
}

/* The pid file is what tells conmon that exec worked: it must be there before the program can end, and
 * must not stay when it could not be started. */
static int publish(struct join *j, struct error *err)
{
	if (!j->plan->pid_file)
		return 0;
	j->published = true;
	return handover_pid_file(j->plan->pid_file, j->pid, err);
}

/* A process that needs nothing else of us has our word ahead, and waits for nobody when it comes to its program. */
static int let_go(void *context, struct error *err)
{
	struct join *j = context;
	const struct plan *p = j->plan;

	if (p->process.terminal || p->process.seccomp.notify || p->gate || p->pidfd_socket)
		return 0;
	if (publish(j, err) < 0)
		return -1;
	/* One that is dead already may have left its reason: who follows it finds that. */
	j->let_go = proto_send_kind(j->sock, MSG_GO) == 0;
	return 0;
}

static int on_message(struct join *j, const struct msg *m, int *fd, struct error *err)
{
	switch (m->kind) {
	case MSG_ERROR:
		*err = m->error;
		return -1;
	case MSG_CONSOLE:
		if (*fd < 0)
			return fail(err, EBADMSG, "receive the terminal");
		if (j->plan->console_socket)
			return terminal_send_to_socket(j->plan->console_socket, *fd, err);
		j->master = take_fd(fd);
		return 0;
	case MSG_SECCOMP:
		if (handover_listener(j->plan, j->pidfd, j->pid, m->value, err) < 0)
			return -1;
		return proto_send_kind(j->sock, MSG_GO) < 0 ? handover_lost(j->pidfd, j->cgroup, err) : 0;
	case MSG_READY:
		j->ready = true;
		return 0;
	default:
		return fail(err, EBADMSG, "message %d from the process", m->kind);
	}
}

int join_wait(struct join *j, int sock, struct error *err)
{
	struct pollfd p[2] = {{.fd = sock, .events = POLLIN}, {.fd = j->signals, .events = POLLIN}};
	int n;

	do {
		n = poll(p, 2, -1);
		if (n < 0 && errno != EINTR)
			return fail(err, errno, "wait for the process");
		/* Once the program runs, which the end of SOCK says, signals are for it: see supervise.h. */
		if (n > 0 && !p[0].revents && (p[1].revents & POLLIN)) {
			int sig = supervise_next_signal(j->signals);

			if (sig == SIGINT || sig == SIGTERM || sig == SIGHUP || sig == SIGQUIT) {
				fail(err, 0, "interrupted by signal %d", sig);
				return error_status(err, 128 + sig);
			}
			if (sig == SIGALRM && j->plan->probe.present) {
				fail(err, 0, "the probe's time is up before its program runs");
				return error_status(err, PROBE_TIMED_OUT);
			}
		}
	} while (n < 0 || !p[0].revents);
	return 0;
}

/* As in launch.c: 1 handled, 0 end of file. */
static int next_message(struct join *j, struct error *err)
{
	autoclose int fd = -1;
	struct msg m;
	int n;

	if (join_wait(j, j->sock, err) < 0)
		return -1;
	n = proto_recv(j->sock, &m, &fd);
	if (n == 1)
		return on_message(j, &m, &fd, err) < 0 ? -1 : 1;
	if (n == 0)
		return 0;
	if (errno == ECONNRESET) /* it died without reading what we said: that is not how execve looks */
		return handover_lost(j->pidfd, j->cgroup, err);
	return fail(err, errno, "receive from the process");
}

int join_follow(struct join *j, struct error *err)
{
	while (!j->ready) {
		int n = next_message(j, err);

		if (n < 0)
			return -1;
		if (n == 0)
			return handover_lost(j->pidfd, j->cgroup, err);
	}
	return 0;
}

static int follow(void *context, struct error *err)
{
	return join_follow(context, err);
}

static int let_run(void *context, struct error *err)
{
	struct join *j = context;
	int n;

	if (!j->let_go) {
		if (!j->published && publish(j, err) < 0)
			return -1;
		if (j->plan->pidfd_socket && handover_pidfd(j->plan->pidfd_socket, j->pidfd, err) < 0)
			return -1;
		if (j->plan->gate)
			return join_leave_at_gate(j, err);
		if (proto_send_kind(j->sock, MSG_GO) < 0)
			return handover_lost(j->pidfd, j->cgroup, err);
	}
	n = next_message(j, err);
	return n > 0 ? fail(err, EBADMSG, "message from the process after its start") : n;
}

static void join_undo(struct join *j, struct error *err)
{
	if (j->pidfd >= 0) {
		(void)sys_pidfd_send_signal(j->pidfd, SIGKILL);
		(void)proc_reap(j->pidfd);
	}
	scope_undo(&j->scope, &j->plan->cgroup);
	if (j->plan->probe.present)
		probe_undo(&j->probe, j->plan, err);
	if (j->published)
		fd_remove_put(j->plan->pid_file);
}

int join(const struct plan *plan, int *ret_status, struct error *err)
{
	static const struct step steps[] = {
		{"open target", open_target},	  /* by pidfd: the number may have a new owner */
		{"prepare probe", prepare_probe}, /* its cgroup is the one to clone into */
		{"set initial cpus", set_first_cpus}, /* before the cgroup is entered (process.execCPUAffinity) */
		{"open sockets", open_sockets},
		{"join first namespaces", join_first},
		{"clone", clone_process},
		/* from outside: the child may be without the privilege */
		{"join resctrl group and cookie, set oom score", set_oom_score},
		{"let go", let_go}, /* after the last thing that is to be done before its program */
		{"follow", follow},
		{"let run", let_run},
	};
	struct join j = {
		.plan = plan,
		.target = -1,
		.cgroup = -1,
		.door = -1,
		.sock = -1,
		.child_sock = -1,
		.pidfd = -1,
		.master = -1,
		.scope = SCOPE_NONE,
		.occupant = -1,
		.slave = -1,
		.probe = PROBE_NONE,
	};
	struct supervise s;

	if (supervise_block_signals(&j.signals, err) < 0)
		return -1;
	if (steps_run("join", steps, COUNT_OF(steps), &j, err) < 0) {
		join_undo(&j, err);
		return -1;
	}
	*ret_status = 0;
	if (plan->detach || plan->gate)
		return 0;
	if (plan->probe.present)
		return probe_wait(&j.probe, plan, j.pid, j.pidfd, j.signals, ret_status, err);
	s = (struct supervise){.pidfd = j.pidfd, .master = j.master, .signals = j.signals};
	return supervise_wait(&s, ret_status, err);
}
