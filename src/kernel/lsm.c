/* SPDX-License-Identifier: Apache-2.0 */
/* AppArmor and SELinux: see lsm.h.
 *
 * The engines recognise a label that could not be set by the file's path in back-quotes, ending in /exec
 * or /current; nothing else in these messages may have back-quotes.
 */
#include "lsm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "base/naive.h"
#include "base/str.h"
#include "kernel/procfile.h"

#define SELINUX_MAGIC_NUMBER 0xf97cff8c

/* thread-self, as a label belongs to a thread; kernels and tools agree on self for the error message. */
#define ATTR "thread-self/attr/"

bool lsm_apparmor_enabled(void)
{
	char text[8];

	return fd_read_small(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", text,
			     sizeof(text)) > 0 &&
	       text[0] == 'Y';
}

/* The file system is registered only by a running SELinux; where it is mounted, reading a list is spared. */
bool lsm_selinux_enabled(void)
{
	autofree char *text = NULL;
	struct statfs fs;
	struct error err;

	if (statfs("/sys/fs/selinux", &fs) == 0 && (unsigned long)fs.f_type == SELINUX_MAGIC_NUMBER)
		return true;
	if (fd_read_file(AT_FDCWD, "/proc/filesystems", 65536, &text, NULL, &err) < 0)
		return false;
	return strstr(text, "\tselinuxfs\n") != NULL;
}

int lsm_require_selinux(const char *at, const char *label, struct error *err)
{
	if (lsm_selinux_enabled())
		return 0;
	fail_at(err, 0, at, "SELinux label '%s' is asked for, but SELinux is not enabled on this host", label);
	return error_code(err, "SELINUX_DISABLED");
}

/* Without the errno's text: engines take "no such file" for a missing program. */
static int not_loaded(const char *profile, const char *file, struct error *err)
{
	fail(err, 0, "AppArmor profile '%s' is not loaded: write to `/proc/self/attr/%s`", profile, file);
	error_code(err, "APPARMOR_NOT_LOADED");
	return error_hint(err, "load it with apparmor_parser; aa-status lists what is loaded");
}

/* "permprofile" asks whether "changeprofile" would be done, and does nothing. */
bool lsm_apparmor_loaded(const char *profile)
{
	autoclose int fd = open("/proc/thread-self/attr/apparmor/current", O_WRONLY | O_CLOEXEC);
	char command[1024];
	int len = snprintf(command, sizeof(command), "permprofile %s", profile);

	if (len < 0 || (size_t)len >= sizeof(command))
		return true; /* lsm_set_apparmor() says what is wrong with it */
	return fd < 0 || write(fd, command, (size_t)len) >= 0 || errno != ENOENT;
}

int lsm_require(const char *apparmor, const char *selinux, struct error *err)
{
	if (naive("lsm"))
		return 0;
	if (apparmor && !lsm_apparmor_enabled()) {
		fail_at(err, 0, "process.apparmorProfile",
			"AppArmor profile '%s' is asked for, but AppArmor is not enabled on this host", apparmor);
		return error_code(err, "APPARMOR_DISABLED");
	}
	if (apparmor && !lsm_apparmor_loaded(apparmor)) {
		(void)not_loaded(apparmor, "apparmor/exec", err); /* -1 as always */
		return error_where(err, "process.apparmorProfile");
	}
	return selinux ? lsm_require_selinux("process.selinuxLabel", selinux, err) : 0;
}

static int write_failed(int errnum, const char *file, const char *label, struct error *err)
{
	fail(err, errnum, "write '%s' to `/proc/self/attr/%s`", label, file);
	error_op(err, "write");
	if (errnum == EINVAL && strcmp(file, "exec") == 0)
		error_hint(err, "the label '%s' is not in the loaded SELinux policy", label);
	return -1;
}

int lsm_set_apparmor(int procfd, const char *profile, struct error *err)
{
	const char *file = "apparmor/exec";
	autoclose int fd = procfile_open(procfd, ATTR "apparmor/exec", O_WRONLY);
	char command[1024];
	int len = snprintf(command, sizeof(command), "exec %s", profile);
	ssize_t n;

	if (len < 0 || (size_t)len >= sizeof(command))
		return fail(err, ENAMETOOLONG, "AppArmor profile '%s'", profile);
	if (fd < 0 &&
	    errno == ENOENT) { /* the file that modules share; dead code from Linux 5.8 on */
		file = "exec";
		fd = procfile_open(procfd, ATTR "exec", O_WRONLY);
	}
	n = fd < 0 ? -1 : write(fd, command, (size_t)len);
	if (n == len || naive("lsm"))
		return 0;
	if (n >= 0)
		return write_failed(EIO, file, profile, err);
	if (fd < 0 || errno != ENOENT)
		return write_failed(errno, file, profile, err);
	return not_loaded(profile, file, err);
}

static int set_selinux(int procfd, const char *file, const char *label, struct error *err)
{
	char path[48];

	snprintf(path, sizeof(path), ATTR "%s", file);
	/* The final NUL is part of the label; an empty write means none. */
	if (procfile_write(procfd, path, label ? label : "", label ? strlen(label) + 1 : 0) < 0)
		return write_failed(errno, file, label ? label : "", err);
	return 0;
}

int lsm_set_selinux(int procfd, const char *label, struct error *err)
{
	return set_selinux(procfd, "exec", label, err);
}

int lsm_set_selinux_key(int procfd, const char *label, struct error *err)
{
	return set_selinux(procfd, "keycreate", label, err);
}
