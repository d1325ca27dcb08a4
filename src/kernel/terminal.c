/* SPDX-License-Identifier: Apache-2.0 */
/* Pseudo-terminals of a container's devpts: see terminal.h. */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/vfs.h>

#include "base/blame.h"
#include "base/fd.h"
#include "base/naive.h"
#include "base/sys.h"
#include "inroot.h"

/* linux/tty: the number is the same everywhere but on four old architectures, whose libc knows it */
#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

enum {
	DEVPTS_ROOT_INO = 1,
	SOCKET_DEADLINE = 10, /* seconds */
};

static bool is_devpts(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == DEVPTS_SUPER_MAGIC;
}

/* Within a devpts nobody can make, rename or remove a file, so its own ptmx is safe to open by name
 * as long as the lookup neither leaves the mount (NO_XDEV: something bound over it) nor starts
 * anywhere but at its root. */
static int open_ptmx(int rootfd, int *ret_fd, struct error *err)
{
	autoclose int dir = inroot_open(rootfd, "dev/pts", O_PATH | O_DIRECTORY | O_NOFOLLOW, 0,
					SYS_RESOLVE_NO_SYMLINKS);
	autoclose int fd = -1;
	struct stat st;

	if (naive("ptmx")) { /* whatever has the name */
		*ret_fd = inroot_open(rootfd, "dev/pts/ptmx", O_RDWR | O_NOCTTY, 0, 0);
		return *ret_fd < 0 ? fail(err, errno, "open '/dev/pts/ptmx' of the container") : 0;
	}
	if (dir < 0) {
		fail(err, errno, "open '/dev/pts' of the container");
		return error_hint(err, "a terminal needs a mount of type devpts at /dev/pts");
	}
	if (!is_devpts(dir) || fstat(dir, &st) < 0 || st.st_ino != DEVPTS_ROOT_INO) {
		fail(err, 0, "'/dev/pts' of the container is not a devpts");
		return error_hint(err, "a terminal needs a mount of type devpts at /dev/pts");
	}
	fd = sys_openat2(dir, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC, 0,
			 SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_XDEV | SYS_RESOLVE_NO_SYMLINKS |
				 SYS_RESOLVE_NO_MAGICLINKS);
	if (fd < 0)
		return fail(err, errno, "open '/dev/pts/ptmx' of the container");
	if (fstat(fd, &st) < 0)
		return fail(err, errno, "stat '/dev/pts/ptmx' of the container");
	if (!is_devpts(fd) || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2))
		return fail(err, 0,
			    "'/dev/pts/ptmx' of the container is not the terminal multiplexer");
	*ret_fd = take_fd(&fd);
	return 0;
}

int terminal_open(int rootfd, int *ret_master, int *ret_slave, struct error *err)
{
	autoclose int master = -1, slave = -1;
	int unlock = 0;

	if (open_ptmx(rootfd, &master, err) < 0)
		return -1;
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return fail(err, errno, "unlock the terminal");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return fail(err, errno, "open the slave of the terminal");
	*ret_master = take_fd(&master);
	*ret_slave = take_fd(&slave);
	return 0;
}

int terminal_set_size(int fd, uint16_t rows, uint16_t columns, struct error *err)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		return fail(err, errno, "read the size of the terminal");
	if (rows)
		size.ws_row = rows;
	if (columns)
		size.ws_col = columns;
	if (ioctl(fd, TIOCSWINSZ, &size) < 0)
		return fail(err, errno, "set the size of the terminal");
	return 0;
}

int terminal_set_owner(int slave, uid_t uid, struct error *err)
{
	struct stat st;

	/* The usual case of root: also right where changing it would not be allowed. */
	if (fstat(slave, &st) == 0 && st.st_uid == uid)
		return 0;
	if (fchown(slave, uid, (gid_t)-1) < 0)
		return fail(err, errno, "give the terminal to user %u", (unsigned)uid);
	return 0;
}

/* What is there is covered, whatever it is; what is not is made without following anything. */
static int open_console(int rootfd, int *ret_fd, struct error *err)
{
	autoclose int fd =
		naive("console") ? openat(rootfd, "dev/console", O_WRONLY | O_CREAT | O_NOCTTY | O_CLOEXEC, 0600)
				 : inroot_open(rootfd, "dev/console", O_PATH | O_NOFOLLOW, 0,
					       SYS_RESOLVE_NO_SYMLINKS);
	struct stat st;

	if (fd < 0 && errno == ENOENT) {
		fd = inroot_open(rootfd, "dev/console",
				 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY, 0600,
				 SYS_RESOLVE_NO_SYMLINKS);
		if (fd < 0)
			return fail(err, errno, "create '/dev/console' of the container");
	}
	if (fd < 0)
		return fail(err, errno, "open '/dev/console' of the container");
	/* O_NOFOLLOW with O_PATH opens a link instead of refusing it. */
	if (fstat(fd, &st) < 0 || S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode))
		return fail(err, 0, "'/dev/console' of the container is a %s",
			    S_ISDIR(st.st_mode) ? "directory" : "symbolic link");
	*ret_fd = take_fd(&fd);
	return 0;
}

int terminal_bind_console(int slave, int rootfd, struct error *err)
{
	autoclose int target = -1, tree = -1;

	if (open_console(rootfd, &target, err) < 0)
		return -1;
	tree = sys_open_tree(slave, "", AT_EMPTY_PATH | SYS_OPEN_TREE_CLONE | O_CLOEXEC);
	if (tree < 0)
		return fail(err, errno, "clone the mount of the terminal");
	if (sys_move_mount(tree, "", target, "",
			   SYS_MOVE_MOUNT_F_EMPTY_PATH | SYS_MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return fail(err, errno, "mount the terminal on '/dev/console'");
	return 0;
}

int terminal_make_controlling(int slave, struct error *err)
{
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return fail(err, errno, "make the terminal the controlling one");
	/* dup2 of a descriptor onto itself would leave it to be closed by execve. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fd == slave ? fcntl(fd, F_SETFD, 0) < 0 : dup2(slave, fd) < 0)
			return fail(err, errno, "make the terminal descriptor %d", fd);
	return 0;
}

static int fail_socket(struct error *err, int errnum, const char *what, const char *path)
{
	fail(err, errnum, "%s '%s'", what, path);
	if (errnum == ECONNREFUSED)
		error_hint(err, "nobody listens at '%s'", path);
	error_code(err, "CONSOLE_SOCKET");
	return error_blame(err, -1, path);
}

/* An address holds 107 bytes; the link of a descriptor in /proc stands for a path of any length. */
static int connect_to(const char *path, int *ret_sock, struct error *err)
{
	autoclose int node = open(path, O_PATH | O_CLOEXEC);
	autoclose int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval deadline = {.tv_sec = SOCKET_DEADLINE};
	struct stat st;

	if (node < 0)
		return fail_socket(err, errno, "open console socket", path);
	if (fstat(node, &st) < 0 || !S_ISSOCK(st.st_mode))
		return fail_socket(err, ENOTSOCK, "open console socket", path);
	if (sock < 0)
		return fail(err, errno, "make a socket");
	/* Bounds connect() too, which waits while the listener's queue is full. */
	if (!naive("deadline") &&
	    setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof(deadline)) < 0)
		return fail(err, errno, "set a deadline for console socket '%s'", path);
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", node);
	if (connect(sock, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return fail_socket(err, errno == EAGAIN ? ETIMEDOUT : errno, "connect to console socket", path);
	*ret_sock = take_fd(&sock);
	return 0;
}

int terminal_send_to_socket(const char *path, int master, struct error *err)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	autoclose int sock = -1;
	unsigned number;
	char name[32];
	struct iovec iov = {.iov_base = name};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	if (ioctl(master, TIOCGPTN, &number) < 0)
		return fail(err, errno, "read the name of the terminal");
	iov.iov_len = (size_t)snprintf(name, sizeof(name), "/dev/pts/%u", number);
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &master, sizeof(int));
	if (connect_to(path, &sock, err) < 0)
		return -1;
	if (sendmsg(sock, &msg, MSG_NOSIGNAL) < 0)
		return fail(err, errno == EAGAIN ? ETIMEDOUT : errno,
			    "send the terminal to console socket '%s'", path);
	return 0;
}
