/* SPDX-License-Identifier: Apache-2.0 */
/* events --follow: what changes in a container, at the moment at which it does.
 *
 * The kernel tells of each through poll(2): the pidfd, the cgroup's files of events, and triggers on its pressure
 * files. Nothing is asked at intervals.
 */
#include "container/changes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/utc.h"
#include "container/cgfile.h"
#include "container/record.h"
#include "container/stats.h"

enum { PROCESS, CGROUP, MEMORY, PIDS, FIRST_TRIGGER, MAX_TRIGGERS = 32 };

struct changes {
	const struct container *c;
	const struct follow_options *options;
	int cgroup;
	struct pollfd fds[FIRST_TRIGGER + MAX_TRIGGERS];
	size_t n;
	bool frozen, populated;
	uint64_t kills;
};

/* Starts a line; its "data" follows, and end_line(). */
static void begin_line(const struct changes *w, struct buf *b, const char *type)
{
	struct timespec now;
	struct utc t;

	clock_gettime(CLOCK_REALTIME, &now);
	t = utc_from_seconds(now.tv_sec);
	buf_printf(b, "{\"type\":\"%s\",\"id\":", type);
	buf_json(b, w->c->id);
	buf_printf(b, ",\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ\",\"data\":", (int)t.year,
		   t.month, t.day, t.hour, t.minute, t.second, now.tv_nsec / 1000);
}

static int end_line(const struct changes *w, struct buf *b, struct error *err)
{
	int r;

	buf_puts(b, "}");
	r = b->failed ? fail(err, ENOMEM, "describe container '%s'", w->c->id)
		      : w->options->line(b->s, err);
	buf_free(b);
	return r;
}

/* Reading a file of events is also what arms it for the next change. */
static bool reread(int fd, char *text, size_t size)
{
	ssize_t n = pread(fd, text, size - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return n >= 0;
}

/* ---- one kind of change each: 0, or -1 ---------------------------------------------------------- */

static int report_exit(struct changes *w, struct error *err)
{
	struct buf b = {0};
	int status;

	w->fds[PROCESS].fd = -1;
	begin_line(w, &b, "exit");
	if (!proc_exit_status(w->c->pidfd, w->c->record->pid.v, w->c->record->start_time.v,
			      &status))
		buf_puts(&b, "null");
	else if (WIFSIGNALED(status))
		buf_printf(&b, "{\"signal\":%d}", WTERMSIG(status));
	else
		buf_printf(&b, "{\"status\":%d}", WEXITSTATUS(status));
	return end_line(w, &b, err);
}

static int report_flag(struct changes *w, const char *name, bool *now, bool is, struct error *err)
{
	struct buf b = {0};

	if (*now == is)
		return 0;
	*now = is;
	begin_line(w, &b, name);
	buf_printf(&b, "{\"%s\":%s}", name, is ? "true" : "false");
	return end_line(w, &b, err);
}

static int report_cgroup(struct changes *w, struct error *err)
{
	char text[256];

	if (!reread(w->fds[CGROUP].fd, text, sizeof(text))) /* removed */
		return report_flag(w, "populated", &w->populated, false, err);
	if (report_flag(w, "frozen", &w->frozen, strstr(text, "frozen 1") != NULL, err) < 0)
		return -1;
	return report_flag(w, "populated", &w->populated, strstr(text, "populated 1") != NULL, err);
}

static int report_memory(struct changes *w, struct error *err)
{
	uint64_t kills = stats_value(w->cgroup, "memory.events", "oom_kill");
	bool killed = kills > w->kills;
	struct buf b = {0};
	char text[1024];

	if (!reread(w->fds[MEMORY].fd, text, sizeof(text)))
		return 0;
	w->kills = kills;
	begin_line(w, &b, killed ? "oom" : "memory");
	buf_puts(&b, "{\"events\":");
	cgfile_flat(&b, w->cgroup, "memory.events", NULL);
	buf_puts(&b, ",\"events_local\":");
	cgfile_flat(&b, w->cgroup, "memory.events.local", NULL);
	buf_puts(&b, ",\"current\":");
	cgfile_single(&b, w->cgroup, "memory.current");
	buf_puts(&b, "}");
	return end_line(w, &b, err);
}

static int report_pids(struct changes *w, struct error *err)
{
	struct buf b = {0};
	char text[256];

	if (!reread(w->fds[PIDS].fd, text, sizeof(text)))
		return 0;
	begin_line(w, &b, "pids");
	buf_puts(&b, "{\"events\":");
	cgfile_flat(&b, w->cgroup, "pids.events", NULL);
	buf_puts(&b, ",\"current\":");
	cgfile_single(&b, w->cgroup, "pids.current");
	buf_puts(&b, "}");
	return end_line(w, &b, err);
}

static int report_pressure(struct changes *w, const struct psi_trigger *t, struct error *err)
{
	struct buf b = {0};
	char file[32];

	snprintf(file, sizeof(file), "%s.pressure", t->resource);
	begin_line(w, &b, "psi");
	buf_printf(&b,
		   "{\"resource\":\"%s\",\"level\":\"%s\",\"stall_usec\":%u,\"window_usec\":%u,"
		   "\"total\":",
		   t->resource, t->full ? "full" : "some", t->stall_us, t->window_us);
	cgfile_pressure(&b, w->cgroup, file);
	buf_puts(&b, "}");
	return end_line(w, &b, err);
}

/* ---- waiting ------------------------------------------------------------------------------------- */

static int arm(struct changes *w, const struct psi_trigger *t, struct error *err)
{
	char file[32], text[64];
	int fd, n;

	if (w->n == COUNT_OF(w->fds))
		return fail(err, 0, "more than %d pressure triggers", MAX_TRIGGERS);
	snprintf(file, sizeof(file), "%s.pressure", t->resource);
	n = snprintf(text, sizeof(text), "%s %u %u", t->full ? "full" : "some", t->stall_us,
		     t->window_us);
	fd = openat(w->cgroup, file, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return fail(err, errno, "open '%s' of container '%s'", file, w->c->id);
	w->fds[w->n++] = (struct pollfd){.fd = fd, .events = POLLPRI};
	if (write(fd, text, (size_t)n + 1) >= 0)
		return 0;
	fail(err, errno, "write '%s' to '%s' of container '%s'", text, file, w->c->id);
	if (err->errnum == EINVAL)
		return error_hint(err, "a window is at most 10 s and longer than the stall; "
				       "without CAP_SYS_RESOURCE it "
				       "is a multiple of 2 s");
	return -1;
}

static int open_watches(struct changes *w, struct error *err)
{
	static const char *const files[] = {
		[CGROUP] = "cgroup.events", [MEMORY] = "memory.events", [PIDS] = "pids.events"};
	char text[1024];

	w->fds[PROCESS] = (struct pollfd){.fd = w->c->pidfd, .events = POLLIN};
	for (int i = CGROUP; i <= PIDS; i++) {
		w->fds[i] = (struct pollfd){.fd = openat(w->cgroup, files[i], O_RDONLY | O_CLOEXEC),
					    .events = POLLPRI};
		if (w->fds[i].fd >= 0 && reread(w->fds[i].fd, text, sizeof(text)) && i == CGROUP) {
			w->frozen = strstr(text, "frozen 1");
			w->populated = strstr(text, "populated 1");
		}
	}
	w->n = FIRST_TRIGGER;
	w->kills = stats_value(w->cgroup, "memory.events", "oom_kill");
	for (size_t i = 0; i < w->options->n_triggers; i++)
		if (arm(w, &w->options->triggers[i], err) < 0)
			return -1;
	return 0;
}

static int report_ready(struct changes *w, struct error *err)
{
	int (*const reports[])(struct changes * w, struct error * err) = {[PROCESS] = report_exit,
									  [CGROUP] = report_cgroup,
									  [MEMORY] = report_memory,
									  [PIDS] = report_pids};

	for (size_t i = 0; i < w->n; i++) {
		short ready = w->fds[i].revents;

		if (!ready)
			continue;
		if (i < FIRST_TRIGGER && reports[i](w, err) < 0)
			return -1;
		if (i >= FIRST_TRIGGER && (ready & POLLERR)) { /* its cgroup is gone */
			close_keeping_errno(&w->fds[i].fd);
			w->fds[i].fd = -1;
		} else if (i >= FIRST_TRIGGER &&
			   report_pressure(w, &w->options->triggers[i - FIRST_TRIGGER], err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int follow(struct changes *w, struct error *err)
{
	struct buf b = {0};

	begin_line(w, &b, "following");
	buf_printf(&b, "{\"pid\":%d,\"frozen\":%s,\"populated\":%s}", (int)w->c->pid,
		   w->frozen ? "true" : "false", w->populated ? "true" : "false");
	if (end_line(w, &b, err) < 0)
		return -1;
	while (w->populated || w->fds[PROCESS].fd >= 0) {
		if (poll(w->fds, w->n, -1) < 0) {
			if (errno == EINTR)
				continue;
			return fail(err, errno, "wait for events");
		}
		if (report_ready(w, err) < 0)
			return -1;
	}
	return 0;
}

int container_follow(const struct runtime *rt, const char *id, const struct follow_options *options,
		     struct error *err)
{
	struct changes w = {.options = options};
	autoclose int cgroup = -1;
	struct container c;
	int r = container_open(rt, id, &c, err);

	if (r == 0 && (c.pidfd < 0 || c.status == STATUS_CREATING)) {
		r = fail(err, 0, "container not running: '%s' is %s", id,
			 container_status_name(c.status));
		error_code(err, "CONTAINER_NOT_RUNNING");
	}
	if (r == 0)
		r = container_open_cgroup(&c, &cgroup, err);
	if (r == 0 && cgroup < 0)
		r = fail(err, 0, "container '%s' has no cgroup: nothing tells of its changes", id);
	w.c = &c;
	w.cgroup = cgroup;
	if (r == 0)
		r = open_watches(&w, err);
	if (r == 0)
		r = follow(&w, err);
	for (size_t i = CGROUP; i < w.n; i++)
		close_keeping_errno(&w.fds[i].fd);
	container_close(&c);
	return r;
}
