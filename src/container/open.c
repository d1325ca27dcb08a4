/* SPDX-License-Identifier: Apache-2.0 */
/* An existing container as a verb finds it: its directory, its record, its process, its status.
 *
 * The status comes from the kernel: see record.h.  What cannot be found out is an error, never "stopped": a
 * container taken for dead would be removed from under its processes.
 */
#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "base/proc.h"
#include "container/record.h"
#include "container/state.h"
#include "kernel/cgroup.h"

const char *container_status_name(enum container_status status)
{
	static const char *const names[] = {
		[STATUS_CREATING] = "creating", [STATUS_CREATED] = "created",
		[STATUS_RUNNING] = "running",	[STATUS_PAUSED] = "paused",
		[STATUS_STOPPED] = "stopped",
	};

	return names[status];
}

int container_open_dir(const struct runtime *rt, const char *id, struct container *ret,
		       struct error *err)
{
	*ret = (struct container){.id = id,
				  .rootfd = -1,
				  .dirfd = -1,
				  .claim = -1,
				  .pidfd = -1,
				  .cgroup = -1,
				  .status = STATUS_STOPPED};
	if (state_check_id(id, err) < 0)
		return -1;
	if (state_open_root(rt->root, false, &ret->rootfd, err) < 0)
		return err->errnum == ENOENT ? state_no_container(id, err) : -1;
	return state_open(ret->rootfd, id, &ret->dirfd, err);
}

/* The container's first process, if it lives. */
static int find_process(struct container *c, struct error *err)
{
	const struct oci_record *r = c->record;

	if (r->pid.v <= 0 || !c->this_boot)
		return 0;
	c->pidfd = proc_open(r->pid.v, r->start_time.v);
	if (c->pidfd >= 0)
		c->pid = r->pid.v;
	else if (errno != ESRCH && errno != EINVAL &&
		 errno != ENOENT) /* these: no such process, or a thread */
		return fail(err, errno, "look at process %d of container '%s'", r->pid.v, c->id);
	return 0;
}

/* Who creates or removes it, other than we. */
static int find_holder(const struct container *c, pid_t *ret, struct error *err)
{
	*ret = c->claim >= 0 ? 0 : state_claimed_by(c->dirfd);
	if (*ret < 0)
		return fail(err, errno, "look at '%s' of container '%s'", STATE_LOCK, c->id);
	return 0;
}

static int find_status(struct container *c, struct error *err)
{
	int waiting;

	if (strcmp(c->record->phase, PHASE_CREATING) == 0) {
		pid_t holder;

		if (find_holder(c, &holder, err) < 0)
			return -1;
		if (holder > 0) {
			c->status = STATUS_CREATING;
			return 0;
		}
	}
	if (c->pidfd < 0) {
		c->status = STATUS_STOPPED;
		return 0;
	}
	if (container_open_cgroup(c, &c->cgroup, err) < 0)
		return -1;
	waiting = state_is_waiting(c->dirfd);
	if (waiting < 0)
		return fail(err, errno, "look at the start socket of container '%s'", c->id);
	c->status = c->cgroup >= 0 && cgroup_is_frozen(c->cgroup) ? STATUS_PAUSED
		    : waiting				    ? STATUS_CREATED
							    : STATUS_RUNNING;
	return 0;
}

/* A record that cannot be read, or is not there, may only be on its way. */
static int read_record(struct container *c, struct error *err)
{
	struct error other;
	pid_t holder;

	if (record_read(c->dirfd, c->id, &c->arena, &c->record, err) == 0)
		return 0;
	if (strcmp(err->code, "STATE_DAMAGED") == 0 && find_holder(c, &holder, &other) == 0 &&
	    holder > 0)
		return fail(err, 0, "container '%s' is being created or removed by process %d",
			    c->id, (int)holder);
	return -1;
}

/* A creator that was killed while it wrote the record again may have got as far as the link alone. */
static void complete_from_link(struct container *c)
{
	struct oci_record *r = c->record;
	struct state_facts facts;
	char text[4096];

	if (r->pid.v > 0 || state_read_facts(c->dirfd, text, sizeof(text), &facts) <= 0)
		return;
	r->pid.v = facts.pid;
	r->start_time.v = facts.start_time;
	r->cgroup = arena_strdup(&c->arena, facts.cgroup);
	r->cgroup_id.v = facts.cgroup_id;
}

int container_look(struct container *c, struct error *err)
{
	char boot[STATE_BOOT_ID_SIZE];

	if (c->pidfd >= 0)
		fd_close(take_fd(&c->pidfd));
	if (c->cgroup >= 0)
		fd_close(take_fd(&c->cgroup));
	c->pid = 0;
	c->record = NULL;
	if (read_record(c, err) < 0)
		return -1;
	complete_from_link(c);
	if (state_boot_id(boot) < 0)
		return fail(err, errno, "read the kernel's boot id");
	c->this_boot = strcmp(c->record->boot_id, boot) == 0;
	if (find_process(c, err) < 0)
		return -1;
	return find_status(c, err);
}

int container_open(const struct runtime *rt, const char *id, struct container *ret,
		   struct error *err)
{
	if (container_open_dir(rt, id, ret, err) < 0)
		return -1;
	return container_look(ret, err);
}

void container_close(struct container *c)
{
	close_keeping_errno(&c->rootfd);
	close_keeping_errno(&c->dirfd);
	close_keeping_errno(&c->claim);
	close_keeping_errno(&c->pidfd);
	close_keeping_errno(&c->cgroup);
	arena_free(&c->arena);
	*c = CONTAINER_NONE;
}

int container_config(struct container *c, struct oci_config **ret, struct error *err)
{
	autofree char *text = NULL;
	struct oci_error parse_error;
	char why[768];
	size_t len;

	if (fd_read_file(c->dirfd, STATE_CONFIG, OCI_MAX_SIZE, &text, &len, err) < 0)
		return wrap(err, "configuration of container '%s'", c->id);
	*ret = oci_parse(&c->arena, oci_type_config(), text, len, &parse_error);
	if (!*ret)
		return fail(err, 0, "configuration of container '%s': %s", c->id,
			    oci_error_format(&parse_error, STATE_CONFIG, why, sizeof(why)));
	return 0;
}

int container_open_cgroup(const struct container *c, int *ret_dirfd, struct error *err)
{
	struct cgroup_place place;

	*ret_dirfd = -1;
	if (!c->record->cgroup[0] || c->record->cgroup_id.v == 0 || !c->this_boot)
		return 0;
	if (!record_cgroup_place(c->record->cgroup, &place))
		return fail(err, 0, "cgroup '%s' of container '%s' is on no cgroup2 file system",
			    c->record->cgroup, c->id);
	if (cgroup_open(place.mount, place.path, c->record->cgroup_id.v, ret_dirfd, err) < 0) {
		*ret_dirfd = -1;
		return err->errnum == ENOENT || err->errnum == ESTALE ? 0 : -1;
	}
	return 0;
}
