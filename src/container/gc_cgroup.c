/* SPDX-License-Identifier: Apache-2.0 */
/* gc, second half: cgroups and systemd scopes that are nobody's.
 *
 * Ours are known by their names: <base>/vert/ID is where a container goes that asks for no place, "vert-*.scope" is the
 * name of a scope.  Only empty ones go, by rmdir(2), which refuses what is not; nothing is killed here.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "container/gc.h"
#include "container/host.h"
#include "container/options.h"
#include "container/systemd.h"
#include "container/unit.h"
#include "kernel/cgroup.h"
#include "libocispec/arena.h"
#include "plan/systemd.h"

#define DEPTH 16 /* of slices in slices: nobody builds more */

struct search {
	struct gc *gc;
	struct arena arena;
	struct host host;
	const char *mount;
};

static bool is_listed(char *const *list, const char *name)
{
	for (; list && *list; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

/* 1: empty and old enough; 0: not; of the cgroup PATH below the mount. */
static bool is_garbage(const struct search *s, const char *path)
{
	autoclose int dir = -1;
	struct error unused;
	struct stat st;

	return cgroup_open(s->mount, path, 0, &dir, &unused) == 0 && fstat(dir, &st) == 0 &&
	       !gc_is_young(s->gc, &st) && cgroup_wait_empty(dir, 0);
}

static void remove_cgroup(struct search *s, const char *path, const char *why)
{
	struct error err;
	int r = s->gc->dry ? 0 : cgroup_remove_empty(s->mount, path, &err);

	if (r <= 0)
		gc_tell(s->gc, "cgroup", path, why, r < 0 ? &err : NULL);
}

/* ---- <base>/vert/ID ----------------------------------------------------------------------------- */

static DIR *open_cgroup(const struct search *s, const char *path)
{
	struct error unused;
	DIR *dir;
	int fd;

	if (!*path)
		fd = open(s->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	else if (cgroup_open(s->mount, path, 0, &fd, &unused) < 0)
		return NULL;
	if (fd < 0)
		return NULL;
	dir = fdopendir(fd);
	if (!dir)
		fd_close(fd);
	return dir;
}

/* The names in it that are cgroups: everything else in there is a file. */
static struct dirent *next_cgroup(DIR *dir)
{
	struct dirent *e;

	while ((e = readdir(dir)))
		if (e->d_type == DT_DIR && e->d_name[0] != '.')
			return e;
	return NULL;
}

static void look_at_ours(struct search *s)
{
	const char *base = s->host.privileged || !s->host.cgroup_own ? "" : s->host.cgroup_own;
	const char *top = arena_printf(&s->arena, "%s/vert", strcmp(base, "/") == 0 ? "" : base);
	DIR *dir = open_cgroup(s, top);
	struct dirent *e;
	bool old = is_garbage(s, top); /* before we change it */
	size_t kept = 0;

	while (dir && (e = next_cgroup(dir))) {
		const char *path = arena_printf(&s->arena, "%s/%s", top, e->d_name);

		if (is_listed(s->gc->cgroups, arena_printf(&s->arena, "%s%s", s->mount, path)) ||
		    !is_garbage(s, path))
			kept++;
		else
			remove_cgroup(s, path, "it is empty, and no container's");
	}
	if (!dir)
		return;
	closedir(dir);
	/* Not with what is in it: that would be a container which is just being made. */
	if (kept == 0 && old &&
	    (s->gc->dry || rmdir(arena_printf(&s->arena, "%s%s", s->mount, top)) == 0))
		gc_tell(s->gc, "cgroup", top, "no container is in it any more", NULL);
}

/* ---- vert-*.scope ------------------------------------------------------------------------------- */

static bool is_scope(const char *name)
{
	size_t n = strlen(name);

	return str_starts(name, "vert-") && n > 6 && strcmp(name + n - 6, ".scope") == 0;
}

/* By its manager, when that is there and the unit says that it is ours; else its directory alone. */
static void remove_scope(struct search *s, const char *path, const char *name)
{
	struct plan_systemd unit = {.unit = name};
	struct error err;
	int id = (int)strlen(name) - 11; /* "vert-ID.scope" */
	bool asked = false;
	int r = 0;

	if (!s->gc->dry && plan_systemd_manager(&s->arena, &s->host, &unit, &err) == 0 &&
	    unit_settings(&s->arena, s->gc->rt, &unit, &err) == 0) {
		unit.description = arena_printf(&s->arena, "vert container %.*s", id, name + 5);
		asked = systemd_call(&unit, "stop", unit.description, NULL, SYSTEMD_NO_SIGNALS,
				     &err) == 0;
		if (!asked)
			log_debug("%s", err.msg);
	}
	if (!s->gc->dry)
		r = cgroup_remove_empty(s->mount, path, &err);
	if (r <= 0)
		gc_tell(s->gc, "scope", path,
			asked ? "it is empty; its unit is stopped" : "it is empty",
			r < 0 ? &err : NULL);
}

static void look_for_scopes(struct search *s, const char *path, int depth)
{
	DIR *dir = depth < DEPTH ? open_cgroup(s, path) : NULL;
	struct dirent *e;

	while (dir && (e = next_cgroup(dir))) {
		const char *below = arena_printf(&s->arena, "%s/%s", path, e->d_name);
		size_t n = strlen(e->d_name);

		if (is_scope(e->d_name)) {
			if (!is_listed(s->gc->scopes, e->d_name) && is_garbage(s, below))
				remove_scope(s, below, e->d_name);
		} else if ((n > 6 && strcmp(e->d_name + n - 6, ".slice") == 0) ||
			   (n > 8 && strcmp(e->d_name + n - 8, ".service") == 0 &&
			    str_starts(e->d_name, "user@"))) {
			look_for_scopes(s, below, depth + 1);
		}
	}
	if (dir)
		closedir(dir);
}

void gc_cgroups(struct gc *gc)
{
	struct search s = {.gc = gc};
	struct error err;

	if (gc->rt->cgroup_manager != CGROUP_MANAGER_DISABLED &&
	    host_collect(&s.arena, true, &s.host, &err) == 0 &&
	    options_rootless(gc->rt, &s.host, &err) == 0 && s.host.cgroup_mount) {
		s.mount = s.host.cgroup_mount;
		look_at_ours(&s);
		look_for_scopes(&s, "", 0);
	}
	arena_free(&s.arena);
}
