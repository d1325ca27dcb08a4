/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: what a container may send to its launcher, and to its notify socket.
 *
 * The input is a row of packets: a byte with the length, the packet.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "container/notify.h"
#include "container/proto.h"
#include "fuzz.h"

static void receive_all(int sock)
{
	struct msg m;
	int fd;

	while (proto_recv(sock, &m, &fd) == 1) {
		must(fd == -1, "no descriptor was sent");
		must(memchr(m.error.msg, '\0', sizeof(m.error.msg)) != NULL, "a message ends");
		must(memchr(m.error.where, '\0', sizeof(m.error.where)) != NULL, "a place ends");
		must(memchr(m.error.hint, '\0', sizeof(m.error.hint)) != NULL, "a hint ends");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int type, pair[2];
	size_t n;

	if (size == 0)
		return 0;
	type = data[0] & 1 ? SOCK_DGRAM : SOCK_SEQPACKET;
	must(socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0, "a pair can be made");
	for (size_t i = 1; i + 2 <= size; i += n + 2) {
		n = (size_t)data[i] << 8 | data[i + 1];
		n = n < size - i - 2 ? n : size - i - 2;
		if (send(pair[0], data + i + 2, n, MSG_NOSIGNAL) < 0)
			break;
	}
	close(pair[0]);
	if (type == SOCK_DGRAM)
		(void)notify_is_ready(pair[1]);
	else
		receive_all(pair[1]);
	close(pair[1]);
	return 0;
}
