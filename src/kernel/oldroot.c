/* SPDX-License-Identifier: Apache-2.0 */
/* Leaving the host's mounts behind without pivot_root(2): see oldroot.h. */
#include "kernel/oldroot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/mount.h"

enum { MAX_LAYERS = 1000 }; /* mounts one on another, which a mount table of the host has two or three of */

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* Blanks, line ends and backslashes are written as three octal digits. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && is_octal(s[1]) && is_octal(s[2]) && is_octal(s[3])) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/* "36 35 98:0 /root /path rw,noatime master:1 - ext3 /dev/root rw" (proc_pid_mountinfo(5)) */
bool oldroot_parse(char *line, struct oldroot_mount *ret)
{
	char *save = NULL, *words[6] = {NULL};

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		words[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!words[i])
			return false;
	}
	if (!str_to_u64(words[0], &ret->id) || !str_to_u64(words[1], &ret->parent) || words[4][0] != '/')
		return false;
	for (char *w = words[5]; strcmp(w, "-") != 0;) {
		w = strtok_r(NULL, " ", &save);
		if (!w)
			return false;
	}
	ret->fstype = strtok_r(NULL, " ", &save);
	if (!ret->fstype)
		return false;
	unescape(words[3]);
	unescape(words[4]);
	ret->root = words[3];
	ret->path = words[4] + strspn(words[4], "/");
	return true;
}

/* What is mounted at PATH beneath OLD, and its number; -1: nothing that can be reached. */
static int open_mount(int old, const char *path, uint64_t *ret_id)
{
	autoclose int fd = openat(old, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && sys_mount_id(fd, ret_id) == 0 ? take_fd(&fd) : -1;
}

/* With all that is mounted beneath and above it.  What is locked stays: see cover(). */
static void detach(int old, uint64_t old_id, const char *path)
{
	for (int i = 0; i < MAX_LAYERS; i++) {
		uint64_t id = old_id;
		autoclose int fd = open_mount(old, path, &id);

		if (fd < 0 || id == old_id || umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
			return;
	}
}

/* Does nothing where the mount has gone.  One whose root is a part of its file system reveals nothing. */
static int cover(int old, const struct oldroot_mount *m, struct error *err)
{
	autoclose int mask = -1;
	autoclose int fd = -1;
	uint64_t id;

	if ((strcmp(m->fstype, "proc") != 0 && strcmp(m->fstype, "sysfs") != 0) || strcmp(m->root, "/") != 0)
		return 0;
	fd = open_mount(old, m->path, &id);
	if (fd < 0 || id != m->id)
		return 0;
	mask = mount_empty_dir();
	if (mask < 0 || mount_attach(mask, fd) < 0)
		return fail(err, errno, "cover the host's '/%s'", m->path);
	return 0;
}

/* The lines of TEXT; NULL with errno. */
static struct oldroot_mount *parse_all(char *text, size_t *ret_n)
{
	struct oldroot_mount *v;
	size_t n = 1;
	char *save = NULL;

	for (const char *p = text; (p = strchr(p, '\n')); p++)
		n++;
	v = reallocarray(NULL, n, sizeof(*v));
	if (!v)
		return NULL;
	*ret_n = 0;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!oldroot_parse(line, &v[(*ret_n)++])) {
			free(v);
			errno = EBADMSG;
			return NULL;
		}
	}
	return v;
}

int oldroot_leave(int old, char *mountinfo, struct error *err)
{
	struct oldroot_mount *v;
	uint64_t old_id;
	size_t n = 0;
	int rc = 0;

	if (sys_mount_id(old, &old_id) < 0)
		return fail(err, errno, "look at the host's root");
	v = parse_all(mountinfo, &n);
	if (!v)
		return fail(err, errno, "read the host's mounts");
	for (size_t i = n; i > 0; i--) /* the newest first: it may hide others */
		if (v[i - 1].parent == old_id && v[i - 1].path[0])
			detach(old, old_id, v[i - 1].path);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = cover(old, &v[i], err);
	free(v);
	return rc;
}
