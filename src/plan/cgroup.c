/* SPDX-License-Identifier: Apache-2.0 */
/* Where the container's cgroup is: linux.cgroupsPath, or our own rule (config-linux.md, Cgroups Path). */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/build.h"
#include "plan/host.h"

bool cgroup_default_path(const char *base, const char *id, char *buf, size_t size)
{
	if (base[0] == '/' && !base[1])
		base = "";
	return (size_t)snprintf(buf, size, "%s/vert/%s", base, id) < size;
}

/* Drops empty and "." components; ".." would leave the place that was asked for. */
static int clean(struct arena *arena, const char *base, const char *path, const char **ret, struct error *err)
{
	char *out = arena_alloc(arena, strlen(base) + strlen(path) + 3), *p = out;

	p = stpcpy(p, strcmp(base, "/") == 0 ? "" : base);
	for (const char *s = path; *s;) {
		size_t n;

		s += strspn(s, "/");
		n = strcspn(s, "/");
		if (n == 2 && s[0] == '.' && s[1] == '.')
			return fail_at(err, 0, "linux.cgroupsPath", "cgroupsPath '%s' contains '..'", path);
		if (n > 255)
			return fail_at(err, 0, "linux.cgroupsPath", "cgroupsPath '%s' has a component of %zu bytes",
				       path, n);
		if (n > 0 && !(n == 1 && s[0] == '.')) {
			*p++ = '/';
			memcpy(p, s, n);
			p += n;
		}
		s += n;
	}
	*p = '\0';
	if (!out[0])
		return fail_at(err, 0, "linux.cgroupsPath", "cgroupsPath '%s' is the root of the hierarchy", path);
	*ret = out;
	return 0;
}

static bool is_systemd_form(const char *path)
{
	const char *first = strchr(path, ':');

	return first && !strchr(path, '/') && strchr(first + 1, ':');
}

/* What a path that does not begin with '/' is relative to.  Without privileges only what is near our own cgroup can be
 * ours: beside it where that is allowed, since the kernel lets a cgroup with processes, as ours is, hand no controllers
 * on; else below it, where no limits are to be had but the container can be. */
static const char *own_place(struct arena *arena, const struct host *host)
{
	const char *last;

	if (host->privileged || !host->cgroup_own)
		return "";
	last = strrchr(host->cgroup_own, '/');
	if (!host->cgroup_beside || !last)
		return host->cgroup_own;
	return arena_printf(arena, "%.*s", (int)(last - host->cgroup_own), host->cgroup_own);
}

int plan_cgroup_place(struct arena *arena, const struct oci_config *config, const struct host *host,
		      enum plan_cgroup_choice choice, struct plan *plan, struct error *err)
{
	const char *path = config->linux ? config->linux->cgroups_path : NULL;
	const char *base = own_place(arena, host);
	UNSET char buf[4096];

	if (host->cgroup_mount && host->cgroup_own)
		plan->cgroup.own = arena_printf(arena, "%s%s", host->cgroup_mount, host->cgroup_own);
	if (choice == PLAN_CHOOSE_NONE) {
		plan->cgroup.manager = PLAN_CGROUP_NONE;
		return 0;
	}
	if (!host->cgroup_mount) {
		fail(err, 0, "no cgroup version 2 hierarchy at /sys/fs/cgroup or /sys/fs/cgroup/unified");
		error_code(err, "CGROUP_V2_MISSING");
		return error_hint(err, "mount one (mount -t cgroup2 none /sys/fs/cgroup), or use "
				       "--cgroup-manager=disabled");
	}
	plan->cgroup.mount = host->cgroup_mount;
	if (choice == PLAN_CHOOSE_SYSTEMD) { /* which says where: plan_systemd() */
		plan->cgroup.manager = PLAN_CGROUP_SYSTEMD;
		return 0;
	}
	plan->cgroup.manager = PLAN_CGROUP_FS;
	if (!path || !path[0]) {
		if (!cgroup_default_path(base, plan->id, buf, sizeof(buf)))
			return fail(err, 0, "the path of our own cgroup is too long");
		plan->cgroup.path = arena_strdup(arena, buf);
		return 0;
	}
	/* BuildKit inside Docker writes this form and does not ask for the systemd driver: a path like any other, as
	 * crun and runc take it. */
	if (is_systemd_form(path))
		log_debug("cgroupsPath '%s' is in systemd's form; without --systemd-cgroup it is a plain path", path);
	return clean(arena, path[0] == '/' ? "" : base, path, &plan->cgroup.path, err);
}
