/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: what others say to the runtime: netlink messages, the answer of vert-systemd, the request that it
 * is given, the host's files of subordinate ids.
 *
 * The parsers are static functions of their files, which are therefore a part of this one.
 */
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <pwd.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "container/host.c"
#include "container/systemd.c"
#include "fuzz.h"
#include "kernel/rtnl.h"

static int look(const struct nlmsghdr *message, void *arg)
{
	const struct rtattr *table[IFLA_MAX + 1];
	unsigned int *sum = arg;

	if (!rtnl_attributes(message, sizeof(struct ifinfomsg), table, IFLA_MAX))
		return 0;
	for (size_t i = 0; i <= IFLA_MAX; i++)
		for (size_t at = 0; table[i] && at < RTA_PAYLOAD(table[i]); at++)
			*sum += ((const unsigned char *)RTA_DATA(table[i]))[at]; /* every byte is there to be read */
	return 0;
}

/* The input is a row of packets: two bytes with the length, the packet. */
static void netlink(const uint8_t *data, size_t size)
{
	struct ifinfomsg fixed = {0};
	unsigned int sum = 0;
	struct rtnl r;
	int pair[2];
	size_t n;

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "a pair can be made");
	for (size_t i = 0; i + 2 <= size; i += n + 2) {
		n = (size_t)data[i] << 8 | data[i + 1];
		n = n < size - i - 2 ? n : size - i - 2;
		if (n > 0 && send(pair[0], data + i + 2, n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			break;
	}
	(void)shutdown(pair[0], SHUT_WR);
	rtnl_begin(&r, RTM_GETLINK, NLM_F_DUMP, &fixed, sizeof(fixed));
	(void)rtnl_ask(pair[1], &r, look, &sum);
	close(pair[0]);
	close(pair[1]);
}

static void answer(char *text, int status)
{
	const struct plan_systemd s = {.program = "/vert-systemd", .unit = "u.scope"};
	struct error err = {0};

	if (take_answer(&s, text, status, &err) < 0)
		check_error(&err);
}

static void subids(struct arena *a, const char *text, size_t size)
{
	struct plan_id_maps maps = {0};
	static int file = -1;
	char path[40];

	if (file < 0)
		file = memfd_create("subuid", MFD_CLOEXEC);
	must(file >= 0 && ftruncate(file, 0) == 0 && pwrite(file, text, size, 0) == (ssize_t)size,
	     "a file can be written");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	read_subids(a, path, "user", 1000, 1000, &maps);
	must(maps.n >= 1 && maps.n <= 64 && maps.v[0].outside == 1000, "the own id comes first");
	for (size_t i = 0; i < maps.n; i++)
		must(maps.v[i].size > 0, "no range is empty");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	char *text;

	if (size < 2)
		return 0;
	text = arena_strndup(&a, (const char *)data + 2, size - 2);
	switch (data[0] % 3) {
	case 0:
		netlink(data + 2, size - 2);
		break;
	case 1:
		answer(text, data[1] << 8);
		break;
	default:
		subids(&a, text, size - 2);
	}
	arena_free(&a);
	return 0;
}
