/* SPDX-License-Identifier: Apache-2.0 */
/* start: tells the waiting init to run the container's program.
 *
 * The directory is locked only until MSG_GO is sent, which cannot be taken back.  Then we wait, unlocked, for
 * what init says: the startContainer hooks and execve take as long as they take.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"
#include "container/delete.h"
#include "container/hooks.h"
#include "container/notify.h"
#include "container/oom.h"
#include "container/proto.h"
#include "container/record.h"
#include "container/state.h"
#include "container/step.h"
#include "plan/hooks.h"

#define LOCK_MS 10000

/* A start on its way. */
struct start {
	const struct runtime *rt;
	const char *id;
	struct container c;
	struct plan_hooks hooks[PLAN_HOOK_KINDS];
	const char *notify_host; /* NOTIFY_SOCKET, NULL: none */
	int notify; /* the container's notify socket */
	int sock; /* connected to init */
};

static int refuse(const struct container *c, struct error *err)
{
	static const char *const why[] = {
		[STATUS_CREATING] = "cannot start a container that is still being created",
		[STATUS_RUNNING] = "cannot start an already running container",
		[STATUS_PAUSED] = "cannot start a paused container",
		[STATUS_STOPPED] = "cannot start a container that has stopped",
	};

	fail(err, 0, "%s: '%s'", why[c->status], c->id);
	return error_code(err, "CONTAINER_NOT_CREATED");
}

static int open_locked(void *context, struct error *err)
{
	struct start *s = context;

	if (container_open_dir(s->rt, s->id, &s->c, err) < 0)
		return -1;
	return state_lock(s->c.dirfd, s->id, LOCK_MS, err);
}

static int check_created(void *context, struct error *err)
{
	struct container *c = &((struct start *)context)->c;

	if (container_look(c, err) < 0)
		return -1;
	if (c->status != STATUS_CREATED)
		return refuse(c, err);
	if (!c->record->has_process.v)
		return fail(err, 0,
			    "container '%s' has no process to start: config.json has no 'process'",
			    c->id);
	return 0;
}

/* A configuration that cannot be read afterwards would leave a container running without its poststart hooks. */
static int read_hooks(void *context, struct error *err)
{
	struct start *s = context;
	struct oci_config *config;

	if (!record_has_hooks(s->c.record, PLAN_HOOK_POSTSTART))
		return 0;
	if (container_config(&s->c, &config, err) < 0)
		return -1;
	return plan_hooks(config->hooks, &s->c.arena, s->hooks, err);
}

static int connect_to_init(void *context, struct error *err)
{
	struct start *s = context;
	struct container *c = &s->c;

	if (state_connect(c->dirfd, &s->sock) == 0)
		return 0;
	if (errno != ECONNREFUSED && errno != ENOENT)
		return fail(err, errno, "connect to container '%s'", c->id);
	/* Another start's MSG_GO is on its way, or the process has just died. */
	c->status = STATUS_RUNNING;
	return refuse(c, err);
}

static int bind_notify(void *context, struct error *err)
{
	struct start *s = context;

	return s->notify_host ? notify_bind(s->c.dirfd, &s->notify, err) : 0;
}

static int send_go(void *context, struct error *err)
{
	struct start *s = context;

	if (proto_send_kind(s->sock, MSG_GO) < 0)
		return fail(err, errno, "tell container '%s' to start", s->id);
	state_hide_socket(s->c.dirfd);
	state_unlock(s->c.dirfd);
	return 0;
}

/* runtime.md, Lifecycle 7 and 9: the container is stopped and destroyed, with its poststop hooks. */
static int destroy_after_hook(struct start *s, struct error *err)
{
	struct error undo;

	if (container_destroy(s->rt, &s->c, &(struct destroy){.what = DESTROY_ANY}, &undo) < 0)
		wrap(err, "the container could not be removed (%s)", undo.msg);
	return -1;
}

/* The conversation has ended.  A death before execve is an error; one after it, however soon, is the program's own. */
static int died_first(const struct start *s, struct error *err)
{
	const struct container *c = &s->c;
	uint64_t since = c->record->start_time.v;
	bool never;
	int status;

	if (proc_surely_lives(c->pid))
		return 0;
	never = proc_never_executed(c->pid, since);
	if (!never && proc_start_time(c->pid, NULL) == since)
		return 0;
	if (oom_explain(c->cgroup, err) < 0)
		return -1;
	if (!never) /* its parent has waited for it already: it may have run a short program */
		return 0;
	fail(err, 0, "container '%s' died before its program was executed", c->id);
	if (proc_exit_status(c->pidfd, c->pid, since, &status) && WIFSIGNALED(status))
		error_hint(err, "it was killed by signal %d%s", WTERMSIG(status),
			   steps_died_by_filter(WTERMSIG(status)) ? ": " STEPS_FILTER_HINT : "");
	return error_code(err, "INIT_DIED");
}

/* End of file: the socket was closed by execve, or by a death between our message and it. */
static int wait_for_execve(void *context, struct error *err)
{
	struct start *s = context;
	struct msg m;
	int r = proto_recv(s->sock, &m, NULL);

	if (r == 0)
		return died_first(s, err);
	if (r > 0 && m.kind == MSG_ERROR) {
		*err = m.error;
		return str_starts(err->where, "hooks.") ? destroy_after_hook(s, err) : -1;
	}
	if (r > 0)
		return fail(err, EBADMSG, "start container '%s'", s->c.id);
	if (errno != ECONNRESET) /* closed with our message unread */
		return fail(err, errno, "start container '%s'", s->c.id);
	fail(err, 0, "container '%s' was started by somebody else or died before it could start",
	     s->c.id);
	return error_code(err, "CONTAINER_NOT_CREATED");
}

static int run_poststart(void *context, struct error *err)
{
	struct start *s = context;
	struct container *c = &s->c;
	const struct oci_record *r = c->record;
	const struct plan_hooks *hooks = &s->hooks[PLAN_HOOK_POSTSTART];
	struct hook_scene scene = {.cwd = r->bundle,
				   .out = record_annotation(r, "run.oci.hooks.stdout"),
				   .err = record_annotation(r, "run.oci.hooks.stderr")};
	struct buf state = {0};
	int result;

	if (hooks->n == 0)
		return 0;
	hooks_state(&state,
		    state_head(&c->arena, r->oci_version, c->id, r->bundle, r->rootfs,
			       &r->annotations),
		    PLAN_HOOK_POSTSTART, c->pid);
	scene.state = state.s;
	result = state.failed ? fail(err, ENOMEM, "run poststart hooks")
			      : hooks_run(hooks, &scene, err);
	buf_free(&state);
	return result < 0 ? destroy_after_hook(s, err) : 0;
}

static int wait_ready(void *context, struct error *err)
{
	struct start *s = context;

	return s->notify >= 0 ? notify_wait(s->notify, s->notify_host, s->c.pid, s->c.pidfd, err) : 0;
}

int container_start(const struct runtime *rt, const char *id, struct error *err)
{
	static const struct step steps[] = {
		{"open container", open_locked},
		{"check status", check_created}, /* under the lock: one of two starts finds it created */
		{"read hooks", read_hooks},	 /* before anything happens */
		{"connect to init", connect_to_init},
		{"bind notify socket", bind_notify}, /* only by the one that goes through; READY=1 may come at once */
		{"send go", send_go},		 /* cannot be taken back; unlocked from here on */
		{"wait for execve", wait_for_execve},
		{"run poststart hooks", run_poststart},
		{"wait for readiness", wait_ready},
	};
	struct start s = {.rt = rt, .id = id, .notify_host = getenv("NOTIFY_SOCKET"), .notify = -1, .sock = -1,
			  .c = CONTAINER_NONE};
	int r;

	if (s.notify_host && !s.notify_host[0])
		s.notify_host = NULL;
	r = steps_run("start", steps, COUNT_OF(steps), &s, err);
	close_keeping_errno(&s.sock);
	close_keeping_errno(&s.notify);
	container_close(&s.c);
	return r;
}
