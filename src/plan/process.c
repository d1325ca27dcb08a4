/* SPDX-License-Identifier: Apache-2.0 */
/* The process object: arguments, environment, user, limits.  Scheduling is in placement.c, capabilities
 * are in capabilities.c. */
#include "process.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#include "base/naive.h"
#include "base/nearest.h"
#include "base/str.h"
#include "libocispec/ocispec.h"
#include "plan/plan.h"

enum { MAX_GROUPS = 65536 }; /* the kernel's NGROUPS_MAX; musl's is smaller */

#define LIMIT(name)         \
	{                   \
#name, name \
	}
static const struct {
	const char *name;
	int resource;
} limits[] = {
	LIMIT(RLIMIT_AS),      LIMIT(RLIMIT_CORE),     LIMIT(RLIMIT_CPU),
	LIMIT(RLIMIT_DATA),    LIMIT(RLIMIT_FSIZE),    LIMIT(RLIMIT_LOCKS),
	LIMIT(RLIMIT_MEMLOCK), LIMIT(RLIMIT_MSGQUEUE), LIMIT(RLIMIT_NICE),
	LIMIT(RLIMIT_NOFILE),  LIMIT(RLIMIT_NPROC),    LIMIT(RLIMIT_RSS),
	LIMIT(RLIMIT_RTPRIO),  LIMIT(RLIMIT_RTTIME),   LIMIT(RLIMIT_SIGPENDING),
	LIMIT(RLIMIT_STACK),
};

int plan_refuse(struct error *err, const char *at, const char *member, const char *fmt, ...)
{
	char where[sizeof(err->where)], text[sizeof(err->msg)];
	va_list ap;

	snprintf(where, sizeof(where), "%s.%s", at, member);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return fail_at(err, 0, where, "%s: %s", member, text);
}

static const char *copy_text(struct arena *arena, const char *s)
{
	return s && *s ? arena_strdup(arena, s) : NULL;
}

static int plan_args(struct arena *arena, const struct oci_process *p, const char *at,
		     struct plan_process *out, struct error *err)
{
	out->args.v = arena_array(arena, p->args.n + 1, sizeof(*out->args.v));
	if (!p->args.v)
		return 0; /* create without a program is allowed, start will ask for it */
	if (p->args.n == 0)
		return plan_refuse(err, at, "args", "must name the program to run");
	if (p->args.v[0][0] == '\0')
		return plan_refuse(
			err, at, "args[0]",
			"the program's name is empty: executable file not found in $PATH");
	out->args.n = p->args.n;
	for (size_t i = 0; i < p->args.n; i++)
		out->args.v[i] = arena_strdup(arena, p->args.v[i]);
	return 0;
}

static size_t key_length(const char *entry)
{
	return strcspn(entry, "=");
}

/* Orders by key, then by place in the list. */
static int compare_entries(const void *a, const void *b)
{
	const char *const *x = *(const char *const *const *)a, *const *y = *(
								       const char *const *const *)b;
	size_t nx = key_length(*x), ny = key_length(*y);
	int order = memcmp(*x, *y, nx < ny ? nx : ny);

	if (order)
		return order;
	if (nx != ny)
		return nx < ny ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* Of entries with the same key the last one counts, in its own place.  Sorting keeps a list of a million
 * entries harmless. */
static const bool *find_overridden(struct arena *arena, const struct oci_str_list *env)
{
	const char ***sorted = arena_array(arena, env->n, sizeof(*sorted));
	bool *dropped = arena_array(arena, env->n, sizeof(*dropped));

	for (size_t i = 0; i < env->n; i++)
		sorted[i] = &env->v[i];
	qsort(sorted, env->n, sizeof(*sorted), compare_entries);
	for (size_t i = 0; i + 1 < env->n; i++) {
		size_t n = key_length(*sorted[i]);

		if (n == key_length(*sorted[i + 1]) && memcmp(*sorted[i], *sorted[i + 1], n) == 0)
			dropped[sorted[i] - env->v] = true;
	}
	return dropped;
}

static int plan_env(struct arena *arena, const struct oci_process *p, const char *at,
		    struct plan_process *out, struct error *err)
{
	const char **v = arena_array(arena, p->env.n + PLAN_ENV_ROOM + 1, sizeof(*v));
	const bool *dropped;
	char member[32];
	size_t n = 0;

	for (size_t i = 0; i < p->env.n; i++) {
		size_t key = key_length(p->env.v[i]);

		str_place(member, sizeof(member), "env", i, "");
		if (p->env.v[i][key] == '\0')
			return plan_refuse(err, at, member, "'%s' is not of the form NAME=VALUE",
					   p->env.v[i]);
		if (key == 0)
			return plan_refuse(err, at, member, "'%s' has no name before the '='",
					   p->env.v[i]);
	}
	dropped = find_overridden(arena, &p->env);
	out->set_home = true;
	for (size_t i = 0; i < p->env.n; i++) {
		if (dropped[i] || strcmp(p->env.v[i], "HOME=") == 0)
			continue;
		if (str_starts(p->env.v[i], "HOME="))
			out->set_home = false;
		v[n++] = arena_strdup(arena, p->env.v[i]);
	}
	out->env = (struct plan_strings){n, v};
	return 0;
}

void plan_env_set(struct arena *arena, struct plan_process *p, const char *entry)
{
	const char *copy = arena_strdup(arena, entry), **v;
	size_t key = key_length(entry) + 1;

	for (size_t i = 0; i < p->env.n; i++)
		if (strncmp(p->env.v[i], entry, key) == 0) {
			p->env.v[i] = copy;
			return;
		}
	v = arena_array(arena, p->env.n + 1 + PLAN_ENV_ROOM + 1, sizeof(*v));
	for (size_t i = 0; i < p->env.n; i++)
		v[i] = p->env.v[i];
	v[p->env.n] = copy;
	p->env = (struct plan_strings){p->env.n + 1, v};
}

static int plan_user(struct arena *arena, const struct oci_user *u, const char *at,
		     struct plan_process *out, struct error *err)
{
	gid_t *groups;
	char member[48];

	if (!u)
		return 0;
	if (u->uid.v == UINT32_MAX || u->gid.v == UINT32_MAX)
		return plan_refuse(err, at, u->uid.v == UINT32_MAX ? "user.uid" : "user.gid",
				   "4294967295 stands for \"no id\" and cannot be used");
	out->uid = u->uid.v;
	out->gid = u->gid.v;
	if (u->umask.set && u->umask.v > 0777)
		return plan_refuse(err, at, "user.umask",
				   "0%o has more than the nine permission bits", u->umask.v);
	out->set_umask = u->umask.set;
	out->umask = u->umask.v;
	if (u->additional_gids.n > MAX_GROUPS)
		return plan_refuse(err, at, "user.additionalGids",
				   "%zu groups, the kernel takes %d", u->additional_gids.n,
				   MAX_GROUPS);
	groups = arena_array(arena, u->additional_gids.n, sizeof(*groups));
	for (size_t i = 0; i < u->additional_gids.n; i++) {
		snprintf(member, sizeof(member), "user.additionalGids[%zu]", i);
		groups[i] = u->additional_gids.v[i];
		if (groups[i] == UINT32_MAX)
			return plan_refuse(err, at, member,
					   "4294967295 stands for \"no id\" and cannot be used");
	}
	out->n_groups = u->additional_gids.n;
	out->groups = groups;
	return 0;
}

static int refuse_user(const char *s, struct error *err)
{
	fail(err, 0, "'%s' is not a user: expected UID[:GID] in digits", s);
	error_hint(err, "no names are looked up: the image's /etc/passwd has the number, root is 0");
	return error_code(err, "USER_INVALID");
}

int plan_user_from_string(const char *s, uint32_t *ret_uid, uint32_t *ret_gid, struct error *err)
{
	const char *colon = strchr(s, ':');
	char digits[16];
	uint32_t uid, gid = 0;
	uint64_t wide;
	size_t n = colon ? (size_t)(colon - s) : strlen(s);

	if (n >= sizeof(digits))
		return refuse_user(s, err);
	memcpy(digits, s, n);
	digits[n] = '\0';
	if (naive("idwrap") && str_to_u64(digits, &wide))
		uid = (uint32_t)wide;
	else if (!str_to_u32(digits, &uid) || (colon && !str_to_u32(colon + 1, &gid)))
		return refuse_user(s, err);
	if (uid == UINT32_MAX || gid == UINT32_MAX)
		return fail(err, 0, "'%s' is not a user: 4294967295 stands for \"no id\"", s);
	*ret_uid = uid;
	if (colon)
		*ret_gid = gid;
	return 0;
}

/* Only a terminal has a size. */
static int plan_console(const struct oci_process *p, const char *at, struct plan_process *out,
			struct error *err)
{
	const struct oci_console_size *size = p->console_size;

	out->terminal = p->terminal.v;
	if (!out->terminal || !size)
		return 0;
	if (size->height.v > UINT16_MAX || size->width.v > UINT16_MAX)
		return plan_refuse(err, at,
				   size->height.v > UINT16_MAX ? "consoleSize.height"
							       : "consoleSize.width",
				   "a terminal has at most %d rows and columns", UINT16_MAX);
	out->rows = (uint16_t)size->height.v;
	out->columns = (uint16_t)size->width.v;
	return 0;
}

/* The limit that somebody meant, also by "NOFILE" and "nofile". */
static int hint_limit(const char *type, struct error *err)
{
	struct nearest nearest = {.wanted = type};

	for (size_t i = 0; i < COUNT_OF(limits); i++) {
		nearest_consider(&nearest, limits[i].name);
		if (strcasecmp(type, limits[i].name + strlen("RLIMIT_")) == 0 || strcasecmp(type, limits[i].name) == 0)
			return error_hint(err, "did you mean '%s'?", limits[i].name);
	}
	return nearest.best ? error_hint(err, "did you mean '%s'?", nearest.best) : -1;
}

static int plan_limit(const struct oci_rlimit *l, struct plan_rlimit *out, struct error *err)
{
	const char *at = out->at;
	size_t i = 0;

	while (i < COUNT_OF(limits) && strcmp(limits[i].name, l->type) != 0)
		i++;
	if (i == COUNT_OF(limits)) {
		plan_refuse(err, at, "type", "unknown resource limit '%s'", l->type);
		return hint_limit(l->type, err);
	}
	if (l->soft.v > l->hard.v)
		return plan_refuse(err, at, "soft",
				   "%s: soft limit %llu is above the hard limit %llu", l->type,
				   (unsigned long long)l->soft.v, (unsigned long long)l->hard.v);
	out->resource = limits[i].resource;
	out->soft = l->soft.v;
	out->hard = l->hard.v;
	return 0;
}

static int plan_limits(struct arena *arena, const struct oci_process *p, const char *at,
		       struct plan_process *out, struct error *err)
{
	bool seen[COUNT_OF(limits)] = {false};

	/* As every type may come once, a longer list is wrong somewhere before its end. */
	size_t n = p->rlimits.n <= COUNT_OF(limits) ? p->rlimits.n : COUNT_OF(limits) + 1;

	out->rlimits = arena_array(arena, n, sizeof(*out->rlimits));
	for (size_t i = 0; i < n; i++) {
		const struct oci_rlimit *l = &p->rlimits.v[i];
		struct plan_rlimit *limit = &out->rlimits[i];

		snprintf(limit->at, sizeof(limit->at), "%s.rlimits[%zu]", at, i);
		if (plan_limit(l, limit, err) < 0)
			return -1;
		for (size_t k = 0; k < COUNT_OF(limits); k++) {
			if (limits[k].resource != limit->resource)
				continue;
			if (seen[k])
				return plan_refuse(err, limit->at, "type", "%s is given twice",
						   l->type);
			seen[k] = true;
		}
		limit->name = arena_strdup(arena, l->type);
	}
	out->n_rlimits = n;
	return 0;
}

/* A profile or label is written to a kernel file as one line. */
static int plan_labels(struct arena *arena, const struct oci_process *p, const char *at,
		       struct plan_process *out, struct error *err)
{
	out->apparmor = copy_text(arena, p->apparmor_profile);
	out->selinux = copy_text(arena, p->selinux_label);
	if (out->apparmor && strpbrk(out->apparmor, "\n\t"))
		return plan_refuse(err, at, "apparmorProfile", "a profile's name is one line");
	if (out->selinux && strpbrk(out->selinux, "\n\t"))
		return plan_refuse(err, at, "selinuxLabel", "a label is one line");
	return 0;
}

int plan_process(struct arena *arena, const struct oci_process *p, const char *at,
		 unsigned last_cap, struct plan_process *out, struct error *err)
{
	if (plan_args(arena, p, at, out, err) < 0 || plan_env(arena, p, at, out, err) < 0 ||
	    plan_user(arena, p->user, at, out, err) < 0 || plan_console(p, at, out, err) < 0 ||
	    plan_limits(arena, p, at, out, err) < 0 || plan_labels(arena, p, at, out, err) < 0 ||
	    plan_placement(arena, p, at, out, err) < 0)
		return -1;
	if (!p->cwd || p->cwd[0] != '/')
		return plan_refuse(err, at, "cwd", "'%s' is not an absolute path",
				   p->cwd ? p->cwd : "");
	out->cwd = arena_strdup(arena, p->cwd);
	plan_capabilities(p->capabilities, last_cap, at, out);
	out->no_new_privs = p->no_new_privileges.v;
	out->set_oom_score = p->oom_score_adj.set;
	out->oom_score_adj = p->oom_score_adj.v;
	if (out->set_oom_score && (out->oom_score_adj < -1000 || out->oom_score_adj > 1000))
		return plan_refuse(err, at, "oomScoreAdj", "%d is not between -1000 and 1000",
				   out->oom_score_adj);
	return 0;
}
