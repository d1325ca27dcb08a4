/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes, made or bound, always beneath a held directory. */
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/blame.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/inroot.h"
#include "kernel/mount.h"

/* The directory of /dev, made when the image has none. */
static int open_dev(int rootfd, int *ret_fd, struct error *err)
{
	int fd = inroot_open(rootfd, "dev", O_PATH | O_DIRECTORY, 0, SYS_RESOLVE_NO_SYMLINKS);

	if (fd < 0 && errno == ENOENT) {
		if (mkdirat(rootfd, "dev", 0755) < 0 && errno != EEXIST)
			return fail(err, errno, "make '/dev' in the root file system");
		fd = inroot_open(rootfd, "dev", O_PATH | O_DIRECTORY, 0, SYS_RESOLVE_NO_SYMLINKS);
	}
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR)) {
		fail(err, 0, "'/dev' in the root file system is not an ordinary directory");
		error_code(err, "DEV_NOT_DIRECTORY");
		return error_hint(err, "mount a tmpfs on /dev, or repair the image");
	}
	if (fd < 0)
		return fail(err, errno, "open '/dev' in the root file system");
	*ret_fd = fd;
	return 0;
}

static mode_t type_of(const struct plan_device *d)
{
	return d->type == 'b' ? S_IFBLK : d->type == 'p' ? S_IFIFO : S_IFCHR;
}

static bool is_same(const struct plan_device *d, const struct stat *st)
{
	return (st->st_mode & S_IFMT) == type_of(d) &&
	       (d->type == 'p' || st->st_rdev == makedev(d->major, d->minor));
}

/* config-linux.md, Devices: a file at the path that does not match is an error. */
static int fail_differs(const struct plan_device *d, struct error *err)
{
	fail_at(err, 0, d->at, "'/%s' exists already and is not the device %c %u:%u", d->path, d->type, d->major,
		d->minor);
	return error_code(err, "DEVICE_DIFFERS");
}

static int bind_node(int dirfd, const char *name, const struct plan_device *d, struct error *err);

static int check_existing(int dirfd, const char *name, const struct plan_device *d, struct error *err)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_at(err, errno, d->at, "stat '/%s'", d->path);
	if (is_same(d, &st))
		return 0;
	/* The file that a container in a user namespace had its device bound on. */
	if (d->optional && S_ISREG(st.st_mode) && st.st_size == 0)
		return bind_node(dirfd, name, d, err);
	return fail_differs(d, err);
}

/* Puts the host's node over an empty file, where mknod(2) is not allowed. */
static int bind_node(int dirfd, const char *name, const struct plan_device *d, struct error *err)
{
	autoclose int tree = -1;
	autoclose int target = -1;
	char path[4096];
	struct stat st;

	if ((size_t)snprintf(path, sizeof(path), "/%s", d->path) >= sizeof(path))
		return fail_at(err, ENAMETOOLONG, d->at, "bind device");
	target = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0 && errno == ENOENT)
		target = openat(dirfd, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (target < 0 || fstat(target, &st) < 0)
		return fail_at(err, errno, d->at, "create '/%s'", d->path);
	/* An empty file is what an earlier container of this root left to bind on. */
	if (!is_same(d, &st) && !(S_ISREG(st.st_mode) && st.st_size == 0))
		return fail_differs(d, err);
	tree = sys_open_tree(AT_FDCWD, path, SYS_OPEN_TREE_CLONE | O_CLOEXEC);
	if (tree < 0 && errno == ENOENT) { /* udev has it by number too */
		snprintf(path, sizeof(path), "/dev/%s/%u:%u", d->type == 'b' ? "block" : "char", d->major, d->minor);
		tree = sys_open_tree(AT_FDCWD, path, SYS_OPEN_TREE_CLONE | O_CLOEXEC);
	}
	if (tree < 0 || fstat(tree, &st) < 0) {
		fail_at(err, errno, d->at, "open the host's '%s' to bind it", path);
		error_hint(err, "device nodes cannot be made inside a user namespace: the host's is bound, and "
				"must be there");
		error_code(err, "DEVICE_MISSING");
		return error_blame(err, -1, path);
	}
	if (!is_same(d, &st)) {
		fail_at(err, 0, d->at, "the host's '%s' is not the device %c %u:%u", path, d->type, d->major, d->minor);
		error_path(err, path);
		return error_code(err, "DEVICE_DIFFERS");
	}
	if (mount_attach(tree, target) < 0)
		return fail_at(err, errno, d->at, "bind '%s'", path);
	return 0;
}

static int make_node(int dirfd, const char *name, const struct plan_device *d, struct error *err)
{
	if (mknodat(dirfd, name, type_of(d) | d->mode, makedev(d->major, d->minor)) < 0) {
		if (errno == EEXIST)
			return check_existing(dirfd, name, d, err);
		if (errno == EPERM && d->type != 'p')
			return bind_node(dirfd, name, d, err);
		return fail_at(err, errno, d->at, "make device '/%s'", d->path);
	}
	if ((d->uid || d->gid) && fchownat(dirfd, name, d->uid, d->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_at(err, errno, d->at, "set the owner of '/%s'", d->path);
	return 0;
}

int device_make_all(int rootfd, const struct plan_device *devices, size_t n, bool bind, struct error *err)
{
	autoclose int dev = -1;

	if (n > 0 && open_dev(rootfd, &dev, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct plan_device *d = &devices[i];
		bool in_dev = str_starts(d->path, "dev/") && !strchr(d->path + 4, '/');
		autoclose int parent = -1;
		const char *name = d->path + 4;

		if (!in_dev && inroot_parent(rootfd, d->path, &parent, &name, err) < 0)
			return error_where(err, d->at);
		if ((bind && d->type != 'p' ? bind_node : make_node)(in_dev ? dev : parent, name, d, err) < 0)
			return -1;
	}
	return 0;
}

static int make_ptmx(int dev, struct error *err)
{
	char link[16];
	ssize_t n;

	if (symlinkat("pts/ptmx", dev, "ptmx") == 0)
		return 0;
	if (errno != EEXIST)
		return fail(err, errno, "make link '/dev/ptmx'");
	n = readlinkat(dev, "ptmx", link, sizeof(link));
	if (n == 8 && memcmp(link, "pts/ptmx", 8) == 0)
		return 0;
	/* Another multiplexer here would hand out terminals that are not the container's. */
	if (unlinkat(dev, "ptmx", 0) < 0 || symlinkat("pts/ptmx", dev, "ptmx") < 0)
		return errno == EBUSY || errno == EROFS ? 0 : fail(err, errno, "replace '/dev/ptmx'");
	return 0;
}

int device_make_links(int rootfd, struct error *err)
{
	static const struct {
		const char *name, *to, *needs;
	} links[] = {
		{"fd", "/proc/self/fd", NULL},
		{"stdin", "/proc/self/fd/0", NULL},
		{"stdout", "/proc/self/fd/1", NULL},
		{"stderr", "/proc/self/fd/2", NULL},
		{"core", "/proc/kcore", "proc/kcore"},
	};
	autoclose int dev = -1;

	if (open_dev(rootfd, &dev, err) < 0)
		return -1;
	for (size_t i = 0; i < COUNT_OF(links); i++) {
		autoclose int needed = links[i].needs ? inroot_open(rootfd, links[i].needs, O_PATH, 0, 0) : -1;

		if (links[i].needs && needed < 0)
			continue;
		if (symlinkat(links[i].to, dev, links[i].name) < 0 && errno != EEXIST)
			return fail(err, errno, "make link '/dev/%s'", links[i].name);
	}
	return make_ptmx(dev, err);
}

static bool is_null(int fd, struct stat *st)
{
	return fstat(fd, st) == 0 && S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

int device_replace_null(struct error *err)
{
	autoclose int root = -1, found = -1, null = -1;
	struct stat st;

	for (int fd = 0; fd < 3; fd++) {
		dev_t dev;
		ino_t ino;

		if (!is_null(fd, &st))
			continue;
		dev = st.st_dev;
		ino = st.st_ino;
		if (root < 0)
			root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (root < 0)
			return fail(err, errno, "open '/'");
		/* Looked at before it is opened: a FIFO or a tape drive in its place is left alone, and the device
		 * number alone proves nothing (CVE-2026-88265: a pipe has none). */
		if (found < 0)
			found = inroot_open(root, "dev/null", O_PATH | O_NOFOLLOW, 0, SYS_RESOLVE_NO_SYMLINKS);
		if (found < 0 || !is_null(found, &st) || (st.st_dev == dev && st.st_ino == ino))
			return 0;
		if (null < 0)
			null = inroot_open(root, "dev/null", O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0,
					   SYS_RESOLVE_NO_SYMLINKS);
		if (null < 0 || !is_null(null, &st)) /* on a file system without devices */
			return 0;
		if (fcntl(null, F_SETFL, 0) < 0 || dup2(null, fd) < 0)
			return fail(err, errno, "open '/dev/null' of the container as descriptor %d", fd);
	}
	return 0;
}
