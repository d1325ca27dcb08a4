/* SPDX-License-Identifier: Apache-2.0 */
/* delete: everything that create made goes, in any state that a crash, a full disk or an editor left.
 *
 * What a container is made of is taken from the record; where that cannot be read, from the link beside it
 * (state.h); where that is missing too, nothing was ever recorded as ours and only an empty cgroup under the
 * default name goes.  Processes are believed to be the container's by start time, cgroups by inode.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "container/delete.h"
#include "container/delete_report.h"
#include "container/remove.h"
#include "container/state.h"
#include "container/unit.h"
#include "kernel/cgroup.h"
#include "plan/build.h"
#include "plan/hooks.h"

#define CLAIM_MS 10000

/* What struct removal points to. */
struct remains {
	struct removal removal;
	struct cgroup_place place;
	struct plan_systemd systemd;
	struct plan_hooks hooks[PLAN_HOOK_KINDS];
	char path[4096]; /* of the cgroup, or the text of the link */
};

static int set_cgroup(struct remains *r, const char *directory, uint64_t id, struct error *err)
{
	if (!directory[0])
		return 0;
	if (!record_cgroup_place(directory, &r->place))
		return fail(err, 0, "cgroup '%s' of container '%s' is on no cgroup2 file system",
			    directory, r->removal.id);
	r->removal.cgroup_mount = r->place.mount;
	r->removal.cgroup_path = r->place.path;
	r->removal.cgroup_id = id;
	return 0;
}

/* The poststop hooks of the stored configuration.  One that cannot be read must not keep the container alive. */
static void set_hooks(struct remains *r, struct container *c)
{
	const struct oci_record *record = c->record;
	struct oci_config *config;
	struct error err;

	if (!record_has_hooks(record, PLAN_HOOK_POSTSTOP))
		return;
	if (container_config(c, &config, &err) < 0 ||
	    plan_hooks(config->hooks, &c->arena, r->hooks, &err) < 0) {
		log_warning("poststop hooks of container '%s' are left out: %s", c->id, err.msg);
		return;
	}
	r->removal.poststop = &r->hooks[PLAN_HOOK_POSTSTOP];
	r->removal.state_head = state_head(&c->arena, record->oci_version, c->id, record->bundle,
					   record->rootfs, &record->annotations);
	r->removal.bundle = record->bundle;
	r->removal.hooks_stdout = record_annotation(record, "run.oci.hooks.stdout");
	r->removal.hooks_stderr = record_annotation(record, "run.oci.hooks.stderr");
}

/* Without a readable record. */
static int set_from_link(struct remains *r, struct container *c, struct error *err)
{
	char name[STATE_ID_MAX + 16], mount[sizeof(r->place.mount)];
	struct state_facts facts;
	bool hybrid;
	int known = state_read_facts(c->dirfd, r->path, sizeof(r->path), &facts);

	if (known < 0)
		return fail(err, errno, "read '%s' of container '%s'", STATE_FACTS, c->id);
	if (known) {
		c->pidfd = proc_open(facts.pid, facts.start_time);
		if (c->pidfd < 0 && errno != ESRCH && errno != EINVAL && errno != ENOENT)
			return fail(err, errno, "look at process %d of container '%s'",
				    (int)facts.pid, c->id);
		return set_cgroup(r, facts.cgroup, facts.cgroup_id, err);
	}
	if (cgroup_find_mount(mount, sizeof(mount), &hybrid) < 0 ||
	    !cgroup_default_path("", c->id, name, sizeof(name)))
		return 0;
	snprintf(r->path, sizeof(r->path), "%s%s", mount, name);
	return set_cgroup(r, r->path, 0, err);
}

/* The caller has the claim; the record may be unknown. */
static int remove_remains(const struct runtime *rt, struct container *c, const struct destroy *how, struct error *err)
{
	struct remains r = {.removal = {.rootfd = c->rootfd,
					.dirfd = c->dirfd,
					.id = c->id,
					.patience_ms = how->patience_ms,
					.watch = how->watch,
					.done = how->done}};

	if (!c->record && set_from_link(&r, c, err) < 0)
		return -1;
	if (c->record && c->this_boot &&
	    set_cgroup(&r, c->record->cgroup, c->record->cgroup_id.v, err) < 0)
		return -1;
	if (c->record && c->this_boot && c->record->scope[0]) {
		struct error none;

		/* Without the program the unit ends by itself, some time after its last process. */
		if (unit_of(c, rt, &r.systemd, &none) < 0)
			log_warning("unit '%s' is not stopped: %s", c->record->scope, none.msg);
		else
			r.removal.systemd = &r.systemd;
	}
	if (c->record)
		set_hooks(&r, c);
	if (c->record && c->this_boot)
		r.removal.rdt = c->record->intel_rdt;
	r.removal.pidfd = c->pidfd;
	return remove_container(&r.removal, err);
}

int container_is_empty(const struct container *c, bool *ret, struct error *err)
{
	autoclose int cgroup = -1;

	if (container_open_cgroup(c, &cgroup, err) < 0)
		return -1;
	*ret = cgroup < 0 || cgroup_wait_empty(cgroup, 0);
	return 0;
}

static int check_dead(const struct container *c, struct error *err)
{
	bool empty = true;

	if (c->status == STATUS_STOPPED && container_is_empty(c, &empty, err) < 0)
		return -1;
	if (c->status == STATUS_STOPPED && empty)
		return 0;
	fail(err, 0, "container '%s' lives", c->id);
	return error_code(err, "CONTAINER_NOT_STOPPED");
}

/* Our claim is on the directory: "creating" is that of a creator which is dead. */
static int check_deletable(const struct container *c, const struct destroy *how, struct error *err)
{
	if (how->what == DESTROY_ANY)
		return 0;
	if (how->what == DESTROY_DEAD)
		return check_dead(c, err);
	switch (c->status) {
	case STATUS_CREATED:
	case STATUS_STOPPED:
		return 0;
	case STATUS_CREATING:
	case STATUS_RUNNING:
	case STATUS_PAUSED:
		break;
	}
	fail(err, 0, "container '%s' is not stopped: it is %s", c->id,
	     container_status_name(c->status));
	error_hint(err, "stop it first, or use delete --force, which kills it");
	return error_code(err, "CONTAINER_NOT_STOPPED");
}

int container_destroy(const struct runtime *rt, struct container *c, const struct destroy *how, struct error *err)
{
	/* While a creator is at work the answer is at once that it is not stopped; with force, it gets time. */
	if (how->what == DESTROY_ENDED && (container_look(c, err) < 0 || check_deletable(c, how, err) < 0))
		return -1;
	if (state_claim(c->dirfd, c->id, how->patience_ms ? how->patience_ms : CLAIM_MS, &c->claim, err) < 0)
		return -1;
	if (container_look(c, err) < 0) {
		/* Only damage is overcome; that the look itself failed (no descriptor left, an I/O error)
		 * says nothing about the container, and forgetting it would leave its processes behind. */
		if (how->what == DESTROY_ENDED || strcmp(err->code, "STATE_DAMAGED") != 0)
			return -1;
		log_warning("%s", err->msg);
	} else if (check_deletable(c, how, err) < 0) {
		return -1;
	}
	return remove_remains(rt, c, how, err);
}

int container_delete(const struct runtime *rt, const char *id, const struct delete_options *options,
		     struct error *err)
{
	struct removal_done done = {0};
	struct delete_report report = {.options = options, .done = &done};
	struct removal_watch watch = {.waiting = delete_report_waiting, .look = delete_report_look, .arg = &report};
	struct destroy how = {.what = options->force ? DESTROY_ANY : DESTROY_ENDED,
			      .patience_ms = (int)options->timeout_ms,
			      .watch = options->report || options->waiting ? &watch : NULL,
			      .done = options->report ? &done : NULL};
	struct container c;
	int r = container_open_dir(rt, id, &c, err);

	if (r == 0)
		r = container_destroy(rt, &c, &how, err);
	/* Also when somebody else was faster: gone is what was asked for. */
	if (r < 0 && options->force && strcmp(err->code, "CONTAINER_NOT_FOUND") == 0)
		r = 0;
	if (options->report)
		delete_report_print(&report, &c, r < 0 ? err : NULL);
	buf_free(&report.facts);
	container_close(&c);
	return r;
}
