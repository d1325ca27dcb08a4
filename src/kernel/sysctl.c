/* SPDX-License-Identifier: Apache-2.0 */
/* Writing sysctls where they belong and nowhere else. */
#include "sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "base/sys.h"

static int write_one(int sys, const struct plan_sysctl *s, struct error *err)
{
	autoclose int fd = sys_openat2(sys, s->path, O_WRONLY | O_CLOEXEC, 0,
				       SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_XDEV | SYS_RESOLVE_NO_SYMLINKS |
					       SYS_RESOLVE_NO_MAGICLINKS);
	size_t len = strlen(s->value);

	if (fd < 0) {
		int saved = errno;

		fail_at(err, saved, s->at, "open sysctl '%s'", s->path);
		if (saved == ENOENT)
			error_hint(err, "the kernel has no such sysctl in a namespace of a container");
		return error_code(err, "SYSCTL");
	}
	if (write(fd, s->value, len) != (ssize_t)len) {
		fail_at(err, errno, s->at, "write '%s' to sysctl '%s'", s->value, s->path);
		return error_code(err, "SYSCTL");
	}
	return 0;
}

int sysctl_write_all(const struct plan_sysctl *sysctls, size_t n, struct error *err)
{
	autoclose int sys = -1;
	struct statfs fs;

	if (n == 0)
		return 0;
	sys = open("/proc/sys", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (sys < 0 || fstatfs(sys, &fs) < 0)
		return fail(err, errno, "open '/proc/sys'");
	if (fs.f_type != PROC_SUPER_MAGIC)
		return fail(err, 0, "'/proc/sys' is not a procfs");
	for (size_t i = 0; i < n; i++)
		if (write_one(sys, &sysctls[i], err) < 0)
			return -1;
	return 0;
}
