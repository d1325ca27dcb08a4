/* SPDX-License-Identifier: Apache-2.0 */
/* Walking over the cgroups beneath one, whatever their owner has built.
 *
 * A container may nest them ten thousand deep, so there is no recursion and no descriptor per level: one for the
 * directory the walk is in, one to list it.  The way back is "..", which cannot lead elsewhere: version 2
 * cgroups are never renamed, and no other mount was entered on the way down.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "kernel/cgroup_priv.h"

/* The names of the siblings still to do on every level of the path, and where each level starts. */
struct names {
	struct buf text; /* NUL-terminated names, one after another */
	size_t *levels; /* offset of the level's first name */
	size_t depth, room;
};

static int push_level(struct names *names)
{
	if (names->depth == names->room) {
		size_t room = names->room ? 2 * names->room : 64;
		size_t *levels = reallocarray(names->levels, room, sizeof(*levels));

		if (!levels)
			return -1;
		names->levels = levels;
		names->room = room;
	}
	names->levels[names->depth++] = names->text.n;
	return 0;
}

/* The last name of the present level, NULL: none is left. */
static const char *last_name(const struct names *names)
{
	size_t end = names->text.n;

	if (end == names->levels[names->depth - 1])
		return NULL;
	for (end--; end > 0 && names->text.s[end - 1]; end--)
		;
	return names->text.s + end;
}

static void drop_last(struct names *names)
{
	names->text.n = (size_t)(last_name(names) - names->text.s);
}

static bool is_gone(int errnum)
{
	return errnum == ENOENT || errnum == ENODEV;
}

/* Adds the names of DIR's children to the present level. */
static int read_names(DIR *d, struct names *names)
{
	struct dirent *e;

	for (errno = 0; (e = readdir(d)); errno = 0)
		if (e->d_type == DT_DIR && strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0)
			buf_add(&names->text, e->d_name, strlen(e->d_name) + 1);
	if (errno != 0 && !is_gone(errno))
		return -1;
	if (names->text.failed)
		errno = ENOMEM;
	return names->text.failed ? -1 : 0;
}

/* Enters DIR: a new level, filled with the names of its children. */
static int open_level(int dir, const struct cgroup_walk *walk, struct names *names)
{
	autoclose int fd = -1;
	int result, saved;
	DIR *d;

	if (walk->enter && walk->enter(dir, walk->arg) < 0)
		return -1;
	if (push_level(names) < 0)
		return -1;
	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return is_gone(errno) ? 0 : -1;
	d = fdopendir(fd);
	if (!d)
		return -1;
	(void)take_fd(&fd); /* closedir() closes it */
	result = read_names(d, names);
	saved = errno;
	closedir(d);
	errno = saved;
	return result;
}

/* Down into the last name of the present level, or past it. */
static int step_down(int *cur, const struct cgroup_walk *walk, struct names *names)
{
	const char *name = last_name(names);
	int how = walk->before ? walk->before(*cur, name, walk->arg) : 0;
	int next;

	if (how < 0)
		return -1;
	next = how > 0 ? -1 : cgroup_open_dir(*cur, name, O_PATH);
	if (next < 0 && how == 0 && !is_gone(errno))
		return -1;
	if (next < 0) {
		drop_last(names);
		return 0;
	}
	fd_close(*cur);
	*cur = next;
	return open_level(next, walk, names);
}

/* Up from a level that is done. */
static int step_up(int *cur, const struct cgroup_walk *walk, struct names *names)
{
	int parent;

	if (--names->depth == 0)
		return 0;
	parent = openat(*cur, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return -1;
	fd_close(*cur);
	*cur = parent;
	if (walk->after && walk->after(parent, last_name(names), walk->arg) < 0)
		return -1;
	drop_last(names);
	return 0;
}

int cgroup_walk(int dirfd, const struct cgroup_walk *walk)
{
	autoclose int cur = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	struct names names = {0};
	int result, saved;

	if (cur < 0)
		return -1;
	result = open_level(cur, walk, &names);
	while (result == 0 && names.depth > 0)
		result = last_name(&names) ? step_down(&cur, walk, &names)
					   : step_up(&cur, walk, &names);
	saved = errno;
	buf_free(&names.text);
	free(names.levels);
	errno = saved;
	return result;
}
