/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the hierarchy, opening a cgroup beneath its mount, giving one away. */
#include "kernel/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "base/naive.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/cgroup_priv.h"

#define BENEATH                                                                      \
	(SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_SYMLINKS | SYS_RESOLVE_NO_MAGICLINKS | \
	 SYS_RESOLVE_NO_XDEV)

int cgroup_find_mount(char *buf, size_t size, bool *ret_hybrid)
{
	static const char *const places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

	for (size_t i = 0; i < COUNT_OF(places); i++) {
		struct statfs fs;

		if (statfs(places[i], &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
			continue;
		if ((size_t)snprintf(buf, size, "%s", places[i]) >= size)
			return -1;
		*ret_hybrid = i > 0;
		return 0;
	}
	return -1;
}

int cgroup_own_path(char *buf, size_t size)
{
	autofree char *text = NULL;
	struct error unused;
	char *save = NULL;

	if (fd_read_file(AT_FDCWD, "/proc/self/cgroup", 1 << 16, &text, NULL, &unused) < 0) {
		errno = unused.errnum ? unused.errnum : EIO;
		return -1;
	}
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!str_starts(line, "0::"))
			continue;
		if ((size_t)snprintf(buf, size, "%s", line + 3) < size)
			return 0;
		errno = ENAMETOOLONG;
		return -1;
	}
	errno = ENOENT;
	return -1;
}

int cgroup_open_mount(const char *mount, int *ret_fd, struct error *err)
{
	autoclose int fd = openat(AT_FDCWD, mount, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0)
		return fail(err, errno, "open cgroup mount '%s'", mount);
	if (fstatfs(fd, &fs) < 0)
		return fail(err, errno, "look at cgroup mount '%s'", mount);
	if (fs.f_type != CGROUP2_SUPER_MAGIC)
		return fail(err, ENOENT, "no cgroup version 2 is mounted at '%s'", mount);
	*ret_fd = take_fd(&fd);
	return 0;
}

int cgroup_open_dir(int fd, const char *path, int flags)
{
	return sys_openat2(fd, path, (uint64_t)(O_DIRECTORY | O_CLOEXEC | flags), 0, BENEATH);
}

int cgroup_split(const char *path, char parent[CGROUP_PATH_MAX], const char **ret_name,
		 struct error *err)
{
	const char *name = path;

	path += strspn(path, "/");
	if (!*path || strlen(path) >= CGROUP_PATH_MAX)
		return fail(err, EINVAL, "cgroup path '%.100s'", path);
	for (const char *p = path; *p;) {
		size_t n = strcspn(p, "/");

		if (n == 0 || n > 255 || (n == 1 && p[0] == '.') ||
		    (n == 2 && p[0] == '.' && p[1] == '.'))
			return fail(err, EINVAL, "cgroup path '%.100s'", path);
		name = p;
		p += n;
		if (*p && !*++p)
			return fail(err, EINVAL, "cgroup path '%.100s'", path);
	}
	snprintf(parent, CGROUP_PATH_MAX, "%.*s", name > path ? (int)(name - path) - 1 : 0, path);
	*ret_name = name;
	return 0;
}

ssize_t cgroup_read(int dirfd, const char *file, char *buf, size_t size)
{
	autoclose int fd = openat(dirfd, file, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	do
		n = read(fd, buf, size - 1);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		buf[n] = '\0';
	return n;
}

bool cgroup_has_word(const char *text, const char *word, size_t n)
{
	for (;;) {
		size_t len;

		text += strspn(text, " \n");
		len = strcspn(text, " \n");
		if (len == n && memcmp(text, word, n) == 0)
			return true;
		if (len == 0)
			return false;
		text += len;
	}
}

int cgroup_open_checked(int mount, const char *path, uint64_t expected_id, int *ret_dirfd,
			struct error *err)
{
	autoclose int fd = cgroup_open_dir(mount, path + strspn(path, "/"), O_RDONLY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(err, errno == ENODEV ? ENOENT : errno, "open cgroup '%s'", path);
	if (expected_id && st.st_ino != expected_id && !naive("cgroupinode")) {
		fail(err, 0,
		     "cgroup '%s' is another one of the same name: its inode is %llu, not %llu",
		     path, (unsigned long long)st.st_ino, (unsigned long long)expected_id);
		err->errnum = ESTALE;
		return error_code(err, "CGROUP_REPLACED");
	}
	*ret_dirfd = take_fd(&fd);
	return 0;
}

int cgroup_open(const char *mount, const char *path, uint64_t expected_id, int *ret_dirfd,
		struct error *err)
{
	UNSET char parent[CGROUP_PATH_MAX];
	autoclose int top = -1;
	const char *name;

	if (cgroup_split(path, parent, &name, err) < 0 || cgroup_open_mount(mount, &top, err) < 0)
		return -1;
	return cgroup_open_checked(top, path, expected_id, ret_dirfd, err);
}

/* config-linux.md, Cgroup ownership: these files and no others; those that this kernel lacks are no error. */
int cgroup_delegate(int dirfd, uid_t uid, gid_t gid, struct error *err)
{
	char files[4096], *save = NULL;
	ssize_t n = fd_read_small(AT_FDCWD, "/sys/kernel/cgroup/delegate", files, sizeof(files));

	if (n <= 0) /* Linux before 4.15, or no sysfs */
		snprintf(files, sizeof(files),
			 "cgroup.procs\ncgroup.subtree_control\ncgroup.threads");
	if (fchown(dirfd, uid, gid) < 0)
		return fail(err, errno, "give the cgroup to user %u", (unsigned)uid);
	for (char *file = strtok_r(files, "\n", &save); file; file = strtok_r(NULL, "\n", &save)) {
		if (strchr(file, '/'))
			continue;
		if (fchownat(dirfd, file, uid, gid, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
			return fail(err, errno, "give '%s' of the cgroup to user %u", file,
				    (unsigned)uid);
	}
	return 0;
}
