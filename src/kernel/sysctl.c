/* SPDX-License-Identifier: Apache-2.0 */
/* Writing sysctls where they belong and nowhere else. */
#include "sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/naive.h"
#include "base/sys.h"
#include "kernel/procfile.h"

static void set_path(struct error *err, const struct plan_sysctl *s)
{
	snprintf(err->path, sizeof(err->path), "/proc/sys/%s", s->path);
}

static int write_one(int sys, const struct plan_sysctl *s, struct error *err)
{
	uint64_t one_mount = naive("sysctlmount") ? 0 : SYS_RESOLVE_NO_XDEV;
	autoclose int fd = sys_openat2(sys, s->path, O_WRONLY | O_CLOEXEC, 0,
				       SYS_RESOLVE_BENEATH | one_mount | SYS_RESOLVE_NO_SYMLINKS |
					       SYS_RESOLVE_NO_MAGICLINKS);
	/* A write of nothing is none: the kernel would not be asked.  A line without a value empties a list, and is
	 * refused for a number. */
	const char *value = s->value[0] ? s->value : "\n";
	size_t len = strlen(value);

	if (fd < 0) {
		int saved = errno;

		fail_at(err, saved, s->at, "open sysctl '%s'", s->path);
		error_op(err, "openat2");
		set_path(err, s);
		if (saved == ENOENT)
			error_hint(err, "the kernel has no such sysctl in a namespace of a container");
		return error_code(err, "SYSCTL");
	}
	if (write(fd, value, len) != (ssize_t)len) {
		fail_at(err, errno, s->at, "write '%s' to sysctl '%s'", s->value, s->path);
		error_op(err, "write");
		set_path(err, s);
		return error_code(err, "SYSCTL");
	}
	return 0;
}

int sysctl_write_all(const struct plan_sysctl *sysctls, size_t n, struct error *err)
{
	autoclose int proc = -1, sys = -1;

	if (n == 0)
		return 0;
	proc = procfile_root();
	sys = proc < 0 ? -1 : procfile_open(proc, "sys", O_PATH | O_DIRECTORY | O_NOFOLLOW);
	if (sys < 0)
		return fail(err, errno, "open '/proc/sys'");
	for (size_t i = 0; i < n; i++)
		if (write_one(sys, &sysctls[i], err) < 0)
			return -1;
	return 0;
}
