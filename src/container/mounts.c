/* SPDX-License-Identifier: Apache-2.0 */
/* mounts add, mounts remove: which mounts, in which container; then vert-init changes them. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "container/container.h"
#include "container/handoff.h"
#include "container/host.h"
#include "container/record.h"
#include "container/target.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/build.h"
#include "plan/host.h"
#include "plan/idmap.h"
#include "plan/mounts.h"

static int check_status(const struct container *c, struct error *err)
{
	if (c->status == STATUS_CREATED || c->status == STATUS_RUNNING || c->status == STATUS_PAUSED)
		return 0;
	fail(err, 0, "container not running: '%s' is %s", c->id, container_status_name(c->status));
	return error_code(err, "CONTAINER_NOT_RUNNING");
}

static int read_list(struct arena *arena, const char *file, struct oci_mount_list *ret, struct error *err)
{
	autofree char *text = NULL;
	struct oci_error why;
	char place[640];
	size_t len;

	if (fd_read_file(AT_FDCWD, file, OCI_MAX_SIZE, &text, &len, err) < 0)
		return -1;
	ret->v = oci_parse_list(arena, oci_type_mount(), text, len, &ret->n, &why);
	if (!ret->v)
		return fail(err, 0, "%s", oci_error_format(&why, file, place, sizeof(place)));
	return 0;
}

/* What a running container cannot get any more. */
static int check_mounts(const struct plan *p, struct error *err)
{
	for (size_t i = 0; i < p->n_mounts; i++) {
		const struct plan_mount *m = &p->mounts[i];

		if (!m->target[strspn(m->target, "/.")])
			return fail_at(err, 0, m->at, "the root of a running container cannot be mounted over");
		if (m->kind == PLAN_MOUNT_CGROUP)
			return fail_at(err, 0, m->at,
				       "a cgroup file system needs a cgroup namespace of the container's own");
	}
	return 0;
}

/* Only the destinations count. */
static void plan_targets(struct arena *arena, const struct oci_mount_list *list, struct plan *p)
{
	p->n_mounts = list->n;
	p->mounts = arena_array(arena, list->n, sizeof(*p->mounts));
	for (size_t i = 0; i < list->n; i++) {
		const char *target = list->v[i].destination;

		p->mounts[i].target = arena_strdup(arena, target + strspn(target, "/"));
		snprintf(p->mounts[i].at, sizeof(p->mounts[i].at), "mounts[%zu]", i);
	}
}

static int prepare_plan(struct handoff *h, const struct runtime *rt, struct container *c, const char *file, bool add,
			struct error *err)
{
	struct plan *p = h->plan;
	struct oci_config *config;
	struct host host;

	if (check_status(c, err) < 0 || container_config(c, &config, err) < 0 ||
	    host_collect(&h->arena, false, &host, err) < 0)
		return -1;
	p->magic = PLAN_MAGIC;
	p->verb = add ? PLAN_MOUNT : PLAN_UMOUNT;
	p->id = arena_strdup(&h->arena, c->id);
	p->bundle = arena_strdup(&h->arena, c->record->bundle);
	p->euid = host.euid;
	p->target_pid = c->pid;
	p->target_start = c->record->start_time.v;
	handoff_settings(h, rt->timing);
	if (read_list(&c->arena, file, &config->mounts, err) < 0)
		return -1;
	if (host.euid != 0)
		host_collect_subids(&h->arena, &host);
	host_look_at_userns(config, &host);
	if (plan_namespaces(&h->arena, config, &host, p, err) < 0 || plan_id_maps(&h->arena, config, &host, p, err) < 0)
		return -1;
	if (!add)
		plan_targets(&h->arena, &config->mounts, p);
	else if (plan_mounts(&h->arena, config, &host, p, err) < 0)
		return -1;
	if (check_mounts(p, err) < 0 || target_namespaces(c->pid, 0, 0, &p->target_ns, err) < 0)
		return -1;
	if (!(p->target_ns & CLONE_NEWNS))
		return fail(err, 0, "container '%s' shares the mount namespace of its caller", c->id);
	return 0;
}

int container_mounts(const struct runtime *rt, const char *id, const char *file, bool add, struct error *err)
{
	struct container c;
	struct handoff h;
	int rc;

	rc = container_open(rt, id, &c, err);
	if (rc == 0)
		rc = handoff_begin(&h, 0, err);
	if (rc == 0)
		rc = prepare_plan(&h, rt, &c, file, add, err);
	if (rc == 0)
		rc = handoff_exec(&h, err);
	container_close(&c);
	return rc;
}
