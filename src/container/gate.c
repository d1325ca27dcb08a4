/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets of processes that wait for `exec-start`: see gate.h. */
#include "container/gate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "container/state.h"

#define PREFIX "exec."

bool gate_name_is_valid(const char *name)
{
	return strlen(name) <= GATE_NAME_MAX && state_id_is_valid(name);
}

/* The file of the gate NAME. */
static void file_name(char *buf, size_t size, const char *name)
{
	snprintf(buf, size, PREFIX "%s", name);
}

/* As state_is_waiting(): a socket of the wrong type is refused in another way when somebody listens. */
static bool is_dead(int dirfd, const char *file)
{
	autoclose int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr;

	if (sock < 0)
		return false;
	state_socket_address(dirfd, file, &addr);
	return connect(sock, (const struct sockaddr *)&addr, sizeof(addr)) < 0 && errno == ECONNREFUSED;
}

static void sweep(int dirfd)
{
	int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *e;

	if (!d) {
		if (copy >= 0)
			fd_close(copy);
		return; /* it is for tidiness */
	}
	while ((e = readdir(d)))
		if (str_starts(e->d_name, PREFIX) && is_dead(dirfd, e->d_name))
			(void)unlinkat(dirfd, e->d_name, 0); /* somebody else may have been faster */
	closedir(d);
}

int gate_listen(int dirfd, const char *name, int *ret_sock, struct error *err)
{
	autoclose int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	char file[sizeof(PREFIX) + GATE_NAME_MAX];
	struct sockaddr_un addr;

	if (sock < 0)
		return fail(err, errno, "create the socket of exec '%s'", name);
	file_name(file, sizeof(file), name);
	state_socket_address(dirfd, file, &addr);
	sweep(dirfd);
	if (bind(sock, (const struct sockaddr *)&addr, sizeof(addr)) < 0) {
		if (errno != EADDRINUSE)
			return fail(err, errno, "bind the socket of exec '%s'", name);
		return fail(err, 0, "exec '%s' exists already", name);
	}
	if (listen(sock, 8) < 0)
		return fail(err, errno, "listen on the socket of exec '%s'", name);
	*ret_sock = take_fd(&sock);
	return 0;
}

int gate_connect(int dirfd, const char *name, int *ret_sock)
{
	const struct timeval limit = {.tv_sec = 10};
	autoclose int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	char file[sizeof(PREFIX) + GATE_NAME_MAX];
	struct sockaddr_un addr;

	file_name(file, sizeof(file), name);
	state_socket_address(dirfd, file, &addr);
	if (sock < 0 || setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
	    connect(sock, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -1;
	*ret_sock = take_fd(&sock);
	return 0;
}

void gate_remove(int dirfd, const char *name)
{
	char file[sizeof(PREFIX) + GATE_NAME_MAX];

	file_name(file, sizeof(file), name);
	(void)unlinkat(dirfd, file, 0);
}
