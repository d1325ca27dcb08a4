/* SPDX-License-Identifier: Apache-2.0 */
/* Stand-ins for the life of a container: see container_double.h. */
#include "container_double.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "cmd/commands.h"
#include "container/changes.h"
#include "container/container.h"
#include "container/usage.h"
#include "libocispec/ocispec.h"

#define DOUBLE __attribute__((weak))

char noted[8192];

__attribute__((format(printf, 1, 2))) static void note(const char *fmt, ...)
{
	size_t n = strlen(noted);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(noted + n, sizeof(noted) - n, fmt, ap);
	va_end(ap);
}

static void note_string(const char *name, const char *value)
{
	if (value)
		note(" %s=%s", name, value);
}

static void note_flag(const char *name, bool value)
{
	if (value)
		note(" %s", name);
}

static void note_list(const char *name, const char *const *list)
{
	for (size_t i = 0; list && list[i]; i++)
		note(" %s=%s", name, list[i]);
}

/* ---- the verbs ---------------------------------------------------------------------------------- */

DOUBLE int container_create(const struct runtime *rt, const struct create_request *r,
			    struct error *err)
{
	static const char *const managers[] = {"", " systemd", " disabled"};
	static const char *const rootless[] = {"", " rootless=true", " rootless=false"};

	(void)err;
	note("%s%s%s", r->run ? "run" : "create", managers[rt->cgroup_manager],
	     rootless[rt->rootless]);
	note_string("timing", rt->timing);
	note_string("id", r->id);
	note_string("bundle", r->bundle);
	note_string("config", r->config);
	note_string("pid-file", r->pid_file);
	note_string("console", r->console_socket);
	note_string("pidfd", r->pidfd_socket);
	if (r->preserve_fds)
		note(" fds=%u", r->preserve_fds);
	note_flag("no-pivot", r->no_pivot);
	note_flag("no-keyring", r->no_new_keyring);
	note_flag("detach", r->detach);
	note_flag("keep", r->keep);
	note("; ");
	return 0;
}

DOUBLE int container_exec(const struct runtime *rt, const struct exec_request *r, struct error *err)
{
	(void)rt, (void)err;
	note("exec id=%s", r->id);
	note_string("process", r->process_file);
	note_list("arg", r->args);
	note_list("env", r->env);
	note_list("cap", r->caps);
	for (size_t i = 0; i < r->n_gids; i++)
		note(" gid=%u", r->gids[i]);
	note_string("cwd", r->cwd);
	note_string("user", r->user);
	note_string("apparmor", r->apparmor);
	note_string("label", r->process_label);
	note_flag("no-new-privs", r->no_new_privs);
	note_flag("tty", r->tty);
	note_string("pid-file", r->pid_file);
	note_string("console", r->console_socket);
	note_string("pidfd", r->pidfd_socket);
	note_string("cgroup", r->cgroup);
	if (r->preserve_fds)
		note(" fds=%u", r->preserve_fds);
	note_flag("detach", r->detach);
	note_flag("ignore-paused", r->ignore_paused);
	note("; ");
	return 0;
}

DOUBLE int container_exec_start(const struct runtime *rt, const char *id, const char *name, struct error *err)
{
	(void)rt;
	(void)err;
	note("exec-start %s %s; ", id, name);
	return 0;
}

DOUBLE int container_start(const struct runtime *rt, const char *id, struct error *err)
{
	(void)rt, (void)err;
	note("start %s; ", id);
	return 0;
}

DOUBLE int container_annotation(const struct runtime *rt, const char *id, const char *key, char *buf, size_t size,
				struct error *err)
{
	(void)rt;
	(void)key;
	(void)err;
	snprintf(buf, size, "%s", strcmp(id, "c2") == 0 ? "SIGUSR2" : "");
	return 0;
}

DOUBLE int container_kill(const struct runtime *rt, const char *id, int sig, bool all,
			  struct error *err)
{
	(void)rt;
	note("kill %s %d%s; ", id, sig, all ? " all" : "");
	return strcmp(id, "beta") == 0 ? fail(err, ESRCH, "container not running: '%s'", id) : 0;
}

DOUBLE int container_delete(const struct runtime *rt, const char *id, const struct delete_options *options,
			    struct error *err)
{
	(void)rt, (void)err;
	note("delete %s%s", id, options->force ? " force" : "");
	if (options->timeout_ms)
		note(" %ums", options->timeout_ms);
	note("; ");
	if (options->report)
		buf_puts(options->report, "{}\n");
	return 0;
}

DOUBLE int container_gc(const struct runtime *rt, bool dry, unsigned min_age_ms,
			void (*each)(const struct gc_item *item, void *arg), void *arg, struct error *err)
{
	(void)rt;
	note("gc%s %u; ", dry ? " dry" : "", min_age_ms);
	each(&(struct gc_item){"container", "alpha", "its process has ended", NULL}, arg);
	each(&(struct gc_item){"cgroup", "/vert/\033x", "it is empty, and no container's", "remove it: busy"}, arg);
	return dry ? 0 : fail(err, 0, "remove it: busy");
}

DOUBLE int container_pause(const struct runtime *rt, const char *id, struct error *err)
{
	(void)rt, (void)err;
	note("pause %s; ", id);
	return 0;
}

DOUBLE int container_resume(const struct runtime *rt, const char *id, struct error *err)
{
	(void)rt, (void)err;
	note("resume %s; ", id);
	return 0;
}

DOUBLE int container_update(const struct runtime *rt, const char *id,
			    const struct oci_resources *res, struct error *err)
{
	struct arena arena = {0};

	(void)rt, (void)err;
	note("update %s %s; ", id, oci_print(&arena, oci_type_resources(), res, false));
	arena_free(&arena);
	return 0;
}

/* ---- the two containers ------------------------------------------------------------------------- */

static struct container_info containers[] = {
	{"1.3.0", "alpha", "/b/alpha", "/b/alpha/rootfs", "2026-01-01T00:00:00Z", "root",
	 STATUS_RUNNING, 1, "", 0, NULL},
	{"1.0.2", "beta", "/b/\033[31m", "/b/beta/rootfs", "2026-01-01T00:00:01Z", "somebody",
	 STATUS_STOPPED, 0, "vert-beta.scope", 0, NULL},
};

DOUBLE const char *container_status_name(enum container_status status)
{
	static const char *const names[] = {"creating", "created", "running", "paused", "stopped"};

	return names[status];
}

DOUBLE void container_info_free(struct container_info *info)
{
	(void)info;
}

DOUBLE int container_info(const struct runtime *rt, const char *id, struct container_info *ret,
			  struct error *err)
{
	(void)rt;
	for (size_t i = 0; i < COUNT_OF(containers); i++)
		if (strcmp(containers[i].id, id) == 0) {
			*ret = containers[i];
			return 0;
		}
	return fail(err, 0, "container does not exist: '%s'", id);
}

DOUBLE int container_effective(const struct runtime *rt, const char *id, struct buf *b, struct error *err)
{
	(void)rt, (void)err;
	note("effective %s; ", id);
	buf_puts(b, "{}\n");
	return 0;
}

DOUBLE int container_update_rdt(const struct runtime *rt, const char *id, const char *l3_cache,
				const char *mem_bw, struct error *err)
{
	(void)rt, (void)err;
	note("update-rdt %s %s %s; ", id, l3_cache ? l3_cache : "-", mem_bw ? mem_bw : "-");
	return 0;
}

DOUBLE int container_events(const struct runtime *rt, const char *id, unsigned interval_ms,
			    int (*line)(const char *json, struct error *err), struct error *err)
{
	(void)rt;
	note("events %s %u; ", id, interval_ms);
	return line("{}", err);
}

DOUBLE int container_follow(const struct runtime *rt, const char *id, const struct follow_options *options,
			    struct error *err)
{
	(void)rt;
	note("follow %s", id);
	for (size_t i = 0; i < options->n_triggers; i++)
		note(" %s %s %u/%u", options->triggers[i].resource, options->triggers[i].full ? "full" : "some",
		     options->triggers[i].stall_us, options->triggers[i].window_us);
	note("; ");
	return options->line("{}", err);
}

DOUBLE int container_usage(const struct runtime *rt, const char *id, struct container_usage *ret,
			   struct error *err)
{
	(void)rt;
	if (strcmp(id, "beta") == 0)
		return fail(err, 0, "container not running: '%s' is stopped", id);
	*ret = (struct container_usage){.cpu_usec = 5000000,
					.memory = 1536 * 1024,
					.memory_max = USAGE_UNKNOWN,
					.pids = 3,
					.pids_max = 20,
					.io_read = USAGE_UNKNOWN,
					.io_written = 0,
					.pressure = {0.5, 12.25, -1}};
	return 0;
}

DOUBLE int container_mounts(const struct runtime *rt, const char *id, const char *file, bool add,
			    struct error *err)
{
	(void)rt, (void)err;
	note("mounts %s %s %d; ", id, file, add);
	return 0;
}

DOUBLE int container_list(const struct runtime *rt,
			  void (*each)(const struct container_info *, void *), void *arg,
			  struct error *err)
{
	(void)err;
	for (size_t i = 0; strcmp(rt->root, "/empty") != 0 && i < COUNT_OF(containers); i++)
		each(&containers[i], arg);
	return 0;
}

DOUBLE int container_ids(const struct runtime *rt, char ***ret_ids, struct error *err)
{
	static char alpha[] = "alpha", beta[] = "beta", *ids[] = {alpha, beta, NULL};

	(void)rt, (void)err;
	*ret_ids = ids;
	return 0;
}

DOUBLE void container_ids_free(char **ids)
{
	(void)ids;
}

DOUBLE int container_pids(const struct runtime *rt, const char *id, pid_t **ret, size_t *ret_n,
			  struct error *err)
{
	(void)rt, (void)err;
	*ret_n = strcmp(id, "beta") == 0 ? 0 : 2;
	*ret = calloc(2, sizeof(**ret));
	if (!*ret)
		abort();
	(*ret)[0] = getpid();
	(*ret)[1] = 1;
	return 0;
}

/* ---- running ------------------------------------------------------------------------------------ */

/* Standard output goes to a memfd until finish_capture(), which returns what was written. */
static int start_capture(int *ret_saved)
{
	int fd = memfd_create("output", MFD_CLOEXEC);

	*ret_saved = dup(STDOUT_FILENO);
	if (fd < 0 || *ret_saved < 0 || dup2(fd, STDOUT_FILENO) < 0)
		abort();
	return fd;
}

static char *finish_capture(int fd, int saved)
{
	off_t n = lseek(fd, 0, SEEK_END);
	char *text = calloc(1, (size_t)n + 1);

	if (!text || dup2(saved, STDOUT_FILENO) < 0 || pread(fd, text, (size_t)n, 0) != n)
		abort();
	close(saved);
	close(fd);
	return text;
}

void run_vert(const char *line, struct outcome *ret)
{
	char copy[1024], program[] = "vert", *argv[64] = {program}, *save = NULL;
	struct error err = {0};
	size_t n = 1;
	int fd, saved;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok_r(copy, " ", &save); w && n < 63; w = strtok_r(NULL, " ", &save)) {
		argv[n++] = w;
		if (strcmp(w, "''") == 0)
			*w = '\0';
		for (; (w = strchr(w, '~')); w++)
			*w = ' ';
	}
	noted[0] = '\0';
	fflush(stdout);
	fd = start_capture(&saved);
	ret->r = commands_run(argv, &err);
	ret->output = finish_capture(fd, saved);
	snprintf(ret->msg, sizeof(ret->msg), "%s", err.msg);
	snprintf(ret->hint, sizeof(ret->hint), "%s", err.hint);
	ret->status = err.status;
	if (ret->r < 0 && log_settings.fd >= 0)
		log_error(&err);
	if (log_settings.fd >= 0)
		close(log_settings.fd);
	log_settings = (struct log_settings){.fd = -1};
}
