/* SPDX-License-Identifier: Apache-2.0 */
/* exec, the child's half: see join.h and the drawing in join.c.
 *
 * Joins what is left to join, makes the terminal, becomes the program.  Descriptors of the launcher's are closed
 * before the container's mount namespace is entered.
 */
#include "join_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/naive.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/proto.h"
#include "container/step.h"
#include "kernel/privilege.h"
#include "kernel/procfile.h"
#include "kernel/sched.h"
#include "kernel/terminal.h"

static int join_rest(void *context, struct error *err)
{
	struct join *j = context;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return fail(err, errno, "set the parent-death signal");
	j->become.procfd = j->become.witness = -1;
	if (j->plan->process.apparmor || j->plan->process.selinux) {
		/* Of our own, as the container's is not to be trusted (CVE-2019-16884); or the host's, while it can be
		 * seen, where the container's processes cannot get at it through us. */
		j->become.procfd = join_leaves_host(j) ? procfile_private() : procfile_root();
		if (j->become.procfd < 0)
			return fail(err, errno, "open '/proc'");
	}
	if (j->later && setns(j->target, (int)j->later) < 0) {
		fail(err, errno, "join the namespaces of the container");
		return error_code(err, "EXEC_JOIN");
	}
	if (j->plan->gate)
		j->become.witness = j->target; /* whose end is ours, while we wait */
	else
		fd_close(j->target);
	return 0;
}

static int become_container_root(void *context, struct error *err)
{
	struct join *j = context;

	if (!(j->plan->target_ns & CLONE_NEWUSER))
		return 0;
	if (!naive("dumpable") && prctl(PR_SET_DUMPABLE, 0) < 0)
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
	if (!naive("setsid") && setsid() < 0 && errno != EPERM)
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
	/* config.md, execCPUAffinity: without it the container's own affinity, whatever 'initial' said. */
	return sched_reset_cpus(err);
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

	/* A probe ends with who asked for it, who waits at a gate until it has one: set again, as a change of ids
	 * clears it. */
	if (prctl(PR_SET_PDEATHSIG, j->plan->probe.present || j->plan->gate ? SIGKILL : 0) < 0)
		return fail(err, errno, "set the parent-death signal");
	if (proto_send_kind(j->child_sock, MSG_READY) < 0)
		return fail(err, errno, "report to the joiner");
	if (j->plan->gate)
		return join_wait_at_gate(j, err);
	n = proto_recv(j->child_sock, &m, NULL);
	if (n != 1 || m.kind != MSG_GO)
		return fail(err, n < 0 ? errno : 0, "the joiner is gone");
	return 0;
}

static int execute(void *context, struct error *err)
{
	return become_exec(&((struct join *)context)->become, err);
}

static void close_joiners(const struct join *j)
{
	const int open[] = {j->door, j->occupant, j->sock, j->signals, j->sibling ? j->cgroup : -1};
	size_t n = COUNT_OF(open);

	if (join_leaves_host(j)) { /* the others are closed, and so is the log */
		log_settings.fd = -1;
		n = 2;
	}
	for (size_t i = 0; i < n; i++)
		if (open[i] >= 0)
			fd_close(open[i]);
}

_Noreturn void join_child(struct join *j)
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
	close_joiners(j);
	if (steps_run("exec", steps, COUNT_OF(steps), j, &m.error) < 0)
		(void)proto_send(j->child_sock, &m, -1); /* nobody listens: nobody needs to know */
	steps_exit(m.error.status ? m.error.status : 1);
}
