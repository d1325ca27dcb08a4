/* SPDX-License-Identifier: Apache-2.0 */
/* See init_priv.h. */
#include "container/init_priv.h"

#include <errno.h>
#include <sched.h>

#include "base/fd.h"
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
