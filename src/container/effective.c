/* SPDX-License-Identifier: Apache-2.0 */
/* state --effective: requested against effective, file by file.
 *
 * What was asked for comes from the stored configuration and, line after line ("FILE VALUE"), from the file "limits"
 * that updates write; what is in force is read from the cgroup's files now.  Where a file is missing, the reason is
 * looked up: which controller, and which cgroup does not pass it on.
 */
#include "container/effective.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "container/cgfile.h"
#include "container/record.h"
#include "kernel/cgroup.h"
#include "plan/resources.h"

#define LIMITS_FILE "limits"
#define LIMITS_MAX (1 << 20)
#define FILE_SIZE 65536

/* One limit.  KEY is the device it is about, for files with a line for each; else NULL. */
struct limit {
	const char *file, *key, *value;
};

struct limits {
	struct arena *arena;
	struct limit *v;
	size_t n, room;
};

/* ---- what was asked for -------------------------------------------------------------------------- */

static bool is_keyed(const char *file)
{
	return str_starts(file, "io.") || strcmp(file, "rdma.max") == 0 ||
	       strcmp(file, "misc.max") == 0 || strcmp(file, "dmem.max") == 0;
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The latest word about a file counts. */
static void add(struct limits *l, const char *file, const char *value, bool keep_first)
{
	size_t key_len = strcspn(value, " "), i = 0;
	const char *key =
		is_keyed(file) && value[key_len] ? arena_strndup(l->arena, value, key_len) : NULL;

	if (key)
		value += key_len + 1;
	while (i < l->n && !(strcmp(l->v[i].file, file) == 0 && is_same(l->v[i].key, key)))
		i++;
	if (i == l->room) {
		size_t size = sizeof(*l->v);

		l->v = arena_grow(l->arena, l->v, l->room * size, (l->room * 2 + 16) * size);
		l->room = l->room * 2 + 16;
	}
	if (keep_first) { /* cpu.max: a new period alone */
		const char *old = i < l->n ? l->v[i].value : "max";

		value = arena_printf(l->arena, "%.*s %s", (int)strcspn(old, " "), old, value);
	}
	l->v[i] = (struct limit){arena_strdup(l->arena, file), key, arena_strdup(l->arena, value)};
	l->n += i == l->n;
}

/* Lines of "FILE VALUE"; "FILE + VALUE" stands for PLAN_WRITE_KEEP_FIRST. */
static int add_remembered(struct container *c, struct limits *l, struct error *err)
{
	autofree char *text = NULL;
	char *save = NULL;

	if (fd_read_file(c->dirfd, LIMITS_FILE, LIMITS_MAX, &text, NULL, err) < 0)
		return err->errnum == ENOENT ? 0 : -1;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *value = strchr(line, ' ');

		if (!value)
			continue;
		*value++ = '\0';
		if (str_starts(value, "+ "))
			add(l, line, value + 2, true);
		else
			add(l, line, value, false);
	}
	return 0;
}

static int collect(struct container *c, struct limits *l, struct error *err)
{
	struct plan_cgroup plan = {0};
	struct oci_config *config;

	if (container_config(c, &config, err) < 0 ||
	    plan_resources(&c->arena, config->linux ? config->linux->resources : NULL, &plan, 0,
			   err) < 0)
		return -1;
	for (size_t i = 0; i < plan.n_writes; i++)
		add(l, plan.writes[i].file, plan.writes[i].value, false);
	return add_remembered(c, l, err);
}

int effective_remember(int dirfd, const struct plan_cgroup *update, char **ret_old,
		       struct error *err)
{
	autofree char *old = NULL;
	struct buf b = {0};
	int r;

	if (fd_read_file(dirfd, LIMITS_FILE, LIMITS_MAX, &old, NULL, err) < 0 &&
	    err->errnum != ENOENT)
		return -1;
	buf_puts(&b, old ? old : "");
	for (size_t i = 0; i < update->n_writes; i++) {
		const struct plan_write *w = &update->writes[i];

		buf_printf(&b, "%s %s%s\n", w->file, w->how == PLAN_WRITE_KEEP_FIRST ? "+ " : "",
			   w->value);
	}
	r = b.failed ? fail(err, ENOMEM, "remember the limits")
		     : fd_replace_file(dirfd, LIMITS_FILE, 0600, b.s ? b.s : "", b.n, err);
	buf_free(&b);
	if (r == 0)
		*ret_old = take_ptr(old);
	return r;
}

void effective_forget(int dirfd, const char *old)
{
	struct error unused; /* the error that we undo for is the one to tell */

	if (!old)
		(void)unlinkat(dirfd, LIMITS_FILE, 0);
	else
		(void)!fd_replace_file(dirfd, LIMITS_FILE, 0600, old, strlen(old), &unused);
}

/* ---- what is in force ---------------------------------------------------------------------------- */

struct view {
	struct buf *b;
	struct cgroup_place place; /* path NULL: there is no cgroup */
	int cgroup; /* -1: none */
};

static bool has_word(const char *text, const char *word, size_t n)
{
	for (text += strspn(text, " \n"); *text; text += strspn(text, " \n")) {
		size_t len = strcspn(text, " \n");

		if (len == n && strncmp(text, word, n) == 0)
			return true;
		text += len;
	}
	return false;
}

/* Opens the cgroup of the first LEN bytes of the container's path; 0: the mount. */
static int open_above(const struct view *v, size_t len)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s%.*s", v->place.mount, (int)len, v->place.path);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The controller of FILE does not reach the container: the highest cgroup that does not pass it on is why. */
static void explain(struct view *v, const char *file)
{
	size_t n = strcspn(file, "."), len = 0, above = 0;
	char why[5000], have[512];

	for (;;) {
		autoclose int dir = open_above(v, len);

		if (dir < 0 || fd_read_small(dir, "cgroup.controllers", have, sizeof(have)) < 0 ||
		    !has_word(have, file, n))
			break;
		if (!v->place.path[len]) {
			snprintf(why, sizeof(why), "this kernel's cgroups have no such file");
			buf_json(v->b, why);
			return;
		}
		above = len;
		len += 1 + strcspn(v->place.path + len + 1, "/");
	}
	if (len == 0)
		snprintf(why, sizeof(why),
			 "the hierarchy at %s has no controller %.*s: it is disabled, or in use by "
			 "cgroup version 1",
			 v->place.mount, (int)n, file);
	else
		snprintf(why, sizeof(why),
			 "controller %.*s is not enabled in cgroup.subtree_control of %.*s", (int)n,
			 file, above ? (int)above : 1, above ? v->place.path : "/");
	buf_json(v->b, why);
}

/* The line about KEY ("default": the one without), or the whole of a file with a single value. */
static bool find_value(const struct limit *l, const char *text, const char **ret, size_t *ret_n)
{
	const char *key = l->key ? l->key : "default";
	size_t len = strlen(key);

	*ret = text;
	*ret_n = strcspn(text, "\n");
	if (!is_keyed(l->file))
		return true;
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, key, len) == 0 && line[len] == ' ') {
			*ret = line + len + 1;
			*ret_n = strcspn(*ret, "\n");
			return true;
		}
	return false;
}

static uint64_t number(const char *s)
{
	char digits[24];
	uint64_t v;

	snprintf(digits, sizeof(digits), "%.*s", (int)strcspn(s, "\n"), s);
	return str_to_u64(digits, &v) ? v : UINT64_MAX;
}

static bool is_upper_bound(const char *file)
{
	return strcmp(file, "memory.max") == 0 || strcmp(file, "memory.high") == 0 ||
	       strcmp(file, "memory.swap.max") == 0 || strcmp(file, "pids.max") == 0 ||
	       (str_starts(file, "hugetlb.") && strlen(file) > 4 &&
		strcmp(file + strlen(file) - 4, ".max") == 0);
}

/* A limit of a cgroup above that is lower, and so is the one that bites. */
static void print_tighter(struct view *v, const char *file, uint64_t own)
{
	autofree char *path = NULL;
	size_t found = 0;
	uint64_t least = own;
	char text[64];

	for (size_t len = 0; is_upper_bound(file) && v->place.path[len];) {
		autoclose int dir = open_above(v, len);

		if (dir >= 0 && fd_read_small(dir, file, text, sizeof(text)) > 0 &&
		    number(text) < least) {
			least = number(text);
			found = len;
		}
		len += 1 + strcspn(v->place.path + len + 1, "/");
	}
	if (least == own)
		return;
	path = strndup(v->place.path, found);
	buf_puts(v->b, ",\"tighter\":{\"cgroup\":");
	buf_json(v->b, path && *path ? path : "/");
	buf_printf(v->b, ",\"value\":%" PRIu64 "}", least);
}

static void print_limit(struct view *v, const struct limit *l, char text[FILE_SIZE])
{
	const char *value;
	size_t n;

	buf_puts(v->b, ",\"effective\":");
	if (v->cgroup < 0) {
		buf_puts(v->b, "null,\"why\":");
		buf_json(v->b, "the container has no cgroup");
	} else if (fd_read_small(v->cgroup, l->file, text, FILE_SIZE) < 0) {
		char why[256], buf[128];

		buf_puts(v->b, "null,\"why\":");
		snprintf(why, sizeof(why), "'%s' cannot be read: %s", l->file,
			 errno_text(errno, buf, sizeof(buf)));
		if (errno == ENOENT)
			explain(v, l->file);
		else
			buf_json(v->b, why);
	} else if (!find_value(l, text, &value, &n)) {
		buf_puts(v->b, "null,\"why\":");
		buf_json(v->b, "the kernel lists no limit for this device");
	} else {
		cgfile_value(v->b, value, n);
		print_tighter(v, l->file, number(value));
	}
}

static int print(struct container *c, struct view *v, struct error *err)
{
	struct limits l = {.arena = &c->arena};
	autofree char *text = malloc(FILE_SIZE);

	if (!text)
		return fail(err, ENOMEM, "read the limits of container '%s'", c->id);
	if (collect(c, &l, err) < 0)
		return -1;
	buf_puts(v->b, "{");
	for (size_t i = 0; i < l.n; i++) {
		const char *name = l.v[i].key
					   ? arena_printf(l.arena, "%s %s", l.v[i].file, l.v[i].key)
					   : l.v[i].file;

		buf_puts(v->b, i ? ",\n  " : "\n  ");
		buf_json(v->b, name);
		buf_puts(v->b, ": {\"requested\":");
		cgfile_value(v->b, l.v[i].value, strlen(l.v[i].value));
		print_limit(v, &l.v[i], text);
		buf_puts(v->b, "}");
	}
	buf_puts(v->b, l.n ? "\n}\n" : "}\n");
	return 0;
}

int container_effective(const struct runtime *rt, const char *id, struct buf *b, struct error *err)
{
	autoclose int cgroup = -1;
	struct view v = {.b = b};
	struct container c;
	int r = container_open(rt, id, &c, err);

	if (r == 0)
		r = container_open_cgroup(&c, &cgroup, err);
	v.cgroup = cgroup;
	if (r == 0 && cgroup >= 0 && !record_cgroup_place(c.record->cgroup, &v.place))
		v.cgroup = -1;
	if (r == 0)
		r = print(&c, &v, err);
	container_close(&c);
	return r;
}
