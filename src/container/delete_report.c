/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a delete: see delete_report.h.
 *
 * A cgroup's counters die with it, and no runtime is there when the container ends: delete is the one moment at which
 * its end is known and its counters can still be read.
 */
#include "container/delete_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/proc.h"
#include "container/cgfile.h"
#include "container/remove.h"
#include "container/state.h"
#include "kernel/cgroup.h"

/* ---- what the container used ------------------------------------------------------------------- */

static void facts_memory(struct buf *b, int cgroup)
{
	buf_puts(b, "\"memory\":{\"peak\":");
	cgfile_single(b, cgroup, "memory.peak");
	buf_puts(b, ",\"swap_peak\":");
	cgfile_single(b, cgroup, "memory.swap.peak");
	buf_puts(b, ",\"max\":");
	cgfile_single(b, cgroup, "memory.max");
	buf_puts(b, ",\"events\":");
	cgfile_flat(b, cgroup, "memory.events", NULL);
	buf_puts(b, ",\"events_local\":");
	cgfile_flat(b, cgroup, "memory.events.local", NULL);
	buf_puts(b, "}");
}

static void facts_pressure(struct buf *b, int cgroup)
{
	static const char *const resources[] = {"cpu", "memory", "io"};
	char file[32];

	buf_puts(b, "\"pressure\":{");
	for (size_t i = 0; i < COUNT_OF(resources); i++) {
		snprintf(file, sizeof(file), "%s.pressure", resources[i]);
		buf_printf(b, "%s\"%s\":", i ? "," : "", resources[i]);
		cgfile_pressure(b, cgroup, file);
	}
	buf_puts(b, "}");
}

void delete_report_look(void *arg, int cgroup)
{
	struct delete_report *r = arg;
	struct buf *b = &r->facts;

	if (!r->options->report)
		return;
	buf_puts(b, "{");
	facts_memory(b, cgroup);
	buf_puts(b, ",\"pids\":{\"peak\":");
	cgfile_single(b, cgroup, "pids.peak");
	buf_puts(b, ",\"max\":");
	cgfile_single(b, cgroup, "pids.max");
	buf_puts(b, ",\"events\":");
	cgfile_flat(b, cgroup, "pids.events", NULL);
	buf_puts(b, "},\"cpu\":");
	cgfile_flat(b, cgroup, "cpu.stat", NULL);
	buf_puts(b, ",\"io\":");
	cgfile_nested(b, cgroup, "io.stat");
	buf_puts(b, ",");
	facts_pressure(b, cgroup);
	buf_puts(b, "}");
}

/* ---- who is left ------------------------------------------------------------------------------- */

/* The program's name and the state letter, "?" where the process has gone. */
static void describe(pid_t pid, char name[64], char *state)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	if (fd_read_small(-1, path, name, 64) <= 0)
		snprintf(name, 64, "?");
	*state = '?';
	(void)proc_start_time(pid, state);
}

void delete_report_waiting(void *arg, int cgroup)
{
	const struct delete_report *r = arg;
	autofree pid_t *pids = NULL;
	struct error unused;
	char name[64], text[256], state;
	size_t n = 0;

	if (!r->options->waiting || cgroup_pids(cgroup, &pids, &n, &unused) < 0 || n == 0)
		return;
	describe(pids[0], name, &state);
	snprintf(text, sizeof(text), "waiting for %zu process%s to end: %d (%s, state %c)%s", n,
		 n == 1 ? "" : "es", (int)pids[0], name, state, n == 1 ? "" : ", ...");
	r->options->waiting(text, r->options->arg);
}

struct left {
	struct buf *b;
	const char *comma;
};

static void left_process(struct left *l, pid_t pid)
{
	char name[64], path[32], where[64], state;

	describe(pid, name, &state);
	snprintf(path, sizeof(path), "/proc/%d/wchan", (int)pid);
	if (fd_read_small(-1, path, where, sizeof(where)) <= 0)
		where[0] = '\0';
	buf_printf(l->b, "%s{\"kind\":\"process\",\"pid\":%d,\"name\":", l->comma, (int)pid);
	buf_json(l->b, name);
	buf_printf(l->b, ",\"state\":\"%c\",\"wchan\":", state);
	buf_json(l->b, where);
	buf_puts(l->b, "}");
	l->comma = ",";
}

static void left_path(struct left *l, const char *kind, const char *path)
{
	buf_printf(l->b, "%s{\"kind\":\"%s\",\"path\":", l->comma, kind);
	buf_json(l->b, path);
	buf_puts(l->b, "}");
	l->comma = ",";
}

static void left_in_cgroup(struct left *l, struct container *c)
{
	autofree pid_t *pids = NULL;
	autoclose int cgroup = -1;
	struct error unused;
	size_t n = 0;
	bool first = false;

	if (c->record && container_open_cgroup(c, &cgroup, &unused) == 0 && cgroup >= 0) {
		(void)!cgroup_pids(cgroup, &pids, &n, &unused);
		for (size_t i = 0; i < n; i++) {
			left_process(l, pids[i]);
			first = first || pids[i] == c->pid;
		}
		left_path(l, "cgroup", c->record->cgroup);
	}
	if (!first && c->pid > 0 && c->pidfd >= 0) {
		int again = proc_open(c->pid, c->record->start_time.v);

		if (again >= 0)
			left_process(l, c->pid);
		close_keeping_errno(&again);
	}
}

/* A mount in our view below the state directory keeps rmdir(2) from it. */
static void left_mounts(struct left *l, const char *dir)
{
	autofree char *text = NULL;
	struct error unused;
	size_t len, n = strlen(dir);
	char *save = NULL;

	if (fd_read_file(-1, "/proc/self/mountinfo", 64 << 20, &text, &len, &unused) < 0)
		return;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *target = line;

		for (int i = 0; i < 4 && *target; i++)
			target += strcspn(target, " ") + (target[strcspn(target, " ")] == ' ');
		target[strcspn(target, " ")] = '\0';
		if (strncmp(target, dir, n) == 0 && (target[n] == '/' || !target[n]))
			left_path(l, "mount", target);
	}
}

static void print_left(struct buf *b, struct container *c)
{
	struct left l = {.b = b, .comma = ""};
	char link[32], dir[4096];
	struct stat st;
	ssize_t n;

	left_in_cgroup(&l, c);
	if (c->dirfd < 0 || fstat(c->dirfd, &st) < 0 || st.st_nlink == 0)
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", c->dirfd);
	n = readlink(link, dir, sizeof(dir) - 1);
	if (n <= 0)
		return;
	dir[n] = '\0';
	left_mounts(&l, dir);
	left_path(&l, "state", dir);
}

/* ---- the whole ---------------------------------------------------------------------------------- */

static const char *flag(bool set)
{
	return set ? "true" : "false";
}

/* How its first process ended, null: nobody can say any more. */
static void print_exit(struct buf *b, const struct container *c)
{
	int status;

	if (!c->record || !c->this_boot ||
	    !proc_exit_status(c->pidfd, c->record->pid.v, c->record->start_time.v, &status))
		buf_puts(b, "null");
	else if (WIFSIGNALED(status))
		buf_printf(b, "{\"signal\":%d}", WTERMSIG(status));
	else
		buf_printf(b, "{\"status\":%d}", WEXITSTATUS(status));
}

void delete_report_print(struct delete_report *report, struct container *c,
			 const struct error *failed)
{
	struct buf *b = report->options->report;
	const struct removal_done *d = report->done;

	buf_puts(b, "{\"id\":");
	buf_json(b, c->id);
	buf_printf(
		b,
		",\"removed\":{\"cgroup\":%s,\"scope\":%s,\"resctrl\":%s,\"state\":%s},\"left\":[",
		flag(d->cgroup), flag(d->unit), flag(d->rdt), flag(d->state));
	if (failed)
		print_left(b, c);
	buf_puts(b, "],\"exit\":");
	print_exit(b, c);
	buf_puts(b, ",\"used\":");
	if (report->facts.failed)
		b->failed = true;
	buf_puts(b, report->facts.s ? report->facts.s : "null");
	if (failed) {
		buf_puts(b, ",\"error\":");
		buf_json(b, failed->msg);
	}
	buf_puts(b, "}\n");
}
