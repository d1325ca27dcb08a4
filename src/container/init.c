/* SPDX-License-Identifier: Apache-2.0 */
/* The container's first process.
 *
 * Runs in the new namespaces, as a copy of vert-init: no host binary, no library, not dumpable.  The order of the
 * table is the security of the runtime; each line says why it stands where it does.
 */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/naive.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/become.h"
#include "container/hooks.h"
#include "container/init_priv.h"
#include "container/namespace.h"
#include "container/proto.h"
#include "container/step.h"
#include "kernel/device.h"
#include "kernel/inroot.h"
#include "kernel/loopback.h"
#include "kernel/mount.h"
#include "kernel/privilege.h"
#include "kernel/procfile.h"
#include "kernel/rootfs.h"
#include "kernel/sched.h"
#include "kernel/sysctl.h"
#include "kernel/terminal.h"

static int close_launchers(void *context, struct error *err)
{
	const struct child *c = context;

	(void)err;
	if (naive("fds"))
		return 0;
	/* Descriptors of the host's directories: none may be open while anything of the container's can look at
	 * us (CVE-2024-21626, CVE-2016-9962). */
	for (size_t i = 0; i < COUNT_OF(c->init->not_ours); i++)
		if (c->init->not_ours[i] >= 0)
			fd_close(c->init->not_ours[i]);
	return 0;
}

static int die_with_launcher(void *context, struct error *err)
{
	const struct child *c = context;

	/* Should the launcher be killed now, nobody would know of us; the death of its socket tells us at the
	 * next message, this also in between.  Cleared before the container counts as created. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return fail(err, errno, "set the parent-death signal");
	return proto_is_alone(c->init->sock) ? fail(err, 0, "the launcher is gone") : 0; /* killed before that */
}

static int join_namespaces(void *context, struct error *err)
{
	return namespaces_join(((struct child *)context)->init, err);
}

static int enter_user_namespace(void *context, struct error *err)
{
	struct child *c = context;

	if (c->plan->ns[PLAN_NS_USER].how == PLAN_NS_INHERIT)
		return 0;
	if (c->plan->ns[PLAN_NS_USER].how == PLAN_NS_NEW && init_wait_for(c, MSG_GO, err) < 0)
		return -1;
	/* an unprivileged launcher could not write the maps before */
	if (!naive("dumpable") && prctl(PR_SET_DUMPABLE, 0) < 0)
		return fail(err, errno, "become non-dumpable");
	/* From here on files are made as the container's root.  A map without an id 0 leaves us as we are. */
	if ((sys_setresgid(0) < 0 || sys_setresuid(0) < 0) && errno != EINVAL)
		return fail(err, errno, "become root in the user namespace");
	return 0;
}

static int enter_cgroup_namespace(void *context, struct error *err)
{
	struct child *c = context;

	/* Not by clone3(2): the namespace's root would be the launcher's cgroup, not ours. */
	if (c->plan->ns[PLAN_NS_CGROUP].how == PLAN_NS_NEW && unshare(CLONE_NEWCGROUP) < 0)
		return fail(err, errno, "make a cgroup namespace");
	return 0;
}

static int reset_inherited(void *context, struct error *err)
{
	/* The CPUs too: those of the engine's service are not the container's, which has its cpuset for that. */
	if (!naive("inherited") && (privilege_reset_inherited(err) < 0 || sched_reset_cpus(err) < 0))
		return -1;
	return die_with_launcher(context, err);
}

static int new_session(void *context, struct error *err)
{
	(void)context;
	/* No controlling terminal of the caller's: TIOCSTI must not reach it (CVE-2017-5226). */
	if (!naive("setsid") && setsid() < 0 && errno != EPERM)
		return fail(err, errno, "make a session");
	return 0;
}

/* Otherwise the mount namespace is the runtime's own: nothing is mounted there, and its root stays where it is.  One
 * that is joined was checked not to be (namespaces_open()). */
static bool has_own_mounts(const struct plan *p)
{
	return p->ns[PLAN_NS_MOUNT].how != PLAN_NS_INHERIT;
}

static int open_root(void *context, struct error *err)
{
	struct child *c = context;

	c->become.umask = (int)umask(0); /* modes of what we make are exact; the container's own comes at the end */
	return rootfs_open(c->plan->rootfs, has_own_mounts(c->plan), c->plan->root_propagation, &c->rootfd, err);
}

/* File systems belong to the network namespace that they are made in (sysfs, nfs, ...), but for these. */
static bool shows_network(const struct plan_mount *m)
{
	static const char *const without[] = {"proc", "tmpfs", "devpts", "mqueue", "cgroup", "cgroup2"};

	if (m->kind != PLAN_MOUNT_FS)
		return false;
	for (size_t i = 0; i < COUNT_OF(without); i++)
		if (strcmp(m->fstype, without[i]) == 0)
			return false;
	return true;
}

static int make_mounts(void *context, struct error *err)
{
	struct child *c = context;

	if (c->plan->n_mounts > 0 && !has_own_mounts(c->plan))
		return fail(err, 0, "mounts need a new mount namespace");
	for (size_t i = 0; i < c->plan->n_mounts; i++) {
		const struct plan_mount *m = &c->plan->mounts[i];
		const char *cgroup = c->init->cgroup_dir ? c->init->cgroup_dir : c->plan->cgroup.own;
		int later = -1;

		if (shows_network(m) && init_join_network(c, err) < 0)
			return -1;
		if (mount_carry_out(m, &c->rootfd, c->init->sources[i], c->init->usernses[i], cgroup, &later, err) < 0)
			return error_where(err, m->at);
		if (c->init->sources[i] >= 0)
			fd_close(c->init->sources[i]);
		c->init->sources[i] = later;
	}
	return 0;
}

static int make_devices(void *context, struct error *err)
{
	struct child *c = context;
	bool bind = c->plan->ns[PLAN_NS_USER].how != PLAN_NS_INHERIT || c->plan->bind_devices;

	if (device_make_all(c->rootfd, c->plan->devices, c->plan->n_devices, bind, err) < 0)
		return -1;
	return c->plan->dev_is_host ? 0 : device_make_links(c->rootfd, err);
}

static int make_cwd(void *context, struct error *err)
{
	struct child *c = context;
	autoclose int fd = -1;

	/* Only where it is missing, and inside the root whatever links say. */
	fd = inroot_open(c->rootfd, c->plan->process.cwd, O_PATH, 0, 0);
	if (fd >= 0 || errno != ENOENT || !c->plan->has_process)
		return 0;
	if (inroot_mkdirs(c->rootfd, c->plan->process.cwd, &fd, err) < 0) {
		wrap(err, "make the working directory");
		return error_where(err, "process.cwd");
	}
	return 0;
}

static int set_names(void *context, struct error *err)
{
	const struct plan *p = ((struct child *)context)->plan;

	if (p->hostname && sethostname(p->hostname, strlen(p->hostname)) < 0)
		return fail_at(err, errno, "hostname", "set the host name");
	if (p->domainname && setdomainname(p->domainname, strlen(p->domainname)) < 0)
		return fail_at(err, errno, "domainname", "set the domain name");
	return 0;
}

static int set_loopback(void *context, struct error *err)
{
	struct child *c = context;

	if (namespaces_network_follows(c->init))
		return init_join_network(c, err); /* who made it sets it up */
	return c->plan->ns[PLAN_NS_NET].how == PLAN_NS_NEW ? loopback_up(err) : 0;
}

static int set_sysctls(void *context, struct error *err)
{
	struct child *c = context;

	if (c->plan->n_sysctls && init_join_network(c, err) < 0)
		return -1;
	return sysctl_write_all(c->plan->sysctls, c->plan->n_sysctls, err);
}

/* Hooks of the container's own namespaces; PID is what they know us by. */
static int run_own_hooks(const struct plan *p, enum plan_hook_kind kind, struct hook_scene *scene, struct error *err)
{
	struct buf state = {0};
	int rc;

	if (!p->hooks[kind].n)
		return 0;
	hooks_state(&state, p->state_head, kind, getpid());
	scene->state = state.s;
	rc = state.failed ? fail(err, ENOMEM, "describe the container to its hooks")
			  : hooks_run(&p->hooks[kind], scene, err);
	buf_free(&state);
	return rc;
}

static int run_hooks(void *context, struct error *err)
{
	struct child *c = context;
	const struct plan *p = c->plan;
	struct hook_scene scene = {.cwd = p->bundle, .out = p->hooks_stdout, .err = p->hooks_stderr,
				   .env = naive("hookenv") ? p->process.env.v : NULL};

	if (p->hooks[PLAN_HOOK_PRESTART].n || p->hooks[PLAN_HOOK_CREATE_RUNTIME].n) {
		if (proto_send_kind(c->init->sock, MSG_HOOKS) < 0)
			return fail(err, errno, "ask the launcher for its hooks");
		if (init_wait_for(c, MSG_GO, err) < 0)
			return -1;
	}
	return run_own_hooks(p, PLAN_HOOK_CREATE_CONTAINER, &scene, err);
}

static int open_terminal(void *context, struct error *err)
{
	struct child *c = context;
	const struct plan_process *p = &c->plan->process;
	struct msg m = {.kind = MSG_CONSOLE};
	autoclose int master = -1;

	if (!p->terminal)
		return 0;
	if (terminal_open(c->rootfd, &master, &c->slave, err) < 0)
		return error_where(err, "process.terminal");
	if (p->rows && terminal_set_size(master, p->rows, p->columns, err) < 0)
		return error_where(err, "process.consoleSize");
	if (has_own_mounts(c->plan) && terminal_bind_console(c->slave, c->rootfd, err) < 0)
		return error_where(err, "process.terminal");
	if (proto_send(c->init->sock, &m, master) < 0)
		return fail(err, errno, "hand over the terminal");
	return 0;
}

static int mask_paths(void *context, struct error *err)
{
	struct child *c = context;

	if (rootfs_protect(c->rootfd, c->plan->readonly, c->plan->n_readonly, err) < 0)
		return -1;
	return rootfs_mask(c->rootfd, c->plan->masked, c->plan->n_masked, err);
}

static int protect_root(void *context, struct error *err)
{
	struct child *c = context;

	for (size_t i = 0; i < c->plan->n_mounts; i++)
		if (mount_make_readonly(&c->plan->mounts[i], c->init->sources[i], err) < 0)
			return -1;
	return c->plan->root_readonly ? rootfs_make_readonly(c->rootfd, err) : 0;
}

static int open_proc(void *context, struct error *err)
{
	struct child *c = context;
	const struct plan_process *p = &c->plan->process;

	/* The host's, while it can be seen: the container's is not to be trusted with labels
	 * (CVE-2019-16884).  Open no longer than it is needed, and only then. */
	c->become.procfd = -1;
	if (!p->apparmor && !p->selinux && !c->plan->keyring_label)
		return 0;
	c->become.procfd = procfile_root();
	if (c->become.procfd < 0)
		return fail(err, errno, "open '/proc'");
	return 0;
}

static int enter_root(void *context, struct error *err)
{
	struct child *c = context;

	if (rootfs_enter(c->rootfd, has_own_mounts(c->plan), c->plan->no_pivot, c->plan->root_propagation_final,
			 err) < 0)
		return -1;
	fd_close(c->rootfd);
	c->rootfd = -1;
	return 0;
}

static int use_terminal(void *context, struct error *err)
{
	struct child *c = context;

	if (c->slave < 0)
		return 0;
	if (!naive("ptyowner") && fchown(c->slave, c->plan->process.uid, (gid_t)-1) < 0 && errno != EINVAL &&
	    errno != EPERM)
		return fail(err, errno, "give the terminal to the container's user");
	if (terminal_make_controlling(c->slave, err) < 0)
		return error_where(err, "process.terminal");
	c->slave = -1;
	return 0;
}

static int prepare(void *context, struct error *err)
{
	struct child *c = context;

	c->become.plan = c->plan;
	c->become.sock = c->init->sock;
	c->become.gate = c->init->listen;
	c->become.witness = -1;
	/* before the listener's MSG_GO */
	if (become_prepare(&c->become, err) < 0 || init_wait_for(c, MSG_RECORDED, err) < 0)
		return -1;
	/* So that the next word of the launcher's is the answer. */
	if (c->plan->process.seccomp.notify && init_wait_for(c, MSG_RECORDED, err) < 0)
		return -1;
	return become_send_listener(&c->become, err);
}

static int report_ready(void *context, struct error *err)
{
	struct child *c = context;

	/* Not before somebody else can find us: a launcher killed now leaves a record that names us. */
	if (init_wait_for(c, MSG_RECORDED, err) < 0)
		return -1;
	if (prctl(PR_SET_PDEATHSIG, 0) < 0)
		return fail(err, errno, "clear the parent-death signal");
	if (proto_send_kind(c->init->sock, MSG_READY) < 0)
		return fail(err, errno, "report to the launcher");
	return 0;
}

static int wait_at_gate(void *context, struct error *err)
{
	struct child *c = context;

	return c->init->listen >= 0 ? init_wait_for_start(c, err) : init_wait_for(c, MSG_GO, err);
}

static int run_start_hooks(void *context, struct error *err)
{
	const struct plan *p = ((struct child *)context)->plan;
	struct hook_scene scene = {.cwd = "/", .env = p->process.env.v};

	return run_own_hooks(p, PLAN_HOOK_START_CONTAINER, &scene, err);
}

static int execute(void *context, struct error *err)
{
	return become_exec(&((struct child *)context)->become, err);
}

static const struct step steps[] = {
	{"die with the launcher", die_with_launcher},	 /* before anything that could be left behind */
	{"close the launcher's files", close_launchers},
	{"join namespaces", join_namespaces},		 /* while we still have the caller's privileges */
	{"enter user namespace", enter_user_namespace},	 /* what follows is owned by the container's root */
	{"enter cgroup namespace", enter_cgroup_namespace},
	{"reset inherited state", reset_inherited},
	{"make session", new_session},
	{"open procfs", open_proc},	   /* the host's /proc is still in view */
	{"set names", set_names},	   /* hooks expect them */
	{"set sysctls", set_sysctls},	   /* through the host's /proc, before the container's tree is touched */
	{"open root file system", open_root},
	{"make mounts", make_mounts},
	{"make devices", make_devices},	   /* into the /dev that was just mounted */
	{"set loopback up", set_loopback}, /* late: the launcher makes the network meanwhile; before hooks */
	{"make working directory", make_cwd},
	{"run create hooks", run_hooks},   /* they see the host's tree, and a root they may still change */
	{"open terminal", open_terminal},  /* needs the container's devpts; the console is bound over /dev */
	{"mask and protect paths", mask_paths}, /* after hooks, which may mount; masks win over readonly */
	{"protect root", protect_root},
	{"enter root", enter_root},	   /* the host's tree is gone from here on */
	{"use terminal", use_terminal},
	{"prepare process", prepare},	   /* ids, limits, cwd: nothing of the host is open any more */
	{"report ready", report_ready},
	{"wait for start", wait_at_gate},  /* created */
	{"run startContainer hooks", run_start_hooks},
	{"execute", execute},		   /* running */
};

_Noreturn void init_main(struct init *init)
{
	struct child c = {.init = init, .plan = init->plan, .rootfd = -1, .slave = -1};
	struct msg m = {.kind = MSG_ERROR};

	(void)prctl(PR_SET_NAME, "vert:init");
	if (steps_run("init", steps, COUNT_OF(steps), &c, &m.error) < 0)
		(void)proto_send(init->sock, &m, -1); /* nobody listens: nobody needs to know */
	steps_exit(m.error.status ? m.error.status : 1);
}
