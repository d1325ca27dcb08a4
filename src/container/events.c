/* SPDX-License-Identifier: Apache-2.0 */
/* events: statistics of a container at intervals, and the moment its memory ran out. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>

#include "base/fd.h"
#include "container/container.h"
#include "container/record.h"
#include "container/stats.h"

struct watch {
	const struct container *c;
	int cgroup;
	int memory;	/* memory.events, -1: no memory controller */
	uint64_t kills; /* seen so far */
	int (*line)(const char *json, struct error *err);
};

static int report(const struct watch *w, const char *type, bool with_data, struct error *err)
{
	struct buf b = {0};
	int rc;

	buf_printf(&b, "{\"type\":\"%s\",\"id\":", type);
	buf_json(&b, w->c->id);
	if (with_data) {
		buf_puts(&b, ",\"data\":");
		stats_print(&b, w->cgroup, w->c->pid);
	}
	buf_puts(&b, "}");
	rc = b.failed ? fail(err, ENOMEM, "describe container '%s'", w->c->id) : w->line(b.s, err);
	buf_free(&b);
	return rc;
}

static int report_kills(struct watch *w, struct error *err)
{
	uint64_t kills = stats_value(w->cgroup, "memory.events", "oom_kill");
	bool more = kills > w->kills;
	char rest[64];

	/* Reading it is what makes poll(2) wait for the next change. */
	if (w->memory >= 0)
		(void)!pread(w->memory, rest, sizeof(rest), 0);
	w->kills = kills;
	return more ? report(w, "oom", false, err) : 0;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int follow(struct watch *w, unsigned interval, struct error *err)
{
	struct pollfd p[2] = {{.fd = w->c->pidfd, .events = POLLIN}, {.fd = w->memory, .events = POLLPRI}};
	int64_t next = now_ms();

	while (!(p[0].revents & POLLIN)) {
		int64_t left = next - now_ms();

		if (left <= 0) {
			if (report(w, "stats", true, err) < 0)
				return -1;
			next += interval;
			left = next - now_ms();
		}
		if (poll(p, 2, left > 0 ? (int)left : 0) < 0 && errno != EINTR)
			return fail(err, errno, "wait for events");
		if (report_kills(w, err) < 0)
			return -1;
	}
	return 0;
}

static int watch(struct container *c, unsigned interval, int (*line)(const char *json, struct error *err),
		 struct error *err)
{
	autoclose int cgroup = -1;
	autoclose int memory = -1;
	struct watch w = {.c = c, .line = line};

	if (c->pidfd < 0 || c->status == STATUS_CREATING) {
		fail(err, 0, "container not running: '%s' is %s", c->id, container_status_name(c->status));
		return error_code(err, "CONTAINER_NOT_RUNNING");
	}
	if (container_open_cgroup(c, &cgroup, err) < 0)
		return -1;
	if (cgroup < 0)
		return fail(err, 0, "container '%s' has no cgroup: there are no statistics of it", c->id);
	memory = openat(cgroup, "memory.events", O_RDONLY | O_CLOEXEC);
	w.cgroup = cgroup;
	w.memory = memory;
	w.kills = stats_value(cgroup, "memory.events", "oom_kill");
	return interval ? follow(&w, interval, err) : report(&w, "stats", true, err);
}

int container_events(const struct runtime *rt, const char *id, unsigned interval_ms,
		     int (*line)(const char *json, struct error *err), struct error *err)
{
	struct container c;
	int rc = container_open(rt, id, &c, err);

	if (rc == 0)
		rc = watch(&c, interval_ms, line, err);
	container_close(&c);
	return rc;
}
