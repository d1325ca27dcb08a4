/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and writing files of a procfs: see procfile.h. */
#include "procfile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "base/sys.h"

enum { PROC_ROOT_INO = 1 };

int procfile_root(void)
{
	autoclose int fd = openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs fs;
	struct stat st;

	if (fd < 0 || fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return -1;
	if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != PROC_ROOT_INO) {
		errno = EXDEV;
		return -1;
	}
	return take_fd(&fd);
}

int procfile_open(int procfd, const char *path, int flags)
{
	autoclose int fd =
		sys_openat2(procfd, path, (uint64_t)(unsigned)flags | O_CLOEXEC, 0,
			    SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_XDEV | SYS_RESOLVE_NO_MAGICLINKS);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return -1;
	if (fs.f_type != PROC_SUPER_MAGIC) {
		errno = EXDEV;
		return -1;
	}
	return take_fd(&fd);
}

int procfile_write(int procfd, const char *path, const char *data, size_t len)
{
	autoclose int fd = procfile_open(procfd, path, O_WRONLY);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, data, len);
	if (n >= 0 && (size_t)n != len)
		errno = EIO;
	return n == (ssize_t)len ? 0 : -1;
}

int procfile_private(void)
{
	autoclose int fs = sys_fsopen("proc", SYS_FSOPEN_CLOEXEC);

	if (fs < 0)
		return -1;
	(void)sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "subset", "pid", 0); /* from Linux 5.8 on: always */
	if (sys_fsconfig(fs, SYS_FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return sys_fsmount(fs, SYS_FSMOUNT_CLOEXEC,
			   SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NODEV | SYS_MOUNT_ATTR_NOEXEC);
}
