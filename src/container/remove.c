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
#include "container/step.h"
#include "container/systemd.h"
#include "kernel/cgroup.h"
#include "kernel/rdt.h"

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

static int remove_cgroup(void *context, struct error *err)
{
	const struct removal *r = context;
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
static int stop_unit(void *context, struct error *err)
{
	const struct removal *r = context;
	/* Not known to be ours: only a unit that says it is. */
	const char *description = r->systemd && r->cgroup_id == 0 ? r->systemd->description : NULL;

	if (!r->systemd || systemd_call(r->systemd, "stop", description, NULL, SYSTEMD_NO_SIGNALS, err) == 0)
		return 0;
	if (!remove_unit_cgroup(r))
		return -1;
	log_warning("%s", err->msg);
	return 0;
}

static int kill_first_process(void *context, struct error *err)
{
	const struct removal *r = context;

	if (r->pidfd >= 0 && sys_pidfd_send_signal(r->pidfd, SIGKILL) < 0 && errno != ESRCH)
		return fail(err, errno, "kill process of container '%s'", r->id);
	return 0;
}

static int wait_first_process(void *context, struct error *err)
{
	const struct removal *r = context;
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

static int run_poststop(void *context, struct error *err)
{
	const struct removal *r = context;
	struct buf state = {0};
	struct hook_scene scene = {
		.cwd = r->bundle, .out = r->hooks_stdout, .err = r->hooks_stderr};

	(void)err; /* a hook that fails stops nothing: runtime.md, Lifecycle 13 */
	if (!r->poststop || r->poststop->n == 0)
		return 0;
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
	return 0;
}

static int forget(void *context, struct error *err)
{
	const struct removal *r = context;

	return r->dirfd >= 0 ? state_remove(r->rootfd, r->dirfd, r->id, err) : 0;
}

static int remove_rdt(void *context, struct error *err)
{
	return rdt_remove(((const struct removal *)context)->rdt, err);
}

int remove_container(const struct removal *r, struct error *err)
{
	static const struct step steps[] = {
		{"kill first process", kill_first_process}, /* as the init of a pid namespace it takes the others along */
		{"remove cgroup", remove_cgroup},	    /* kills whoever is left in it */
		{"stop unit", stop_unit},
		{"wait for first process", wait_first_process}, /* it may have been in no cgroup of ours */
		{"remove resctrl groups", remove_rdt},
		{"run poststop hooks", run_poststop},	    /* nothing runs any more, and nobody has forgotten it yet */
		{"forget", forget},			    /* last: until now another delete finds all of it */
	};
	struct removal copy = *r;

	return steps_run("remove", steps, COUNT_OF(steps), &copy, err);
}
