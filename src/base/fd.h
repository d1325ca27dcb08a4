/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors and heap pointers that clean up after themselves.
 *
 * Every descriptor is O_CLOEXEC at birth, held in an `autoclose int fd = -1`, and changes its owner
 * by take_fd() only; heap pointers likewise with autofree and take_ptr().
 */
#pragma once

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/types.h>

#include "error.h"

/* Closes FD, keeps errno. */
void fd_close(int fd);

static inline void close_keeping_errno(const int *fd)
{
	if (*fd >= 0)
		fd_close(*fd);
}

static inline void free_pointed(void *p)
{
	free(*(void **)p);
}

#define autoclose __attribute__((cleanup(close_keeping_errno)))
#define autofree __attribute__((cleanup(free_pointed)))

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#define take_ptr(p)                   \
	({                            \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;           \
		taken_;               \
	})

/* Closes every descriptor from FROM on but the N in KEEP (-1: none there).  0 or -1 with errno. */
int fd_close_from(unsigned from, const int *keep, size_t n);

/* Reads a whole regular file or procfs file of at most MAX bytes into a new NUL-terminated heap
 * string.  Longer: EFBIG.  Not a regular file: EINVAL (never blocks on a FIFO). */
MUST_CHECK int fd_read_file(int dirfd, const char *path, size_t max, char **ret_text, size_t *ret_len,
			    struct error *err);

/* Reads at most SIZE - 1 bytes of a small file of the kernel's, by one read(2), into BUF and ends it with NUL; a
 * trailing newline is cut.  Returns the length or -1 with errno; nothing is reported. */
ssize_t fd_read_small(int dirfd, const char *path, char *buf, size_t size);

/* Writes all of it with one write(2) (kernel files need that); short writes are EIO.  0 or -1/errno. */
int fd_write_at(int dirfd, const char *path, const void *data, size_t len);

/* Writes everything, with as many write(2) as it takes.  0 or -1/errno. */
int fd_write_all(int fd, const void *data, size_t len);

/* Replaces PATH beneath DIRFD by a file with this content and mode: temporary name, O_EXCL, rename.
 * On failure PATH is untouched and the temporary is gone. */
MUST_CHECK int fd_replace_file(int dirfd, const char *path, mode_t mode, const void *data, size_t len,
			       struct error *err);

/* The same with content in N parts, which are used up. */
struct iovec;
MUST_CHECK int fd_replace_parts(int dirfd, const char *path, mode_t mode, struct iovec *parts, size_t n,
				struct error *err);

/* What a user names as the place of an output: a device, a FIFO or a socket, also at the end of a link, is written to
 * and stays; whatever else is there is replaced as above.  The removal takes back what that has made. */
MUST_CHECK int fd_put_file(const char *path, mode_t mode, const void *data, size_t len, struct error *err);
void fd_remove_put(const char *path);
