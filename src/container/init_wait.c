/* SPDX-License-Identifier: Apache-2.0 */
/* See init_priv.h. */
#include "container/init_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/naive.h"
#include "container/namespace.h"

static int join_network(struct child *c, int netns, struct error *err)
{
	if (netns < 0)
		return fail(err, EBADMSG, "receive the network namespace");
	if (setns(netns, CLONE_NEWNET) < 0)
		return fail(err, errno, "join the network namespace of the container");
	c->networked = true;
	return 0;
}

static bool has_come(const struct child *c, enum msg_kind kind)
{
	return (kind == MSG_RECORDED && c->recorded) || (kind == MSG_NETWORK && c->networked);
}

int init_wait_for(struct child *c, enum msg_kind kind, struct error *err)
{
	while (!has_come(c, kind)) {
		autoclose int fd = -1;
		struct msg m;
		int n = proto_recv(c->init->sock, &m, &fd);

		if (n == 0)
			return fail(err, 0, "the launcher is gone");
		if (n < 0)
			return fail(err, errno, "wait for the launcher");
		if (m.kind == MSG_NETWORK && join_network(c, fd, err) < 0)
			return -1;
		if (m.kind == MSG_RECORDED)
			c->recorded = true;
		if (m.kind == kind)
			return 0;
		if (m.kind != MSG_RECORDED && m.kind != MSG_NETWORK)
			return fail(err, EBADMSG, "message %d from the launcher", m.kind);
	}
	return 0;
}

int init_join_network(struct child *c, struct error *err)
{
	return namespaces_network_follows(c->init) ? init_wait_for(c, MSG_NETWORK, err) : 0;
}

int init_wait_for_start(struct child *c, struct error *err)
{
	fd_close(c->init->sock);
	c->init->sock = c->become.sock = -1;
	for (;;) {
		autoclose int conn = accept4(c->init->listen, NULL, NULL, SOCK_CLOEXEC);
		struct msg m;

		if (conn < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (conn < 0)
			return fail(err, errno, "wait for start");
		if (proto_recv(conn, &m, NULL) == 1 && m.kind == MSG_GO) {
			c->init->sock = c->become.sock = take_fd(&conn);
			if (!naive("startsocket"))
				fd_close(c->init->listen);
			else if (fcntl(c->init->listen, F_SETFD, 0) < 0)
				return fail(err, errno, "keep the start socket");
			return 0;
		}
	}
}
