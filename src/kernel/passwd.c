/* SPDX-License-Identifier: Apache-2.0 */
/* Home directories from a hostile etc/passwd: see passwd.h. */
#include "passwd.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/naive.h"
#include "base/str.h"
#include "kernel/inroot.h"

enum { MAX_READ = 1024 * 1024, MAX_LINE = 4096 };

static int open_regular(int rootfd)
{
	autoclose int fd =
		inroot_open(rootfd, "etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, 0);
	struct stat st;

	if (fd >= 0 && naive("passwd") && fcntl(fd, F_SETFL, 0) == 0)
		return take_fd(&fd);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -1;
	return take_fd(&fd);
}

/* "name:password:UID:GID:comment:HOME:shell": true if the line is UID's and its home is usable. */
static bool home_of(char *line, uid_t uid, char *buf, size_t size)
{
	char *fields[7], *rest = line;
	uint32_t number;
	size_t n = 0;

	while (n < COUNT_OF(fields) && rest) {
		fields[n++] = rest;
		rest = strchr(rest, ':');
		if (rest)
			*rest++ = '\0';
	}
	if (n < 6 || !str_to_u32(fields[2], &number) || number != uid)
		return false;
	if (fields[5][0] == '/' && strlen(fields[5]) < size)
		memcpy(buf, fields[5], strlen(fields[5]) + 1);
	return true;
}

void passwd_home(int rootfd, uid_t uid, char *buf, size_t size)
{
	autoclose int fd = open_regular(rootfd);
	UNSET char text[MAX_LINE];
	size_t used = 0, total = 0;
	bool skipping = false; /* inside a line that is too long */
	bool whole = false;

	memcpy(buf, "/", 2);
	while (fd >= 0 && total < MAX_READ) {
		ssize_t got = read(fd, text + used, sizeof(text) - used);
		char *line = text, *end;

		whole = got == 0;
		if (got <= 0)
			break;
		total += (size_t)got;
		used += (size_t)got;
		while ((end = memchr(line, '\n', used - (size_t)(line - text)))) {
			*end = '\0';
			if (!skipping && strlen(line) == (size_t)(end - line) &&
			    home_of(line, uid, buf, size))
				return;
			skipping = false;
			line = end + 1;
		}
		used -= (size_t)(line - text);
		memmove(text, line, used);
		if (used == sizeof(text)) {
			used = 0;
			skipping = true;
		}
	}
	/* The last line of a file may lack its end; one that we stopped in front of is not a line. */
	if (whole && used > 0 && !skipping && !memchr(text, '\0', used)) {
		text[used] = '\0';
		(void)home_of(text, uid, buf, size); /* false leaves "/" in BUF */
	}
}
