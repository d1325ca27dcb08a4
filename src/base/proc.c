/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about processes from /proc. */
#include "proc.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "naive.h"
#include "str.h"
#include "sys.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

#define PIDFD_INFO_EXIT (UINT64_C(1) << 3)
struct pidfd_info { /* <linux/pidfd.h> of Linux 6.13, its first version */
	uint64_t mask, cgroup;
	uint32_t ids[11];
	int32_t exit_code;
};
#define PIDFD_GET_INFO _IOWR(0xff, 11, struct pidfd_info)

/* /proc/PID/stat in TEXT, from the state on; NULL: no such process. */
static char *read_stat(pid_t pid, char *text, size_t size)
{
	char path[32], *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (fd_read_small(-1, path, text, size) <= 0)
		return NULL;
	p = strrchr(text, ')'); /* the name before it may hold anything, blanks and brackets too */
	return p && p[1] == ' ' ? p + 2 : NULL;
}

/* Field N, of at least 3, in what read_stat() found; 0: it is not there, or no such number. */
static uint64_t stat_field(const char *stat, int n)
{
	char digits[24];
	uint64_t v;

	for (int field = 3; field < n && *stat; field++)
		stat += strcspn(stat, " ") + (stat[strcspn(stat, " ")] == ' ');
	snprintf(digits, sizeof(digits), "%.*s", (int)strcspn(stat, " \n"), stat);
	return str_to_u64(digits, &v) ? v : 0;
}

uint64_t proc_start_time(pid_t pid, char *ret_state)
{
	char text[1024], *stat = read_stat(pid, text, sizeof(text));

	if (!stat)
		return 0;
	if (ret_state)
		*ret_state = *stat;
	return stat_field(stat, 22);
}

bool proc_surely_lives(pid_t pid)
{
	char path[32], program[1];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	return readlink(path, program, sizeof(program)) >= 0;
}

bool proc_never_executed(pid_t pid, uint64_t start_time)
{
	enum { FLAGS = 9, PF_FORKNOEXEC = 0x40 }; /* a number that tools read: it has not changed since Linux 1.3 */
	char text[1024], *stat = read_stat(pid, text, sizeof(text));

	return stat && stat_field(stat, 22) == start_time && (stat_field(stat, FLAGS) & PF_FORKNOEXEC);
}

bool proc_exit_status(int pidfd, pid_t pid, uint64_t start_time, int *ret)
{
	struct pidfd_info info = {.mask = PIDFD_INFO_EXIT};
	char text[1024], *stat = pid > 0 ? read_stat(pid, text, sizeof(text)) : NULL;

	if (stat && (*stat == 'Z' || *stat == 'X') && stat_field(stat, 22) == start_time) {
		*ret = (int)stat_field(stat, 52);
		return true;
	}
	if (pidfd < 0 || ioctl(pidfd, PIDFD_GET_INFO, &info) < 0 || !(info.mask & PIDFD_INFO_EXIT))
		return false; /* Linux 6.15 has the ioctl */
	*ret = info.exit_code;
	return true;
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
