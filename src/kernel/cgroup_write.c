/* SPDX-License-Identifier: Apache-2.0 */
/* Writing limits: all in order for a new cgroup, all or nothing for one in use.
 *
 * A limit that cannot be enforced is an error that names its place in the configuration; a missing file is
 * tolerated only where the plan says that nothing is lost.
 */
#include "kernel/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "kernel/cgroup_priv.h"
#include "plan/plan.h"

#define VALUE_SIZE 4200 /* a planned line, and what KEEP_FIRST puts before it */
#define OLD_SIZE (1 << 17) /* io.max of a thousand devices */

static bool is_missing(int errnum)
{
	return errnum == ENOENT ||
	       errnum == EOPNOTSUPP; /* EOPNOTSUPP: a scheduler this device does not use */
}

/* Says why W could not be written (or read): no controller, no such file in this kernel, or a bad value. */
static int explain(int dirfd, const struct plan_write *w, int errnum, struct error *err)
{
	char have[512];
	size_t n = cgroup_controller_length(w->file);

	if (errnum == ENOENT && n > 0 &&
	    cgroup_read(dirfd, "cgroup.controllers", have, sizeof(have)) >= 0 &&
	    !cgroup_has_word(have, w->file, n))
		return cgroup_fail_controller(err, w);
	if (errnum == ENOENT) {
		fail_at(err, 0, w->at, "this kernel's cgroups have no file '%s'", w->file);
		err->errnum = errnum;
		error_code(err, "CGROUP_FILE_MISSING");
		if (str_starts(w->file, "hugetlb."))
			return error_hint(
				err,
				"it has no huge pages of this size: see /sys/kernel/mm/hugepages");
		if (str_starts(w->file, "memory.swap."))
			return error_hint(err, "swap accounting is off: boot with swapaccount=1");
		return -1;
	}
	fail_at(err, errnum, w->at, "write '%.200s' to '%s'", w->value, w->file);
	if (errnum == ENODEV && str_starts(w->file, "io."))
		return error_hint(err, "there is no such block device, or it is a partition");
	if (errnum == EINVAL && strcmp(w->file, "cpu.weight") == 0)
		return error_hint(err,
				  "a cgroup with cpu.idle 1 takes no weight: set 'idle' to 0 too");
	if (errnum == EACCES || errnum == EPERM)
		return error_hint(err, "the cgroup is not delegated to this user");
	return -1;
}

int cgroup_apply(int dirfd, const struct plan_write *writes, size_t n, struct error *err)
{
	bool done = false; /* the write before this one */

	for (size_t i = 0; i < n; i++) {
		const struct plan_write *w = &writes[i];
		bool tolerated = w->optional || (w->how == PLAN_WRITE_ELSE && done);

		if (w->how == PLAN_WRITE_KEEP_FIRST) /* planned for cgroup_update() */
			return explain(dirfd, w, EINVAL, err);
		done = fd_write_at(dirfd, w->file, w->value, strlen(w->value)) == 0;
		if (!done && !(tolerated && is_missing(errno)))
			return explain(dirfd, w, errno, err);
	}
	return 0;
}

/* ---- update ------------------------------------------------------------------------------------- */

struct change {
	const struct plan_write *w;
	char *value; /* what is written; NULL: nothing */
	char *old; /* the whole file before, NULL: cannot be read */
	bool lowers; /* a limit */
	bool done;
};

/* Files with a line for each device, and what to put behind the device's name where it had no line. */
static const struct {
	const char *file, *reset;
} keyed[] = {
	{"io.max", " rbps=max wbps=max riops=max wiops=max"},
	{"io.weight", " default"},
	{"io.bfq.weight", " default"},
	{"io.latency", " target=0"},
	{"rdma.max", " hca_handle=max hca_object=max"},
	{"misc.max", " max"},
	{"dmem.max", " max"},
};

static const char *keyed_reset(const char *file)
{
	for (size_t i = 0; i < COUNT_OF(keyed); i++)
		if (strcmp(file, keyed[i].file) == 0)
			return keyed[i].reset;
	return NULL;
}

/* Limits whose order matters: room is made before anything is narrowed.  Otherwise a process could die for
 * memory that the new limits together allow, and the kernel would refuse a burst above the quota. */
static bool is_ordered(const char *file)
{
	return strcmp(file, "memory.max") == 0 || strcmp(file, "memory.swap.max") == 0 ||
	       strcmp(file, "memory.high") == 0 || strcmp(file, "cpu.max") == 0 ||
	       strcmp(file, "cpu.max.burst") == 0;
}

/* The number that TEXT begins with; "max" and what is none (the kernel will say so) are without limit. */
static uint64_t limit_of(const char *text)
{
	char digits[24];
	uint64_t v;

	snprintf(digits, sizeof(digits), "%.*s", (int)strspn(text, "0123456789"), text);
	return str_to_u64(digits, &v) ? v : UINT64_MAX;
}

static char *read_old(int dirfd, const char *file)
{
	autofree char *text = malloc(OLD_SIZE);
	char *old;

	if (!text) {
		errno = ENOMEM;
		return NULL;
	}
	if (fd_read_small(dirfd, file, text, OLD_SIZE) < 0)
		return NULL;
	old = strdup(text);
	if (!old)
		errno = ENOMEM;
	return old;
}

/* A limit below what is in use would end in the kernel killing something. */
static int check_usage(int dirfd, const struct plan_write *w, struct error *err)
{
	char usage[64];

	if (w->how != PLAN_WRITE_CHECK_USAGE)
		return 0;
	if (fd_read_small(dirfd, "memory.current", usage, sizeof(usage)) < 0)
		return explain(dirfd, w, errno, err);
	if (limit_of(w->value) >= limit_of(usage))
		return 0;
	fail_at(err, 0, w->at, "memory limit %s is below the present usage of %s bytes", w->value,
		usage);
	err->errnum = EBUSY;
	return error_hint(err, "'checkBeforeUpdate' asks for this check");
}

/* Looks at the file, and decides what is to be written.  PREVIOUS_FOUND: for alternatives. */
static int prepare(int dirfd, struct change *c, bool previous_found, struct error *err)
{
	const struct plan_write *w = c->w;
	char value[VALUE_SIZE];

	c->old = read_old(dirfd, w->file);
	if (!c->old && errno == ENOMEM)
		return fail(err, ENOMEM, "update the cgroup");
	if (!c->old && errno == ENOENT) {
		if (w->optional || (w->how == PLAN_WRITE_ELSE && previous_found))
			return 0;
		return explain(dirfd, w, ENOENT, err);
	}
	/* Other errors: a file for writing only (memory.reclaim), there is nothing to put back. */
	if (check_usage(dirfd, w, err) < 0)
		return -1;
	if (w->how == PLAN_WRITE_KEEP_FIRST && c->old)
		snprintf(value, sizeof(value), "%.*s %s", (int)strcspn(c->old, " "), c->old,
			 w->value);
	else
		snprintf(value, sizeof(value), "%s", w->value);
	c->value = strdup(value);
	if (!c->value)
		return fail(err, ENOMEM, "update the cgroup");
	c->lowers = c->old && is_ordered(w->file) && limit_of(c->value) < limit_of(c->old);
	return 0;
}

/* Of two writes to the same single-valued file the later one counts ("unified" over the rest). */
static void drop_superseded(struct change *changes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n && changes[i].value; j++)
			if (changes[j].value &&
			    strcmp(changes[i].w->file, changes[j].w->file) == 0 &&
			    !keyed_reset(changes[i].w->file)) {
				free(changes[i].value);
				changes[i].value = NULL;
			}
}

static int write_change(int dirfd, struct change *c, bool previous_done, struct error *err)
{
	if (!c->value)
		return 0;
	c->done = fd_write_at(dirfd, c->w->file, c->value, strlen(c->value)) == 0;
	if (c->done || (is_missing(errno) &&
			(c->w->optional || (c->w->how == PLAN_WRITE_ELSE && previous_done))))
		return 0;
	return explain(dirfd, c->w, errno, err);
}

/* First what widens, in order; then what narrows, in the opposite one. */
static int write_all(int dirfd, struct change *changes, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++)
		if (!changes[i].lowers &&
		    write_change(dirfd, &changes[i], i > 0 && changes[i - 1].done, err) < 0)
			return -1;
	for (size_t i = n; i > 0; i--)
		if (changes[i - 1].lowers && write_change(dirfd, &changes[i - 1], false, err) < 0)
			return -1;
	return 0;
}

/* The old line of the device that VALUE begins with, or the one that means "no limit". */
static void old_line(const struct change *c, const char *reset, char *buf, size_t size)
{
	int key_len = (int)strcspn(c->value, " ");
	const char *key = c->value, *line = c->old;

	if (!c->value[key_len]) { /* a weight alone is that of all devices */
		key = "default";
		key_len = 7;
	}
	while (*line) {
		size_t n = strcspn(line, "\n");

		if (strncmp(line, key, (size_t)key_len) == 0 && line[key_len] == ' ') {
			snprintf(buf, size, "%.*s", (int)n, line);
			return;
		}
		line += n + (line[n] == '\n');
	}
	snprintf(buf, size, "%.*s%s", key_len, key, reset);
}

static void put_back(int dirfd, const struct change *c, struct error *err)
{
	const char *reset = keyed_reset(c->w->file), *text = c->old;
	char line[VALUE_SIZE];

	if (!c->done || !c->old)
		return;
	if (reset) {
		old_line(c, reset, line, sizeof(line));
		text = line;
	}
	if (fd_write_at(dirfd, c->w->file, *text ? text : "\n", *text ? strlen(text) : 1) == 0)
		return;
	/* A cpuset in use cannot be emptied again: give it what the empty one stood for. */
	snprintf(line, sizeof(line), "../%s.effective", c->w->file);
	if (!*text && str_starts(c->w->file, "cpuset.") &&
	    fd_read_small(dirfd, line, line, sizeof(line)) > 0 &&
	    fd_write_at(dirfd, c->w->file, line, strlen(line)) == 0)
		return;
	if (strcmp(c->w->file, "cpu.weight") != 0) /* its idle state, put back next, sets it */
		wrap(err, "'%s' has its new value %s, putting the old one back failed", c->w->file,
		     c->value);
}

/* The way back from write_all(), step by step. */
static void put_all_back(int dirfd, const struct change *changes, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++)
		if (changes[i].lowers)
			put_back(dirfd, &changes[i], err);
	for (size_t i = n; i > 0; i--)
		if (!changes[i - 1].lowers)
			put_back(dirfd, &changes[i - 1], err);
}

int cgroup_update(int dirfd, const struct plan_write *writes, size_t n, struct error *err)
{
	return cgroup_update_with(dirfd, writes, n, NULL, NULL, err);
}

int cgroup_update_with(int dirfd, const struct plan_write *writes, size_t n,
		       int (*then)(void *context, struct error *err), void *context, struct error *err)
{
	autofree struct change *changes = calloc(n + 1, sizeof(*changes));
	int result = changes ? 0 : fail(err, ENOMEM, "update the cgroup");

	for (size_t i = 0; i < n && result == 0; i++) {
		changes[i].w = &writes[i];
		result = prepare(dirfd, &changes[i], i > 0 && changes[i - 1].value, err);
	}
	if (result == 0) {
		drop_superseded(changes, n);
		result = write_all(dirfd, changes, n, err);
		if (result == 0 && then)
			result = then(context, err);
		if (result < 0)
			put_all_back(dirfd, changes, n, err);
	}
	for (size_t i = 0; i < n && changes; i++) {
		free(changes[i].value);
		free(changes[i].old);
	}
	return result;
}
