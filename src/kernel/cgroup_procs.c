/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a cgroup: list, freeze, signal, kill, wait until they are gone.
 *
 * The kernel does the hard part (cgroup.kill and cgroup.freeze reach what forks meanwhile); nothing here
 * trusts a pid longer than the processes are frozen.
 */
#include "kernel/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/naive.h"
#include "base/sys.h"
#include "kernel/cgroup_priv.h"

#define SIGNAL_FREEZE_MS 2000
#define KILL_ROUNDS 100

/* ---- cgroup.events ------------------------------------------------------------------------------ */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads the value of KEY.  -1 with errno. */
static int read_event(int fd, const char *key)
{
	char text[256];
	const char *p;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n < 0)
		return -1;
	text[n] = '\0';
	p = strstr(text, key);
	if (!p || p[strlen(key)] != ' ') {
		errno = EPROTO;
		return -1;
	}
	return p[strlen(key) + 1] == '1';
}

int cgroup_wait_event(int dirfd, const char *key, bool value, int ms)
{
	autoclose int fd = openat(dirfd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int64_t end = now_ms() + ms;
	int64_t step = 1;

	if (fd < 0)
		return errno == ENOENT || errno == ENODEV ? !value : -1;
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLPRI};
		int now = read_event(fd, key);
		int64_t left = end - now_ms();

		if (now < 0)
			return errno == ENODEV ? !value : -1;
		if (now == value)
			return 1;
		if (left <= 0)
			return 0;
		/* The kernel holds a notification back for up to 10 ms after the one before: look sooner. */
		if (poll(&p, 1, (int)(left < step ? left : step)) < 0 && errno != EINTR)
			return -1;
		step *= 2;
	}
}

bool cgroup_wait_empty(int dirfd, int ms)
{
	return cgroup_wait_event(dirfd, "populated", false, ms) == 1;
}

bool cgroup_is_frozen(int dirfd)
{
	autoclose int fd = openat(dirfd, "cgroup.events", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read_event(fd, "frozen") == 1;
}

int cgroup_freeze(int dirfd, bool freeze, int timeout_ms, struct error *err)
{
	int done;

	if (fd_write_at(dirfd, "cgroup.freeze", freeze ? "1" : "0", 1) < 0)
		return fail(err, errno, "%s the cgroup", freeze ? "freeze" : "thaw");
	done = cgroup_wait_event(dirfd, "frozen", freeze, timeout_ms);
	if (done == 1)
		return 0;
	fail(err, done < 0 ? errno : ETIMEDOUT, "%s the cgroup", freeze ? "freeze" : "thaw");
	if (!freeze)
		return error_hint(err, "a cgroup above it is frozen");
	(void)fd_write_at(dirfd, "cgroup.freeze", "0", 1); /* half frozen is worse than running */
	return error_hint(
		err, "a process in it waits for a device or file system and cannot be stopped");
}

/* ---- pids --------------------------------------------------------------------------------------- */

struct pids {
	pid_t *v;
	size_t n, room;
};

static int add_pid(struct pids *pids, pid_t pid)
{
	if (pids->n == pids->room) {
		size_t room = pids->room ? 2 * pids->room : 64;
		pid_t *v = reallocarray(pids->v, room, sizeof(*v));

		if (!v)
			return -1;
		pids->v = v;
		pids->room = room;
	}
	pids->v[pids->n++] = pid;
	return 0;
}

/* Reads one cgroup.procs, of any length.  0 stands for processes outside our pid namespace. */
static int read_pids(int dir, void *arg)
{
	autoclose int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char text[4096];
	pid_t pid = 0;
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -1;
	while ((n = read(fd, text, sizeof(text))) > 0)
		for (ssize_t i = 0; i < n; i++) {
			if (text[i] >= '0' && text[i] <= '9') {
				pid = 10 * pid + (text[i] - '0');
				continue;
			}
			if (pid > 0 && add_pid(arg, pid) < 0)
				return -1;
			pid = 0;
		}
	/* EOPNOTSUPP: a threaded cgroup, its processes are listed in the domain above. */
	return n < 0 && errno != ENODEV && errno != EOPNOTSUPP ? -1 : 0;
}

/* Without the defence: what lies below is passed by. */
static int pass_by(int dir, const char *name, void *arg)
{
	(void)dir, (void)name, (void)arg;
	return naive("subgroups");
}

int cgroup_pids(int dirfd, pid_t **ret, size_t *ret_n, struct error *err)
{
	struct pids pids = {0};
	const struct cgroup_walk walk = {.enter = read_pids, .before = pass_by, .arg = &pids};

	if (cgroup_walk(dirfd, &walk) < 0) {
		fail(err, errno, "list the processes of the cgroup");
		free(pids.v);
		return -1;
	}
	*ret = pids.v;
	*ret_n = pids.n;
	return 0;
}

/* ---- signals ------------------------------------------------------------------------------------ */

/* Sends SIG to all that are listed now, ourselves excepted.  Returns their number or -1. */
static int signal_listed(int dirfd, int sig, struct error *err)
{
	autofree pid_t *pids = NULL;
	int sent = 0, failed = 0;
	size_t n;

	if (cgroup_pids(dirfd, &pids, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		autoclose int fd = -1;

		if (pids[i] == getpid())
			continue;
		fd = sys_pidfd_open(pids[i], 0);
		if (fd >= 0 && sys_pidfd_send_signal(fd, sig) == 0)
			sent++;
		else if (errno != ESRCH &&
			 errno != EINVAL) /* gone; EINVAL: the leader's thread has exited */
			failed =
				fail(err, errno, "send signal %d to process %d", sig, (int)pids[i]);
	}
	return failed ? -1 : sent;
}

/* Without cgroup.kill (a threaded cgroup refuses it): round after round until nothing new appears.  A frozen
 * process dies of SIGKILL too. */
static int kill_listed(int dirfd, struct error *err)
{
	for (int round = 0; round < KILL_ROUNDS; round++) {
		int sent = signal_listed(dirfd, SIGKILL, err);

		if (sent <= 0)
			return sent;
		(void)cgroup_wait_empty(dirfd, 1 + round);
	}
	return fail(err, EAGAIN, "kill the processes of the cgroup");
}

int cgroup_kill(int dirfd, struct error *err)
{
	if (naive("subgroups"))
		return kill_listed(dirfd, err);
	if (fd_write_at(dirfd, "cgroup.kill", "1", 1) == 0 || errno == ENODEV)
		return 0;
	if (errno == ENOENT || errno == EOPNOTSUPP)
		return kill_listed(dirfd, err);
	return fail(err, errno, "kill the processes of the cgroup");
}

static bool has_us(int dirfd)
{
	autofree pid_t *pids = NULL;
	struct error unused;
	size_t n;

	if (cgroup_pids(dirfd, &pids, &n, &unused) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (pids[i] == getpid())
			return true;
	return false;
}

/* Frozen, none can fork, exit or give its number to another between being listed and being signalled (a
 * deadly signal ends a frozen process at once, another waits for the thaw). */
int cgroup_signal_all(int dirfd, int sig, struct error *err)
{
	struct error unused;
	bool freeze;
	int sent;

	if (sig == SIGKILL)
		return cgroup_kill(dirfd, err);
	freeze = !cgroup_is_frozen(dirfd) && !has_us(dirfd); /* paused stays paused */
	if (freeze && cgroup_freeze(dirfd, true, SIGNAL_FREEZE_MS, &unused) < 0)
		freeze =
			false; /* one cannot be stopped (and is thawed again): signal what is there */
	sent = signal_listed(dirfd, sig, err);
	if (freeze && fd_write_at(dirfd, "cgroup.freeze", "0", 1) < 0 && errno != ENODEV &&
	    sent >= 0)
		return fail(err, errno, "thaw the cgroup");
	return sent < 0 ? -1 : 0;
}
