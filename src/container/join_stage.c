/* SPDX-License-Identifier: Apache-2.0 */
/* exec: how the process gets into the container.
 *
 * A pid namespace takes only children of who joins it, and a child shows itself to the container's processes as it is
 * born: with its parent's root, working directory and descriptors.  In a user namespace of their own they cannot look
 * (we are not dumpable); where they are root of ours and have CAP_SYS_PTRACE they can, and /proc/PID/cwd would be a
 * way to the host's files.  There a stage process joins everything, closes everything, and only then clones.
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
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/handover.h"
#include "container/proto.h"
#include "container/step.h"
#include "container/timing.h"

/* Without privileges the kernel lets us write it only while we are dumpable. */
static int set_own_oom_score(const struct plan *p, struct error *err)
{
	if (prctl(PR_SET_DUMPABLE, 1) < 0)
		return fail(err, errno, "become dumpable");
	if (handover_oom_score(p, 0, err) < 0)
		return -1;
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return fail(err, errno, "become non-dumpable");
	return 0;
}

static int enter(struct join *j, unsigned long first, struct error *err)
{
	j->later = j->plan->target_ns & ~first;
	if (first && setns(j->target, (int)first) < 0) {
		fail(err, errno, "join the %s of the container",
		     first == CLONE_NEWPID ? "pid namespace" : "namespaces");
		return error_code(err, "EXEC_JOIN");
	}
	return 0;
}

bool join_leaves_host(const struct join *j)
{
	const unsigned long ns = j->plan->target_ns;

	return j->plan->euid == 0 && (ns & CLONE_NEWPID) && (ns & CLONE_NEWNS) && !(ns & CLONE_NEWUSER) &&
	       !naive("stage");
}

/* Privileges over the pid namespace may come with the user namespace. */
int join_enter(struct join *j, struct error *err)
{
	unsigned long first = j->plan->target_ns & CLONE_NEWPID;

	handover_raise_limits(j->plan);
	if (join_leaves_host(j))
		return 0;
	if (j->plan->euid != 0) {
		if (j->plan->process.set_oom_score && set_own_oom_score(j->plan, err) < 0)
			return -1;
		first |= j->plan->target_ns & CLONE_NEWUSER;
	}
	return enter(j, first, err);
}

/* The cgroup's directory is what clone3(2) wants, and the child has it for a moment.  As the root of a mount of its
 * own, read-only, it has no parent directory and nothing that can be changed. */
static int isolate_cgroup(struct join *j, struct error *err)
{
	struct sys_mount_attr a = {.attr_set = SYS_MOUNT_ATTR_RDONLY};
	int tree;

	if (j->cgroup < 0 || j->sibling)
		return 0;
	tree = sys_open_tree(j->cgroup, "", AT_EMPTY_PATH | SYS_OPEN_TREE_CLONE | O_CLOEXEC);
	if (tree < 0 || sys_mount_setattr(tree, "", AT_EMPTY_PATH, &a) < 0)
		return fail(err, errno, "detach the directory of the cgroup");
	j->cgroup = tree; /* the other one goes with the rest */
	return 0;
}

int join_leave_host(struct join *j, int report, struct error *err)
{
	/* The cgroup namespace is the child's to join: from inside of it our own cgroup could not be left. */
	unsigned long first = j->plan->target_ns & ~(unsigned long)CLONE_NEWCGROUP;

	if (isolate_cgroup(j, err) < 0 || enter(j, first, err) < 0)
		return -1;
	const int keep[] = {report, j->child_sock, j->target, j->sibling ? -1 : j->cgroup, timing_fd_number(),
			    steps_list_fd()};

	log_settings.fd = -1;
	if (fd_close_from(3 + j->plan->preserve_fds, keep, COUNT_OF(keep)) < 0)
		return fail(err, errno, "close descriptors");
	j->sock = j->signals = -1;
	if (j->sibling)
		j->cgroup = -1;
	return 0;
}

int join_clone(struct join *j, struct error *err)
{
	bool into = j->cgroup >= 0 && !j->sibling; /* a sibling is in the cgroup */
	struct sys_clone_args args = {
		.flags = CLONE_PIDFD | (into ? SYS_CLONE_INTO_CGROUP : 0) |
			 (j->sibling || j->staged ? CLONE_PARENT : 0),
		.exit_signal = j->sibling || j->staged ? 0 : SIGCHLD, /* a sibling gets ours */
		.cgroup = (uint64_t)(into ? j->cgroup : 0),
	};
	int pidfd = -1;

	args.pidfd = (uint64_t)(uintptr_t)&pidfd;
	j->pid = sys_clone3(&args);
	if (j->pid == 0)
		join_child(j);
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

_Noreturn static void stage_main(struct join *j, int report)
{
	struct msg m = {.kind = MSG_PID};

	(void)prctl(PR_SET_NAME, "vert:stage"); /* only for ps */
	j->staged = true;
	j->occupant = report; /* closed by the child */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || join_leave_host(j, report, &m.error) < 0 ||
	    join_clone(j, &m.error) < 0)
		m.kind = MSG_ERROR;
	m.value = m.kind == MSG_PID ? (int)j->pid : 0;
	_exit(proto_send(report, &m, m.kind == MSG_PID ? j->pidfd : -1) < 0);
}

void join_reap_stage(struct join *j)
{
	if (j->stage < 0)
		return;
	(void)proc_reap(j->stage);
	fd_close(take_fd(&j->stage));
}

static int try_stage(struct join *j, bool inside, struct error *err)
{
	autoclose int ours = -1, theirs = -1, stage = -1;
	struct sys_clone_args args = {.flags = CLONE_PIDFD | (inside ? SYS_CLONE_INTO_CGROUP : 0),
				      .exit_signal = SIGCHLD,
				      .cgroup = (uint64_t)(inside ? j->cgroup : 0)};
	struct msg m;
	int pair[2], n;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(err, errno, "make a socket pair");
	ours = pair[0];
	theirs = pair[1];
	args.pidfd = (uint64_t)(uintptr_t)&stage;
	pid = sys_clone3(&args);
	if (pid < 0)
		return fail(err, errno, "clone the process that joins the container");
	if (pid == 0) {
		j->sibling = inside;
		stage_main(j, theirs);
	}
	fd_close(take_fd(&theirs));
	/* In the cgroup of a paused container it stands still as the new process would. */
	if (join_wait(j, ours, err) < 0) {
		(void)sys_pidfd_send_signal(stage, SIGKILL);
		(void)proc_reap(stage);
		return -1;
	}
	n = proto_recv(ours, &m, &j->pidfd);
	j->stage = take_fd(&stage);
	if (n != 1 || m.kind != MSG_PID)
		join_reap_stage(j); /* there may be another one */
	if (n <= 0)
		return fail(err, n < 0 ? errno : 0, "the process that joins the container died");
	if (m.kind == MSG_ERROR) {
		*err = m.error;
		return -1;
	}
	if (m.kind != MSG_PID || j->pidfd < 0)
		return fail(err, EBADMSG, "receive the new process");
	j->pid = m.value;
	return 0;
}

/* From inside the cgroup, which costs least; where there is room for one process and not for two, from outside. */
int join_clone_by_stage(struct join *j, struct error *err)
{
	if (j->cgroup >= 0 && try_stage(j, true, err) == 0)
		return 0;
	if (j->cgroup >= 0 && err->errnum != EAGAIN)
		return -1;
	return try_stage(j, false, err);
}
