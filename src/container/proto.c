/* SPDX-License-Identifier: Apache-2.0 */
/* One message, one packet, at most one descriptor. */
#include "proto.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/fd.h"
#include "base/naive.h"

#define SHORT_SIZE offsetof(struct msg, error)

int proto_send(int sock, const struct msg *m, int fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec part = {.iov_base = (void *)(uintptr_t)m,
			     .iov_len = m->kind == MSG_ERROR ? sizeof(*m) : SHORT_SIZE};
	struct msghdr h = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t n;

	if (fd >= 0) {
		struct cmsghdr *c;

		h.msg_control = control;
		h.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	do
		n = sendmsg(sock, &h, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

int proto_ask_plainly(int sock, const struct msg *m, enum msg_kind expected)
{
	struct msg answer;
	ssize_t n;

	do
		n = naive("asksendmsg") ? proto_send(sock, m, -1) : write(sock, m, SHORT_SIZE);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	do
		n = read(sock, &answer, sizeof(answer));
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)SHORT_SIZE && answer.kind == expected)
		return 0;
	if (n >= 0)
		errno = EBADMSG;
	return -1;
}

int proto_send_kind(int sock, enum msg_kind kind)
{
	struct msg m;

	m.kind = kind;
	m.value = 0;
	return proto_send(sock, &m, -1);
}

/* The first descriptor that came along; a second one is nobody's and closed. */
static int received_fd(struct msghdr *h)
{
	int fd = -1, one;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = CMSG_LEN(0); at + sizeof(int) <= c->cmsg_len; at += sizeof(int)) {
			memcpy(&one, (const char *)c + at, sizeof(int));
			if (fd < 0)
				fd = one;
			else
				fd_close(one);
		}
	}
	return fd;
}

/* The peer is a process of ours, but it stands next to the container's: its strings must end. */
static void end_strings(struct error *e)
{
	e->code[sizeof(e->code) - 1] = '\0';
	e->where[sizeof(e->where) - 1] = '\0';
	e->step[sizeof(e->step) - 1] = '\0';
	e->op[sizeof(e->op) - 1] = '\0';
	e->path[sizeof(e->path) - 1] = '\0';
	e->denied_at[sizeof(e->denied_at) - 1] = '\0';
	e->hint[sizeof(e->hint) - 1] = '\0';
	e->msg[sizeof(e->msg) - 1] = '\0';
}

int proto_recv(int sock, struct msg *ret, int *ret_fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))];
	struct iovec part = {.iov_base = ret, .iov_len = sizeof(*ret)};
	struct msghdr h = {.msg_iov = &part,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	autoclose int fd = -1;
	bool reset = false;
	ssize_t n;

	/* A peer that closes with something of ours unread resets the connection; the kernel says so once, ahead of
	 * what the peer sent before, which is often the reason. */
	do
		n = recvmsg(sock, &h, MSG_CMSG_CLOEXEC);
	while (n < 0 && (errno == EINTR || (errno == ECONNRESET && !reset && (reset = true))));
	/* An empty packet may have brought a descriptor, and then is none of ours. */
	if (n >= 0)
		fd = received_fd(&h);
	/* Without last words it stays a reset: a start whose MSG_GO nobody read must not take it for execve. */
	if (n <= 0 && reset)
		errno = ECONNRESET;
	if (n < 0 || (n == 0 && reset))
		return -1;
	if (n == 0 && fd < 0)
		return 0;
	if ((h.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || (size_t)n < SHORT_SIZE ||
	    ret->kind < MSG_ERROR || ret->kind > MSG_GATE ||
	    (size_t)n != (ret->kind == MSG_ERROR ? sizeof(*ret) : SHORT_SIZE)) {
		errno = EBADMSG;
		return -1;
	}
	if (ret->kind == MSG_ERROR)
		end_strings(&ret->error);
	if (ret_fd)
		*ret_fd = take_fd(&fd);
	return 1;
}

bool proto_is_alone(int sock)
{
	struct pollfd p = {.fd = sock};

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR));
}
