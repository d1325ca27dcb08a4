/* SPDX-License-Identifier: Apache-2.0 */
/* exec: clone a process into the container's cgroup, let it join the namespaces, and become the program.
 *
 *   joiner (parent, outside)                         process (child)
 *   setns(pidfd, pid [and user, when unprivileged])
 *   clone3(into the cgroup)          ------------->  setns(pidfd, the rest), user last
 *                                    <-------------  MSG_CONSOLE + master
 *                                    <-------------  MSG_SECCOMP
 *   oom score
 *                                    <-------------  MSG_READY
 *   pid file
 *   MSG_GO                           ------------->  execve
 *   end of file: it runs             <-------------
 *
 * We are the sealed copy and not dumpable before the first namespace is joined: what lives in the container can
 * neither trace us nor reach the host's binary through us (CVE-2019-5736, CVE-2016-9962).
 */
#include "join.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/become.h"
#include "container/handover.h"
#include "container/proto.h"
#include "container/scope.h"
#include "container/step.h"
#include "container/supervise.h"
#include "kernel/cgroup.h"
#include "kernel/privilege.h"
#include "kernel/sched.h"
#include "kernel/terminal.h"

struct join {
	const struct plan *plan;
	int target;	/* pidfd of the container's first process */
	int cgroup;	/* directory, -1: stays in ours */
	int sock, child_sock;
	pid_t pid;
	int pidfd;	/* the new process, -1: not cloned */
	int master, signals;
	struct scope scope;
	bool sibling;	/* who clones is not we, but a child of ours: see scope.h */
	int occupant;	/* its socket, -1 */
	bool ready;

	unsigned long later; /* namespaces the child joins */
	int slave;
	struct become become;
};

/* ---- the child --------------------------------------------------------------------------------- */

static int join_rest(void *context, struct error *err)
{
	struct join *j = context;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return fail(err, errno, "set the parent-death signal");
	j->become.procfd = -1;
	if (j->plan->process.apparmor || j->plan->process.selinux) { /* the host's, while it can be seen */
		j->become.procfd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (j->become.procfd < 0)
			return fail(err, errno, "open '/proc'");
	}
	if (j->later && setns(j->target, (int)j->later) < 0) {
		fail(err, errno, "join the namespaces of the container");
		return error_code(err, "EXEC_JOIN");
	}
	fd_close(j->target);
	return 0;
}

static int become_container_root(void *context, struct error *err)
{
	struct join *j = context;

	if (!(j->plan->target_ns & CLONE_NEWUSER))
		return 0;
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return fail(err, errno, "become non-dumpable");
	if ((sys_setresgid(0) < 0 || sys_setresuid(0) < 0) && errno != EINVAL)
		return fail(err, errno, "become root in the user namespace");
	return 0;
}

static int reset_state(void *context, struct error *err)
{
	(void)context;
	if (privilege_reset_inherited(err) < 0)
		return -1;
	/* No controlling terminal of the caller's, with or without one of our own (CVE-2016-10124). */
	if (setsid() < 0 && errno != EPERM)
		return fail(err, errno, "make a session");
	return 0;
}

static int open_terminal(void *context, struct error *err)
{
	struct join *j = context;
	const struct plan_process *p = &j->plan->process;
	struct msg m = {.kind = MSG_CONSOLE};
	autoclose int master = -1;
	autoclose int root = -1;

	if (!p->terminal)
		return 0;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return fail(err, errno, "open '/'");
	if (terminal_open(root, &master, &j->slave, err) < 0)
		return error_where(err, "process.terminal");
	if (p->rows && terminal_set_size(master, p->rows, p->columns, err) < 0)
		return error_where(err, "process.consoleSize");
	if (terminal_set_owner(j->slave, p->uid, err) < 0)
		return error_where(err, "process.terminal");
	if (proto_send(j->child_sock, &m, master) < 0)
		return fail(err, errno, "hand over the terminal");
	if (terminal_make_controlling(j->slave, err) < 0)
		return error_where(err, "process.terminal");
	return 0;
}

static int set_final_cpus(void *context, struct error *err)
{
	const struct plan_process *p = &((struct join *)context)->plan->process;

	if (p->cpus_final)
		return sched_set_cpus(p->cpus_final, "process.execCPUAffinity.final", err);
	return p->cpus_initial ? 0 : sched_reset_cpus(err);
}

static int prepare(void *context, struct error *err)
{
	struct join *j = context;

	j->become.plan = j->plan;
	j->become.sock = j->child_sock;
	j->become.umask = -1;
	if (become_prepare(&j->become, err) < 0)
		return -1;
	return become_send_listener(&j->become, err);
}

static int report_and_wait(void *context, struct error *err)
{
	struct join *j = context;
	struct msg m;
	int n;

	if (prctl(PR_SET_PDEATHSIG, 0) < 0)
		return fail(err, errno, "clear the parent-death signal");
	if (proto_send_kind(j->child_sock, MSG_READY) < 0)
		return fail(err, errno, "report to the joiner");
	n = proto_recv(j->child_sock, &m, NULL);
	if (n != 1 || m.kind != MSG_GO)
		return fail(err, n < 0 ? errno : 0, "the joiner is gone");
	return 0;
}

static int execute(void *context, struct error *err)
{
	return become_exec(&((struct join *)context)->become, err);
}

_Noreturn static void child_main(struct join *j)
{
	static const struct step steps[] = {
		{"join namespaces", join_rest},
		{"become the container's root", become_container_root},
		{"reset inherited state", reset_state},
		{"open terminal", open_terminal},
		{"set final cpus", set_final_cpus}, /* the cpuset of the cgroup is in force */
		{"prepare process", prepare},
		{"report ready", report_and_wait},
		{"execute", execute},
	};
	struct msg m = {.kind = MSG_ERROR};

	(void)prctl(PR_SET_NAME, "vert:exec");
	fd_close(j->sock);
	fd_close(j->signals);
	if (j->cgroup >= 0)
		fd_close(j->cgroup);
	if (j->occupant >= 0)
		fd_close(j->occupant);
	if (steps_run("exec", steps, COUNT_OF(steps), j, &m.error) < 0)
		(void)proto_send(j->child_sock, &m, -1); /* nobody listens: nobody needs to know */
	_exit(m.error.status ? m.error.status : 1);
}

/* ---- the parent -------------------------------------------------------------------------------- */

static int open_target(void *context, struct error *err)
{
	struct join *j = context;
	const struct plan *p = j->plan;

	j->target = proc_open(p->target_pid, p->target_start);
	if (j->target < 0) {
		fail(err, 0, "container not running: '%s': no such process", p->id);
		return error_code(err, "NOT_RUNNING");
	}
	if (p->cgroup.manager == PLAN_CGROUP_NONE)
		return 0;
	return cgroup_open(p->cgroup.mount, p->cgroup.path, 0, &j->cgroup, err);
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

/* A pid namespace takes only children of who joins it; privileges over it may come with the user namespace. */
static int join_here(struct join *j, struct error *err)
{
	unsigned long first = j->plan->target_ns & CLONE_NEWPID;

	if (j->plan->euid != 0) {
		if (j->plan->process.set_oom_score && (prctl(PR_SET_DUMPABLE, 1) < 0 ||
						       handover_oom_score(j->plan, 0, err) < 0 ||
						       prctl(PR_SET_DUMPABLE, 0) < 0))
			return -1;
		first |= j->plan->target_ns & CLONE_NEWUSER;
	}
	j->later = j->plan->target_ns & ~first;
	if (first && setns(j->target, (int)first) < 0) {
		fail(err, errno, "join the pid namespace of the container");
		return error_code(err, "EXEC_JOIN");
	}
	return 0;
}

static bool has_occupant(const struct join *j)
{
	return j->plan->cgroup.systemd.program != NULL;
}

static int join_first(void *context, struct error *err)
{
	return has_occupant(context) ? 0 : join_here(context, err);
}

static int clone_here(struct join *j, struct error *err)
{
	bool into = j->cgroup >= 0 && !j->sibling; /* a sibling is in the cgroup */
	struct sys_clone_args args = {
		.flags = CLONE_PIDFD | (into ? SYS_CLONE_INTO_CGROUP : 0) | (j->sibling ? CLONE_PARENT : 0),
		.exit_signal = j->sibling ? 0 : SIGCHLD,
		.cgroup = (uint64_t)(into ? j->cgroup : 0),
	};
	int pidfd = -1;

	args.pidfd = (uint64_t)(uintptr_t)&pidfd;
	j->pid = sys_clone3(&args);
	if (j->pid == 0)
		child_main(j);
	if (j->pid < 0) {
		fail(err, errno, "clone a process into the container");
		if (errno == EAGAIN)
			error_hint(err, "the container's limit of processes (pids.max) is reached");
		if (errno == ENOMEM)
			error_hint(err, "the container's first process has ended, or its memory limit is reached");
		return error_code(err, "CLONE");
	}
	j->pidfd = pidfd;
	return 0;
}

static int clone_in_unit(void *context, int sock, const char *cgroup_path, pid_t *ret_pid, int *ret_pidfd,
			 struct error *err)
{
	struct join *j = context;

	(void)cgroup_path;
	j->sibling = true;
	j->occupant = sock;
	if (join_here(j, err) < 0 || clone_here(j, err) < 0)
		return -1;
	*ret_pid = j->pid;
	*ret_pidfd = j->pidfd;
	return 0;
}

static int clone_process(void *context, struct error *err)
{
	struct join *j = context;

	if (!has_occupant(j)) {
		if (clone_here(j, err) < 0)
			return -1;
	} else if (scope_enter(&j->scope, &j->plan->cgroup.systemd, j->cgroup, clone_in_unit, j, j->signals, err) < 0 ||
		   scope_clone(&j->scope, j->cgroup, &j->pid, &j->pidfd, err) < 0) {
		return -1;
	}
	fd_close(j->child_sock);
	j->child_sock = -1;
	return 0;
}

static int set_oom_score(void *context, struct error *err)
{
	struct join *j = context;

	if (!j->plan->process.set_oom_score || j->plan->euid != 0)
		return 0;
	return handover_oom_score(j->plan, j->pid, err);
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

/* As in launch.c: 1 handled, 0 end of file. */
static int next_message(struct join *j, struct error *err)
{
	struct pollfd p[2] = {{.fd = j->sock, .events = POLLIN}, {.fd = j->signals, .events = POLLIN}};
	autoclose int fd = -1;
	struct msg m;
	int n;

	do {
		n = poll(p, 2, -1);
		if (n < 0 && errno != EINTR)
			return fail(err, errno, "wait for the process");
		if (n > 0 && (p[1].revents & POLLIN)) {
			int sig = supervise_next_signal(j->signals);

			if (sig == SIGINT || sig == SIGTERM || sig == SIGHUP || sig == SIGQUIT) {
				fail(err, 0, "interrupted by signal %d", sig);
				return error_status(err, 128 + sig);
			}
		}
	} while (n < 0 || !p[0].revents);
	n = proto_recv(j->sock, &m, &fd);
	if (n == 1)
		return on_message(j, &m, &fd, err) < 0 ? -1 : 1;
	if (n == 0)
		return 0;
	if (errno == ECONNRESET) /* it died without reading what we said: that is not how execve looks */
		return handover_lost(j->pidfd, j->cgroup, err);
	return fail(err, errno, "receive from the process");
}

static int follow(void *context, struct error *err)
{
	struct join *j = context;

	while (!j->ready) {
		int n = next_message(j, err);

		if (n < 0)
			return -1;
		if (n == 0)
			return handover_lost(j->pidfd, j->cgroup, err);
	}
	return 0;
}

/* The pid file is what tells conmon that exec worked: it must be there before the program can end, and
 * must not stay when it could not be started. */
static int let_run(void *context, struct error *err)
{
	struct join *j = context;
	int n;

	if (j->plan->pid_file && handover_pid_file(j->plan->pid_file, j->pid, err) < 0)
		return -1;
	if (j->plan->pidfd_socket && handover_pidfd(j->plan->pidfd_socket, j->pidfd, err) < 0)
		return -1;
	if (proto_send_kind(j->sock, MSG_GO) < 0)
		return handover_lost(j->pidfd, j->cgroup, err);
	n = next_message(j, err);
	return n > 0 ? fail(err, EBADMSG, "message from the process after its start") : n;
}

static void join_undo(struct join *j)
{
	if (j->pidfd >= 0) {
		(void)sys_pidfd_send_signal(j->pidfd, SIGKILL);
		(void)proc_reap(j->pidfd);
	}
	scope_undo(&j->scope, &j->plan->cgroup);
	if (j->ready && j->plan->pid_file)
		(void)unlink(j->plan->pid_file);
}

int join(const struct plan *plan, int *ret_status, struct error *err)
{
	static const struct step steps[] = {
		{"open target", open_target},	  /* by pidfd: the number may have a new owner */
		{"set initial cpus", set_first_cpus}, /* before the cgroup is entered (process.execCPUAffinity) */
		{"open sockets", open_sockets},
		{"join first namespaces", join_first},
		{"clone", clone_process},
		{"set oom score", set_oom_score}, /* from outside: the child may be without the privilege */
		{"follow", follow},
		{"let run", let_run},
	};
	struct join j = {
		.plan = plan,
		.target = -1,
		.cgroup = -1,
		.sock = -1,
		.child_sock = -1,
		.pidfd = -1,
		.master = -1,
		.scope = SCOPE_NONE,
		.occupant = -1,
		.slave = -1,
	};
	struct supervise s;

	if (supervise_block_signals(&j.signals, err) < 0)
		return -1;
	if (steps_run("join", steps, COUNT_OF(steps), &j, err) < 0) {
		join_undo(&j);
		return -1;
	}
	*ret_status = 0;
	if (plan->detach)
		return 0;
	s = (struct supervise){.pidfd = j.pidfd, .master = j.master, .signals = j.signals};
	return supervise_wait(&s, ret_status, err);
}
