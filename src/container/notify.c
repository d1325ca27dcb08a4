/* SPDX-License-Identifier: Apache-2.0 */
/* sd_notify(3) across the container's wall: see notify.h.
 *
 * The sender is hostile: it may send anything, as fast as it can, with descriptors.  We look at one datagram
 * of bounded size at a time, slow down when nothing useful comes, and never hand on its bytes.
 */
#include "notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "base/fd.h"
#include "container/state.h"

#define SOCKET_NAME "notify"
#define MAX_DATAGRAM 4096
#define SEND_SECONDS 5 /* for a service manager that does not read */

static int open_dir(int dirfd)
{
	return openat(dirfd, STATE_NOTIFY_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int notify_make_dir(int dirfd, struct error *err)
{
	autoclose int fd = -1;

	if (mkdirat(dirfd, STATE_NOTIFY_DIR, 0755) < 0 && errno != EEXIST)
		return fail(err, errno, "create '%s' in the state directory", STATE_NOTIFY_DIR);
	fd = open_dir(dirfd);
	/* Whatever the umask: users of the container have to reach the socket. */
	if (fd < 0 || fchmod(fd, 0755) < 0)
		return fail(err, errno, "set up '%s' in the state directory", STATE_NOTIFY_DIR);
	return 0;
}

int notify_bind(int dirfd, int *ret_sock, struct error *err)
{
	autoclose int dir = open_dir(dirfd), sock = -1;
	struct sockaddr_un addr;
	mode_t umask_before;
	int r;

	if (dir < 0 && errno == ENOENT) {
		*ret_sock = -1;
		return 0;
	}
	if (dir < 0)
		return fail(err, errno, "open '%s' in the state directory", STATE_NOTIFY_DIR);
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0)
		return fail(err, errno, "create notify socket");
	(void)unlinkat(dir, SOCKET_NAME, 0); /* of a start that failed; bind tells */
	state_socket_address(dir, SOCKET_NAME, &addr);
	/* Any user of the container may write to it.  By umask and not by chmod: a container that can write
	 * to the directory could put a link under the name in between. */
	umask_before = umask(0);
	r = bind(sock, (const struct sockaddr *)&addr, sizeof(addr));
	(void)umask(umask_before);
	if (r < 0)
		return fail(err, errno, "bind notify socket");
	*ret_sock = take_fd(&sock);
	return 0;
}

static bool has_line(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *p = text; p; p = strchr(p, '\n'), p = p ? p + 1 : NULL)
		if (strncmp(p, line, n) == 0 && (p[n] == '\n' || p[n] == '\0'))
			return true;
	return false;
}

bool notify_is_ready(int sock)
{
	char text[MAX_DATAGRAM + 1];

	/* recv() has no room for descriptors: the kernel drops those that come along.  As many datagrams
	 * as fit into the queue of a socket (net.unix.max_dgram_qlen is 10 by default), not more. */
	for (int i = 0; i < 16; i++) {
		ssize_t n = recv(sock, text, MAX_DATAGRAM, MSG_TRUNC);

		if (n < 0)
			return false;
		if (n > MAX_DATAGRAM)
			continue;
		text[n] = '\0';
		if (has_line(text, "READY=1"))
			return true;
	}
	/* Somebody fills the queue while we read it: no reason to run for that. */
	(void)nanosleep(&(struct timespec){.tv_nsec = 5 * 1000000L}, NULL);
	return false;
}

/* "/path" or "@abstract" to an address; DIR keeps the directory of a path that is too long for it open. */
static int host_address(const char *host, int *dir, struct sockaddr_un *ret, socklen_t *ret_len)
{
	size_t n = strlen(host);
	const char *slash = strrchr(host, '/');
	char parent[4096];

	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	*ret_len = sizeof(*ret);
	if (n < sizeof(ret->sun_path)) {
		memcpy(ret->sun_path, host, n);
		if (host[0] == '@') {
			ret->sun_path[0] = '\0';
			*ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
		}
		return 0;
	}
	if (host[0] != '/' || n >= sizeof(parent)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	snprintf(parent, sizeof(parent), "%.*s", (int)(slash - host + 1), host);
	*dir = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*dir < 0)
		return -1;
	state_socket_address(*dir, slash + 1, ret);
	return 0;
}

/* A barrier (sd_notify_barrier(3)): the receiver closes the pipe's end when it gets there. */
static void wait_until_read(int sock, const struct sockaddr_un *addr, socklen_t addr_len)
{
	char text[] = "BARRIER=1";
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec part = {.iov_base = text, .iov_len = sizeof(text) - 1};
	struct msghdr h = {.msg_name = (void *)(uintptr_t)addr,
			   .msg_namelen = addr_len,
			   .msg_iov = &part,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &ends[1], sizeof(int));
	if (sendmsg(sock, &h, MSG_NOSIGNAL) >= 0) {
		fd_close(take_fd(&ends[1]));
		(void)poll(&(struct pollfd){.fd = ends[0]}, 1,
			   SEND_SECONDS * 1000); /* an old one never answers */
	}
	close_keeping_errno(&ends[1]);
	fd_close(ends[0]);
}

int notify_send_ready(const char *host, pid_t main_pid, struct error *err)
{
	const struct timeval limit = {.tv_sec = SEND_SECONDS};
	autoclose int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), dir = -1;
	struct sockaddr_un addr;
	socklen_t addr_len;
	char text[64] = "READY=1\n";
	size_t n = strlen(text);

	if (sock < 0 || setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		return fail(err, errno, "create socket for NOTIFY_SOCKET");
	if ((host[0] != '/' && host[0] != '@') || !host[1])
		return fail(err, 0, "NOTIFY_SOCKET '%s' is neither a path nor an abstract name",
			    host);
	if (host_address(host, &dir, &addr, &addr_len) < 0)
		return fail(err, errno, "find NOTIFY_SOCKET '%s'", host);
	if (main_pid > 0)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "MAINPID=%d\n", (int)main_pid);
	if (sendto(sock, text, n, MSG_NOSIGNAL, (const struct sockaddr *)&addr, addr_len) < 0)
		return fail(err, errno, "send READY=1 to NOTIFY_SOCKET '%s'", host);
	if (main_pid > 0)
		wait_until_read(sock, &addr, addr_len);
	return 0;
}

int notify_wait(int sock, const char *host, pid_t pid, int pidfd, struct error *err)
{
	struct pollfd p[] = {{.fd = sock, .events = POLLIN}, {.fd = pidfd, .events = POLLIN}};
	unsigned useless = 0;

	for (;;) {
		if (poll(p, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return fail(err, errno, "wait for READY=1");
		}
		if (p[0].revents && notify_is_ready(sock))
			return notify_send_ready(host, pid, err);
		if (p[1].revents)
			return 0;
		if (++useless > 64) /* nobody sends that much: no reason to run for it */
			(void)nanosleep(&(struct timespec){.tv_nsec = 20 * 1000000L}, NULL);
	}
}
