/* SPDX-License-Identifier: Apache-2.0 */
/* The container's root file system, from bind mount to pivot_root. */
#include "rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/blame.h"
#include "base/fd.h"
#include "base/naive.h"
#include "base/sys.h"
#include "kernel/inroot.h"
#include "kernel/mount.h"
#include "kernel/oldroot.h"

enum { MOUNTINFO_MAX = 16 << 20 }; /* a hundred thousand mounts, which is the kernel's own limit (fs.mount-max) */

/* Makes the mount that holds the directory private.  A mount attached below a shared one would appear on the
 * host too, and pivot_root(2) refuses it. */
static int make_parent_private(const char *dir, struct error *err)
{
	struct sys_mount_attr a = {.propagation = MS_PRIVATE};
	autoclose int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint64_t id, up_id;

	if (fd < 0 || sys_mount_id(fd, &id) < 0)
		return fail(err, errno, "open root file system '%s'", dir);
	for (;;) {
		struct stat here, there;
		int up;

		up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (up < 0 || sys_mount_id(up, &up_id) < 0 || fstat(fd, &here) < 0 || fstat(up, &there) < 0) {
			fail(err, errno, "find the mount of '%s'", dir);
			if (up >= 0)
				fd_close(up);
			return -1;
		}
		if (up_id != id || (here.st_ino == there.st_ino && here.st_dev == there.st_dev)) {
			fd_close(up);
			break;
		}
		fd_close(fd);
		fd = up;
	}
	if (sys_mount_setattr(fd, "", AT_EMPTY_PATH, &a) < 0)
		return fail(err, errno, "make the mount of '%s' private", dir);
	return 0;
}

static int open_directory(const char *rootfs, int *ret_fd, struct error *err)
{
	*ret_fd = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *ret_fd < 0 ? fail_at(err, errno, "root.path", "open root file system '%s'", rootfs) : 0;
}

int rootfs_open(const char *rootfs, bool own_mounts, unsigned long propagation, int *ret_fd, struct error *err)
{
	struct sys_mount_attr a = {.propagation = propagation & ~(unsigned long)MS_REC};
	autoclose int tree = -1;
	struct stat st;

	if (stat(rootfs, &st) < 0) {
		fail_at(err, errno, "root.path", "open root file system '%s'", rootfs);
		error_op(err, "stat");
		error_blame(err, -1, rootfs);
		return error_code(err, "ROOTFS_MISSING");
	}
	if (!S_ISDIR(st.st_mode)) {
		fail_at(err, ENOTDIR, "root.path", "open root file system '%s'", rootfs);
		error_blame(err, -1, rootfs);
		return error_code(err, "ROOTFS_MISSING");
	}
	if (!own_mounts)
		return open_directory(rootfs, ret_fd, err);
	if (!naive("propagation") && sys_mount_setattr(AT_FDCWD, "/", SYS_AT_RECURSIVE, &a) < 0)
		return fail(err, errno, "set the propagation of '/' in the new mount namespace");
	if (a.propagation == MS_SHARED && make_parent_private(rootfs, err) < 0)
		return -1;
	tree = sys_open_tree(AT_FDCWD, rootfs, SYS_OPEN_TREE_CLONE | SYS_AT_RECURSIVE | O_CLOEXEC);
	if (tree < 0)
		return fail_at(err, errno, "root.path", "clone root file system '%s'", rootfs);
	if (a.propagation == MS_SHARED) {
		a.propagation = MS_PRIVATE;
		if (sys_mount_setattr(tree, "", AT_EMPTY_PATH, &a) < 0)
			return fail(err, errno, "make the root file system private");
	}
	if (sys_move_mount(tree, "", AT_FDCWD, rootfs, SYS_MOVE_MOUNT_F_EMPTY_PATH | SYS_MOVE_MOUNT_T_SYMLINKS) < 0)
		return fail_at(err, errno, "root.path", "mount root file system '%s'", rootfs);
	*ret_fd = take_fd(&tree);
	return 0;
}

/* The host's null device, and nothing that pretends to be it: never the container's (CVE-2025-31133). */
static int open_null(int rootfd, struct error *err)
{
	autoclose int fd = naive("masknull") ? inroot_open(rootfd, "dev/null", O_PATH, 0, 0)
					     : openat(AT_FDCWD, "/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (naive("masknull"))
		return take_fd(&fd);

	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(err, errno, "open '/dev/null' to mask paths with");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return fail(err, 0, "the host's '/dev/null' is not the null device");
	return take_fd(&fd);
}

/* A mount to put over a file.  Read-only: it is the host's inode, and a container's root could otherwise take the
 * rights to it from everybody on the host (chmod).  Reading and writing the device stays possible. */
static int file_mask(int null)
{
	struct sys_mount_attr a = {.attr_set = SYS_MOUNT_ATTR_RDONLY};
	autoclose int mask = sys_open_tree(null, "", AT_EMPTY_PATH | SYS_OPEN_TREE_CLONE | O_CLOEXEC);

	if (mask < 0 || (!naive("masknull") && !naive("maskrw") && sys_mount_setattr(mask, "", AT_EMPTY_PATH, &a) < 0))
		return -1;
	return take_fd(&mask);
}

/* A mount to put over a directory: the first time a new tmpfs, later a clone of it. */
static int directory_mask(int *shared)
{
	if (*shared < 0) {
		*shared = mount_empty_dir();
		return *shared < 0 ? -1 : fcntl(*shared, F_DUPFD_CLOEXEC, 0);
	}
	/* It is attached by now; before Linux 6.15 only attached mounts can be cloned. */
	return sys_open_tree(*shared, "", AT_EMPTY_PATH | SYS_OPEN_TREE_CLONE | O_CLOEXEC);
}

/* Is TARGET "/", or did its path lead back there?  A mount over it would lie where nobody comes by who has it as the
 * root. */
static bool is_root(int rootfd, const struct stat *root, int target)
{
	uint64_t root_mount, target_mount;
	struct stat st;

	return fstat(target, &st) == 0 && st.st_ino == root->st_ino && st.st_dev == root->st_dev &&
	       sys_mount_id(rootfd, &root_mount) == 0 && sys_mount_id(target, &target_mount) == 0 &&
	       root_mount == target_mount;
}

int rootfs_mask(int rootfd, const struct plan_path *paths, size_t n, struct error *err)
{
	autoclose int empty = -1;
	autoclose int null = -1;
	struct stat root;

	if (n > 0 && fstat(rootfd, &root) < 0)
		return fail(err, errno, "look at the root");
	for (size_t i = 0; i < n; i++) {
		autoclose int target = inroot_open(rootfd, paths[i].path, O_PATH, 0, 0);
		autoclose int mask = -1;
		struct stat st;

		if (target < 0 && (errno == ENOENT || errno == ENOTDIR))
			continue;
		if (target < 0 || fstat(target, &st) < 0)
			return fail_at(err, errno, paths[i].at, "open '/%s' to mask it", paths[i].path);
		if (is_root(rootfd, &root, target))
			return fail_at(err, EINVAL, paths[i].at, "mask '/%s', which is the root", paths[i].path);
		if (S_ISDIR(st.st_mode)) {
			mask = directory_mask(&empty);
		} else {
			if (null < 0)
				null = open_null(rootfd, err);
			if (null < 0 && naive("masknull"))
				continue;
			if (null < 0)
				return error_where(err, paths[i].at);
			mask = file_mask(null);
		}
		if (mask < 0 || mount_attach(mask, target) < 0)
			return fail_at(err, errno, paths[i].at, "mask '/%s'", paths[i].path);
	}
	return 0;
}

int rootfs_protect(int rootfd, const struct plan_path *paths, size_t n, struct error *err)
{
	struct sys_mount_attr a = {.attr_set = SYS_MOUNT_ATTR_RDONLY};
	struct stat root;

	if (n > 0 && fstat(rootfd, &root) < 0)
		return fail(err, errno, "look at the root");
	for (size_t i = 0; i < n; i++) {
		autoclose int target = inroot_open(rootfd, paths[i].path, O_PATH, 0, 0);
		autoclose int tree = -1;

		if (target < 0 && (errno == ENOENT || errno == ENOTDIR))
			continue;
		if (target < 0)
			return fail_at(err, errno, paths[i].at, "open '/%s' to make it read-only", paths[i].path);
		if (is_root(rootfd, &root, target)) {
			if (sys_mount_setattr(rootfd, "", AT_EMPTY_PATH | SYS_AT_RECURSIVE, &a) < 0)
				return fail_at(err, errno, paths[i].at, "make the root read-only");
			continue;
		}
		tree = sys_open_tree(target, "",
				     AT_EMPTY_PATH | SYS_OPEN_TREE_CLONE | SYS_AT_RECURSIVE | O_CLOEXEC);
		if (tree < 0 || sys_mount_setattr(tree, "", AT_EMPTY_PATH | SYS_AT_RECURSIVE, &a) < 0 ||
		    mount_attach(tree, target) < 0)
			return fail_at(err, errno, paths[i].at, "make '/%s' read-only", paths[i].path);
	}
	return 0;
}

int rootfs_make_readonly(int rootfd, struct error *err)
{
	struct sys_mount_attr a = {.attr_set = SYS_MOUNT_ATTR_RDONLY};

	if (sys_mount_setattr(rootfd, "", AT_EMPTY_PATH, &a) < 0)
		return fail_at(err, errno, "root.readonly", "make the root file system read-only");
	return 0;
}

static int enter_by_pivot(struct error *err)
{
	struct sys_mount_attr slave = {.propagation = MS_SLAVE};
	autoclose int old = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	/* put_old may be new_root itself (pivot_root(2), NOTES): the old root is then stacked on top, and
	 * no directory for it is needed in the container's tree. */
	if (old < 0 || sys_pivot_root(".", ".") < 0) {
		fail(err, errno, "pivot_root");
		return errno == EINVAL ? error_hint(err, "on an initramfs pivot_root cannot work: use --no-pivot")
				       : -1;
	}
	/* Slave first: a shared old root would carry the unmounting over to the host. */
	if (fchdir(old) < 0 || sys_mount_setattr(AT_FDCWD, ".", SYS_AT_RECURSIVE, &slave) < 0 ||
	    umount2(".", MNT_DETACH) < 0)
		return fail(err, errno, "detach the host's root");
	return 0;
}

static int enter_by_move(int rootfd, struct error *err)
{
	struct sys_mount_attr private = {.propagation = MS_PRIVATE};
	autoclose int old = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	autofree char *mountinfo = NULL;

	if (old < 0 || sys_mount_setattr(AT_FDCWD, "/", SYS_AT_RECURSIVE, &private) < 0)
		return fail(err, errno, "make the host's mounts private");
	if (fd_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &mountinfo, NULL, err) < 0)
		return -1;
	if (sys_move_mount(rootfd, "", AT_FDCWD, "/", SYS_MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return fail(err, errno, "move the root file system to '/'");
	if (fchdir(old) < 0)
		return fail(err, errno, "change to the host's root");
	if (!naive("stackedproc") && oldroot_leave(old, mountinfo, err) < 0)
		return -1;
	if (fchdir(rootfd) < 0 || chroot(".") < 0)
		return fail(err, errno, "chroot");
	return 0;
}

int rootfs_enter(int rootfd, bool own_mounts, bool no_pivot, unsigned long final, struct error *err)
{
	struct sys_mount_attr a = {.propagation = final & ~(unsigned long)MS_REC};

	if (fchdir(rootfd) < 0)
		return fail(err, errno, "change to the root file system");
	if (!own_mounts) /* pivot_root(2) would take the root away from everybody who shares the namespace */
		return chroot(".") < 0 || chdir("/") < 0 ? fail(err, errno, "chroot") : 0;
	if ((no_pivot ? enter_by_move(rootfd, err) : enter_by_pivot(err)) < 0)
		return -1;
	if (chdir("/") < 0)
		return fail(err, errno, "change to '/'");
	if (a.propagation &&
	    sys_mount_setattr(AT_FDCWD, "/", final & MS_REC ? SYS_AT_RECURSIVE : 0, &a) < 0)
		return fail_at(err, errno, "linux.rootfsPropagation", "set the propagation of '/'");
	return 0;
}
