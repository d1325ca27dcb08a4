/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stalker COMMAND: a hostile process inside the container that watches for processes joining it and tries
 * everything on them that could lead to the host: trace them, look at their descriptors, their root and
 * their memory, open the file they execute for writing.  Prints "hit=WHAT PID DETAIL" (with the descriptor before the
 * pid) for what worked and, when it gets SIGTERM or finds the file /stop, "looked=N" for how many strangers it saw.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t over;

static void on_term(int sig)
{
	(void)sig;
	over = 1;
}

/* What runs the container's own programs is no stranger. */
enum who { OWN, STRANGER, HIDDEN, GONE };

static enum who who_is(int pid)
{
	char path[64], exe[256];
	ssize_t n;

	if (pid == getpid() || pid == 1)
		return OWN;
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	if (n < 0)
		return errno == EACCES || errno == EPERM ? HIDDEN : GONE; /* gone: a zombie, too */
	exe[n] = '\0';
	return strncmp(exe, "/bin/", 5) == 0 ? OWN : STRANGER;
}

/* What was seen since BEFORE was asked is a hit if it was a stranger's; it may have become the container's program
 * meanwhile, and that may have ended. */
static int was_stranger(int pid, enum who before)
{
	enum who now;

	if (before == STRANGER)
		return 1;
	now = who_is(pid);
	return now == STRANGER || now == HIDDEN;
}

static void look_at_fds(int pid, enum who before)
{
	char path[300], link[4096];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		ssize_t n;

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, e->d_name);
		n = readlink(path, link, sizeof(link) - 1);
		if (n < 0 || !was_stranger(pid, before))
			continue;
		link[n] = '\0';
		printf("hit=fd %s %d %s\n", e->d_name, pid, link);
	}
	if (d)
		closedir(d);
}

/* Another root than ours: the host's. */
static void look_at_root(int pid)
{
	struct stat here, there;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/root/", pid);
	if (stat("/", &here) == 0 && stat(path, &there) == 0 &&
	    (here.st_dev != there.st_dev || here.st_ino != there.st_ino))
		printf("hit=host-root %d\n", pid);
}

static void attack(int pid)
{
	static const char *const links[] = {"root", "cwd", "exe"};
	char path[64], link[4096];
	enum who who;
	int fd;

	if (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0) {
		int status = 0;

		ptrace(PTRACE_INTERRUPT, pid, 0, 0);
		/* Stopped it cannot execute the container's program meanwhile, nor end. */
		if (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) {
			who = who_is(pid);
			if (who == STRANGER || who == HIDDEN) {
				printf("hit=ptrace %d\n", pid);
				look_at_fds(pid, who);
			}
		}
		ptrace(PTRACE_DETACH, pid, 0, 0);
	}
	who = who_is(pid);
	if (who == OWN || who == GONE)
		return;
	look_at_fds(pid, who);
	look_at_root(pid);
	for (size_t i = 0; i < 3; i++) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%d/%s", pid, links[i]);
		n = readlink(path, link, sizeof(link) - 1);
		if (n < 0)
			continue;
		link[n] = '\0';
		if (was_stranger(pid, who))
			printf("hit=%s %d %s\n", links[i], pid, link);
	}
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		printf("hit=write-exe %d %zd\n", pid, write(fd, "overwritten", 11));
		close(fd);
	}
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		if (was_stranger(pid, who))
			printf("hit=mem %d\n", pid);
		close(fd);
	}
}

int main(void)
{
	unsigned long looked = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGTERM, on_term);
	alarm(60);
	printf("ready\n");
	while (!over && access("/stop", F_OK) < 0) {
		DIR *d = opendir("/proc");
		struct dirent *e;

		while (d && (e = readdir(d))) {
			int pid = atoi(e->d_name);

			if (pid <= 0 || who_is(pid) == OWN)
				continue;
			looked++;
			attack(pid);
		}
		if (d)
			closedir(d);
	}
	printf("looked=%lu\n", looked);
	return 0;
}
