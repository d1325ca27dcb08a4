/* SPDX-License-Identifier: Apache-2.0 */
/* Walking a path after it failed. */
#include "blame.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fd.h"
#include "str.h"
#include "sys.h"

enum { PATH_ROOM = 4096, OVERFLOW_ID = 65534, MAX_GROUPS = 256 };

#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif
#define CAP_BIT_DAC_OVERRIDE 1
#define CAP_BIT_DAC_READ_SEARCH 2

static int open_part(int rootfd, const char *path, int flags)
{
	if (rootfd < 0)
		return open(path, flags | O_PATH | O_CLOEXEC);
	path += strspn(path, "/");
	return sys_openat2(rootfd, *path ? path : ".",
			   (uint64_t)(unsigned)(flags | O_PATH | O_CLOEXEC), 0,
			   SYS_RESOLVE_IN_ROOT | SYS_RESOLVE_NO_MAGICLINKS);
}

static bool in_group(gid_t gid)
{
	gid_t groups[MAX_GROUPS];
	int n = getgroups(MAX_GROUPS, groups);

	if (gid == getegid())
		return true;
	for (int i = 0; i < n; i++)
		if (groups[i] == gid)
			return true;
	return false;
}

/* Would the mode let us in?  BIT is 4, 2 or 1. */
static bool mode_allows(const struct stat *st, unsigned bit)
{
	uint64_t effective = 0, permitted, inheritable;
	unsigned shift = st->st_uid == geteuid() ? 6 : in_group(st->st_gid) ? 3 : 0;
	bool mapped = st->st_uid != OVERFLOW_ID && st->st_gid != OVERFLOW_ID;

	if (st->st_mode >> shift & bit)
		return true;
	if (!mapped || sys_capget(&effective, &permitted, &inheritable) < 0)
		return false;
	if (effective & UINT64_C(1) << CAP_BIT_DAC_OVERRIDE)
		return S_ISDIR(st->st_mode) || bit != 1 || (st->st_mode & 0111);
	return (effective & UINT64_C(1) << CAP_BIT_DAC_READ_SEARCH) && bit != 2 &&
	       S_ISDIR(st->st_mode);
}

/* " (100000 outside)" when our user namespace knows us by another id than its parent; "" otherwise. */
static const char *outside(uid_t uid, char *buf, size_t size)
{
	uint32_t v[3] = {0};
	char text[4096], *save = NULL, *words = NULL;

	buf[0] = '\0';
	if (fd_read_small(-1, "/proc/self/uid_map", text, sizeof(text)) <= 0)
		return buf;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *word = strtok_r(line, " ", &words);

		for (size_t i = 0; i < COUNT_OF(v) && word; i++, word = strtok_r(NULL, " ", &words))
			if (!str_to_u32(word, &v[i]))
				return buf;
		if (uid >= v[0] && uid - v[0] < v[2] && v[1] != v[0])
			snprintf(buf, size, ", %u outside the user namespace", v[1] + (uid - v[0]));
	}
	return buf;
}

static const char *other_reason(int fd)
{
	struct statfs fs;

	if (fd >= 0 && fstatfs(fd, &fs) == 0) {
		if ((unsigned long)fs.f_type == FUSE_SUPER_MAGIC)
			return "FUSE lets nobody in but who mounted it (allow_other)";
		if ((unsigned long)fs.f_type == NFS_SUPER_MAGIC)
			return "the NFS server may not know our root (no_root_squash)";
	}
	return "a security module (AppArmor, SELinux) or the file system refuses";
}

/* WHERE, open as FD, refused us what BIT stands for. */
static int explain_refusal(struct error *err, int fd, const char *where, unsigned bit)
{
	const char *lack = bit == 1 ? "'x'" : bit == 2 ? "'w'" : "'r'";
	char also[64];
	struct stat st;

	snprintf(err->denied_at, sizeof(err->denied_at), "%s", where);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_hint(err, "'%s' refuses", where);
	if (mode_allows(&st, bit))
		return error_hint(
			err,
			"'%s' refuses, though its mode %04o and owner %u:%u would allow it: %s",
			where, (unsigned)st.st_mode & 07777, (unsigned)st.st_uid,
			(unsigned)st.st_gid, other_reason(fd));
	return error_hint(
		err, "'%s' refuses: it has mode %04o and owner %u:%u%s, we are %u:%u%s and need %s",
		where, (unsigned)st.st_mode & 07777, (unsigned)st.st_uid, (unsigned)st.st_gid,
		st.st_uid == OVERFLOW_ID ? " (an id that is not mapped)" : "", (unsigned)geteuid(),
		(unsigned)getegid(), outside(geteuid(), also, sizeof(also)), lack);
}

/* WHERE cannot be opened with ERRNUM, what is before it can. */
static int explain_part(struct error *err, int rootfd, const char *where, int errnum)
{
	char link[256];
	autoclose int fd = open_part(rootfd, where, O_NOFOLLOW);
	ssize_t n = fd >= 0 ? readlinkat(fd, "", link, sizeof(link) - 1) : -1;

	snprintf(err->denied_at, sizeof(err->denied_at), "%s", where);
	if (n > 0) {
		link[n] = '\0';
		if (errnum == ELOOP)
			return error_hint(
				err, "'%s' is a symbolic link to '%s', which leads back to itself",
				where, link);
		return error_hint(err, "'%s' is a symbolic link to '%s', which is not there", where,
				  link);
	}
	if (errnum == ENOENT && strcmp(where, err->path) != 0) /* of the whole path the message says it */
		return error_hint(err, "'%s' does not exist", where);
	if (errnum == ENOTDIR)
		return error_hint(err, "'%s' is not a directory", where);
	return -1;
}

/* What stands before the first part of PATH that cannot be opened. */
static int explain_walk(struct error *err, int rootfd, const char *path)
{
	UNSET char part[PATH_ROOM];
	autoclose int before = open_part(rootfd, path[0] == '/' ? "/" : ".", 0);
	size_t len = strspn(path, "/"), good = len;
	autoclose int last = -1;
	struct stat st;

	snprintf(part, sizeof(part), "%s", path[0] == '/' ? "/" : ".");
	while (len < sizeof(part) && path[len]) {
		char next[PATH_ROOM];
		int fd;

		len += strcspn(path + len, "/");
		snprintf(next, sizeof(next), "%.*s", (int)len, path);
		fd = open_part(rootfd, next, 0);
		if (fd < 0 && errno == EACCES)
			return explain_refusal(err, before, part, 1);
		if (fd < 0 && errno == ENOTDIR)
			return explain_part(err, rootfd, part, ENOTDIR);
		if (fd < 0 && errno == ENOENT && err->errnum != ENOENT) /* it was to be made */
			return explain_refusal(err, before, part, 2);
		if (fd < 0)
			return explain_part(err, rootfd, next, errno);
		close_keeping_errno(&before);
		before = fd;
		memcpy(part, next, sizeof(part));
		good = len;
		len += strspn(path + len, "/");
	}
	last = take_fd(&before);
	if (good && last >= 0 && fstat(last, &st) == 0 && err->errnum == ENOTDIR &&
	    !S_ISDIR(st.st_mode))
		return explain_part(err, rootfd, part, ENOTDIR);
	return err->errnum == EACCES ? explain_refusal(err, last, part, 4) : -1;
}

int error_blame(struct error *err, int rootfd, const char *path)
{
	static const int worth[] = {EACCES, EPERM, ENOENT, ENOTDIR, ELOOP};

	error_path(err, path);
	for (size_t i = 0; i < COUNT_OF(worth) && !err->denied_at[0] && path[0]; i++)
		if (err->errnum == worth[i])
			return explain_walk(err, rootfd, path);
	return -1;
}
