/* SPDX-License-Identifier: Apache-2.0 */
/* exec-start: lets a process go that `exec --create` left before its program. */
#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "container/gate.h"
#include "container/proto.h"
#include "container/record.h"
#include "container/state.h"

#define LOCK_MS 10000

static int check_running(const struct container *c, struct error *err)
{
	if (c->status == STATUS_CREATED || c->status == STATUS_RUNNING)
		return 0;
	if (c->status == STATUS_PAUSED) {
		fail(err, 0, "container '%s' is paused", c->id);
		error_code(err, "CONTAINER_PAUSED");
		return error_hint(err, "resume it first");
	}
	fail(err, 0, "container not running: '%s' is %s", c->id, container_status_name(c->status));
	return error_code(err, "CONTAINER_NOT_RUNNING");
}

static int nobody_waits(const struct container *c, const char *name, struct error *err)
{
	fail(err, 0, "no exec '%s' waits in container '%s'", name, c->id);
	return error_hint(err, "it was started, or has died; 'vert exec --create' makes one");
}

/* End of file: execve worked.  Also a death between our word and it, which looks like a program that ended at once. */
static int wait_for_execve(const struct container *c, const char *name, int sock, struct error *err)
{
	struct msg m;
	int r = proto_recv(sock, &m, NULL);

	if (r == 0)
		return 0;
	if (r > 0 && m.kind == MSG_ERROR) {
		*err = m.error;
		return -1;
	}
	if (r > 0)
		return fail(err, EBADMSG, "start exec '%s'", name);
	return errno == ECONNRESET ? nobody_waits(c, name, err) : fail(err, errno, "start exec '%s'", name);
}

static int start(const struct container *c, const char *name, struct error *err)
{
	autoclose int sock = -1;

	if (check_running(c, err) < 0 || state_lock(c->dirfd, c->id, LOCK_MS, err) < 0)
		return -1;
	if (gate_connect(c->dirfd, name, &sock) < 0) {
		if (errno == ECONNREFUSED)
			gate_remove(c->dirfd, name); /* of one that was killed */
		else if (errno != ENOENT)
			return fail(err, errno, "connect to exec '%s'", name);
		return nobody_waits(c, name, err);
	}
	if (proto_send_kind(sock, MSG_GO) < 0)
		return errno == EPIPE || errno == ECONNRESET ? nobody_waits(c, name, err)
							      : fail(err, errno, "tell exec '%s' to start", name);
	gate_remove(c->dirfd, name);
	state_unlock(c->dirfd);
	return wait_for_execve(c, name, sock, err);
}

int container_exec_start(const struct runtime *rt, const char *id, const char *name, struct error *err)
{
	struct container c;
	int rc;

	if (!gate_name_is_valid(name))
		return fail(err, 0, "invalid name of an exec: '%s'", name);
	rc = container_open(rt, id, &c, err);
	if (rc == 0)
		rc = start(&c, name, err);
	container_close(&c);
	return rc;
}
