/* SPDX-License-Identifier: Apache-2.0 */
/* The launcher's side of the conversation with init (proto.h). */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"
#include "container/handover.h"
#include "container/hooks.h"
#include "container/launch_priv.h"
#include "container/supervise.h"
#include "kernel/terminal.h"

int launch_hooks(struct launch *l, enum plan_hook_kind kind, struct error *err)
{
	const struct plan *p = l->plan;
	struct hook_scene scene = {.cwd = p->bundle, .out = p->hooks_stdout, .err = p->hooks_stderr};
	struct buf state = {0};
	int rc;

	if (!p->hooks[kind].n)
		return 0;
	hooks_state(&state, p->state_head, kind, l->pid);
	scene.state = state.s;
	rc = state.failed ? fail(err, ENOMEM, "describe the container to its hooks")
			  : hooks_run(&p->hooks[kind], &scene, err);
	buf_free(&state);
	return rc;
}

static int take_console(struct launch *l, int *master, struct error *err)
{
	int rc = 0;

	if (*master < 0)
		return fail(err, EBADMSG, "receive the terminal");
	if (l->plan->console_socket)
		rc = terminal_send_to_socket(l->plan->console_socket, *master, err);
	/* Kept after a failure, too: closed, it would break init's terminal, and init would say that in
	 * place of why it could not be sent. */
	if (!l->plan->console_socket || rc < 0)
		l->master = take_fd(master);
	return rc;
}

static int on_message(struct launch *l, const struct msg *m, int *fd, struct error *err)
{
	switch (m->kind) {
	case MSG_ERROR:
		*err = m->error;
		return -1;
	case MSG_HOOKS:
		l->hooks_ran = true;
		if (launch_hooks(l, PLAN_HOOK_PRESTART, err) < 0 || launch_hooks(l, PLAN_HOOK_CREATE_RUNTIME, err) < 0)
			return -1;
		break;
	case MSG_CONSOLE:
		return take_console(l, fd, err);
	case MSG_SECCOMP:
		if (handover_listener(l->plan, l->pidfd, l->pid, m->value, err) < 0)
			return -1;
		break;
	case MSG_READY:
		l->ready = true;
		return 0;
	default:
		return fail(err, EBADMSG, "message %d from init", m->kind);
	}
	return launch_tell(l, MSG_GO, err);
}

static bool is_ending(int sig)
{
	return sig == SIGINT || sig == SIGTERM || sig == SIGHUP || sig == SIGQUIT;
}

int launch_next_message(struct launch *l, struct error *err)
{
	struct pollfd p[2] = {{.fd = l->sock, .events = POLLIN}, {.fd = l->signals, .events = POLLIN}};
	autoclose int fd = -1;
	struct msg m;
	int n, sig = 0;

	do {
		n = poll(p, 2, -1);
		if (n < 0 && errno != EINTR)
			return fail(err, errno, "wait for init");
		/* Once the program runs, which the end of the socket says, signals are for it: see supervise.h. */
		if (n > 0 && !p[0].revents && (p[1].revents & POLLIN) &&
		    is_ending(sig = supervise_next_signal(l->signals))) {
			fail(err, 0, "interrupted by signal %d", sig);
			return error_status(err, 128 + sig);
		}
	} while (n < 0 || !p[0].revents);
	n = proto_recv(l->sock, &m, &fd);
	if (n == 1)
		return on_message(l, &m, &fd, err) < 0 ? -1 : 1;
	if (n == 0)
		return 0;
	if (errno == ECONNRESET) /* it died without reading what we said: that is not how execve looks */
		return handover_lost(l->pidfd, l->cgroup.dirfd, err);
	return fail(err, errno, "receive from init");
}

/* Init is gone: what it said last is the reason, else how it died. */
static int lost(struct launch *l, struct error *err)
{
	int n;

	while ((n = launch_next_message(l, err)) > 0)
		;
	return n < 0 ? -1 : handover_lost(l->pidfd, l->cgroup.dirfd, err);
}

int launch_died_first(struct launch *l, struct error *err)
{
	if (proc_surely_lives(l->pid) || !proc_never_executed(l->pid, l->start_time))
		return 0;
	l->hooks_ran |= l->plan->hooks[PLAN_HOOK_START_CONTAINER].n > 0;
	return handover_lost(l->pidfd, l->cgroup.dirfd, err);
}

void launch_hear_last_words(struct launch *l, struct error *err)
{
	struct pollfd p = {.fd = l->sock, .events = POLLIN};
	struct msg m;
	int fd;

	while (l->sock >= 0 && poll(&p, 1, 0) > 0 && proto_recv(l->sock, &m, &fd) == 1) {
		if (fd >= 0)
			fd_close(fd);
		if (m.kind == MSG_ERROR) {
			*err = m.error;
			break;
		}
	}
	/* One of startContainer or poststart may be the first that ran, and poststop is owed all the same. */
	l->hooks_ran |= str_starts(err->where, "hooks.");
}

int launch_tell(struct launch *l, enum msg_kind kind, struct error *err)
{
	if (proto_send_kind(l->sock, kind) == 0)
		return 0;
	/* With init alive there are no last words to wait for. */
	return errno == EPIPE || errno == ECONNRESET ? lost(l, err) : fail(err, errno, "send to init");
}
