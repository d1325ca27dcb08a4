/* SPDX-License-Identifier: Apache-2.0 */
/* Cloning init into its namespaces. */
#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/blame.h"
#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/proto.h"
#include "kernel/loopback.h"
#include "kernel/userns.h"

#define NS_GET_NSTYPE_ _IO(0xb7, 0x3) /* linux/nsfs.h */

static const struct {
	const char *name;
	unsigned flag;
} kinds[PLAN_NS_COUNT] = {
	[PLAN_NS_USER] = {"user", CLONE_NEWUSER},     [PLAN_NS_PID] = {"pid", CLONE_NEWPID},
	[PLAN_NS_NET] = {"network", CLONE_NEWNET},    [PLAN_NS_IPC] = {"ipc", CLONE_NEWIPC},
	[PLAN_NS_UTS] = {"uts", CLONE_NEWUTS},	      [PLAN_NS_CGROUP] = {"cgroup", CLONE_NEWCGROUP},
	[PLAN_NS_TIME] = {"time", CLONE_NEWTIME},     [PLAN_NS_MOUNT] = {"mount", CLONE_NEWNS},
};

static int open_one(const struct plan_namespace *ns, int kind, int *ret_fd, struct error *err)
{
	autoclose int fd = open(ns->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		fail_at(err, errno, ns->at, "open the %s namespace '%s'", kinds[kind].name, ns->path);
		error_op(err, "open");
		error_blame(err, -1, ns->path);
		return error_code(err, "NAMESPACE_PATH");
	}
	if (ioctl(fd, NS_GET_NSTYPE_) != (int)kinds[kind].flag) {
		fail_at(err, 0, ns->at, "'%s' is not a %s namespace", ns->path, kinds[kind].name);
		error_path(err, ns->path);
		return error_code(err, "NAMESPACE_TYPE");
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

/* The container's mounts are made in the mount namespace that it joins, and its root becomes that of all who live
 * there.  Not of ours, nor of the host's: everybody would lose theirs. */
static int spare_host(const struct plan_namespace *ns, int fd, struct error *err)
{
	static const char *const spared[] = {"/proc/self/ns/mnt", "/proc/1/ns/mnt"};
	struct stat joined, other;

	if (fstat(fd, &joined) < 0)
		return fail_at(err, errno, ns->at, "look at the mount namespace '%s'", ns->path);
	for (size_t i = 0; i < COUNT_OF(spared); i++) {
		if (stat(spared[i], &other) < 0 || other.st_ino != joined.st_ino || other.st_dev != joined.st_dev)
			continue; /* one that we may not look at we may not join either */
		fail_at(err, 0, ns->at, "'%s' is the mount namespace of %s: the container would take its root away",
			ns->path, i ? "the host's first process" : "the runtime");
		error_path(err, ns->path);
		error_hint(err, "leave the path out: the container then has a new mount namespace");
		return error_code(err, "NAMESPACE_HOST");
	}
	return 0;
}

int namespaces_open(struct init *init, struct error *err)
{
	const struct plan *p = init->plan;
	bool joins = false;

	for (int i = 0; i < PLAN_NS_COUNT; i++) {
		init->stage_ns[i] = -1;
		if (p->ns[i].how != PLAN_NS_JOIN)
			continue;
		joins = true;
		if (open_one(&p->ns[i], i, &init->stage_ns[i], err) < 0)
			return -1;
		if (i == PLAN_NS_MOUNT && spare_host(&p->ns[i], init->stage_ns[i], err) < 0)
			return -1;
	}
	init->staged = p->ns[PLAN_NS_USER].how == PLAN_NS_JOIN || p->ns[PLAN_NS_PID].how == PLAN_NS_JOIN ||
		       (p->ns[PLAN_NS_USER].how == PLAN_NS_NEW && joins) || p->set_time_offsets;
	return 0;
}

int namespaces_join(const struct init *init, struct error *err)
{
	const struct plan *p = init->plan;

	for (int i = 0; !init->staged && i < PLAN_NS_COUNT; i++)
		if (init->stage_ns[i] >= 0 && setns(init->stage_ns[i], 0) < 0)
			return fail_at(err, errno, p->ns[i].at, "join the %s namespace '%s'", kinds[i].name,
				       p->ns[i].path);
	return 0;
}

bool namespaces_network_follows(const struct init *init)
{
	const struct plan *p = init->plan;

	return p->ns[PLAN_NS_NET].how == PLAN_NS_NEW && p->ns[PLAN_NS_USER].how == PLAN_NS_INHERIT && !p->rootless &&
	       !init->staged && !init->sibling && !p->n_net_devices && p->cgroup.manager != PLAN_CGROUP_SYSTEMD;
}

/* Flags of the new namespaces; the cgroup namespace is made by init, inside its cgroup. */
static uint64_t new_flags(const struct init *init)
{
	const struct plan *p = init->plan;
	uint64_t flags = 0;

	for (int i = 0; i < PLAN_NS_COUNT; i++)
		if (p->ns[i].how == PLAN_NS_NEW && i != PLAN_NS_CGROUP && !(i == PLAN_NS_TIME && p->set_time_offsets))
			flags |= kinds[i].flag;
	return namespaces_network_follows(init) ? flags & ~(uint64_t)CLONE_NEWNET : flags;
}

static int fail_clone(const struct plan *p, struct error *err)
{
	int saved = errno;

	fail(err, saved, "clone the container's first process");
	error_op(err, "clone3");
	if (p->ns[PLAN_NS_USER].how == PLAN_NS_NEW && (saved == EPERM || saved == ENOSPC))
		userns_explain(err);
	error_code(err, "CLONE");
	if (saved == EPERM)
		return error_hint(err, "new namespaces need root, or a new user namespace in linux.namespaces");
	if (saved == ENOSPC)
		return error_hint(err,
				  "a limit of user.max_*_namespaces is reached, or namespaces are nested too deeply");
	if (saved == EAGAIN)
		return error_hint(err, "a limit of processes (pids.max, RLIMIT_NPROC, kernel.pid_max) is reached");
	if (saved == EBUSY)
		return error_hint(err, "the cgroup has controllers enabled for its children and takes no process");
	return -1;
}

/* user_namespaces(7): joining needs CAP_SYS_ADMIN in the namespace's owner, which is ours for some before, for
 * others only after the user namespace was joined. */
static int join_all(const struct init *init, struct error *err)
{
	bool later[PLAN_NS_COUNT] = {false};

	for (int i = PLAN_NS_COUNT - 1; i > PLAN_NS_USER; i--) {
		if (init->stage_ns[i] < 0 || setns(init->stage_ns[i], 0) == 0)
			continue;
		if (errno != EPERM || init->stage_ns[PLAN_NS_USER] < 0)
			return fail_at(err, errno, init->plan->ns[i].at, "join the %s namespace '%s'", kinds[i].name,
				       init->plan->ns[i].path);
		later[i] = true;
	}
	if (init->stage_ns[PLAN_NS_USER] < 0)
		return 0;
	if (setns(init->stage_ns[PLAN_NS_USER], 0) < 0)
		return fail_at(err, errno, init->plan->ns[PLAN_NS_USER].at, "join the user namespace '%s'",
			       init->plan->ns[PLAN_NS_USER].path);
	for (int i = PLAN_NS_COUNT - 1; i > PLAN_NS_USER; i--)
		if (later[i] && setns(init->stage_ns[i], 0) < 0)
			return fail_at(err, errno, init->plan->ns[i].at, "join the %s namespace '%s'", kinds[i].name,
				       init->plan->ns[i].path);
	return 0;
}

/* time_namespaces(7): offsets are written before the first process enters. */
static int set_time_offsets(const struct plan *p, struct error *err)
{
	char text[128];
	int n;

	if (unshare(CLONE_NEWTIME) < 0)
		return fail(err, errno, "make a time namespace");
	n = snprintf(text, sizeof(text), "monotonic %lld %u\nboottime %lld %u\n", (long long)p->monotonic_secs,
		     p->monotonic_nsecs, (long long)p->boottime_secs, p->boottime_nsecs);
	if (fd_write_at(-1, "/proc/self/timens_offsets", text, (size_t)n) < 0)
		return fail_at(err, errno, "linux.timeOffsets", "set the offsets of the time namespace");
	return 0;
}

static int stage_work(struct init *init, int report, pid_t *ret_pid, struct error *err)
{
	struct sys_clone_args args = {.flags = new_flags(init) | CLONE_PARENT};
	/* Opened here: /proc of the mount namespace that is joined may be another one. */
	if (init->plan->set_time_offsets && set_time_offsets(init->plan, err) < 0)
		return -1;
	if (join_all(init, err) < 0)
		return -1;
	*ret_pid = sys_clone3(&args);
	if (*ret_pid < 0)
		return fail_clone(init->plan, err);
	if (*ret_pid == 0) {
		fd_close(report); /* or the launcher would not see the stage die */
		init_main(init);
	}
	return 0;
}

_Noreturn static void stage_main(struct init *init, int report)
{
	struct msg m = {.kind = MSG_PID};
	pid_t pid;

	(void)prctl(PR_SET_NAME, "vert:stage");
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (stage_work(init, report, &pid, &m.error) < 0)
		m.kind = MSG_ERROR;
	m.value = m.kind == MSG_PID ? (int)pid : 0;
	(void)proto_send(report, &m, -1); /* the launcher is dead: so are we */
	_exit(m.kind == MSG_ERROR);
}

static int wait_for_stage(int report, int stage, pid_t *ret_pid, int *ret_pidfd, struct error *err)
{
	struct msg m;
	int n = proto_recv(report, &m, NULL);

	(void)proc_reap(stage);
	if (n <= 0)
		return fail(err, n < 0 ? errno : 0, "the process that joins namespaces died");
	if (m.kind == MSG_ERROR) {
		*err = m.error;
		return -1;
	}
	/* A child of ours that nobody has waited for: the number cannot belong to another process. */
	*ret_pidfd = sys_pidfd_open(m.value, 0);
	if (*ret_pidfd < 0)
		return fail(err, errno, "open the container's first process");
	*ret_pid = m.value;
	return 0;
}

/* Init and the stage process run side by side, and init may be the first to have something to say: the stage has a
 * socket of its own, by PAIR; {-1, -1} when there is no stage. */
static int clone_with(struct init *init, int cgroup, int sock, const int pair[2], int *ret_pidfd, struct error *err)
{
	autoclose int pidfd = -1;
	struct sys_clone_args args = {
		.flags = (init->staged ? 0 : new_flags(init)) | CLONE_PIDFD |
			 (cgroup >= 0 ? SYS_CLONE_INTO_CGROUP : 0) | (init->sibling ? CLONE_PARENT : 0),
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = init->sibling ? 0 : SIGCHLD, /* a sibling gets ours, which is SIGCHLD too */
		.cgroup = (uint64_t)(cgroup >= 0 ? cgroup : 0),
	};
	pid_t pid = sys_clone3(&args);

	if (pid < 0)
		return fail_clone(init->plan, err);
	if (pid == 0) {
		fd_close(sock);
		if (!init->staged)
			init_main(init);
		fd_close(pair[0]);
		stage_main(init, pair[1]);
	}
	*ret_pidfd = take_fd(&pidfd);
	return pid;
}

int namespaces_clone(struct init *init, int cgroup, int sock, pid_t *ret_pid, int *ret_pidfd, struct error *err)
{
	autoclose int report = -1;
	autoclose int stage = -1;
	int pair[2] = {-1, -1};
	pid_t pid;

	if (!init->staged) {
		pid = clone_with(init, cgroup, sock, pair, ret_pidfd, err);
		*ret_pid = pid < 0 ? *ret_pid : pid;
		return pid < 0 ? -1 : 0;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(err, errno, "make a socket pair");
	report = pair[0];
	pid = clone_with(init, cgroup, sock, pair, &stage, err);
	fd_close(pair[1]);
	return pid < 0 ? -1 : wait_for_stage(report, stage, ret_pid, ret_pidfd, err);
}

static int open_network(int *ret_fd, struct error *err)
{
	*ret_fd = openat(AT_FDCWD, "/proc/self/ns/net", O_RDONLY | O_CLOEXEC); /* musl's open() takes two calls */
	return *ret_fd < 0 ? fail(err, errno, "open '/proc/self/ns/net'") : 0;
}

int namespaces_make_network(const struct init *init, int sock, struct error *err)
{
	const struct plan *p = init->plan;
	/* Who would see an interface that is not up yet has to wait until it is. */
	bool whole = p->n_sysctls > 0 || p->hooks[PLAN_HOOK_CREATE_CONTAINER].n > 0;
	const struct msg m = {.kind = MSG_NETWORK};
	autoclose int ours = -1, theirs = -1;
	int rc = 0;

	if (open_network(&ours, err) < 0)
		return -1;
	if (unshare(CLONE_NEWNET) < 0)
		return fail_clone(p, err);
	if (open_network(&theirs, err) < 0 || (whole && loopback_up(err) < 0))
		rc = -1;
	/* An init that is gone has left its reason: our next word finds it. */
	if (rc == 0 && proto_send(sock, &m, theirs) < 0 && errno != EPIPE && errno != ECONNRESET)
		rc = fail(err, errno, "send the network namespace");
	if (rc == 0 && !whole)
		rc = loopback_up(err);
	if (setns(ours, CLONE_NEWNET) < 0) /* else hooks would run in the container's */
		return fail(err, errno, "return to the own network namespace");
	return rc;
}
