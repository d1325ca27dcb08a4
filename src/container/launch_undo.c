/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a launch: of one that failed half-way, and of a container that run has waited for. */
#include <signal.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/sys.h"
#include "container/launch_priv.h"
#include "container/remove.h"
#include "container/state.h"
#include "kernel/cgroup.h"
#include "kernel/rdt.h"

int launch_remove(struct launch *l, struct error *err)
{
	const struct removal r = {
		.rootfd = l->root,
		.dirfd = l->dir,
		.id = l->plan->id,
		.pidfd = l->pidfd,
		.cgroup_mount = l->plan->cgroup.mount,
		.cgroup_path = l->cgroup.dirfd >= 0 ? l->place.path : NULL,
		.cgroup_id = l->cgroup.id,
		.systemd = l->place.manager == PLAN_CGROUP_SYSTEMD ? &l->place.systemd : NULL,
		.rdt = l->in_rdt ? l->plan->rdt.remove : NULL,
		.poststop = &l->plan->hooks[PLAN_HOOK_POSTSTOP],
		.state_head = l->plan->state_head,
		.bundle = l->plan->bundle,
		.hooks_stdout = l->plan->hooks_stdout,
		.hooks_stderr = l->plan->hooks_stderr,
	};

	return remove_container(&r, err);
}

/* Copes with any prefix of what the steps make. */
void launch_undo(struct launch *l)
{
	struct error err;

	network_take_back(&l->network, l->plan); /* while its namespace is there */
	if (l->pidfd >= 0) {
		(void)sys_pidfd_send_signal(l->pidfd, SIGKILL);
		(void)proc_reap(l->pidfd);
	}
	/* What failed may have been for lack of descriptors, and removing takes some. */
	close_keeping_errno(&l->sock);
	close_keeping_errno(&l->init.sock);
	close_keeping_errno(&l->init.listen);
	close_keeping_errno(&l->master);
	close_keeping_errno(&l->signals);
	/* criu leaves what it has made, and what it calls, behind. */
	if (l->plan->criu.program && l->cgroup.dirfd >= 0 && cgroup_kill(l->cgroup.dirfd, &err) < 0)
		log_warning("%s", err.msg);
	if (l->plan->pid_file && l->ready)
		fd_remove_put(l->plan->pid_file);
	if (l->hooks_ran && launch_remove(l, &err) == 0)
		l->root = -1;
	else if (l->in_rdt && rdt_remove(l->plan->rdt.remove, &err) < 0)
		log_warning("%s", err.msg);
	cgroup_undo(&l->place, &l->cgroup);
	scope_undo(&l->scope, &l->place);
	if (l->dir >= 0 && l->root >= 0 && state_remove(l->root, l->dir, l->plan->id, &err) < 0)
		log_warning("%s", err.msg);
}
