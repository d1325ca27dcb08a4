/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about processes from /proc. */
#include "proc.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "fd.h"
#include "naive.h"
#include "str.h"
#include "sys.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

uint64_t proc_start_time(pid_t pid, char *ret_state)
{
	char path[32], text[1024], *p, *save = NULL;
	uint64_t ticks = 0;
	int field = 3;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (fd_read_small(-1, path, text, sizeof(text)) <= 0)
		return 0;
	p = strrchr(text, ')'); /* the name before it may hold anything, blanks and brackets too */
	if (!p || p[1] != ' ')
		return 0;
	if (ret_state)
		*ret_state = p[2];
	for (p = strtok_r(p + 2, " ", &save); p; p = strtok_r(NULL, " ", &save))
		if (field++ == 22)
			return str_to_u64(p, &ticks) ? ticks : 0;
	return 0;
}

int proc_open(pid_t pid, uint64_t start_time)
{
	autoclose int fd = -1;
	struct pollfd p = {.events = POLLIN};
	uint64_t start;
	char state = 0;

	if (pid <= 0) {
		errno = ESRCH;
		return -1;
	}
	fd = sys_pidfd_open(pid, 0);
	if (fd < 0)
		return -1;
	p.fd = fd;
	/* The descriptor is open before the look: what we compare is what we hold. */
	start = proc_start_time(pid, &state);
	if (start == 0 && poll(&p, 1, 0) == 0) { /* alive, only the look failed: nobody may take it for dead */
		errno = EIO;
		return -1;
	}
	if (start == 0 || (start != start_time && !naive("starttime")) || state == 'Z' || state == 'X') {
		errno = ESRCH;
		return -1;
	}
	return take_fd(&fd);
}

bool proc_kill_wait(int pidfd, int ms)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	if (sys_pidfd_send_signal(pidfd, SIGKILL) < 0 && errno == ESRCH)
		return true;
	while (poll(&p, 1, ms) < 0)
		if (errno != EINTR)
			return false;
	return p.revents != 0;
}

int proc_reap(int pidfd)
{
	siginfo_t info = {0};

	while (waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0)
		if (errno != EINTR)
			return -1;
	return info.si_code == CLD_EXITED ? (info.si_status & 0xff) << 8 : info.si_status & 0x7f;
}
