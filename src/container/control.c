/* SPDX-License-Identifier: Apache-2.0 */
/* kill, pause, resume, update: what is done to a container from outside while it lives. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/effective.h"
#include "container/record.h"
#include "container/state.h"
#include "container/step.h"
#include "container/unit.h"
#include "kernel/cgroup.h"
#include "kernel/devbpf.h"
#include "plan/devices.h"
#include "plan/resources.h"

#define LOCK_MS 10000
#define FREEZE_MS 10000
#define DEVICES_FILE "devices.json" /* the rules of the last update, in the state directory */

/* Engines look for "container not running" and, in lower case, "no such process". */
static int not_running(const char *id, struct error *err)
{
	fail(err, ESRCH, "container not running: '%s'", id);
	return error_code(err, "CONTAINER_NOT_RUNNING");
}

/* ---- kill -------------------------------------------------------------------------------------- */

static int kill_one(const struct container *c, int sig, struct error *err)
{
	if (c->pidfd < 0)
		return not_running(c->id, err);
	if (sys_pidfd_send_signal(c->pidfd, sig) == 0)
		return 0;
	if (errno == ESRCH)
		return not_running(c->id, err);
	return fail(err, errno, "send signal %d to container '%s'", sig, c->id);
}

/* The first process is dead.  Without a pid namespace that does not end the others, and KILL is for those too. */
static int kill_orphans(const struct container *c, int sig, struct error *err)
{
	autoclose int cgroup = -1;

	if (sig != SIGKILL || c->record->private_pid.v)
		return not_running(c->id, err);
	if (container_open_cgroup(c, &cgroup, err) < 0)
		return -1;
	if (cgroup < 0 || cgroup_wait_empty(cgroup, 0))
		return not_running(c->id, err);
	return cgroup_kill(cgroup, err);
}

static int kill_container(const struct container *c, int sig, bool all, struct error *err)
{
	bool private_pid = c->record->private_pid.v;
	autoclose int cgroup = -1;

	if (c->status == STATUS_CREATING) {
		fail(err, 0, "container not running: '%s' is still being created", c->id);
		return error_code(err, "CONTAINER_NOT_RUNNING");
	}
	if (c->status == STATUS_STOPPED && !all)
		return kill_orphans(c, sig, err);
	/* Without a pid namespace of its own nothing ends the others when the first process dies. */
	if (!all && (sig != SIGKILL || private_pid))
		return kill_one(c, sig, err);
	if (container_open_cgroup(c, &cgroup, err) < 0)
		return -1;
	if (cgroup >= 0)
		return sig == SIGKILL ? cgroup_kill(cgroup, err)
				      : cgroup_signal_all(cgroup, sig, err);
	if (c->status == STATUS_STOPPED) /* and its cgroup is gone: all of nobody */
		return 0;
	if (all && !(sig == SIGKILL && private_pid))
		return fail(err, 0, "container '%s' has no cgroup: its processes cannot be found",
			    c->id);
	return kill_one(c, sig, err);
}

int container_kill(const struct runtime *rt, const char *id, int sig, bool all, struct error *err)
{
	struct container c;
	int r = container_open(rt, id, &c, err);

	if (r == 0)
		r = kill_container(&c, sig, all, err);
	container_close(&c);
	return r;
}

int container_annotation(const struct runtime *rt, const char *id, const char *key, char *buf, size_t size,
			 struct error *err)
{
	struct container c;
	int r = container_open(rt, id, &c, err);
	const char *value = r == 0 ? record_annotation(c.record, key) : NULL;

	if (r == 0)
		snprintf(buf, size, "%s", value ? value : "");
	container_close(&c);
	return r;
}

/* ---- pause, resume ----------------------------------------------------------------------------- */

/* Opens, locks, then looks: what was true before the lock may not be true any more. */
static int open_locked(const struct runtime *rt, const char *id, struct container *c,
		       int *ret_cgroup, struct error *err)
{
	if (container_open_dir(rt, id, c, err) < 0 || state_lock(c->dirfd, id, LOCK_MS, err) < 0 ||
	    container_look(c, err) < 0)
		return -1;
	return container_open_cgroup(c, ret_cgroup, err);
}

struct freezing {
	const struct runtime *rt;
	const char *id;
	bool frozen; /* what is asked for */
	int cgroup;
	struct container c;
};

static int open_to_freeze(void *context, struct error *err)
{
	struct freezing *f = context;

	return open_locked(f->rt, f->id, &f->c, &f->cgroup, err);
}

static int check_freezable(void *context, struct error *err)
{
	struct freezing *f = context;
	enum container_status status = f->c.status;

	if (f->frozen && status != STATUS_RUNNING && status != STATUS_CREATED)
		return fail(err, 0, "container '%s' is not running: it is %s", f->id,
			    container_status_name(status));
	if (!f->frozen && status != STATUS_PAUSED)
		return fail(err, 0, "container '%s' is not paused: it is %s", f->id,
			    container_status_name(status));
	if (f->cgroup < 0)
		return fail(err, 0, "container '%s' has no cgroup: it cannot be paused", f->id);
	return 0;
}

static int set_frozen(void *context, struct error *err)
{
	struct freezing *f = context;

	return cgroup_freeze(f->cgroup, f->frozen, FREEZE_MS, err);
}

static int freeze(const struct runtime *rt, const char *id, bool frozen, struct error *err)
{
	static const struct step steps[] = {
		{"open container", open_to_freeze},
		{"check status", check_freezable},
		{"freeze or thaw", set_frozen}, /* the kernel remembers it, we do not: nothing to write after it */
	};
	struct freezing f = {.rt = rt, .id = id, .frozen = frozen, .cgroup = -1, .c = CONTAINER_NONE};
	int r = steps_run(frozen ? "pause" : "resume", steps, COUNT_OF(steps), &f, err);

	close_keeping_errno(&f.cgroup);
	container_close(&f.c);
	return r;
}

int container_pause(const struct runtime *rt, const char *id, struct error *err)
{
	return freeze(rt, id, true, err);
}

int container_resume(const struct runtime *rt, const char *id, struct error *err)
{
	return freeze(rt, id, false, err);
}

/* ---- update ------------------------------------------------------------------------------------ */

static int replace_devices(struct container *c, int cgroup, const struct oci_resources *res,
			   struct error *err)
{
	struct plan_cgroup plan = {0};

	if (plan_devices(&c->arena, res, &plan, err) < 0)
		return -1;
	return devbpf_replace(cgroup, plan.filter, plan.n_filter, err);
}

/* The device rules in force: those of the last update, else the configuration's. */
static int current_devices(struct container *c, struct oci_resources *ret, struct error *err)
{
	autofree char *text = NULL;
	struct oci_error parse_error;
	struct oci_config *config;
	struct error none;
	size_t len;

	*ret = (struct oci_resources){0};
	if (fd_read_file(c->dirfd, DEVICES_FILE, OCI_MAX_SIZE, &text, &len, &none) == 0) {
		ret->devices.v = oci_parse_list(&c->arena, oci_type_device_rule(), text, len,
						&ret->devices.n, &parse_error);
		if (ret->devices.v)
			return 0;
	}
	if (container_config(c, &config, err) < 0)
		return -1;
	if (config->linux && config->linux->resources)
		ret->devices = config->linux->resources->devices;
	return 0;
}

static int remember_devices(struct container *c, const struct oci_resources *res, struct error *err)
{
	const char *text = oci_print_list(&c->arena, oci_type_device_rule(), res->devices.v,
					  res->devices.n, false);

	return fd_replace_file(c->dirfd, DEVICES_FILE, 0600, text, strlen(text), err);
}

struct updating {
	const struct runtime *rt;
	const char *id;
	const struct oci_resources *res;
	struct plan_cgroup plan;
	struct oci_resources before; /* its device rules */
	bool replaced, remembered;
	char *limits; /* what was remembered before */
	int cgroup;
	struct container c;
};

static int open_to_update(void *context, struct error *err)
{
	struct updating *u = context;

	return open_locked(u->rt, u->id, &u->c, &u->cgroup, err);
}

static int check_updatable(void *context, struct error *err)
{
	struct updating *u = context;
	struct container *c = &u->c;

	if (c->status == STATUS_STOPPED || c->status == STATUS_CREATING)
		return fail(err, 0, "container not running: '%s' is %s", c->id,
			    container_status_name(c->status));
	if (u->cgroup < 0)
		return fail(err, 0, "container '%s' has no cgroup: it has no limits to update",
			    c->id);
	return 0;
}

static int plan_update(void *context, struct error *err)
{
	struct updating *u = context;
	struct cgroup_place place;
	char controllers[512];

	if (plan_resources(&u->c.arena, u->res, &u->plan, PLAN_RESOURCES_UPDATE, err) < 0)
		return -1;
	if (u->plan.n_writes && !u->c.record->scope[0] && record_cgroup_place(u->c.record->cgroup, &place))
		cgroup_enable_on_path(place.mount, place.path);
	if (fd_read_small(u->cgroup, "cgroup.controllers", controllers, sizeof(controllers)) < 0)
		return fail(err, errno, "read 'cgroup.controllers' of container '%s'", u->id);
	if (plan_resources_check(&u->plan, controllers, err) < 0)
		return error_hint(err, "the container's cgroup does not have it: 'Delegate=' of the unit above, or "
				       "cgroup.subtree_control of every cgroup above, has to name it");
	return 0;
}

static int update_devices(void *context, struct error *err)
{
	struct updating *u = context;

	if (!u->res->devices.v)
		return 0;
	if (current_devices(&u->c, &u->before, err) < 0 ||
	    replace_devices(&u->c, u->cgroup, u->res, err) < 0)
		return -1;
	u->replaced = true;
	return 0;
}

static int remember(void *context, struct error *err)
{
	struct updating *u = context;

	return u->replaced ? remember_devices(&u->c, u->res, err) : 0;
}

static int remember_limits(void *context, struct error *err)
{
	struct updating *u = context;

	if (u->plan.n_writes == 0)
		return 0;
	if (effective_remember(u->c.dirfd, &u->plan, &u->limits, err) < 0)
		return -1;
	u->remembered = true;
	return 0;
}

static int update_limits(void *context, struct error *err)
{
	struct updating *u = context;

	if (u->c.record->scope[0])
		return unit_update(&u->c, u->rt, u->cgroup, u->res, &u->plan, err);
	return cgroup_update(u->cgroup, u->plan.writes, u->plan.n_writes, err);
}

/* Limits undo themselves (cgroup_update()); the device program, which is replaced before them, is put back. */
static void update_undo(struct updating *u, struct error *err)
{
	struct error undo;

	if (u->replaced && (replace_devices(&u->c, u->cgroup, &u->before, &undo) < 0 ||
			    remember_devices(&u->c, &u->before, &undo) < 0))
		wrap(err, "device rules could not be put back (%s)", undo.msg);
	if (u->remembered)
		effective_forget(u->c.dirfd, u->limits);
}

int container_update(const struct runtime *rt, const char *id, const struct oci_resources *res,
		     struct error *err)
{
	static const struct step steps[] = {
		{"open container", open_to_update},
		{"check status", check_updatable},
		{"plan limits", plan_update}, /* all that can be refused is, before anything changes */
		{"replace device program", update_devices},
		{"remember device rules", remember}, /* for the next update, which may leave them out */
		{"remember limits", remember_limits}, /* as asked for: state --effective compares */
		{"write limits", update_limits},
	};
	struct updating u = {.rt = rt, .id = id, .res = res, .cgroup = -1, .c = CONTAINER_NONE};
	int r = steps_run("update", steps, COUNT_OF(steps), &u, err);

	if (r < 0)
		update_undo(&u, err);
	free(u.limits);
	close_keeping_errno(&u.cgroup);
	container_close(&u.c);
	return r;
}
