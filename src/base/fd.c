/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing whole small files, always through descriptors. */
#include "fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "sys.h"

void fd_close(int fd)
{
	int saved = errno;

	(void)close(fd); /* Linux releases the descriptor whatever close says */
	errno = saved;
}

int fd_close_from(unsigned from, const int *keep, size_t n)
{
	for (;;) {
		int next = -1;

		for (size_t i = 0; i < n; i++)
			if (keep[i] >= (int)from && (next < 0 || keep[i] < next))
				next = keep[i];
		if ((next < 0 || next > (int)from) &&
		    sys_close_range(from, next < 0 ? ~0U : (unsigned)next - 1, 0) < 0)
			return -1;
		if (next < 0)
			return 0;
		from = (unsigned)next + 1;
	}
}

/* A file that has as much as it said is not asked for more: the read that wanted a byte more got none. */
static ssize_t read_until(int fd, char *buf, size_t size, size_t expected)
{
	size_t used = 0;

	while (used < size && (!used || used != expected)) {
		ssize_t n = read(fd, buf + used, size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	return (ssize_t)used;
}

int fd_read_file(int dirfd, const char *path, size_t max, char **ret_text, size_t *ret_len,
		 struct error *err)
{
	autoclose int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	autofree char *text = NULL;
	struct stat st;
	ssize_t n;
	size_t size;

	if (fd < 0) {
		fail(err, errno, "open '%s'", path);
		return error_path(err, path);
	}
	if (fstat(fd, &st) < 0)
		return fail(err, errno, "stat '%s'", path);
	if (S_ISDIR(st.st_mode))
		return fail(err, EISDIR, "read '%s'", path);
	if (!S_ISREG(st.st_mode))
		return fail(err, 0, "read '%s': not a regular file", path);
	if ((size_t)st.st_size > max)
		return fail(err, 0, "read '%s': file is larger than %zu bytes", path, max);
	/* Files of procfs say size 0; one byte more than wanted shows that a file is too large. */
	size = st.st_size > 0 ? (size_t)st.st_size + 1 : max + 1;
	text = malloc(size + 1);
	if (!text)
		return fail(err, ENOMEM, "read '%s'", path);
	n = read_until(fd, text, size, (size_t)st.st_size);
	if (n < 0)
		return fail(err, errno, "read '%s'", path);
	if ((size_t)n > max)
		return fail(err, 0, "read '%s': file is larger than %zu bytes", path, max);
	text[n] = '\0';
	*ret_text = take_ptr(text);
	if (ret_len)
		*ret_len = (size_t)n;
	return 0;
}

ssize_t fd_read_small(int dirfd, const char *path, char *buf, size_t size)
{
	autoclose int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	do /* once: the kernel's small files come whole */
		n = read(fd, buf, size - 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	if (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return n;
}

int fd_write_at(int dirfd, const char *path, const void *data, size_t len)
{
	autoclose int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	do
		n = write(fd, data, len);
	while (n < 0 && errno == EINTR);
	if (n >= 0 && (size_t)n != len) {
		errno = EIO;
		return -1;
	}
	return n < 0 ? -1 : 0;
}

int fd_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_parts(int fd, struct iovec *parts, size_t n)
{
	while (n > 0) {
		ssize_t done = writev(fd, parts, (int)n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		for (; n > 0 && (size_t)done >= parts->iov_len; parts++, n--)
			done -= (ssize_t)parts->iov_len;
		if (n > 0) {
			parts->iov_base = (char *)parts->iov_base + done;
			parts->iov_len -= (size_t)done;
		}
	}
	return 0;
}

int fd_replace_file(int dirfd, const char *path, mode_t mode, const void *data, size_t len,
		    struct error *err)
{
	struct iovec part = {(void *)data, len};

	return fd_replace_parts(dirfd, path, mode, &part, 1, err);
}

int fd_replace_parts(int dirfd, const char *path, mode_t mode, struct iovec *parts, size_t n,
		     struct error *err)
{
	const char *slash = strrchr(path, '/');
	int dir_len = slash ? (int)(slash - path + 1) : 0;
	autoclose int fd = -1;
	UNSET char temp[4096];

	if ((size_t)snprintf(temp, sizeof(temp), "%.*s.%s.%d", dir_len, path, path + dir_len,
			     (int)getpid()) >= sizeof(temp))
		return fail(err, ENAMETOOLONG, "write '%s'", path);
	fd = openat(dirfd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0 &&
	    errno == EEXIST) { /* left by a process of the same number that was killed here */
		(void)unlinkat(dirfd, temp, 0); /* the next call tells */
		fd = openat(dirfd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    mode);
	}
	if (fd < 0) {
		fail(err, errno, "create '%s'", temp);
		return error_path(err, path);
	}
	if (write_parts(fd, parts, n) < 0 || renameat(dirfd, temp, dirfd, path) < 0) {
		fail(err, errno, "write '%s'", path);
		(void)unlinkat(dirfd, temp, 0);
		return -1;
	}
	return 0;
}

/* Looked at again once it is open: what took its place meanwhile must not be overwritten from its beginning. */
static int open_special(const char *path)
{
	autoclose int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) < 0 || S_ISREG(st.st_mode))) {
		errno = EAGAIN;
		return -1;
	}
	return take_fd(&fd);
}

static bool is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

int fd_put_file(const char *path, mode_t mode, const void *data, size_t len, struct error *err)
{
	autoclose int fd = -1;

	if (!is_special(path))
		return fd_replace_file(AT_FDCWD, path, mode, data, len, err);
	fd = open_special(path);
	if (fd < 0 || fd_write_all(fd, data, len) < 0) {
		fail(err, errno, "write '%s'", path);
		return error_path(err, path);
	}
	return 0;
}

void fd_remove_put(const char *path)
{
	if (!is_special(path))
		(void)unlink(path); /* the caller has a failure to tell that came first */
}
