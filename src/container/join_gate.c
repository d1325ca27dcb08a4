/* SPDX-License-Identifier: Apache-2.0 */
/* exec --create: the process stays before execve, and waits for `exec-start`.
 *
 *   joiner                                     process
 *                                    <-------  MSG_READY      as ever; it dies with the joiner until ...
 *   pid file, pidfd
 *   bind exec.NAME, listen
 *   MSG_GATE + the socket            ------->  outlives the joiner from here on
 *                                    <-------  MSG_READY
 *   exit                                       accept, or the end of the container's first process
 *
 *   exec-start                                 process
 *   connect                          ------->  accept; end of file in place of MSG_GO: the next one
 *   MSG_GO                           ------->  execve
 *                                    <-------  MSG_ERROR, or end of file: it runs
 *
 * A joiner that is killed anywhere before the second MSG_READY takes the process along.
 */
#include "join_priv.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "container/gate.h"
#include "container/handover.h"
#include "container/proto.h"
#include "container/state.h"

#define LOCK_MS 10000

static int hand_over(struct join *j, int gate, struct error *err)
{
	struct msg m = {.kind = MSG_GATE};

	if (proto_send(j->sock, &m, gate) < 0)
		return handover_lost(j->pidfd, j->cgroup, err);
	j->ready = false;
	return join_follow(j, err);
}

int join_leave_at_gate(struct join *j, struct error *err)
{
	const struct plan *p = j->plan;
	autoclose int root = -1;
	autoclose int dir = -1;
	autoclose int gate = -1;
	char pid[16];
	const char *name = p->gate[0] ? p->gate : pid;

	snprintf(pid, sizeof(pid), "%d", (int)j->pid);
	if (state_open_root(p->state_root, false, &root, err) < 0 || state_open(root, p->id, &dir, err) < 0 ||
	    state_lock(dir, p->id, LOCK_MS, err) < 0 || gate_listen(dir, name, &gate, err) < 0)
		return -1;
	state_unlock(dir);
	if (hand_over(j, gate, err) == 0)
		return 0;
	gate_remove(dir, name);
	return -1;
}

/* Who connects and hangs up without a word did not mean it. */
static int take_word(struct join *j, int gate, int *ret_sock, struct error *err)
{
	autoclose int conn = accept4(gate, NULL, NULL, SOCK_CLOEXEC);
	struct msg m;

	(void)j;
	if (conn < 0)
		return errno == EINTR || errno == ECONNABORTED || errno == EAGAIN ?
			       0 : fail(err, errno, "wait for exec-start");
	if (proto_recv(conn, &m, NULL) == 1 && m.kind == MSG_GO)
		*ret_sock = take_fd(&conn);
	return 0;
}

int join_wait_at_gate(struct join *j, struct error *err)
{
	autoclose int gate = -1;
	int sock = -1;
	struct msg m;

	if (proto_recv(j->child_sock, &m, &gate) != 1 || m.kind != MSG_GATE || gate < 0)
		return fail(err, 0, "the joiner is gone");
	if (prctl(PR_SET_PDEATHSIG, 0) < 0)
		return fail(err, errno, "clear the parent-death signal");
	if (proto_send_kind(j->child_sock, MSG_READY) < 0)
		return fail(err, errno, "report to the joiner");
	fd_close(take_fd(&j->child_sock));
	while (sock < 0) {
		struct pollfd p[2] = {{.fd = gate, .events = POLLIN}, {.fd = j->target, .events = POLLIN}};

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return fail(err, errno, "wait for exec-start");
		if (p[1].revents) /* the container has ended: nobody will come */
			_exit(128 + SIGKILL);
		if (p[0].revents && take_word(j, gate, &sock, err) < 0)
			return -1;
	}
	fd_close(take_fd(&j->target));
	j->become.witness = -1;
	j->child_sock = j->become.sock = sock;
	return 0;
}
