/* SPDX-License-Identifier: Apache-2.0 */
/* What the probe finds about extra confinement: raw system calls against a filter, ports, the core scheduling
 * cookie. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

/* Calls that end, stop or double the process, wait, or keep the whole machine busy, whatever their arguments. */
static int is_harmful(long nr)
{
	static const long harmful[] = {
		SYS_exit,	 SYS_exit_group, SYS_rt_sigreturn, SYS_sync, SYS_vhangup,
#ifdef SYS_pause
		SYS_pause,
#endif
#ifdef SYS_fork
		SYS_fork,
#endif
#ifdef SYS_vfork
		SYS_vfork,
#endif
		335, 336, /* uretprobe, uprobe of x86_64: SIGILL */
	};

	for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++)
		if (harmful[i] == nr)
			return 1;
	return 0;
}

/* raw FIRST LAST: every system call of that range with arguments that the kernel refuses (-1); call.NR=ERRNO. */
static int cmd_raw(int argc, char **argv)
{
	char key[32];

	(void)argc;
	for (long nr = atol(argv[1]); nr <= atol(argv[2]); nr++) {
		if (is_harmful(nr))
			continue;
		snprintf(key, sizeof(key), "call.%ld", nr);
		report(key, syscall(nr, -1L, -1L, -1L, -1L, -1L, -1L));
	}
	return 0;
}

/* repeat N NR: the call N times, and the last answer. */
static int cmd_repeat(int argc, char **argv)
{
	long ret = 0;
	char key[32];

	(void)argc;
	for (long i = 0; i < atol(argv[1]); i++)
		ret = syscall(atol(argv[2]), -1L, -1L, -1L, -1L, -1L, -1L);
	snprintf(key, sizeof(key), "call.%ld", atol(argv[2]));
	return report(key, ret);
}

/* tcp bind|connect PORT, on the loopback address. */
static int cmd_tcp(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atol(argv[2])),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char key[64];

	(void)argc;
	snprintf(key, sizeof(key), "tcp.%s.%s", argv[1], argv[2]);
	if (sock < 0)
		return report(key, -1);
	report(key, strcmp(argv[1], "bind") == 0 ? bind(sock, (struct sockaddr *)&to, sizeof(to))
						 : connect(sock, (struct sockaddr *)&to, sizeof(to)));
	close(sock);
	return 0;
}

/* core: the core scheduling cookie of this process. */
static int cmd_core(int argc, char **argv)
{
	unsigned long cookie = 0;

	(void)argc;
	(void)argv;
	if (prctl(62 /* PR_SCHED_CORE */, 0 /* GET */, 0, 0 /* thread */, (unsigned long)&cookie) < 0)
		return report("core", -1);
	printf("core=%lx\n", cookie);
	return 0;
}

const struct command confine_commands[] = {
	{"raw", 2, cmd_raw},
	{"repeat", 2, cmd_repeat},
	{"tcp", 2, cmd_tcp},
	{"core", 0, cmd_core},
	{NULL, 0, NULL},
};
