/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and probing what explains a failed mount; nothing here runs when mounts work. */
#include "mount_error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/blame.h"
#include "base/str.h"
#include "kernel/userns.h"

/* What the kernel wrote to the file system context ("e tmpfs: Unknown parameter 'x'"), one message a read(2). */
static void read_fs_log(int fs, char *text, size_t size)
{
	char one[256];
	size_t n = 0;

	text[0] = '\0';
	for (int i = 0; fs >= 0 && i < 8; i++) {
		ssize_t got = read(fs, one, sizeof(one) - 1);

		if (got <= 2)
			return;
		one[got] = '\0';
		one[strcspn(one, "\n")] = '\0';
		n += (size_t)snprintf(text + n, size - n, ": %s", one + 2);
		if (n >= size)
			return;
	}
}

/* An option gid=N or uid=N of a file system whose id our user namespace does not map: EINVAL without a word. */
static const char *unmapped_option(const struct plan_mount *m)
{
	for (size_t i = 0; i < m->data.n; i++) {
		const char *item = m->data.v[i];
		bool gid = str_starts(item, "gid=");
		uint32_t id;

		if ((gid || str_starts(item, "uid=")) && str_to_u32(item + 4, &id) &&
		    !userns_has_id(gid, id))
			return item;
	}
	return NULL;
}

/* WHAT: the option that was refused, LOG: the kernel's words. */
static void explain_fs(const struct plan_mount *m, int errnum, const char *what, const char *log, struct error *err)
{
	const char *option = errnum == EINVAL ? unmapped_option(m) : NULL;

	if (option) {
		error_code(err, "MOUNT_ID_UNMAPPED");
		error_hint(err, "the id of '%s' is not mapped in the container's user namespace",
			   option);
	} else if (strstr(log, "Unknown parameter")) {
		error_hint(err,
			   "'%s' is no option of %s: correct its spelling; each option is an element of its own in "
			   "the list",
			   what, m->fstype);
	} else if (errnum == ENODEV) {
		error_code(err, "MOUNT_FSTYPE");
		error_hint(err, "the kernel does not know the file system type '%s'", m->fstype);
	} else if (errnum == EPERM && strcmp(m->fstype, "proc") == 0) {
		error_code(err, "MOUNT_NESTED");
		error_hint(err, "parts of the /proc we see are mounted over; a nested container "
				"needs an unmasked one");
	} else if (errnum == EPERM && strcmp(m->fstype, "sysfs") == 0) {
		error_code(err, "MOUNT_NESTED");
		error_hint(err, "sysfs needs a network namespace of the same user namespace; "
				"bind-mount /sys instead");
	} else if (errnum == EPERM) {
		error_hint(err,
			   "only the host's root may mount '%s': a user namespace is not enough",
			   m->fstype);
	} else if (errnum == ENOSPC) {
		error_hint(err, "a limit is reached: fs.mount-max for mounts, or user.max_* for "
				"the file system");
	}
	error_code(err, "MOUNT_FAILED");
}

int mount_fail_fs(int fs, const struct plan_mount *m, const char *what, struct error *err)
{
	int saved = errno;
	char text[512];

	read_fs_log(fs, text, sizeof(text));
	fail(err, saved, "mount '%s' on '/%s': %s%s", m->fstype, m->target, what, text);
	if (fs < 0)
		error_op(err, m->classic ? "mount" : "fsopen");
	error_op(err, strcmp(what, "fsmount") == 0 ? "fsmount" : "fsconfig");
	if (m->source && m->source[0] == '/' &&
	    (saved == ENOENT || saved == EACCES || saved == ENOTBLK))
		error_blame(err, -1, m->source);
	explain_fs(m, saved, what, text, err);
	return error_where(err, m->at);
}

/* A file on a directory, or the other way round, is EINVAL. */
int mount_fail_attach(const struct plan_mount *m, bool is_dir, int target, struct error *err)
{
	const char *source = m->source ? m->source : m->fstype;
	struct stat st;

	fail_at(err, errno, m->at, "attach the mount of '%s' to '/%s'", source, m->target);
	error_op(err, "move_mount");
	if (m->kind == PLAN_MOUNT_BIND && m->source)
		error_path(err, m->source);
	if (fstat(target, &st) == 0 && S_ISDIR(st.st_mode) != is_dir)
		error_hint(err, "'%s' is a %s, and '/%s' in the container is a %s: both have to be the same", source,
			   is_dir ? "directory" : "file", m->target, is_dir ? "file" : "directory");
	return error_code(err, "MOUNT_FAILED");
}

int mount_fail_attributes(const struct plan_mount *m, const char *what, struct error *err)
{
	fail_at(err, errno, m->at, "set %s of the mount on '/%s'", what, m->target);
	error_op(err, "mount_setattr");
	if (err->errnum == EPERM)
		error_hint(err,
			   "flags that the mount has from the host are locked in a user namespace: "
			   "ro, nosuid, nodev, noexec and noatime of the source must stay");
	return error_code(err, "MOUNT_ATTRIBUTES");
}
