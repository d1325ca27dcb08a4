/* SPDX-License-Identifier: Apache-2.0 */
/* The program criu: see criu.h. */
#include "container/criu.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/naive.h"
#include "base/str.h"

#define LOG_TAIL 65536
#define COMPLAINTS 2

int criu_find(char *buf, size_t size, struct error *err)
{
	const char *path = getenv("PATH");

	for (path = path ? path : CRIU_PATH; *path;) {
		int n = (int)strcspn(path, ":");

		if (n > 0 && path[0] == '/' && (size_t)snprintf(buf, size, "%.*s/criu", n, path) < size &&
		    access(buf, X_OK) == 0)
			return 0;
		path += n + (path[n] == ':');
	}
	fail(err, 0, "checkpoint and restore need the program 'criu', which is not in PATH");
	error_hint(err, "apt install criu");
	return error_code(err, "CRIU_MISSING");
}

/* "(00.012345) Error (criu/mount.c:753): mnt: ..." from "mnt:" on. */
static const char *complaint(char *line)
{
	char *text = strstr(line, "Error (");

	text = text ? strstr(text, "): ") : NULL;
	return text ? text + 3 : NULL;
}

/* The log is in a directory of the caller's choice: no link is followed, and nothing but a file is read. */
static void read_complaints(const char *work_dir, const char *log, char *ret, size_t size)
{
	autofree char *text = malloc(LOG_TAIL + 1);
	const char *last[COMPLAINTS] = {NULL};
	autoclose int dir = open(work_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	autoclose int fd = dir < 0 ? -1 : openat(dir, log, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	ssize_t n = -1;
	size_t used = 0;

	ret[0] = '\0';
	if (text && end >= 0)
		n = pread(fd, text, LOG_TAIL, end > LOG_TAIL ? end - LOG_TAIL : 0);
	if (n <= 0)
		return;
	text[n] = '\0';
	for (char *line = text, *next; line; line = next) {
		const char *found;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		found = complaint(line);
		if (!found)
			continue;
		if (strstr(found, " FAILED.")) /* what follows is the clearing up */
			break;
		memmove(last, last + 1, sizeof(last) - sizeof(*last));
		last[COMPLAINTS - 1] = found;
	}
	for (int i = 0; i < COMPLAINTS; i++)
		if (last[i] && used < size)
			used += (size_t)snprintf(ret + used, size - used, "%s%s", used ? "; " : ": ", last[i]);
}

int criu_judge(int status, const char *what, const char *work_dir, const char *log, struct error *err)
{
	char words[512];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	read_complaints(work_dir, log, words, sizeof(words));
	if (WIFSIGNALED(status))
		fail(err, 0, "criu %s was killed by signal %d%s", what, WTERMSIG(status), words);
	else
		fail(err, 0, "criu %s failed%s", what, words);
	error_hint(err, "all of its log is '%s/%s'; 'criu check' tells what this kernel lacks", work_dir, log);
	return error_code(err, "CRIU_FAILED");
}

int criu_check_directory(const char *path, struct error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return fail(err, errno, "open '%s'", path);
	if (!S_ISDIR(st.st_mode))
		return fail(err, ENOTDIR, "open '%s'", path);
	if ((st.st_uid == 0 && !(st.st_mode & 022)) || naive("imageowner"))
		return 0;
	fail(err, 0, "directory '%s' is not root's alone: owner %u, mode %04o", path, st.st_uid, st.st_mode & 07777);
	error_hint(err, "whoever can write there decides what runs in the container: chown root, chmod go-w");
	return error_code(err, "CRIU_DIRECTORY");
}
