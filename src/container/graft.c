/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts in a container that lives.
 *
 * What is bound is opened outside, with the caller's view of the host; a child then joins all of the container's
 * namespaces, as exec does, and attaches it beneath the container's root.  The container may change its tree
 * meanwhile: nothing but descriptors and inroot.h's resolver decides where a mount goes.
 */
#include "graft.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/proto.h"
#include "container/step.h"
#include "kernel/inroot.h"
#include "kernel/mount.h"
#include "kernel/userns.h"

struct graft {
	const struct plan *plan;
	int target;		/* pidfd of the container's first process */
	int *sources, *usernses; /* by index of plan->mounts, or -1 */
	int sock, child_sock;
	unsigned long later;	/* namespaces that the child joins */
	int procfd, rootfd;	/* the host's procfs, the container's root */
};

/* ---- the child: inside ------------------------------------------------------------------------- */

static int join_rest(void *context, struct error *err)
{
	struct graft *g = context;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	g->procfd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (g->procfd < 0)
		return fail(err, errno, "open '/proc'");
	if (g->later && setns(g->target, (int)g->later) < 0)
		return fail(err, errno, "join the namespaces of the container");
	if ((g->plan->target_ns & CLONE_NEWUSER) && (sys_setresgid(0) < 0 || sys_setresuid(0) < 0) && errno != EINVAL)
		return fail(err, errno, "become root in the user namespace");
	(void)umask(0);
	g->rootfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return g->rootfd < 0 ? fail(err, errno, "open '/'") : 0;
}

/* Takes the topmost mount off the object that TARGET leads to. */
static int detach(const struct graft *g, const struct plan_mount *m, struct error *err)
{
	autoclose int fd = inroot_open(g->rootfd, m->target, O_PATH, 0, 0);
	char path[40];

	if (fd < 0)
		return fail_at(err, errno, m->at, "open '/%s'", m->target);
	snprintf(path, sizeof(path), "self/fd/%d", fd);
	if (fchdir(g->procfd) < 0)
		return fail(err, errno, "enter '/proc'");
	if (umount2(path, MNT_DETACH) == 0)
		return 0;
	fail_at(err, errno, m->at, "unmount '/%s'", m->target);
	if (err->errnum == EINVAL)
		return error_hint(err, "nothing is mounted there, or what is belongs to the container's creation "
				       "and is locked");
	return -1;
}

static int attach(struct graft *g, size_t i, struct error *err)
{
	const struct plan_mount *m = &g->plan->mounts[i];
	int root = fcntl(g->rootfd, F_DUPFD_CLOEXEC, 0), rc;

	if (root < 0)
		return fail(err, errno, "duplicate a descriptor");
	rc = mount_carry_out(m, &root, g->sources[i], g->usernses[i], NULL, NULL, err);
	fd_close(root);
	return rc < 0 ? error_where(err, m->at) : 0;
}

static int change_mounts(void *context, struct error *err)
{
	struct graft *g = context;
	const struct plan *p = g->plan;
	struct error undo;

	for (size_t i = 0; i < p->n_mounts; i++) {
		if ((p->verb == PLAN_UMOUNT ? detach(g, &p->mounts[i], err) : attach(g, i, err)) == 0)
			continue;
		for (; p->verb == PLAN_MOUNT && i > 0; i--)
			if (p->mounts[i - 1].kind != PLAN_MOUNT_REMOUNT && detach(g, &p->mounts[i - 1], &undo) < 0)
				wrap(err, "(and '/%s' stays mounted)", p->mounts[i - 1].target);
		return -1;
	}
	return 0;
}

_Noreturn static void child_main(struct graft *g)
{
	static const struct step steps[] = {
		{"join namespaces", join_rest},
		{"change mounts", change_mounts},
	};
	struct msg m = {.kind = MSG_READY};

	fd_close(g->sock);
	if (steps_run("graft", steps, COUNT_OF(steps), g, &m.error) < 0)
		m.kind = MSG_ERROR;
	(void)proto_send(g->child_sock, &m, -1); /* who is not there any more learns nothing */
	_exit(m.kind == MSG_ERROR);
}

/* ---- the parent: outside ----------------------------------------------------------------------- */

static int open_target(void *context, struct error *err)
{
	struct graft *g = context;

	g->target = proc_open(g->plan->target_pid, g->plan->target_start);
	if (g->target >= 0)
		return 0;
	fail(err, 0, "container not running: '%s': no such process", g->plan->id);
	return error_code(err, "CONTAINER_NOT_RUNNING");
}

/* The user namespace that maps the ids of mount M, -1: none, or one that is made inside. */
static int open_userns(const struct graft *g, const struct plan_mount *m, int *ret_fd, struct error *err)
{
	char path[40];

	if (m->idmap == PLAN_IDMAP_OWN && !m->idmap_inside)
		return userns_make(&m->uid_map, &m->gid_map, ret_fd, err);
	if (m->idmap != PLAN_IDMAP_CONTAINER || m->kind != PLAN_MOUNT_BIND)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)g->plan->target_pid);
	*ret_fd = open(path, O_RDONLY | O_CLOEXEC);
	return *ret_fd < 0 ? fail(err, errno, "open the container's user namespace") : 0;
}

static int open_sources(void *context, struct error *err)
{
	struct graft *g = context;
	const struct plan *p = g->plan;

	g->sources = malloc((p->n_mounts + 1) * sizeof(int));
	g->usernses = malloc((p->n_mounts + 1) * sizeof(int));
	if (!g->sources || !g->usernses)
		return fail(err, ENOMEM, "prepare mounts");
	for (size_t i = 0; i < p->n_mounts; i++)
		g->sources[i] = g->usernses[i] = -1;
	for (size_t i = 0; i < p->n_mounts && p->verb == PLAN_MOUNT; i++) {
		const struct plan_mount *m = &p->mounts[i];

		if (open_userns(g, m, &g->usernses[i], err) < 0)
			return error_where(err, m->at);
		if (m->kind == PLAN_MOUNT_BIND && mount_open_source(m, g->usernses[i], &g->sources[i], err) < 0)
			return -1;
	}
	return 0;
}

/* As exec: a pid namespace takes only children, and a user's privileges come with the user namespace. */
static int join_first(void *context, struct error *err)
{
	struct graft *g = context;
	unsigned long first = g->plan->target_ns & (CLONE_NEWPID | (g->plan->euid != 0 ? CLONE_NEWUSER : 0));
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(err, errno, "make a socket pair");
	g->sock = pair[0];
	g->child_sock = pair[1];
	g->later = g->plan->target_ns & ~first;
	if (first && setns(g->target, (int)first) < 0)
		return fail(err, errno, "join the pid namespace of the container");
	return 0;
}

static int work_inside(void *context, struct error *err)
{
	struct graft *g = context;
	struct sys_clone_args args = {.exit_signal = SIGCHLD, .flags = CLONE_PIDFD};
	autoclose int pidfd = -1;
	struct msg m;
	int n;

	args.pidfd = (uint64_t)(uintptr_t)&pidfd;
	n = sys_clone3(&args);
	if (n < 0)
		return fail(err, errno, "clone a process into the container");
	if (n == 0)
		child_main(g);
	fd_close(g->child_sock);
	n = proto_recv(g->sock, &m, NULL);
	(void)proc_reap(pidfd);
	if (n == 1 && m.kind == MSG_READY)
		return 0;
	if (n == 1 && m.kind == MSG_ERROR) {
		*err = m.error;
		return -1;
	}
	return fail(err, n < 0 ? errno : 0, "the process that changes the mounts died");
}

int graft(const struct plan *plan, int *ret_status, struct error *err)
{
	static const struct step steps[] = {
		{"open target", open_target},
		{"open mount sources", open_sources}, /* with our view of the host */
		{"join first namespaces", join_first},
		{"work inside", work_inside},
	};
	struct graft g = {.plan = plan, .target = -1, .sock = -1, .child_sock = -1, .procfd = -1, .rootfd = -1};

	*ret_status = 0;
	return steps_run("mounts", steps, COUNT_OF(steps), &g, err);
}
