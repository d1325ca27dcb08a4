/* SPDX-License-Identifier: Apache-2.0 */
/* One mount: assemble it detached, find the target, attach it. */
#include "mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/blame.h"
#include "base/fd.h"
#include "base/naive.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/copyup.h"
#include "kernel/inroot.h"
#include "kernel/mount_error.h"
#include "kernel/userns.h"

int mount_attach(int mnt, int target)
{
	return sys_move_mount(mnt, "", target, "", SYS_MOVE_MOUNT_F_EMPTY_PATH | SYS_MOVE_MOUNT_T_EMPTY_PATH);
}

int mount_empty_dir(void)
{
	autoclose int fs = sys_fsopen("tmpfs", SYS_FSOPEN_CLOEXEC);

	/* One block and one inode: nothing can ever be stored, also if someone lifts the read-only flag.
	 * nr_inodes counts the root directory on some kernels twice (an ACL), so 2. */
	if (fs < 0 || sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "nr_blocks", "1", 0) < 0 ||
	    sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "nr_inodes", "2", 0) < 0 ||
	    sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "mode", "0555", 0) < 0 ||
	    sys_fsconfig(fs, SYS_FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return sys_fsmount(fs, SYS_FSMOUNT_CLOEXEC,
			   SYS_MOUNT_ATTR_RDONLY | SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NODEV |
				   SYS_MOUNT_ATTR_NOEXEC);
}

static int set_attributes(int mnt, const struct plan_mount *m, struct error *err)
{
	struct sys_mount_attr rec = {.attr_set = m->rec_set, .attr_clr = m->rec_clr};
	struct sys_mount_attr one = {.attr_set = m->attr_set, .attr_clr = m->attr_clr};

	if (naive("attributes"))
		return 0;
	if ((rec.attr_set || rec.attr_clr) &&
	    sys_mount_setattr(mnt, "", AT_EMPTY_PATH | SYS_AT_RECURSIVE, &rec) < 0)
		return mount_fail_attributes(m, "recursive attributes", err);
	if ((one.attr_set || one.attr_clr) && sys_mount_setattr(mnt, "", AT_EMPTY_PATH, &one) < 0)
		return mount_fail_attributes(m, "attributes", err);
	return 0;
}

int mount_set_idmap(int treefd, const struct plan_mount *m, int userns, struct error *err)
{
	struct sys_mount_attr a = {.attr_set = SYS_MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns};
	unsigned flags = AT_EMPTY_PATH | (m->idmap_rec ? SYS_AT_RECURSIVE : 0);

	if (sys_mount_setattr(treefd, "", flags, &a) == 0)
		return 0;
	fail_at(err, errno, m->at, "map the ids of the mount on '/%s'", m->target);
	error_op(err, "mount_setattr");
	error_path(err, m->source ? m->source : "");
	error_code(err, "MOUNT_IDMAP");
	return error_hint(err, "the file system of '%s' may not support id-mapped mounts on this kernel",
			  m->source ? m->source : m->fstype);
}

bool mount_copies_link(const struct plan_mount *m)
{
	struct stat st;

	return m->copy_symlink && lstat(m->source, &st) == 0 && S_ISLNK(st.st_mode);
}

int mount_open_source(const struct plan_mount *m, int userns, int *ret_fd, struct error *err)
{
	unsigned flags = SYS_OPEN_TREE_CLONE | O_CLOEXEC | (m->recursive ? SYS_AT_RECURSIVE : 0) |
			 (m->src_nofollow && !naive("source") ? AT_SYMLINK_NOFOLLOW : 0);
	autoclose int tree = sys_open_tree(AT_FDCWD, m->source, flags);

	if (tree < 0) {
		int saved = errno;

		fail_at(err, saved, m->at, "open the source '%s' of the mount on '/%s'", m->source, m->target);
		error_op(err, "open_tree");
		error_blame(err, -1, m->source);
		if (saved == ENOENT) {
			error_code(err, "MOUNT_SOURCE_MISSING");
			error_hint(err, "create it on the host, or correct the mount's source");
		} else if (saved == EINVAL) {
			error_hint(err, "'%s' is on an unbindable mount, or holds a bind of a mount namespace",
				   m->source);
		}
		return error_code(err, "MOUNT_SOURCE");
	}
	if (set_attributes(tree, m, err) < 0)
		return -1;
	if (userns >= 0 && m->idmap != PLAN_IDMAP_NONE && mount_set_idmap(tree, m, userns, err) < 0)
		return -1;
	*ret_fd = take_fd(&tree);
	return 0;
}

/* A tmpfs without a mode takes over that of the directory it covers, as users of runc and crun expect (an image's
 * /tmp stays 1777).  Fills MODE, or leaves it empty. */
static void inherited_mode(const struct plan_mount *m, const struct stat *target, char *mode, size_t size)
{
	*mode = '\0';
	if (strcmp(m->fstype, "tmpfs") != 0)
		return;
	for (size_t i = 0; i < m->data.n; i++)
		if (str_starts(m->data.v[i], "mode="))
			return;
	snprintf(mode, size, "%04o", (unsigned)target->st_mode & 07777);
}

static int configure(int fs, const struct plan_mount *m, const struct stat *target, struct error *err)
{
	char mode[16];

	if (m->source && sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "source", m->source, 0) < 0)
		return mount_fail_fs(fs, m, "source", err);
	for (size_t i = 0; i < m->sb_flags.n; i++)
		if (sys_fsconfig(fs, SYS_FSCONFIG_SET_FLAG, m->sb_flags.v[i], NULL, 0) < 0)
			return mount_fail_fs(fs, m, m->sb_flags.v[i], err);
	for (size_t i = 0; i < m->data.n; i++) {
		const char *item = m->data.v[i], *value = strchr(item, '=');
		char key[64];

		if (!value) {
			if (sys_fsconfig(fs, SYS_FSCONFIG_SET_FLAG, item, NULL, 0) < 0)
				return mount_fail_fs(fs, m, item, err);
			continue;
		}
		if ((size_t)snprintf(key, sizeof(key), "%.*s", (int)(value - item), item) >= sizeof(key)) {
			errno = EINVAL;
			return mount_fail_fs(fs, m, item, err);
		}
		if (sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, key, value + 1, 0) < 0)
			return mount_fail_fs(fs, m, item, err);
	}
	inherited_mode(m, target, mode, sizeof(mode));
	if (mode[0] && sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "mode", mode, 0) < 0)
		return mount_fail_fs(fs, m, "mode", err);
	return 0;
}

/* What fsconfig(2) cannot say: SB_SILENT, SB_I_VERSION, values of 256 bytes and more. */
static int make_by_mount(const struct plan_mount *m, const struct stat *target, int *ret_fd, struct error *err)
{
	struct buf data = {0};
	const char *failed;
	char mode[16];

	inherited_mode(m, target, mode, sizeof(mode));
	for (size_t i = 0; i < m->data.n; i++)
		buf_printf(&data, "%s%s", i ? "," : "", m->data.v[i]);
	if (mode[0])
		buf_printf(&data, "%smode=%s", data.s ? "," : "", mode);
	failed = data.failed ? (errno = ENOMEM, "options") : mount_make_classic(m, data.s, ret_fd);
	if (failed)
		mount_fail_fs(-1, m, data.s && strcmp(failed, "mount") == 0 ? data.s : failed, err);
	buf_free(&data);
	return failed ? -1 : 0;
}

static int make_by_context(const struct plan_mount *m, const struct stat *target, int *ret_fd, struct error *err)
{
	autoclose int fs = sys_fsopen(m->fstype, SYS_FSOPEN_CLOEXEC);
	bool later = m->tmpcopyup;

	if (fs < 0)
		return mount_fail_fs(-1, m, "fsopen", err);
	if (configure(fs, m, target, err) < 0)
		return -1;
	if (sys_fsconfig(fs, SYS_FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return mount_fail_fs(fs, m, "create", err);
	*ret_fd = sys_fsmount(fs, SYS_FSMOUNT_CLOEXEC, (unsigned)(later ? 0 : m->attr_set));
	return *ret_fd < 0 ? mount_fail_fs(fs, m, "fsmount", err) : 0;
}

static int make_fs(const struct plan_mount *m, int target, int userns, int *ret_fd, struct error *err)
{
	autoclose int mnt = -1;
	autoclose int inside = -1;
	struct stat st;

	if (fstat(target, &st) < 0)
		return fail_at(err, errno, m->at, "stat '/%s'", m->target);
	if ((m->classic ? make_by_mount : make_by_context)(m, &st, &mnt, err) < 0)
		return -1;
	if (m->tmpcopyup && copyup_tree(target, mnt, m->target, err) < 0)
		return error_where(err, m->at);
	if (((m->classic && !naive("classic")) || m->tmpcopyup) && set_attributes(mnt, m, err) < 0)
		return -1;
	if (m->idmap_inside && userns_make(&m->uid_map, &m->gid_map, &inside, err) < 0)
		return error_where(err, m->at);
	userns = inside >= 0 ? inside : userns;
	if (userns >= 0 && m->idmap != PLAN_IDMAP_NONE && mount_set_idmap(mnt, m, userns, err) < 0)
		return -1;
	*ret_fd = take_fd(&mnt);
	return 0;
}

/* Mounts over parts of /proc are how a container fakes what the runtime relies on (V30); these files are
 * what lxcfs provides, and are harmless. */
static int check_proc_target(int target, const struct plan_mount *m, struct error *err)
{
	static const char *const allowed[] = {"cpuinfo", "diskstats", "loadavg", "meminfo", "slabinfo", "stat",
					      "swaps", "uptime", "net/dev", "sys/kernel/ns_last_pid",
					      "sys/crypto/fips_enabled", "pressure/cpu", "pressure/io",
					      "pressure/memory", "pressure/irq"};
	UNSET char path[4096];
	char link[40];
	struct statfs fs;
	ssize_t n;

	if (fstatfs(target, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC || naive("proctarget"))
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", target);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return fail_at(err, errno, m->at, "read '%s'", link);
	path[n] = '\0';
	for (size_t i = 0; i < COUNT_OF(allowed); i++) {
		size_t len = strlen(allowed[i]);

		if ((size_t)n > len + 5 && strcmp(path + n - len, allowed[i]) == 0 &&
		    strncmp(path + (size_t)n - len - 6, "/proc/", 6) == 0)
			return 0;
	}
	fail_at(err, 0, m->at, "mount on '/%s' refused: it is inside /proc", m->target);
	error_code(err, "MOUNT_INSIDE_PROC");
	return error_hint(err, "only single files like /proc/meminfo may be mounted over");
}

/* The target's descriptor; it is made when missing: a directory for a directory or a file system, else a file. */
static int open_target(const struct plan_mount *m, int rootfd, bool is_dir, int *ret_fd, struct error *err)
{
	bool kernel_fs = m->kind == PLAN_MOUNT_FS &&
			 (strcmp(m->fstype, "proc") == 0 || strcmp(m->fstype, "sysfs") == 0) && !naive("kernelfs");
	unsigned resolve = kernel_fs ? SYS_RESOLVE_NO_SYMLINKS : 0;
	/* dest-nofollow: on the link itself, when the last component is one. */
	int fd = inroot_open(rootfd, m->target, O_PATH | (m->dest_nofollow ? O_NOFOLLOW : 0), 0, resolve);
	struct stat st;

	if (fd < 0 && errno == ELOOP && kernel_fs) {
		/* CVE-2019-19921: an image's /proc that is a link moves what the runtime writes there later. */
		fail_at(err, 0, m->at, "'%s' must be mounted on ordinary directory, '/%s' is a symbolic link",
			m->fstype, m->target);
		return error_code(err, "MOUNT_TARGET_LINK");
	}
	if (fd < 0 && errno == ENOENT) {
		if ((is_dir ? inroot_mkdirs : inroot_mkfile)(rootfd, m->target, &fd, err) < 0) {
			wrap(err, "make the target of the mount on '/%s'", m->target);
			error_blame(err, rootfd, m->target);
			error_code(err, "MOUNT_TARGET");
			return error_where(err, m->at);
		}
	}
	if (fd < 0) {
		fail_at(err, errno, m->at, "open the mount's target '/%s' in the root file system", m->target);
		error_op(err, "openat2");
		error_blame(err, rootfd, m->target);
		return error_code(err, "MOUNT_TARGET");
	}
	if (kernel_fs && (fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode))) {
		fd_close(fd);
		fail_at(err, 0, m->at, "'%s' must be mounted on ordinary directory, '/%s' is none", m->fstype,
			m->target);
		return error_code(err, "MOUNT_TARGET_LINK");
	}
	*ret_fd = fd;
	return 0;
}

static int set_propagation(const struct plan_mount *m, int mnt, struct error *err)
{
	struct sys_mount_attr a = {.propagation = m->propagation};
	unsigned flags = AT_EMPTY_PATH | (m->propagation_rec ? SYS_AT_RECURSIVE : 0);

	if (m->propagation && !naive("propagation") && sys_mount_setattr(mnt, "", flags, &a) < 0)
		return fail_at(err, errno, m->at, "set the propagation of the mount on '/%s'", m->target);
	return 0;
}

/* copy-symlink: the source is a link, the container gets the same link in place of a mount. */
static int copy_link(const struct plan_mount *m, int rootfd, bool *ret_done, struct error *err)
{
	autoclose int parent = -1;
	char link[4096], old[4096];
	const char *name;
	ssize_t n = readlinkat(AT_FDCWD, m->source, link, sizeof(link) - 1);

	if (n < 0)
		return errno == EINVAL ? 0 : fail_at(err, errno, m->at, "read link '%s'", m->source);
	link[n] = '\0';
	if (inroot_parent(rootfd, m->target, &parent, &name, err) < 0)
		return error_where(err, m->at);
	if (symlinkat(link, parent, name) < 0) {
		int errnum = errno;

		if (errnum != EEXIST || readlinkat(parent, name, old, sizeof(old)) != n ||
		    memcmp(old, link, (size_t)n) != 0)
			return fail_at(err, errnum, m->at, "make symbolic link '/%s'", m->target);
	}
	*ret_done = true;
	return 0;
}

static int remount(const struct plan_mount *m, int rootfd, struct error *err)
{
	autoclose int target = inroot_open(rootfd, m->target, O_PATH, 0, 0);
	struct buf data = {0};
	char path[40];
	int rc = 0;

	if (target < 0) {
		fail_at(err, errno, m->at, "open '/%s' to remount it", m->target);
		error_blame(err, rootfd, m->target);
		return error_code(err, "MOUNT_TARGET");
	}
	if (m->data.n || m->classic_flags) {
		for (size_t i = 0; i < m->data.n; i++)
			buf_printf(&data, "%s%s", i ? "," : "", m->data.v[i]);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", target);
		rc = mount(NULL, path, NULL, MS_REMOUNT | m->classic_flags, data.s);
		if (rc < 0)
			fail_at(err, errno, m->at, "remount '/%s' with '%s'", m->target, data.s ? data.s : "");
		buf_free(&data);
	}
	if (rc < 0 || set_attributes(target, m, err) < 0)
		return -1;
	return set_propagation(m, target, err);
}

/* Without the defence: the mount is looked up once more for its attributes, and may be another by then. */
static int set_attributes_by_path(const struct plan_mount *m, int rootfd, struct error *err)
{
	autoclose int mnt = inroot_open(rootfd, m->target, O_PATH, 0, 0);

	return mnt < 0 ? fail_at(err, errno, m->at, "open '/%s'", m->target) : set_attributes(mnt, m, err);
}

static int open_cgroup_source(const struct plan_mount *m, const char *cgroup_dir, int *ret_fd, struct error *err)
{
	struct plan_mount bind = *m;

	if (!cgroup_dir)
		return fail_at(err, 0, m->at, "mount on '/%s': there is no cgroup to show", m->target);
	bind.kind = PLAN_MOUNT_BIND;
	bind.source = cgroup_dir;
	return mount_open_source(&bind, -1, ret_fd, err);
}

int mount_make_readonly(const struct plan_mount *m, int mnt, struct error *err)
{
	struct sys_mount_attr a = {.attr_set = SYS_MOUNT_ATTR_RDONLY};
	autoclose int fd = mnt;

	if (fd >= 0 && sys_mount_setattr(fd, "", AT_EMPTY_PATH, &a) < 0)
		return mount_fail_attributes(m, "read-only", err);
	return 0;
}

/* What is done to MNT once it is in its place. */
static int finish(const struct plan_mount *m, int *mnt, int *rootfd, int *ret_later, struct error *err)
{
	int later = m->readonly_last ? fcntl(*mnt, F_DUPFD_CLOEXEC, 0) : -1;

	if (m->readonly_last && later < 0)
		return fail_at(err, errno, m->at, "keep the mount on '/%s'", m->target);
	if (ret_later)
		*ret_later = later;
	else if (mount_make_readonly(m, later, err) < 0)
		return -1;
	if (!m->target[strspn(m->target, "/.")]) {
		fd_close(*rootfd);
		*rootfd = take_fd(mnt);
	}
	return 0;
}

int mount_carry_out(const struct plan_mount *m, int *rootfd, int source, int userns, const char *cgroup_dir,
		    int *ret_later, struct error *err)
{
	autoclose int mnt = -1;
	autoclose int target = -1;
	bool done = false, is_dir = true;
	struct stat st;

	if (m->kind == PLAN_MOUNT_REMOUNT)
		return remount(m, *rootfd, err);
	if (m->copy_symlink && (copy_link(m, *rootfd, &done, err) < 0 || done))
		return done ? 0 : -1;
	if (m->kind == PLAN_MOUNT_CGROUP && open_cgroup_source(m, cgroup_dir, &mnt, err) < 0)
		return -1;
	if (m->kind == PLAN_MOUNT_BIND) {
		if (source >= 0)
			mnt = fcntl(source, F_DUPFD_CLOEXEC, 0);
		else if (mount_open_source(m, userns, &mnt, err) < 0)
			return -1;
		if (mnt < 0 || fstat(mnt, &st) < 0)
			return fail_at(err, errno, m->at, "stat '%s'", m->source);
		is_dir = S_ISDIR(st.st_mode);
	}
	if (open_target(m, *rootfd, is_dir, &target, err) < 0 || check_proc_target(target, m, err) < 0)
		return -1;
	if (m->kind == PLAN_MOUNT_FS && make_fs(m, target, userns, &mnt, err) < 0)
		return -1;
	if (mount_attach(mnt, target) < 0)
		return mount_fail_attach(m, is_dir, target, err);
	if (m->classic && naive("classic") && set_attributes_by_path(m, *rootfd, err) < 0)
		return -1;
	if (set_propagation(m, mnt, err) < 0)
		return -1;
	return finish(m, &mnt, rootfd, ret_later, err);
}
