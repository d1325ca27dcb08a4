/* SPDX-License-Identifier: Apache-2.0 */
/*
 * badsocket HOW PATH: a console, notify or seccomp agent's socket that misbehaves, for 20 seconds.
 *
 *	dgram		of the wrong type
 *	deaf		bound, but nobody listens
 *	close		accepts and hangs up at once
 *	full		never accepts, and its queue is full
 *	chatty		accepts and sends rubbish with descriptors instead of listening
 *	quiet		accepts and never reads
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void send_rubbish(int conn)
{
	char control[CMSG_SPACE(4 * sizeof(int))] = {0}, text[65536] = "rubbish";
	struct iovec part = {.iov_base = text, .iov_len = sizeof(text)};
	struct msghdr h = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);
	int fds[4] = {0, 0, 0, 0};

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(c), fds, sizeof(fds));
	(void)!sendmsg(conn, &h, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int main(int argc, char **argv)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int sock, held[64], n = 0;

	if (argc < 3 || strlen(argv[2]) >= sizeof(a.sun_path))
		return 2;
	alarm(20);
	signal(SIGPIPE, SIG_IGN);
	strcpy(a.sun_path, argv[2]);
	sock = socket(AF_UNIX, strcmp(argv[1], "dgram") == 0 ? SOCK_DGRAM : SOCK_STREAM, 0);
	if (sock < 0 || bind(sock, (struct sockaddr *)&a, sizeof(a)) < 0)
		return 1;
	if (strcmp(argv[1], "dgram") != 0 && strcmp(argv[1], "deaf") != 0 && listen(sock, 0) < 0)
		return 1;
	if (strcmp(argv[1], "full") == 0)
		for (; n < 8; n++) {
			held[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
			(void)!connect(held[n], (struct sockaddr *)&a, sizeof(a));
		}
	puts("ready");
	fflush(stdout);
	for (;;) {
		int conn = -1;

		if (strcmp(argv[1], "close") == 0 || strcmp(argv[1], "chatty") == 0 || strcmp(argv[1], "quiet") == 0)
			conn = accept(sock, NULL, NULL);
		else
			pause();
		if (strcmp(argv[1], "chatty") == 0)
			send_rubbish(conn);
		if (strcmp(argv[1], "close") == 0)
			close(conn);
	}
}
