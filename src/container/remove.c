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

#include "base/fd.h"
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
#define SHOWN_MS 1000 /* what takes longer is told to whom it concerns */
#define ORPHAN_MS \
	1000 /* for the child of a creator that died: the kernel kills it (PR_SET_PDEATHSIG) */

/* A removal under way. */
struct removing {
	struct removal r;
	int64_t end; /* of patience as a whole, in milliseconds; 0: DEATH_MS for each wait, and no clock to look at */
};

static int64_t now_ms(void)
{
	struct timespec t;

	sys_clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int left_ms(const struct removing *g)
{
	int64_t left = g->end ? g->end - now_ms() : DEATH_MS;

	return left > 0 ? (int)left : 0;
}

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

/* Only when somebody watches: the last moment at which the cgroup can tell what the container used. */
static int end_processes(void *context, struct error *err)
{
	const struct removing *g = context;
	const struct removal *r = &g->r;
	const struct removal_watch *w = r->watch;
	autoclose int dir = -1;
	struct error unused;

	(void)err; /* what fails here fails again where it is removed */
	if (!w || !r->cgroup_path || !r->cgroup_path[0] || r->cgroup_id == 0 ||
	    cgroup_open(r->cgroup_mount, r->cgroup_path, r->cgroup_id, &dir, &unused) < 0)
		return 0;
	if (!cgroup_wait_empty(dir, 0) && cgroup_kill(dir, &unused) == 0 &&
	    !cgroup_wait_empty(dir, left_ms(g) < SHOWN_MS ? left_ms(g) : SHOWN_MS) && left_ms(g) > 0) {
		if (w->waiting)
			w->waiting(w->arg, dir);
		(void)cgroup_wait_empty(dir, left_ms(g));
	}
	if (w->look)
		w->look(w->arg, dir);
	return 0;
}

static int remove_cgroup(void *context, struct error *err)
{
	const struct removing *g = context;
	const struct removal *r = &g->r;
	int result;

	if (!r->cgroup_path || !r->cgroup_path[0])
		return 0;
	if (r->cgroup_id == 0)
		return remove_if_empty(r->cgroup_mount, r->cgroup_path, err);
	result = cgroup_remove(r->cgroup_mount, r->cgroup_path, r->cgroup_id, left_ms(g), err);
	if (result > 0)
		log_warning("%s", err->msg);
	if (result == 0 && r->done)
		r->done->cgroup = true;
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
	const struct removal *r = &((const struct removing *)context)->r;
	/* Not known to be ours: only a unit that says it is. */
	const char *description = r->systemd && r->cgroup_id == 0 ? r->systemd->description : NULL;

	if (!r->systemd || systemd_call(r->systemd, "stop", description, NULL, SYSTEMD_NO_SIGNALS, err) == 0) {
		if (r->systemd && r->done)
			r->done->unit = true;
		return 0;
	}
	if (!remove_unit_cgroup(r))
		return -1;
	log_warning("%s", err->msg);
	return 0;
}

static int kill_first_process(void *context, struct error *err)
{
	const struct removal *r = &((const struct removing *)context)->r;

	if (r->pidfd >= 0 && sys_pidfd_send_signal(r->pidfd, SIGKILL) < 0 && errno != ESRCH)
		return fail(err, errno, "kill process of container '%s'", r->id);
	return 0;
}

static int wait_first_process(void *context, struct error *err)
{
	const struct removing *g = context;
	const struct removal *r = &g->r;
	struct pollfd p = {.fd = r->pidfd, .events = POLLIN};
	int n;

	if (r->pidfd < 0)
		return 0;
	do
		n = poll(&p, 1, left_ms(g));
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
	const struct removal *r = &((const struct removing *)context)->r;
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
	const struct removal *r = &((const struct removing *)context)->r;

	if (r->dirfd < 0)
		return 0;
	if (state_remove(r->rootfd, r->dirfd, r->id, err) < 0)
		return -1;
	if (r->done)
		r->done->state = true;
	return 0;
}

static int remove_rdt(void *context, struct error *err)
{
	const struct removal *r = &((const struct removing *)context)->r;

	if (rdt_remove(r->rdt, err) < 0)
		return -1;
	if (r->rdt && r->done)
		r->done->rdt = true;
	return 0;
}

int remove_container(const struct removal *r, struct error *err)
{
	static const struct step steps[] = {
		/* as the init of a pid namespace it takes the others along */
		{"kill first process", kill_first_process},
		{"end processes", end_processes},
		{"remove cgroup", remove_cgroup},	    /* kills whoever is left in it */
		{"stop unit", stop_unit},
		{"wait for first process", wait_first_process}, /* it may have been in no cgroup of ours */
		{"remove resctrl groups", remove_rdt},
		{"run poststop hooks", run_poststop},	    /* nothing runs any more, and nobody has forgotten it yet */
		{"forget", forget},			    /* last: until now another delete finds all of it */
	};
	struct removing g = {.r = *r};

	if (r->patience_ms)
		g.end = now_ms() + r->patience_ms;
	return steps_run("remove", steps, COUNT_OF(steps), &g, err);
}
