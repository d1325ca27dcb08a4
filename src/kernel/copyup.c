/* SPDX-License-Identifier: Apache-2.0 */
/* Copying an image's directory into a fresh tmpfs, without following or blocking on anything in it. */
#include "copyup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/naive.h"
#include "base/sys.h"

enum { MAX_DEPTH = 64 };

static int copy_dir(int from, int to, const char *name, int depth, struct error *err);

static void set_facts(int dirfd, const char *path, const struct stat *st)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};

	/* Without CAP_CHOWN the copies stay ours; that is what a rootless user can have. */
	(void)!fchownat(dirfd, path, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW);
	if (!S_ISLNK(st->st_mode))
		(void)!fchmodat(dirfd, path, st->st_mode & 07777, 0);
	(void)utimensat(dirfd, path, times, AT_SYMLINK_NOFOLLOW);
}

static int no_links(int flag)
{
	return naive("copyup") ? 0 : flag;
}

static int copy_file(int from, int to, const char *name, const struct stat *st, struct error *err)
{
	autoclose int in =
		openat(from, name, O_RDONLY | no_links(O_NOFOLLOW) | O_NONBLOCK | O_CLOEXEC);
	autoclose int out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t n;

	if (in < 0 || out < 0)
		return fail(err, errno, "copy '%s' into the tmpfs", name);
	while ((n = sendfile(out, in, NULL, 1 << 20)) > 0)
		;
	if (n < 0)
		return fail(err, errno, "copy '%s' into the tmpfs", name);
	set_facts(to, name, st);
	return 0;
}

static int copy_link(int from, int to, const char *name, const struct stat *st, struct error *err)
{
	char link[4096];
	ssize_t n = readlinkat(from, name, link, sizeof(link) - 1);

	if (n < 0)
		return fail(err, errno, "copy link '%s' into the tmpfs", name);
	link[n] = '\0';
	if (symlinkat(link, to, name) < 0)
		return fail(err, errno, "copy link '%s' into the tmpfs", name);
	set_facts(to, name, st);
	return 0;
}

static int copy_entry(int from, int to, const char *name, int depth, struct error *err)
{
	autoclose int sub_from = -1;
	autoclose int sub_to = -1;
	struct stat st;

	if (fstatat(from, name, &st, no_links(AT_SYMLINK_NOFOLLOW)) < 0)
		return fail(err, errno, "stat '%s'", name);
	if (S_ISREG(st.st_mode))
		return copy_file(from, to, name, &st, err);
	if (S_ISLNK(st.st_mode))
		return copy_link(from, to, name, &st, err);
	if (!S_ISDIR(st.st_mode))
		return 0;
	if (mkdirat(to, name, 0700) < 0)
		return fail(err, errno, "make directory '%s' in the tmpfs", name);
	sub_from = sys_openat2(from, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0,
			       SYS_RESOLVE_NO_XDEV | SYS_RESOLVE_NO_SYMLINKS);
	if (sub_from < 0 && errno == EXDEV)
		return 0; /* a mount: its content belongs to that mount */
	sub_to = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (sub_from < 0 || sub_to < 0)
		return fail(err, errno, "open directory '%s'", name);
	if (copy_dir(sub_from, sub_to, name, depth + 1, err) < 0)
		return -1;
	set_facts(to, name, &st);
	return 0;
}

static void close_dir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

static int copy_dir(int from, int to, const char *name, int depth, struct error *err)
{
	__attribute__((cleanup(close_dir))) DIR *d = NULL;
	struct dirent *e;
	int fd;

	if (depth > MAX_DEPTH)
		return fail(err, ELOOP, "copy '%s' into the tmpfs: nested too deeply", name);
	fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(err, errno, "open directory '%s'", name);
	d = fdopendir(fd);
	if (!d) {
		fd_close(fd);
		return fail(err, ENOMEM, "read directory '%s'", name);
	}
	while (errno = 0, (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (copy_entry(dirfd(d), to, e->d_name, depth, err) < 0)
			return -1;
	}
	return errno ? fail(err, errno, "read directory '%s'", name) : 0;
}

int copyup_tree(int from, int to, const char *name, struct error *err)
{
	struct stat st;

	if (fstat(from, &st) < 0)
		return fail(err, errno, "stat '/%s'", name);
	if (!S_ISDIR(st.st_mode))
		return fail(err, ENOTDIR, "copy '/%s' into the tmpfs", name);
	return copy_dir(from, to, name, 0, err);
}
