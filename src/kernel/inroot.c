/* SPDX-License-Identifier: Apache-2.0 */
/* Resolving and making paths beneath a root that cannot be trusted. */
#include "inroot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/naive.h"
#include "base/sys.h"

enum {
	RETRIES = 128,	/* of EAGAIN; 11 in a row was the worst seen under a storm of renames */
	MAX_LINKS = 40,	/* dangling links followed while making directories; the kernel's own limit */
	PATH_ROOM = 4096,
};

int inroot_open(int rootfd, const char *path, int flags, mode_t mode, unsigned resolve)
{
	int fd;

	while (*path == '/')
		path++;
	if (naive("inroot"))
		return openat(rootfd, *path ? path : ".", flags | O_CLOEXEC, mode);
	for (int i = 0; i < RETRIES; i++) {
		fd = sys_openat2(rootfd, *path ? path : ".", (uint64_t)(unsigned)flags | O_CLOEXEC, mode,
				 SYS_RESOLVE_IN_ROOT | SYS_RESOLVE_NO_MAGICLINKS | resolve);
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			return fd;
	}
	return -1;
}

/* PATH has a last component that exists as a symbolic link to nowhere: writes the path it stands for. */
__attribute__((noinline)) /* its buffers are not for the usual way */
static int follow_dangling(int parentfd, const char *name, char *path, size_t parent_len, const char *rest,
			   struct error *err)
{
	char link[PATH_ROOM], next[PATH_ROOM];
	ssize_t n = readlinkat(parentfd, name, link, sizeof(link) - 1);
	int len;

	if (n < 0)
		return fail(err, errno == EINVAL ? ENOTDIR : errno, "make directory '%s'", path);
	link[n] = '\0';
	if (link[0] == '/')
		len = snprintf(next, sizeof(next), "%s/%s", link, rest);
	else
		len = snprintf(next, sizeof(next), "%.*s/%s/%s", (int)parent_len, path, link, rest);
	if (len < 0 || (size_t)len >= sizeof(next))
		return fail(err, ENAMETOOLONG, "make directory '%s'", path);
	memcpy(path, next, (size_t)len + 1);
	return 0;
}

/* The longest prefix of PATH that exists: opens it and says where the first missing component begins. */
static int open_existing_prefix(int rootfd, const char *path, size_t *ret_len)
{
	UNSET char prefix[PATH_ROOM];
	size_t len = strlen(path);
	int fd;

	memcpy(prefix, path, len + 1);
	for (;;) {
		while (len > 0 && prefix[len - 1] == '/')
			len--;
		prefix[len] = '\0';
		fd = inroot_open(rootfd, prefix, O_PATH | O_DIRECTORY, 0, 0);
		if (fd >= 0 || errno != ENOENT || len == 0) {
			*ret_len = len;
			return fd;
		}
		while (len > 0 && prefix[len - 1] != '/')
			len--;
	}
}

/* Makes one component below PARENT and opens what is there then, without following a link.  -1/ELOOP: it is a
 * dangling link (what exists was opened before). */
static int make_component(int parentfd, const char *name)
{
	int fd;

	if (mkdirat(parentfd, name, 0755) < 0 && errno != EEXIST)
		return -1;
	fd = openat(parentfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOTDIR)
		errno = ELOOP;
	return fd;
}

int inroot_mkdirs(int rootfd, const char *wanted, int *ret_fd, struct error *err)
{
	UNSET char path[PATH_ROOM];
	char name[256];
	int links = 0;

	if ((size_t)snprintf(path, sizeof(path), "%s", wanted) >= sizeof(path))
		return fail(err, ENAMETOOLONG, "make directory '%.64s...'", wanted);
	for (;;) {
		autoclose int dir = -1;
		size_t len;

		dir = open_existing_prefix(rootfd, path, &len);
		if (dir < 0)
			return fail(err, errno, "open '%s' in the root file system", wanted);
		for (;;) {
			const char *rest = path + len + strspn(path + len, "/");
			size_t n = strcspn(rest, "/");
			int next;

			if (n == 0) {
				*ret_fd = take_fd(&dir);
				return 0;
			}
			if (n >= sizeof(name))
				return fail(err, ENAMETOOLONG, "make directory '%s'", wanted);
			memcpy(name, rest, n);
			name[n] = '\0';
			if (strcmp(name, "..") == 0)
				return fail(err, ENOENT, "make directory '%s': '..' behind a missing directory",
					    wanted);
			next = make_component(dir, name);
			if (next < 0 && errno == ELOOP && links++ < MAX_LINKS) {
				if (follow_dangling(dir, name, path, len, rest + n, err) < 0)
					return -1;
				break;
			}
			if (next < 0)
				return fail(err, errno, "make directory '%s' in the root file system", wanted);
			fd_close(dir);
			dir = next;
			len = (size_t)(rest - path) + n;
		}
	}
}

int inroot_parent(int rootfd, const char *path, int *ret_fd, const char **ret_name, struct error *err)
{
	UNSET char parent[PATH_ROOM];
	const char *name;

	while (*path == '/')
		path++;
	name = strrchr(path, '/');
	name = name ? name + 1 : path;
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return fail(err, EINVAL, "path '/%s' does not name a file", path);
	if ((size_t)snprintf(parent, sizeof(parent), "%.*s", (int)(name - path), path) >= sizeof(parent))
		return fail(err, ENAMETOOLONG, "path '%.64s...'", path);
	if (inroot_mkdirs(rootfd, parent, ret_fd, err) < 0)
		return -1;
	*ret_name = name;
	return 0;
}

int inroot_mkfile(int rootfd, const char *path, int *ret_fd, struct error *err)
{
	autoclose int parent = -1;
	autoclose int made = -1;
	const char *name;
	int fd = inroot_open(rootfd, path, O_PATH, 0, 0);

	if (fd < 0 && errno == ENOENT) {
		if (inroot_parent(rootfd, path, &parent, &name, err) < 0)
			return -1;
		/* O_CREAT without O_EXCL follows a dangling link, inside the root. */
		made = inroot_open(parent, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
				   0644, 0);
		if (made < 0 && errno == EEXIST)
			made = inroot_open(rootfd, path, O_RDONLY | O_CREAT | O_NONBLOCK | O_NOCTTY, 0644, 0);
		if (made < 0)
			return fail(err, errno, "create '%s' in the root file system", path);
		fd = take_fd(&made); /* what was made, not what its name means by now */
	}
	if (fd < 0)
		return fail(err, errno, "open '%s' in the root file system", path);
	*ret_fd = fd;
	return 0;
}
