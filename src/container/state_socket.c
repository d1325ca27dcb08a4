/* SPDX-License-Identifier: Apache-2.0 */
/* The start socket in the state directory: what a created container waits on.
 *
 * Reached through /proc/self/fd/N: sun_path has 108 bytes, a state root may need more, and nothing is
 * looked up twice.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/fd.h"
#include "base/str.h"
#include "container/state.h"

void state_socket_address(int dirfd, const char *name, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s", dirfd, name);
}

static int connect_to(int sock, int dirfd, const char *name)
{
	struct sockaddr_un addr;

	state_socket_address(dirfd, name, &addr);
	return connect(sock, (const struct sockaddr *)&addr, sizeof(addr));
}

int state_is_waiting(int dirfd)
{
	/* `start` renames the socket while we look: the second name is asked last. */
	static const char *const names[] = {STATE_START_SOCKET, STATE_STARTING_SOCKET};
	autoclose int sock = -1;
	bool any = false;

	/* A running container has none of them, which is most of those who are asked. */
	for (size_t i = 0; i < COUNT_OF(names) && !any; i++)
		any = faccessat(dirfd, names[i], F_OK, 0) == 0 || errno != ENOENT;
	if (!any)
		return 0;
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return -1;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (connect_to(sock, dirfd, names[i]) == 0)
			return 0; /* no socket of ours */
		if (errno == EPROTOTYPE)
			return 1;
		if (errno != ECONNREFUSED && errno != ENOENT)
			return -1;
	}
	return 0;
}

int state_connect(int dirfd, int *ret_sock)
{
	const struct timeval limit = {.tv_sec = 10};
	autoclose int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (sock < 0 || setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
	    connect_to(sock, dirfd, STATE_START_SOCKET) < 0)
		return -1;
	*ret_sock = take_fd(&sock);
	return 0;
}

void state_hide_socket(int dirfd)
{
	/* Where this fails, a second start waits for execve and is refused then. */
	(void)renameat(dirfd, STATE_START_SOCKET, dirfd, STATE_STARTING_SOCKET);
}

int state_listen(int dirfd, int *ret_sock, struct error *err)
{
	autoclose int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr;

	if (sock < 0)
		return fail(err, errno, "create start socket");
	state_socket_address(dirfd, STATE_START_SOCKET, &addr);
	if (bind(sock, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return fail(err, errno, "bind start socket");
	if (listen(sock, 64) < 0)
		return fail(err, errno, "listen on start socket");
	*ret_sock = take_fd(&sock);
	return 0;
}
