/* SPDX-License-Identifier: Apache-2.0 */
/* linux.sysctl: only what belongs to a namespace of the container's own (CVE-2022-0811). */
#include <stdio.h>
#include <string.h>

#include "base/naive.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/build.h"

/* Keys and the namespace they are of; a prefix ends in '/'. */
static const struct {
	const char *key;
	enum plan_ns ns;
} known[] = {
	{"kernel/msgmax", PLAN_NS_IPC},	    {"kernel/msgmnb", PLAN_NS_IPC},
	{"kernel/msgmni", PLAN_NS_IPC},	    {"kernel/sem", PLAN_NS_IPC},
	{"kernel/shmall", PLAN_NS_IPC},	    {"kernel/shmmax", PLAN_NS_IPC},
	{"kernel/shmmni", PLAN_NS_IPC},	    {"kernel/shm_rmid_forced", PLAN_NS_IPC},
	{"kernel/msg_next_id", PLAN_NS_IPC}, {"kernel/sem_next_id", PLAN_NS_IPC},
	{"kernel/shm_next_id", PLAN_NS_IPC}, {"kernel/auto_msgmni", PLAN_NS_IPC},
	{"fs/mqueue/", PLAN_NS_IPC},	    {"net/", PLAN_NS_NET},
	{"user/", PLAN_NS_USER},	    {"kernel/domainname", PLAN_NS_UTS},
	{"kernel/hostname", PLAN_NS_UTS},
};
static const char *const ns_names[PLAN_NS_COUNT] = {
	[PLAN_NS_USER] = "user", [PLAN_NS_NET] = "network", [PLAN_NS_IPC] = "ipc", [PLAN_NS_UTS] = "uts"};

/* sysctl(8): dots separate, unless the first separator is a slash; then dots are part of names
 * ("net/ipv4/conf/eth0.100/forwarding"), and slashes are dots in the other form. */
static char *to_path(struct arena *arena, const char *key)
{
	char *path = arena_strdup(arena, key);
	size_t first = strcspn(path, "./");

	if (path[first] != '.')
		return path;
	for (char *p = path; *p; p++)
		*p = *p == '.' ? '/' : *p == '/' ? '.' : *p;
	return path;
}

static bool is_clean(const char *path)
{
	if (!*path || *path == '/' || strlen(path) > 250)
		return false;
	for (const char *s = path; *s;) {
		size_t n = strcspn(s, "/");

		if (n == 0 || (n == 1 && s[0] == '.') || (n == 2 && s[0] == '.' && s[1] == '.'))
			return false;
		s += n;
		if (*s == '/' && !*++s)
			return false;
	}
	return true;
}

static int check(const char *key, const char *path, const struct plan *plan, const char *at, struct error *err)
{
	for (size_t i = 0; i < COUNT_OF(known); i++) {
		size_t n = strlen(known[i].key);
		bool prefix = known[i].key[n - 1] == '/';

		if (prefix ? !str_starts(path, known[i].key) : strcmp(path, known[i].key) != 0)
			continue;
		if (strcmp(path, "kernel/hostname") == 0) {
			fail_at(err, 0, at, "sysctl '%s' is not for here", key);
			return error_hint(err, "use the property 'hostname'");
		}
		if (plan->ns[known[i].ns].how == PLAN_NS_INHERIT) {
			fail_at(err, 0, at, "sysctl '%s' needs a %s namespace of the container's own", key,
				ns_names[known[i].ns]);
			return error_code(err, "SYSCTL_NAMESPACE");
		}
		return 0;
	}
	if (naive("sysctls"))
		return 0;
	fail_at(err, 0, at, "sysctl '%s' is not one of a namespace: it would change the host", key);
	return error_code(err, "SYSCTL_NAMESPACE");
}

int plan_sysctls(struct arena *arena, const struct oci_config *config, struct plan *plan, struct error *err)
{
	size_t n = config->linux ? config->linux->sysctl.n : 0;

	plan->sysctls = arena_array(arena, n, sizeof(*plan->sysctls));
	for (size_t i = 0; i < n; i++) {
		const char *key = config->linux->sysctl.v[i].key, *value = config->linux->sysctl.v[i].v;
		struct plan_sysctl *s = &plan->sysctls[plan->n_sysctls];

		snprintf(s->at, sizeof(s->at), "linux.sysctl[\"%s\"]", key);
		s->path = to_path(arena, key);
		s->value = arena_strdup(arena, value);
		if (!is_clean(s->path))
			return fail_at(err, 0, s->at, "'%s' is not the name of a sysctl", key);
		if (check(key, s->path, plan, s->at, err) < 0)
			return -1;
		plan->n_sysctls++;
	}
	return 0;
}
