/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a container: see remove.h.
 *
 * In the order of runtime.md: processes, what create made, poststop hooks, what we remember.  Each part may
 * have been done before, by us or by somebody else.
 */
#include "remove.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/hooks.h"
#include "container/state.h"
#include "container/systemd.h"
#include "kernel/cgroup.h"

#define DEATH_MS 10000 /* for processes to die of SIGKILL: one in D state may take its time */
#define ORPHAN_MS \
	1000 /* for the child of a creator that died: the kernel kills it (PR_SET_PDEATHSIG) */

/* A directory of which we do not know that it is ours: rmdir(2) itself refuses one with processes. */
static int remove_if_empty(const char *mount, const char *path, struct error *err)
{
	char dir[4096];

	if ((size_t)snprintf(dir, sizeof(dir), "%s%s", mount, path) >= sizeof(dir))
		return fail(err, ENAMETOOLONG, "remove cgroup '%s'", path);
	for (int waited = 0; rmdir(dir) < 0; waited += 10) {
		if (errno == ENOENT)
			return 0;
		if (errno != EBUSY)
			return fail(err, errno, "remove cgroup '%s'", path);
		if (waited >= ORPHAN_MS) {
			log_warning("cgroup '%s' has processes or cgroups in it and was not "
				    "recorded as ours: left",
				    path);
			return 0;
		}
		(void)nanosleep(&(struct timespec){.tv_nsec = 10 * 1000000L}, NULL);
	}
	return 0;
}

static int remove_cgroup(const struct removal *r, struct error *err)
{
	int result;

	if (!r->cgroup_path || !r->cgroup_path[0])
		return 0;
	if (r->cgroup_id == 0)
		return remove_if_empty(r->cgroup_mount, r->cgroup_path, err);
	result = cgroup_remove(r->cgroup_mount, r->cgroup_path, r->cgroup_id, DEATH_MS, err);
	if (result > 0)
		log_warning("%s", err->msg);
	return result < 0 ? -1 : 0;
}

/* The cgroup of the unit when the container's is a child of it: an empty one may go.  True: there is none left. */
static bool remove_unit_cgroup(const struct removal *r)
{
	const char *last = r->cgroup_path ? strrchr(r->cgroup_path, '/') : NULL;
	char dir[4096];
	size_t n;

	if (!last)
		return false;
	n = (size_t)snprintf(dir, sizeof(dir), "%s%.*s", r->cgroup_mount, (int)(last - r->cgroup_path),
			     r->cgroup_path);
	if (n >= sizeof(dir) || !strstr(dir, r->systemd->unit))
		return true; /* no child: remove_cgroup() has removed the unit's own */
	return rmdir(dir) == 0 || errno == ENOENT;
}

/* systemd ends a unit whose last process has gone, but when it comes to that; until then its name is taken.  With a
 * systemd that does not answer the container is removed all the same, as long as nothing of it is left. */
static int stop_unit(const struct removal *r, struct error *err)
{
	/* Not known to be ours: only a unit that says it is. */
	const char *description = r->cgroup_id == 0 ? r->systemd->description : NULL;

	if (systemd_call(r->systemd, "stop", description, NULL, SYSTEMD_NO_SIGNALS, err) == 0)
		return 0;
	if (!remove_unit_cgroup(r))
		return -1;
	log_warning("%s", err->msg);
	return 0;
}

static int kill_first_process(const struct removal *r, struct error *err)
{
	if (r->pidfd >= 0 && sys_pidfd_send_signal(r->pidfd, SIGKILL) < 0 && errno != ESRCH)
		return fail(err, errno, "kill process of container '%s'", r->id);
	return 0;
}

static int wait_first_process(const struct removal *r, struct error *err)
{
	struct pollfd p = {.fd = r->pidfd, .events = POLLIN};
	int n;

	if (r->pidfd < 0)
		return 0;
	do
		n = poll(&p, 1, DEATH_MS);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return fail(err, errno, "wait for the end of container '%s'", r->id);
	if (n == 0) {
		fail(err, 0, "process of container '%s' is still alive after SIGKILL", r->id);
		return error_hint(err,
				  "it hangs in the kernel (state D); delete again when it is gone");
	}
	return 0;
}

static void run_poststop(const struct removal *r)
{
	struct buf state = {0};
	struct hook_scene scene = {
		.cwd = r->bundle, .out = r->hooks_stdout, .err = r->hooks_stderr};

	if (!r->poststop || r->poststop->n == 0)
		return;
	hooks_state(&state, r->state_head, PLAN_HOOK_POSTSTOP, 0);
	scene.state = state.s;
	/* The bundle is the engine's, which may have removed it before the container. */
	if (access(scene.cwd, X_OK) < 0)
		scene.cwd = "/";
	if (state.failed)
		log_warning("poststop hooks of container '%s' are left out: out of memory", r->id);
	else
		hooks_run_all(r->poststop, &scene);
	buf_free(&state);
}

int remove_container(const struct removal *r, struct error *err)
{
	/* The first process before the others: as the init of a pid namespace it takes them along. */
	if (kill_first_process(r, err) < 0 || remove_cgroup(r, err) < 0 ||
	    (r->systemd && stop_unit(r, err) < 0) || wait_first_process(r, err) < 0)
		return -1;
	run_poststop(r);
	if (r->dirfd >= 0 && state_remove(r->rootfd, r->dirfd, r->id, err) < 0)
		return -1;
	return 0;
}
