/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inside ACT...: single hostile acts of a container's process, each answered by "ACT=ok" or "ACT=errno".
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef F_GET_SEALS
#define F_GET_SEALS 1034
#endif

struct attr {
	unsigned long long set, clr, propagation, userns;
};

static long push_input(const char *tty)
{
	int fd = *tty >= '0' && *tty <= '9' ? atoi(tty) : open(tty, O_RDWR | O_NOCTTY);
	const char *text = "id\n";

	if (fd < 0)
		return -1;
	for (; *text; text++)
		if (ioctl(fd, TIOCSTI, text) < 0)
			return -1;
	return 0;
}

static long linux_paste(void)
{
	char paste = 3; /* TIOCL_PASTESEL */

	return ioctl(0, TIOCLINUX, &paste);
}

static long chmod_fd0(void) { return fchmod(0, 0600); }
static long chown_fd0(void) { return fchown(0, 1234, -1); }
/* The first process of a pid namespace of its own, without which the user namespace could mount none at all. */
static long new_proc(void)
{
	int status;
	pid_t pid;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		_exit(mount("proc", "/tmp", "proc", 0, NULL) < 0 ? errno : 0);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
	return errno ? -1 : 0;
}

/* A block device of the host's, tried with every number a first disk may have. */
static long open_disk(void)
{
	static const unsigned disks[][2] = {{8, 0}, {254, 0}, {253, 0}, {259, 0}, {7, 0}, {252, 0}};
	int saved = ENXIO;

	for (size_t i = 0; i < 6; i++) {
		int fd;

		unlink("/tmp/disk");
		if (mknod("/tmp/disk", S_IFBLK | 0600, makedev(disks[i][0], disks[i][1])) < 0) {
			saved = errno;
			continue;
		}
		fd = open("/tmp/disk", O_RDONLY | O_NONBLOCK);
		if (fd >= 0)
			return close(fd);
		saved = errno == ENXIO ? saved : errno;
	}
	errno = saved;
	return -1;
}

static long make_disk(void)
{
	unlink("/tmp/node");
	return mknod("/tmp/node", S_IFBLK | 0600, makedev(8, 0));
}

static long see_keyring(void)
{
	return syscall(SYS_keyctl, (long)KEYCTL_SEARCH, (long)KEY_SPEC_SESSION_KEYRING, "user", "host-secret", 0L);
}

static const struct {
	const char *name;
	long (*run)(void);
} acts[] = {
	{"tioclinux", linux_paste}, {"chmod-fd0", chmod_fd0}, {"chown-fd0", chown_fd0},
	{"new-proc", new_proc},	    {"open-disk", open_disk}, {"make-disk", make_disk},
	{"see-keyring", see_keyring},
};

static void report(const char *key, long rc)
{
	if (rc < 0)
		printf("%s=%s\n", key, strerrorname_np(errno));
	else
		printf("%s=ok\n", key);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++) {
		char key[300];

		if (strncmp(argv[i], "tiocsti:", 8) == 0) {
			report(argv[i], push_input(argv[i] + 8));
			continue;
		}
		if (strncmp(argv[i], "chmod:", 6) == 0) {
			report(argv[i], chmod(argv[i] + 6, 0600));
			continue;
		}
		if (strncmp(argv[i], "chown:", 6) == 0) {
			report(argv[i], chown(argv[i] + 6, 1234, -1));
			continue;
		}
		for (size_t k = 0; k < sizeof(acts) / sizeof(acts[0]); k++)
			if (strcmp(acts[k].name, argv[i]) == 0) {
				snprintf(key, sizeof(key), "%s", argv[i]);
				report(key, acts[k].run());
			}
	}
	return 0;
}
