/* SPDX-License-Identifier: Apache-2.0 */
/* Finding vert-systemd, reaching the manager of an existing unit, updating both levels of limits.
 *
 * vert-systemd is looked for beside vert itself, then where it is installed; never along PATH, which is the caller's.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "container/record.h"
#include "container/systemd.h"
#include "kernel/cgroup.h"
#include "plan/systemd.h"

#define PROGRAM "vert-systemd"
#define DEFAULT_TIMEOUT 25 /* seconds; D-Bus has the same */

static const char *find_program(struct arena *arena)
{
	char self[PATH_MAX + sizeof(PROGRAM)], *slash;
	ssize_t n = readlink("/proc/self/exe", self, PATH_MAX - 1);

	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		if (slash) {
			snprintf(slash + 1, sizeof(PROGRAM), "%s", PROGRAM);
			if (access(self, X_OK) == 0)
				return arena_strdup(arena, self);
		}
	}
	return access(VERT_LIBEXEC "/" PROGRAM, X_OK) == 0 ? arena_strdup(arena, VERT_LIBEXEC "/" PROGRAM) : NULL;
}

int unit_settings(struct arena *arena, const struct runtime *rt, struct plan_systemd *ret, struct error *err)
{
#ifndef HAVE_SYSTEMD
	(void)arena, (void)rt, (void)ret, (void)find_program;
	fail(err, 0, "the systemd cgroup driver is not part of this build");
	error_code(err, "SYSTEMD_DRIVER");
	return error_hint(err, "use --cgroup-manager=cgroupfs, and the engine's cgroupfs driver");
#else
	ret->timeout_ms = (int)(rt->systemd_timeout ? rt->systemd_timeout : DEFAULT_TIMEOUT) * 1000;
	ret->program = find_program(arena);
	if (ret->program)
		return 0;
	fail(err, 0, "'" PROGRAM "', which speaks to systemd, is neither beside vert nor at '%s'",
	     VERT_LIBEXEC "/" PROGRAM);
	error_code(err, "SYSTEMD_HELPER");
	return error_hint(err, "install it, or use --cgroup-manager=cgroupfs");
#endif
}

int unit_of(struct container *c, const struct runtime *rt, struct plan_systemd *ret, struct error *err)
{
	*ret = (struct plan_systemd){
		.socket = c->record->systemd_bus ? c->record->systemd_bus : "",
		.direct = "/run/systemd/private",
		.unit = c->record->scope,
		.description = arena_printf(&c->arena, "vert container %s", c->id),
	};
	if (plan_systemd_is_user(ret->socket))
		ret->direct = NULL;
	return unit_settings(&c->arena, rt, ret, err);
}

/* ---- update ------------------------------------------------------------------------------------ */

/* What follows the writes into the container's cgroup; a failure of any has all those before it taken back. */
struct after {
	struct container *c;
	int cgroup;
	const struct oci_resources *res;
	const struct plan_cgroup *plan;
	struct plan_systemd *systemd;
};

static int set_properties(void *context, struct error *err)
{
	const struct after *a = context;

	if (!a->systemd->request[0])
		return 0;
	return systemd_call(a->systemd, "set", NULL, NULL, SYSTEMD_NO_SIGNALS, err);
}

/* The unit's cgroup is the container's, or the one above. */
static int update_unit(void *context, struct error *err)
{
	struct after *a = context;
	const char *last = strrchr(a->c->record->cgroup, '/');
	autoclose int unit = -1;
	char cpu_max[64];
	bool below;

	if (fd_read_small(a->cgroup, "cpu.max", cpu_max, sizeof(cpu_max)) < 0)
		cpu_max[0] = '\0'; /* no controller: then no write about it either */
	if (plan_systemd_update(&a->c->arena, a->plan, a->res, cpu_max[0] ? cpu_max : NULL,
				plan_systemd_is_user(a->systemd->socket), a->systemd, err) < 0)
		return -1;
	below = last && strcmp(last + 1, a->systemd->unit) != 0;
	if (!a->systemd->n_writes || !below)
		return set_properties(a, err);
	unit = openat(a->cgroup, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (unit < 0)
		return fail(err, errno, "open the cgroup of unit '%s'", a->systemd->unit);
	return cgroup_update_with(unit, a->systemd->writes, a->systemd->n_writes, set_properties, a, err);
}

int unit_update(struct container *c, const struct runtime *rt, int cgroup, const struct oci_resources *res,
		const struct plan_cgroup *plan, struct error *err)
{
	struct plan_systemd systemd;
	struct after a = {.c = c, .cgroup = cgroup, .res = res, .plan = plan, .systemd = &systemd};

	if (unit_of(c, rt, &systemd, err) < 0)
		return -1;
	return cgroup_update_with(cgroup, plan->writes, plan->n_writes, update_unit, &a, err);
}
