/* SPDX-License-Identifier: Apache-2.0 */
/* The launch of a container whose processes CRIU restores: see restore.h.
 *
 *   launcher                               becomes criu
 *   clone, into the container's cgroup --->  mount and cgroup namespaces
 *                           <-------------  MSG_ERROR, or end of file: execve worked
 *                                           clones the container's first process, our child too
 *   pid from its file       <-------------  exits
 *   limits, device program, record: as for any container
 */
#include "container/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/criu.h"
#include "container/state.h"
#include "container/supervise.h"
#include "kernel/inroot.h"

/* ---- the process that becomes criu ------------------------------------------------------------- */

/* Is it on what an earlier mount brings along, and not on the root file system itself? */
static bool is_covered(const struct plan *p, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		size_t n = strlen(p->mounts[k].target);

		if (n == 0 ||
		    (strncmp(p->mounts[i].target, p->mounts[k].target, n) == 0 && p->mounts[i].target[n] == '/'))
			return true;
	}
	return false;
}

/* An image that came from elsewhere meets a fresh root file system: what create would make is made here. */
static int make_mount_points(const struct plan *p, struct error *err)
{
	autoclose int root = open(p->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (root < 0)
		return fail_at(err, errno, "root.path", "open '%s'", p->rootfs);
	for (size_t i = 0; i < p->n_mounts; i++) {
		const struct plan_mount *m = &p->mounts[i];
		bool is_file = m->kind == PLAN_MOUNT_BIND && stat(m->source, &st) == 0 && !S_ISDIR(st.st_mode);
		autoclose int fd = -1;

		if (m->kind == PLAN_MOUNT_REMOUNT || is_covered(p, i))
			continue;
		if ((is_file ? inroot_mkfile(root, m->target, &fd, err) : inroot_mkdirs(root, m->target, &fd, err)) < 0)
			return error_where(err, m->at);
	}
	return 0;
}

/* CRIU wants the root as a mount point, and what it mounts from the host is taken from here.  The null device that
 * hides files is read-only: a container must not change the mode of the host's. */
static int prepare_mounts(const struct plan *p, struct error *err)
{
	unsigned long read_only = MS_BIND | MS_REMOUNT | MS_RDONLY;

	if (unshare(CLONE_NEWNS) < 0)
		return fail(err, errno, "make a mount namespace for criu");
	/* Not private: a bind mount that received from the host's is to do so again, and CRIU copies that from its
	 * source. */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return fail(err, errno, "keep the mounts for criu from the host");
	if (mount(p->rootfs, p->rootfs, NULL, MS_BIND, NULL) < 0 ||
	    (p->root_readonly && mount(NULL, p->rootfs, NULL, read_only, NULL) < 0))
		return fail_at(err, errno, "root.path", "make a mount of the root file system '%s'", p->rootfs);
	if (mount("/dev/null", "/dev/null", NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, "/dev/null", NULL, read_only | MS_NOSUID | MS_NOEXEC, NULL) < 0)
		return fail(err, errno, "make a read-only '/dev/null'");
	return 0;
}

static int give(int fd, int number, struct error *err)
{
	if (dup2(fd, number) < 0)
		return fail(err, errno, "hand descriptor %d to criu", number);
	return 0;
}

static int open_namespace(const struct plan_namespace *ns, int number, struct error *err)
{
	autoclose int fd = -1;

	if (ns->how != PLAN_NS_JOIN)
		return 0;
	fd = open(ns->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail_at(err, errno, ns->at, "open '%s'", ns->path);
	return give(fd, number, err);
}

/* All others end at execve.  criu's own words are in its log: nothing of them may get into the container's streams. */
static int prepare_descriptors(const struct plan *p, int *sock, struct error *err)
{
	int high = fcntl(*sock, F_DUPFD_CLOEXEC, CRIU_PID + 1), null;

	if (high < 0)
		return fail(err, errno, "move the socket");
	*sock = high;
	for (int fd = 0; fd <= 2; fd++)
		if (give(fd, CRIU_STDIO + fd, err) < 0)
			return -1;
	if (open_namespace(&p->ns[PLAN_NS_NET], CRIU_NET, err) < 0 ||
	    open_namespace(&p->ns[PLAN_NS_PID], CRIU_PID, err) < 0)
		return -1;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return fail(err, errno, "open '/dev/null'");
	for (int fd = 0; fd <= 2; fd++)
		if (give(null, fd, err) < 0)
			return -1;
	return 0;
}

/* The place of the cgroup is known only now. */
static const char **make_argv(const struct launch *l, struct error *err)
{
	const struct plan_criu *c = &l->plan->criu;
	size_t n = c->args.n, text = strlen(l->cgroup_dir);
	const char **argv = calloc(n + 2 * c->cgroup_mounts.n + 1, sizeof(*argv));

	if (argv)
		memcpy(argv, c->args.v, n * sizeof(*argv));
	for (size_t i = 0; argv && l->cgroup_dir[0] && i < c->cgroup_mounts.n; i++) {
		size_t size = strlen(c->cgroup_mounts.v[i]) + text + 1;
		char *value = malloc(size);

		if (!value)
			return NULL;
		snprintf(value, size, "%s%s", c->cgroup_mounts.v[i], l->cgroup_dir);
		argv[n++] = "--external";
		argv[n++] = value;
	}
	if (!argv)
		fail(err, ENOMEM, "prepare criu");
	return argv;
}

static int become_criu(const struct launch *l, int *sock, struct error *err)
{
	const struct plan *p = l->plan;
	const char **argv = make_argv(l, err);
	char *env[] = {(char *)p->criu.path, NULL};
	sigset_t none;

	if (!argv || make_mount_points(p, err) < 0 || prepare_mounts(p, err) < 0)
		return -1;
	/* In the container's cgroup already: its processes inherit the namespace. */
	if (p->ns[PLAN_NS_CGROUP].how == PLAN_NS_NEW && unshare(CLONE_NEWCGROUP) < 0)
		return fail(err, errno, "make a cgroup namespace");
	if (prepare_descriptors(p, sock, err) < 0)
		return -1;
	if (sys_close_range(CRIU_PID + 1, ~0U, SYS_CLOSE_RANGE_CLOEXEC) < 0)
		return fail(err, errno, "close descriptors");
	if (p->criu.status_fd > CRIU_PID && fcntl((int)p->criu.status_fd, F_SETFD, 0) < 0)
		return fail(err, errno, "option '--status-fd': descriptor %u", p->criu.status_fd);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL); /* only fails for a wrong first argument */
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGXFSZ, SIG_DFL);
	execve(p->criu.program, (char **)argv, env);
	return fail(err, errno, "execute '%s'", p->criu.program);
}

_Noreturn static void criu_main(struct launch *l)
{
	struct msg m = {.kind = MSG_ERROR};
	int sock = l->init.sock;

	(void)prctl(PR_SET_NAME, "vert:restore"); /* only for ps */
	(void)become_criu(l, &sock, &m.error);
	(void)proto_send(sock, &m, -1); /* the launcher is dead: so are we */
	_exit(1);
}

int restore_clone(struct launch *l, int cgroup, struct error *err)
{
	int pidfd = -1;
	struct sys_clone_args args = {
		.flags = CLONE_PIDFD | (cgroup >= 0 ? SYS_CLONE_INTO_CGROUP : 0) | (l->init.sibling ? CLONE_PARENT : 0),
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = l->init.sibling ? 0 : SIGCHLD, /* a sibling gets ours, which is SIGCHLD too */
		.cgroup = (uint64_t)(cgroup >= 0 ? cgroup : 0),
	};

	l->pid = sys_clone3(&args);
	if (l->pid < 0)
		return fail(err, errno, "clone the process that becomes criu");
	if (l->pid == 0) {
		fd_close(l->sock);
		criu_main(l);
	}
	l->pidfd = pidfd;
	return 0;
}

/* ---- the launcher ------------------------------------------------------------------------------ */

static int wait_for_criu(struct launch *l, int *ret_status, struct error *err)
{
	struct pollfd p[2] = {{.fd = l->pidfd, .events = POLLIN}, {.fd = l->signals, .events = POLLIN}};

	do {
		int n = poll(p, 2, -1), sig;

		if (n < 0 && errno != EINTR)
			return fail(err, errno, "wait for criu");
		if (n > 0 && (p[1].revents & POLLIN)) {
			sig = supervise_next_signal(l->signals);
			if (sig == SIGINT || sig == SIGTERM || sig == SIGHUP || sig == SIGQUIT) {
				fail(err, 0, "interrupted by signal %d", sig);
				return error_status(err, 128 + sig);
			}
		}
		if (n < 0)
			p[0].revents = 0;
	} while (!p[0].revents);
	*ret_status = proc_reap(l->pidfd);
	fd_close(take_fd(&l->pidfd));
	l->pid = 0;
	return *ret_status < 0 ? fail(err, errno, "wait for criu") : 0;
}

static int take_process(struct launch *l, struct error *err)
{
	char text[16];
	ssize_t n = fd_read_small(l->dir, CRIU_PIDFILE, text, sizeof(text));
	uint32_t pid;

	if (n <= 0)
		return fail(err, n < 0 ? errno : 0, "read '" CRIU_PIDFILE "', which criu was to write");
	text[strcspn(text, "\n")] = '\0';
	if (!str_to_u32(text, &pid) || pid == 0)
		return fail(err, 0, "'" CRIU_PIDFILE "' names no process: '%s'", text);
	/* A child of ours that nobody has waited for: the number cannot belong to another process. */
	l->pidfd = sys_pidfd_open((pid_t)pid, 0);
	if (l->pidfd < 0)
		return fail(err, errno, "open the restored process %u", pid);
	l->pid = (pid_t)pid;
	(void)unlinkat(l->dir, CRIU_PIDFILE, 0); /* goes with the directory otherwise */
	return 0;
}

int restore_finish(void *context, struct error *err)
{
	struct launch *l = context;
	int n, status = 0;

	if (!l->plan->criu.program)
		return 0;
	n = launch_next_message(l, err);
	if (n != 0)
		return n < 0 ? -1 : fail(err, EBADMSG, "message from the process that becomes criu");
	if (wait_for_criu(l, &status, err) < 0 ||
	    criu_judge(status, "restore", l->plan->criu.work_dir, CRIU_RESTORE_LOG, err) < 0)
		return -1;
	l->ready = true;
	return take_process(l, err);
}
