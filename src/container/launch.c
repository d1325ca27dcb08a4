/* SPDX-License-Identifier: Apache-2.0 */
/* The launcher of a container.
 *
 * Makes what lies outside the container (state directory, cgroup, gate), clones init, and works beside it: limits and
 * device program are written while init mounts.  Everything it made is given back by launch_undo() when
 * any step fails.
 */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/handover.h"
#include "container/hooks.h"
#include "container/launch_priv.h"
#include "container/namespace.h"
#include "container/notify.h"
#include "container/proto.h"
#include "container/remove.h"
#include "container/restore.h"
#include "container/state.h"
#include "container/step.h"
#include "container/supervise.h"
#include "kernel/cgroup.h"
#include "kernel/mount.h"
#include "kernel/privilege.h"
#include "kernel/rdt.h"
#include "kernel/userns.h"

#define CLAIM_MS 10000

static int save_record(struct launch *l, const char *phase, struct error *err)
{
	const struct state_facts facts = {
		.phase = phase,
		.pid = l->pid,
		.start_time = l->start_time,
		.cgroup = l->cgroup_dir,
		.cgroup_id = l->cgroup.id,
		.scope = l->place.manager == PLAN_CGROUP_SYSTEMD ? l->place.systemd.unit : "",
		.boot_id = l->plan->boot_id,
	};

	return state_write(l->dir, l->plan->record_head, &facts, err);
}

static int make_state(void *context, struct error *err)
{
	struct launch *l = context;
	const struct plan *p = l->plan;

	if (state_open_root(p->state_root, true, &l->root, err) < 0 || state_make(l->root, p->id, &l->dir, err) < 0)
		return -1;
	if (state_claim(l->dir, p->id, 0, &l->claim, err) < 0)
		return -1;
	if (p->cgroup.manager == PLAN_CGROUP_FS)
		snprintf(l->cgroup_dir, sizeof(l->cgroup_dir), "%s%s", p->cgroup.mount, p->cgroup.path);
	/* The intent, before the first side effect: what a killed runtime leaves can be found by it. */
	if (save_record(l, "creating", err) < 0)
		return -1;
	return p->notify_socket ? notify_make_dir(l->dir, err) : 0;
}

static int make_cgroup(void *context, struct error *err)
{
	struct launch *l = context;

	if (l->plan->cgroup.manager != PLAN_CGROUP_FS)
		return 0;
	if (cgroup_make(&l->plan->cgroup, &l->cgroup, err) < 0)
		return error_where(err, "linux.cgroupsPath");
	if (l->cgroup.dirfd < 0)
		l->cgroup_dir[0] = '\0';
	l->init.cgroup_dir = l->cgroup_dir[0] ? l->cgroup_dir : NULL;
	return 0;
}

static int open_sources(void *context, struct error *err)
{
	struct launch *l = context;
	const struct plan *p = l->plan;

	if (p->criu.program) /* it opens them itself */
		return 0;
	l->init.sources = malloc((p->n_mounts + 1) * sizeof(int));
	l->init.usernses = malloc((p->n_mounts + 1) * sizeof(int));
	if (!l->init.sources || !l->init.usernses)
		return fail(err, ENOMEM, "prepare mounts");
	for (size_t i = 0; i < p->n_mounts; i++)
		l->init.sources[i] = l->init.usernses[i] = -1;
	for (size_t i = 0; i < p->n_mounts; i++) {
		const struct plan_mount *m = &p->mounts[i];

		if (m->idmap == PLAN_IDMAP_OWN && !m->idmap_inside &&
		    userns_make(&m->uid_map, &m->gid_map, &l->init.usernses[i], err) < 0)
			return error_where(err, m->at);
		if (m->kind == PLAN_MOUNT_BIND && m->by_launcher && !mount_copies_link(m) &&
		    mount_open_source(m, l->init.usernses[i], &l->init.sources[i], err) < 0)
			return -1;
	}
	return 0;
}

static int open_gate(void *context, struct error *err)
{
	struct launch *l = context;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(err, errno, "make a socket pair");
	l->sock = pair[0];
	l->init.sock = pair[1];
	l->init.listen = -1;
	return l->plan->verb == PLAN_CREATE ? state_listen(l->dir, &l->init.listen, err) : 0;
}

/* Of init, by us or by the process in the systemd unit. */
static int clone_here(struct launch *l, struct error *err)
{
	const struct plan *p = l->plan;
	bool rootless = p->euid != 0;

	if (p->criu.program)
		return restore_clone(l, l->cgroup.leaf >= 0 ? l->cgroup.leaf : l->cgroup.dirfd, err);
	if (namespaces_open(&l->init, err) < 0)
		return -1;
	l->init.not_ours[0] = l->root;
	l->init.not_ours[1] = l->dir;
	l->init.not_ours[2] = l->claim;
	l->init.not_ours[3] = l->cgroup.dirfd;
	l->init.not_ours[4] = l->signals;
	/* Without privileges the kernel lets us write a child's id maps, and our own oom score, only while we are
	 * dumpable; nobody of the container exists yet. */
	if (rootless && prctl(PR_SET_DUMPABLE, 1) < 0)
		return fail(err, errno, "become dumpable");
	if (rootless && p->process.set_oom_score && handover_oom_score(p, 0, err) < 0)
		return -1;
	handover_raise_limits(p);
	return namespaces_clone(&l->init, l->cgroup.leaf >= 0 ? l->cgroup.leaf : l->cgroup.dirfd, l->sock, &l->pid,
				&l->pidfd, err);
}

static int clone_in_scope(void *context, int occupant_sock, const char *cgroup_path, pid_t *ret_pid, int *ret_pidfd,
			  struct error *err)
{
	struct launch *l = context; /* a copy, from before the cgroup was there */

	snprintf(l->cgroup_dir, sizeof(l->cgroup_dir), "%s%s", l->place.mount, cgroup_path);
	l->init.cgroup_dir = l->cgroup_dir;
	l->init.sibling = true;
	l->init.not_ours[5] = occupant_sock;
	if (clone_here(l, err) < 0)
		return -1;
	*ret_pid = l->pid;
	*ret_pidfd = l->pidfd;
	return 0;
}

static int make_scope(void *context, struct error *err)
{
	struct launch *l = context;

	if (l->place.manager != PLAN_CGROUP_SYSTEMD)
		return 0;
	if (scope_make(&l->scope, &l->place, clone_in_scope, l, l->signals, &l->cgroup, err) < 0)
		return -1;
	snprintf(l->cgroup_dir, sizeof(l->cgroup_dir), "%s%s", l->place.mount, l->place.path);
	return 0;
}

static int clone_init(void *context, struct error *err)
{
	struct launch *l = context;
	bool rootless = l->plan->euid != 0;

	if (l->place.manager != PLAN_CGROUP_SYSTEMD) {
		if (clone_here(l, err) < 0)
			return -1;
	} else {
		if (rootless && prctl(PR_SET_DUMPABLE, 1) < 0)
			return fail(err, errno, "become dumpable");
		if (scope_clone(&l->scope, l->cgroup.dirfd, &l->pid, &l->pidfd, err) < 0)
			return -1;
	}
	fd_close(l->init.sock); /* so that init's death reads as the end of the conversation */
	l->init.sock = -1;
	/* It may be through with them, and dead of one, before we come to listen. */
	l->hooks_ran |= l->plan->hooks[PLAN_HOOK_CREATE_CONTAINER].n > 0 && !l->plan->criu.program;
	return 0;
}

static int map_ids(void *context, struct error *err)
{
	struct launch *l = context;
	const struct plan *p = l->plan;
	autoclose int userns = -1;
	char path[40];

	if (p->ns[PLAN_NS_USER].how != PLAN_NS_NEW || p->criu.program)
		return 0;
	if (userns_write_maps(l->pid, &p->uid_map, &p->gid_map, p->maps_by_helper, p->deny_setgroups, err) < 0)
		return -1;
	for (size_t i = 0; i < p->n_mounts; i++) {
		if (p->mounts[i].idmap != PLAN_IDMAP_CONTAINER || l->init.sources[i] < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)l->pid);
		if (userns < 0)
			userns = open(path, O_RDONLY | O_CLOEXEC);
		if (userns < 0)
			return fail(err, errno, "open '%s'", path);
		/* Init holds the same detached tree and waits for our word before it attaches it. */
		if (mount_set_idmap(l->init.sources[i], &p->mounts[i], userns, err) < 0)
			return -1;
	}
	if (launch_tell(l, MSG_GO, err) < 0)
		return -1;
	if (p->euid != 0 && prctl(PR_SET_DUMPABLE, 0) < 0)
		return fail(err, errno, "become non-dumpable");
	return 0;
}

static int set_oom_score(void *context, struct error *err)
{
	struct launch *l = context;

	/* By us and from outside: init may be without the privilege in its user namespace. */
	if (!l->plan->process.set_oom_score || l->plan->euid != 0)
		return 0;
	return handover_oom_score(l->plan, l->pid, err);
}

static int record_process(void *context, struct error *err)
{
	struct launch *l = context;

	/* Not needed before, and init mounts meanwhile: nobody waits for this copy. */
	if (fd_replace_file(l->dir, STATE_CONFIG, 0600, l->plan->config_text, l->plan->config_len, err) < 0)
		return -1;
	l->start_time = proc_start_time(l->pid, NULL);
	if (save_record(l, l->plan->verb == PLAN_CREATE ? "creating" : "running", err) < 0)
		return -1;
	return l->ready ? 0 : launch_tell(l, MSG_RECORDED, err);
}

static int follow_init(void *context, struct error *err)
{
	struct launch *l = context;
	const struct plan *p = l->plan;
	int n;

	if (l->ready) /* restored */
		return 0;
	/* Where init needs no other word from us, the last one is sent ahead: it never waits. */
	if (p->verb == PLAN_RUN && !p->hooks[PLAN_HOOK_PRESTART].n && !p->hooks[PLAN_HOOK_CREATE_RUNTIME].n &&
	    !p->process.seccomp.notify && !p->notify_socket && !p->pid_file && !p->pidfd_socket)
		l->let_go = proto_send_kind(l->sock, MSG_GO) == 0;
	while (!l->ready) {
		n = launch_next_message(l, err);
		if (n < 0)
			return -1;
		if (n == 0)
			return handover_lost(l->pidfd, l->cgroup.dirfd, err);
	}
	return 0;
}

static int publish(void *context, struct error *err)
{
	struct launch *l = context;

	if (l->plan->pid_file && handover_pid_file(l->plan->pid_file, l->pid, err) < 0)
		return -1;
	if (l->plan->pidfd_socket && handover_pidfd(l->plan->pidfd_socket, l->pidfd, err) < 0)
		return -1;
	return l->plan->verb == PLAN_CREATE ? save_record(l, "created", err) : 0;
}

static int let_run(void *context, struct error *err)
{
	struct launch *l = context;
	int n;

	if (l->plan->verb != PLAN_RUN)
		return 0;
	if (l->plan->notify_socket && notify_bind(l->dir, &l->notify, err) < 0)
		return -1;
	if (!l->let_go && !l->plan->criu.program && launch_tell(l, MSG_GO, err) < 0)
		return -1;
	/* The socket closes at execve: end of file means that the program runs. */
	n = l->plan->criu.program ? 0 : launch_next_message(l, err);
	if (n > 0)
		return fail(err, EBADMSG, "message from init after its start");
	if (n < 0 || launch_died_first(l, err) < 0 || launch_hooks(l, PLAN_HOOK_POSTSTART, err) < 0)
		return -1;
	/* Created it is: from now on a delete needs not wait for us. */
	close_keeping_errno(&l->claim);
	l->claim = -1;
	return 0;
}

static int wait_ready(void *context, struct error *err)
{
	struct launch *l = context;

	if (l->notify < 0 || !l->plan->detach)
		return 0;
	supervise_unblock_signals(); /* as long as the program likes: who waits for us may change his mind */
	return notify_wait(l->notify, l->plan->notify_socket, l->pid, l->pidfd, err);
}

static int supervise(struct launch *l, int *ret_status, struct error *err)
{
	struct supervise s = {
		.pidfd = l->pidfd,
		.master = l->master,
		.signals = l->signals,
		.notify = l->notify,
		.notify_host = l->plan->notify_socket,
	};

	if (supervise_wait(&s, ret_status, err) < 0)
		return -1;
	if (l->plan->keep)
		return 0;
	if (state_claim(l->dir, l->plan->id, CLAIM_MS, &l->claim, err) < 0)
		/* Deleted from outside, with its hooks: nothing is left to us. */
		return strcmp(err->code, "CONTAINER_NOT_FOUND") == 0 ? 0 : -1;
	return launch_remove(l, err);
}

static int carry_through(struct launch *l, const struct step *steps, size_t n, int *ret_status, struct error *err)
{
	if (supervise_block_signals(&l->signals, err) < 0)
		return -1;
	if (steps_run("launch", steps, n, l, err) < 0) {
		launch_hear_last_words(l, err);
		launch_undo(l);
		return -1;
	}
	*ret_status = 0;
	if (l->plan->verb == PLAN_CREATE || l->plan->detach)
		return 0;
	return supervise(l, ret_status, err);
}

int launch(const struct plan *plan, int *ret_status, struct error *err)
{
	static const struct step steps[] = {
		{"make state", make_state},	/* the name is ours, or somebody else's: before anything else */
		{"make cgroup", make_cgroup},	/* clone3 puts init straight into it */
		{"open mount sources", open_sources}, /* with our privileges, and our view of the host */
		{"open gate", open_gate},
		{"make scope", make_scope},	/* its process clones init, and needs a copy of all of the above */
		{"clone init", clone_init},
		{"restore", restore_finish},	/* by criu: then its process is there, in place of init */
		{"map ids", map_ids},		/* init waits for it */
		{"make network namespace", launch_make_network}, /* beside init, which needs it next */
		{"limit cgroup", launch_limit_cgroup}, /* beside init, which mounts meanwhile */
		{"set oom score", set_oom_score},
		{"record process", record_process}, /* from here on delete finds the process */
		{"enter resctrl group and cookie", launch_enter_rdt},
		{"move network devices", launch_move_devices}, /* hooks may configure them */
		{"follow init", follow_init},
		{"publish", publish}, /* pid file: not before the process exists and is ready */
		{"let run", let_run},
		{"wait for readiness", wait_ready},
	};
	struct launch l = {
		.plan = plan,
		.root = -1,
		.dir = -1,
		.claim = -1,
		.place = plan->cgroup,
		.scope = SCOPE_NONE,
		.cgroup = CGROUP_NONE,
		.sock = -1,
		.pidfd = -1,
		.network = {.netns = -1},
		.master = -1,
		.notify = -1,
		.init = {.plan = plan, .sock = -1, .listen = -1, .not_ours = {-1, -1, -1, -1, -1, -1, -1, -1}},
	};
	int rc;

	rc = carry_through(&l, steps, COUNT_OF(steps), ret_status, err);
	free(l.init.sources);
	free(l.init.usernses);
	free(l.network.names);
	return rc;
}
