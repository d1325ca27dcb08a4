/* SPDX-License-Identifier: Apache-2.0 */
/* Looking a path up in a tree that is not mounted yet: root file system and mounts of the plan. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "container/check_priv.h"
#include "kernel/inroot.h"

enum { MAX_LINKS = 40, FOUND_ROOM = 256 };

/* Is PATH the target of M, or below it? */
static bool covers(const struct plan_mount *m, const char *path)
{
	size_t n = strlen(m->target);

	while (n > 0 && m->target[n - 1] == '/')
		n--;
	return strncmp(path, m->target, n) == 0 && (n == 0 || path[n] == '/' || path[n] == '\0');
}

const struct plan_mount *view_mount(const struct plan *plan, const char *path, size_t below)
{
	const struct plan_mount *found = NULL;

	/* A later mount hides what is below it, however deep that was. */
	for (size_t i = 0; i < plan->n_mounts && i < below; i++)
		if (plan->mounts[i].kind != PLAN_MOUNT_REMOUNT && covers(&plan->mounts[i], path))
			found = &plan->mounts[i];
	return found;
}

/* PATH has no links and no leading slash.  0 and *RET_FD, or -1 with errno; EXDEV: not to be known, EISDIR: an
 * empty directory that is not there yet. */
static int open_canonical(const struct view *v, const char *path, int *ret_fd)
{
	const struct plan_mount *m = view_mount(v->plan, path, SIZE_MAX);
	const char *rest = m ? path + strlen(m->target) : path;
	autoclose int base = -1;

	rest += strspn(rest, "/");
	if (m && m->kind == PLAN_MOUNT_FS && strcmp(m->fstype, "tmpfs") == 0 && !m->tmpcopyup) {
		errno = *rest ? ENOENT : EISDIR;
		return -1;
	}
	if (m && m->kind != PLAN_MOUNT_BIND) {
		errno = EXDEV;
		return -1;
	}
	if (m && !*rest) {
		*ret_fd = open(m->source, O_PATH | O_CLOEXEC);
		return *ret_fd < 0 ? -1 : 0;
	}
	if (m)
		base = open(m->source, O_PATH | O_CLOEXEC);
	if (m && base < 0)
		return -1;
	*ret_fd = inroot_open(m ? base : v->rootfd, rest, O_PATH | O_NOFOLLOW, 0, 0);
	return *ret_fd < 0 ? -1 : 0;
}

/* A mount further below makes a directory of what is missing. */
static bool leads_to_mount(const struct plan *plan, const char *path)
{
	size_t n = strlen(path);

	for (size_t i = 0; i < plan->n_mounts; i++)
		if (strncmp(plan->mounts[i].target, path, n) == 0 &&
		    plan->mounts[i].target[n] == '/')
			return true;
	return false;
}

/* Puts what the link FD says before REST; an absolute link begins at the root again. */
static bool follow(int fd, char *at, char *rest)
{
	char link[PATH_MAX], next[2 * PATH_MAX];
	ssize_t n = readlinkat(fd, "", link, sizeof(link) - 1);
	char *slash = strrchr(at, '/');

	if (n < 0)
		return false;
	link[n] = '\0';
	snprintf(next, sizeof(next), "%s/%s", link, rest);
	if (strlen(next) >= PATH_MAX)
		return false;
	memcpy(rest, next, strlen(next) + 1);
	if (link[0] == '/')
		at[0] = '\0';
	else
		*(slash ? slash : at) = '\0';
	return true;
}

/* Takes the first component of REST off and puts it behind AT.  False: there is none. */
static bool next_component(char *at, char *rest)
{
	char *s = rest + strspn(rest, "/"), *slash;
	size_t n = strcspn(s, "/"), len = strlen(at);

	if (n == 0)
		return false;
	if (n == 2 && s[0] == '.' && s[1] == '.') {
		slash = strrchr(at, '/');
		*(slash ? slash : at) = '\0';
	} else if (n != 1 || s[0] != '.') {
		snprintf(at + len, PATH_MAX - len, "%s%.*s", len ? "/" : "", (int)n, s);
	}
	memmove(rest, s + n, strlen(s + n) + 1);
	return true;
}

enum view_answer view_open(const struct view *v, const char *path, int *ret_fd, char *found_at)
{
	char at[PATH_MAX] = "", rest[PATH_MAX];
	autoclose int fd = -1;
	struct stat st;
	int links = 0;

	if ((size_t)snprintf(rest, sizeof(rest), "%s", path) >= sizeof(rest))
		return VIEW_UNKNOWN;
	while (next_component(at, rest)) {
		int next = -1;

		snprintf(found_at, FOUND_ROOM, "/%s", at);
		if (open_canonical(v, at, &next) < 0) {
			if (errno == EXDEV || errno == EACCES || errno == EPERM)
				return VIEW_UNKNOWN;
			if (errno != EISDIR && !leads_to_mount(v->plan, at))
				return VIEW_MISSING;
			close_keeping_errno(&fd);
			fd = -1;
			continue;
		}
		close_keeping_errno(&fd);
		fd = next;
		if (fstat(fd, &st) < 0)
			return VIEW_UNKNOWN;
		if (S_ISLNK(st.st_mode) && (++links > MAX_LINKS || !follow(fd, at, rest)))
			return VIEW_MISSING;
	}
	if (fd < 0 && !*at)
		fd = fcntl(v->rootfd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return VIEW_UNKNOWN;
	*ret_fd = take_fd(&fd);
	return VIEW_FOUND;
}
