/* SPDX-License-Identifier: Apache-2.0 */
/* Where the unit is and what it is made of: see systemd.h. */
#include "plan/systemd.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/annotation.h"
#include "plan/host.h"

#define PROPERTY_PREFIX "org.systemd.property."
#define UNIT_NAME_MAX 255
#define SYSTEM_BUS "/run/dbus/system_bus_socket"
#define SYSTEM_DIRECT "/run/systemd/private"

/* ---- lines ------------------------------------------------------------------------------------- */

void systemd_word(struct buf *b, const char *word)
{
	buf_puts(b, "\t");
	for (const char *s = word; *s; s++) {
		const char *escaped = *s == '\t' ? "\\t" : *s == '\n' ? "\\n" : *s == '\\' ? "\\\\" : NULL;

		if (escaped)
			buf_puts(b, escaped);
		else
			buf_add(b, s, 1);
	}
}

void systemd_property(struct buf *b, const char *name, const char *signature)
{
	buf_printf(b, "%s%s\t%s", b->n ? "\n" : "", name, signature);
}

void systemd_set(struct buf *b, const char *name, const char *signature, const char *fmt, ...)
{
	char word[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(word, sizeof(word), fmt, ap);
	va_end(ap);
	systemd_property(b, name, signature);
	systemd_word(b, word);
}

/* ---- names ------------------------------------------------------------------------------------- */

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr(":-_.\\@", c));
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n > m && strcmp(s + n - m, end) == 0;
}

/* systemd.slice(5): dashes make the hierarchy, so none may stand first, last or next to another. */
static bool is_slice(const char *s)
{
	size_t n = strlen(s) - (ends_with(s, ".slice") ? strlen(".slice") : 0);

	if (!ends_with(s, ".slice") || strlen(s) > UNIT_NAME_MAX)
		return false;
	if (strcmp(s, "-.slice") == 0)
		return true;
	for (size_t i = 0; i < n; i++)
		if (!is_name_char(s[i]) || (s[i] == '-' && (i == 0 || i + 1 == n || s[i + 1] == '-')))
			return false;
	return true;
}

static int plan_slice(struct arena *arena, const char *path, const char *slice, bool user, const char **ret,
		      struct error *err)
{
	if (!slice[0])
		*ret = user ? "user.slice" : "system.slice";
	else if (strcmp(slice, "-") == 0)
		*ret = "-.slice";
	else if (is_slice(slice))
		*ret = slice;
	else
		return fail_at(err, 0, "linux.cgroupsPath", "cgroupsPath '%s': '%s' is not the name of a slice", path,
			       slice);
	*ret = arena_strdup(arena, *ret);
	return 0;
}

/* systemd.unit(5), String Escaping: what a name may not hold becomes \xNN. */
static const char *escape(struct arena *arena, const char *s)
{
	char *out = arena_alloc(arena, 4 * strlen(s) + 1), *p = out;

	for (; *s; s++) {
		if (is_name_char(*s))
			*p++ = *s;
		else
			p += snprintf(p, 5, "\\x%02x", (unsigned char)*s);
	}
	return out;
}

static const char *unit_name(struct arena *arena, const char *prefix, const char *name)
{
	const char *end = ends_with(name, ".scope") ? "" : ".scope";

	return escape(arena, arena_printf(arena, "%s%s%s%s", prefix, prefix[0] ? "-" : "", name, end));
}

static int wrong_form(const char *path, struct error *err)
{
	fail_at(err, 0, "linux.cgroupsPath", "cgroupsPath '%s' is not of systemd's form slice:prefix:name", path);
	return error_hint(err, "for a path in the hierarchy use --cgroup-manager=cgroupfs");
}

int plan_systemd_names(struct arena *arena, const char *path, const char *id, bool user, const char **ret_slice,
		       const char **ret_unit, struct error *err)
{
	const char *first = path ? strchr(path, ':') : NULL, *second = first ? strchr(first + 1, ':') : NULL;
	const char *name, *unit, *prefix = "vert";

	if (path && path[0] && (!second || strchr(second + 1, ':') || strchr(path, '/') || !second[1]))
		return wrong_form(path, err);
	name = second ? second + 1 : id;
	if (second)
		prefix = arena_strndup(arena, first + 1, (size_t)(second - first - 1));
	if (ends_with(name, ".slice"))
		return fail_at(err, 0, "linux.cgroupsPath",
			       "cgroupsPath '%s' names a slice, which can hold no processes of its own", path);
	unit = unit_name(arena, prefix, name);
	if (strlen(unit) > UNIT_NAME_MAX)
		return fail_at(err, 0, "linux.cgroupsPath", "the name of the unit '%.60s...' has more than %d bytes",
			       unit, UNIT_NAME_MAX);
	if (plan_slice(arena, path, second ? arena_strndup(arena, path, (size_t)(first - path)) : "", user, ret_slice,
		       err) < 0)
		return -1;
	*ret_unit = unit;
	return 0;
}

/* ---- the whole --------------------------------------------------------------------------------- */

/* The writes that become properties go to B, the others to RET. */
static void plan_limits(struct arena *arena, const struct plan_cgroup *cgroup, const char *cpu_max, struct buf *b,
			struct plan_systemd *ret)
{
	ret->writes = arena_array(arena, cgroup->n_writes + 1, sizeof(*ret->writes));
	ret->n_writes = 0;
	for (size_t i = 0; i < cgroup->n_writes; i++) {
		const struct plan_write *w = &cgroup->writes[i];
		bool quota = strcmp(w->file, "cpu.max") == 0;

		/* The manager turns weights of io.weight into those of BFQ by itself. */
		if (strcmp(w->file, "io.bfq.weight") == 0)
			continue;
		if (!systemd_limit(b, w->file, quota && cpu_max ? cpu_max : w->value))
			ret->writes[ret->n_writes++] = *w;
	}
}

static bool limits_pids(const struct plan_cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->n_writes; i++)
		if (strcmp(cgroup->writes[i].file, "pids.max") == 0)
			return true;
	return false;
}

static void plan_basics(struct buf *b, const char *slice, const struct plan_systemd *s,
			const struct plan_cgroup *cgroup)
{
	systemd_set(b, "Description", "s", "%s", s->description);
	systemd_set(b, "Slice", "s", "%s", slice);
	systemd_set(b, "Delegate", "b", "true"); /* what is beneath is ours */
	/* The container ends when its engine says so, not before everything else at shutdown. */
	systemd_set(b, "DefaultDependencies", "b", "false");
	systemd_set(b, "?CollectMode", "s", "inactive-or-failed"); /* a killed one leaves no failed unit */
	systemd_set(b, "CPUAccounting", "b", "true");
	systemd_set(b, "MemoryAccounting", "b", "true");
	systemd_set(b, "TasksAccounting", "b", "true");
	systemd_set(b, "IOAccounting", "b", "true");
	if (!limits_pids(cgroup)) /* else the manager's own default holds, 15% of the host's */
		systemd_set(b, "TasksMax", "t", "18446744073709551615");
}

static int plan_annotations(const struct oci_config *config, struct buf *b, struct error *err)
{
	for (size_t i = 0; i < config->annotations.n; i++) {
		const struct oci_str_entry *a = &config->annotations.v[i];

		if (str_starts(a->key, PROPERTY_PREFIX) &&
		    systemd_annotation(b, a->key + strlen(PROPERTY_PREFIX), a->v, err) < 0)
			return -1;
	}
	return 0;
}

static int take_text(struct arena *arena, struct buf *b, const char **ret, struct error *err)
{
	if (b->failed)
		return fail(err, 0, "out of memory");
	*ret = arena_strdup(arena, b->n ? b->s : "");
	return 0;
}

static int check_subgroup(const char *name, struct error *err)
{
	if (strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strlen(name) > UNIT_NAME_MAX ||
	    str_starts(name, "cgroup."))
		return fail_at(err, 0, "annotations", "run.oci.systemd.subgroup '%s' is not a name", name);
	return 0;
}

bool plan_systemd_is_user(const char *socket)
{
	return strcmp(socket, SYSTEM_BUS) != 0;
}

/* Privileges over the host mean the system's manager, and nothing else does: a user whose own one is not there must not
 * end up with an answer of the other.  Root in a user namespace is root of a container with a systemd of its own, or,
 * for engines, a user; only those have XDG_RUNTIME_DIR set. */
int plan_systemd_manager(struct arena *arena, const struct host *host, struct plan_systemd *s, struct error *err)
{
	if (host->privileged || (host->euid == 0 && !host->runtime_dir)) {
		s->socket = arena_strdup(arena, SYSTEM_BUS);
		s->direct = arena_strdup(arena, SYSTEM_DIRECT);
		return 0;
	}
	if (host->runtime_dir && host->runtime_dir[0] == '/') {
		s->socket = arena_printf(arena, "%s/bus", host->runtime_dir);
		return 0;
	}
	fail(err, 0, "environment variable XDG_RUNTIME_DIR is not set: the systemd of user %u cannot be found",
	     (unsigned)host->euid);
	error_code(err, "SYSTEMD_CONNECT");
	return error_hint(err, "log in as that user, or 'loginctl enable-linger' and XDG_RUNTIME_DIR=/run/user/%u; "
			       "--cgroup-manager=cgroupfs does without systemd",
			  (unsigned)host->euid);
}

int plan_systemd(struct arena *arena, const struct oci_config *config, const struct host *host, struct plan *plan,
		 struct error *err)
{
	struct plan_systemd *s = &plan->cgroup.systemd;
	bool user;
	const char *subgroup = annotation(config, "run.oci.systemd.subgroup"), *slice;
	struct buf b = {0};
	int rc;

	if (plan_systemd_manager(arena, host, s, err) < 0)
		return -1;
	user = plan_systemd_is_user(s->socket);
	s->subgroup = arena_strdup(arena, subgroup ? subgroup : "container");
	s->description = arena_printf(arena, "vert container %s", plan->id);
	if (check_subgroup(s->subgroup, err) < 0 ||
	    plan_systemd_names(arena, config->linux ? config->linux->cgroups_path : NULL, plan->id, user, &slice,
			       &s->unit, err) < 0)
		return -1;
	plan_basics(&b, slice, s, &plan->cgroup);
	plan_limits(arena, &plan->cgroup, NULL, &b, s);
	if (!user) /* a user's manager may load no program */
		systemd_devices(&b, config->linux ? config->linux->resources : NULL, false);
	rc = plan_annotations(config, &b, err);
	if (rc == 0)
		rc = take_text(arena, &b, &s->request, err);
	buf_free(&b);
	return rc;
}

int plan_systemd_update(struct arena *arena, const struct plan_cgroup *writes, const struct oci_resources *res,
			const char *cpu_max, bool user, struct plan_systemd *ret, struct error *err)
{
	struct buf b = {0};
	int rc;

	plan_limits(arena, writes, cpu_max, &b, ret);
	if (res && res->devices.v && !user)
		systemd_devices(&b, res, true);
	rc = take_text(arena, &b, &ret->request, err);
	buf_free(&b);
	return rc;
}
