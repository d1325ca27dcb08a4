/* SPDX-License-Identifier: Apache-2.0 */
/* gc: what runtimes and engines that died have left.
 *
 * A container goes when nothing can ever run in it again: its first process is gone (by start time and boot), nobody
 * is in its cgroup, and nobody is creating or removing it.  The decision is made again under the claim, and what is
 * removed is removed by delete's own function.  What cannot be told is left.
 */
#include "container/gc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "container/delete.h"
#include "container/record.h"
#include "container/state.h"
#include "kernel/cgroup.h"

#define PATIENCE_MS 2000

void gc_tell(struct gc *gc, const char *kind, const char *name, const char *why,
	     const struct error *failed)
{
	struct gc_item item = {
		.kind = kind, .name = name, .why = why, .error = failed ? failed->msg : NULL};

	if (failed && !gc->failed) {
		*gc->err = *failed;
		gc->failed = true;
	}
	gc->each(&item, gc->arg);
}

bool gc_is_young(const struct gc *gc, const struct stat *st)
{
	struct timespec now;
	int64_t age_ms;

	clock_gettime(CLOCK_REALTIME, &now);
	age_ms = ((int64_t)now.tv_sec - st->st_mtim.tv_sec) * 1000 +
		 (now.tv_nsec - st->st_mtim.tv_nsec) / 1000000;
	/* From further ahead than that it is not of just now: the clock was set back since, and until it gets there
	 * again nothing would go. */
	return age_ms < gc->min_age_ms && age_ms > -gc->min_age_ms;
}

static bool add(char ***list, size_t *n, const char *text)
{
	char **more = reallocarray(*list, *n + 2, sizeof(*more));

	if (!more)
		return false;
	*list = more;
	more[*n] = strdup(text);
	more[*n + 1] = NULL;
	return more[(*n)++] != NULL;
}

static void free_list(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

/* Its cgroup and its scope are not to be taken for anybody's. */
static int keep(struct gc *gc, const struct oci_record *r)
{
	if ((r->cgroup[0] && !add(&gc->cgroups, &gc->n_cgroups, r->cgroup)) ||
	    (r->scope[0] && !add(&gc->scopes, &gc->n_scopes, r->scope)))
		return fail(gc->err, ENOMEM, "look for what is left");
	return 0;
}

/* With a record that cannot be read: what the link beside it names. */
static bool lives_by_link(const struct container *c)
{
	struct state_facts facts;
	struct cgroup_place place;
	char text[4096];
	autoclose int process = -1;
	autoclose int cgroup = -1;
	struct error unused;
	int known = state_read_facts(c->dirfd, text, sizeof(text), &facts);

	if (known <= 0)
		return known < 0;
	process = proc_open(facts.pid, facts.start_time);
	if (process >= 0 || (errno != ESRCH && errno != EINVAL && errno != ENOENT))
		return true;
	if (!record_cgroup_place(facts.cgroup, &place) ||
	    cgroup_open(place.mount, place.path, facts.cgroup_id, &cgroup, &unused) < 0)
		return false;
	return !cgroup_wait_empty(cgroup, 0);
}

/* Why the container is garbage, NULL: it is not. */
static const char *find_reason(struct container *c)
{
	struct error err;
	pid_t holder;
	bool empty;

	if (container_look(c, &err) < 0) {
		if (strcmp(err.code, "STATE_DAMAGED") != 0 || lives_by_link(c))
			return NULL;
		return "its state is damaged, and nothing of it runs";
	}
	holder = state_claimed_by(c->dirfd);
	if (holder != 0)
		return NULL;
	/* Init outlives its launcher when all that was left to do was to tell: that container can be started. */
	if (c->status != STATUS_STOPPED || container_is_empty(c, &empty, &err) < 0 || !empty)
		return NULL;
	if (!c->this_boot)
		return "it is from before the last boot";
	return strcmp(c->record->phase, PHASE_CREATING) == 0 ? "its runtime died while it made it"
							     : "its process has ended";
}

static bool is_young(const struct gc *gc, const struct container *c)
{
	struct stat st;

	return fstat(c->dirfd, &st) < 0 || gc_is_young(gc, &st) ||
	       (fstatat(c->dirfd, STATE_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		gc_is_young(gc, &st));
}

static int look_at_container(struct gc *gc, const char *id)
{
	struct destroy how = {.what = DESTROY_DEAD, .patience_ms = PATIENCE_MS};
	const char *why = NULL;
	struct container c;
	struct error err;
	int r = 0;

	if (container_open_dir(gc->rt, id, &c, &err) == 0 && !is_young(gc, &c))
		why = find_reason(&c);
	else if (c.dirfd >= 0)
		(void)!container_look(&c, &err);
	if (!why && c.record)
		r = keep(gc, c.record);
	if (why && gc->dry)
		gc_tell(gc, "container", id, why, NULL);
	else if (why && container_destroy(gc->rt, &c, &how, &err) == 0)
		gc_tell(gc, "container", id, why, NULL);
	else if (why && strcmp(err.code, "CONTAINER_NOT_FOUND") != 0) /* else somebody was faster */
		gc_tell(gc, "container", id, why, &err);
	container_close(&c);
	return r;
}

int container_gc(const struct runtime *rt, bool dry, unsigned min_age_ms,
		 void (*each)(const struct gc_item *item, void *arg), void *arg, struct error *err)
{
	struct gc gc = {
		.rt = rt, .dry = dry, .min_age_ms = min_age_ms, .each = each, .arg = arg, .err = err};
	char **ids;
	int r = 0;

	if (container_ids(rt, &ids, err) < 0)
		return -1;
	for (size_t i = 0; ids[i] && r == 0; i++)
		r = look_at_container(&gc, ids[i]);
	container_ids_free(ids);
	if (r == 0)
		gc_cgroups(&gc);
	free_list(gc.cgroups);
	free_list(gc.scopes);
	return gc.failed ? -1 : r;
}
