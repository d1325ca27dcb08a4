/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: what a container may send to its launcher, and to its notify socket.
 *
 * The input is a row of packets: two bytes with the length, the packet.  The first byte of all chooses: 1 the notify
 * socket, 2 a connection that is reset in front of the first packet, 4 descriptors beside the packets, 8 more of them than
 * there is room for.  A socket of the kernel's makes an execution twenty times as long, so the calls that receive are
 * played here; 0xf0 and 0xf1 go through a real one.  The code under test is a part of this file for that.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "fuzz.h"

static struct {
	const uint8_t *data;
	size_t size, at;
	unsigned int choice, resets, handed, closed;
	bool played;
} peer;

enum { FIRST_FD = 100000, MAX_FDS = 2 }; /* numbers that no descriptor has; as many as proto_recv() has room for */

/* The next packet; false: there is none. */
static bool next_packet(const uint8_t **ret, size_t *ret_size)
{
	size_t n, left = peer.size - peer.at;

	if (left < 2)
		return false;
	n = (size_t)peer.data[peer.at] << 8 | peer.data[peer.at + 1];
	*ret_size = n < left - 2 ? n : left - 2;
	*ret = peer.data + peer.at + 2;
	peer.at += 2 + *ret_size;
	return true;
}

static ssize_t played_recv(int sock, void *buf, size_t size, int flags)
{
	const uint8_t *packet;
	size_t n;

	if (!peer.played)
		return recv(sock, buf, size, flags);
	if (!next_packet(&packet, &n)) {
		errno = EAGAIN;
		return -1;
	}
	memcpy(buf, packet, n < size ? n : size);
	return flags & MSG_TRUNC || n < size ? (ssize_t)n : (ssize_t)size;
}

/* As the kernel does it: descriptors for which there is no room are not installed. */
static void give_fds(struct msghdr *h)
{
	unsigned int n = peer.choice & 8 ? MAX_FDS + 1 : 1, room = (h->msg_controllen - CMSG_LEN(0)) / sizeof(int);
	struct cmsghdr *c = h->msg_control;
	int fd;

	if (n > room) {
		h->msg_flags |= MSG_CTRUNC;
		n = room;
	}
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	h->msg_controllen = c->cmsg_len;
	for (unsigned int i = 0; i < n; i++) {
		fd = FIRST_FD + (int)peer.handed++;
		memcpy(CMSG_DATA(c) + i * sizeof(int), &fd, sizeof(int));
	}
}

static ssize_t played_recvmsg(int sock, struct msghdr *h, int flags)
{
	const uint8_t *packet;
	size_t n;

	if (!peer.played)
		return recvmsg(sock, h, flags);
	if (peer.choice & 2 && peer.resets++ == 0) {
		errno = ECONNRESET;
		return -1;
	}
	h->msg_flags = 0;
	if (!next_packet(&packet, &n)) {
		h->msg_controllen = 0;
		return 0;
	}
	if (n > h->msg_iov->iov_len) {
		h->msg_flags |= MSG_TRUNC;
		n = h->msg_iov->iov_len;
	}
	memcpy(h->msg_iov->iov_base, packet, n);
	if (peer.choice & 4)
		give_fds(h);
	else
		h->msg_controllen = 0;
	return (ssize_t)n;
}

static void played_close(int fd)
{
	if (fd >= FIRST_FD)
		peer.closed++;
	else
		fd_close(fd);
}

static int no_nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)time, (void)left;
	return 0;
}

/* autoclose in what follows ends in here. */
static inline void close_played(const int *fd)
{
	if (*fd >= 0)
		played_close(*fd);
}

#define recv played_recv
#define recvmsg played_recvmsg
#define nanosleep no_nanosleep
#define fd_close played_close
#define close_keeping_errno close_played
#include "container/notify.c"
#include "container/proto.c"
#undef recv
#undef recvmsg
#undef nanosleep
#undef fd_close
#undef close_keeping_errno

static void receive_all(int sock)
{
	struct msg m;
	int fd;

	while (proto_recv(sock, &m, &fd) == 1) {
		must(fd == -1 || (peer.played && peer.choice & 4), "no descriptor comes that was not sent");
		if (fd >= 0)
			played_close(fd);
		if (m.kind != MSG_ERROR)
			continue;
		must(memchr(m.error.msg, '\0', sizeof(m.error.msg)) != NULL, "a message ends");
		must(memchr(m.error.where, '\0', sizeof(m.error.where)) != NULL, "a place ends");
		must(memchr(m.error.hint, '\0', sizeof(m.error.hint)) != NULL, "a hint ends");
	}
	must(peer.handed == peer.closed, "every descriptor is closed once");
}

static void real_socket(int type)
{
	const uint8_t *packet;
	int pair[2];
	size_t n;

	must(socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0, "a pair can be made");
	while (next_packet(&packet, &n) && send(pair[0], packet, n, MSG_NOSIGNAL) >= 0)
		;
	close(pair[0]);
	if (type == SOCK_DGRAM)
		(void)notify_is_ready(pair[1]);
	else
		receive_all(pair[1]);
	close(pair[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	memset(&peer, 0, sizeof(peer));
	peer.data = data + 1;
	peer.size = size - 1;
	peer.choice = data[0];
	peer.played = (data[0] & 0xfe) != 0xf0;
	if (!peer.played)
		real_socket(data[0] & 1 ? SOCK_DGRAM : SOCK_SEQPACKET);
	else if (data[0] & 1)
		(void)notify_is_ready(-1);
	else
		receive_all(-1);
	return 0;
}
