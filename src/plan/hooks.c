/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks of config.json as the plan has them: see hooks.h. */
#include "plan/hooks.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

static const struct {
	const char *name;
	size_t offset;
} kinds[PLAN_HOOK_KINDS] = {
	[PLAN_HOOK_PRESTART] = {"prestart", offsetof(struct oci_hooks, prestart)},
	[PLAN_HOOK_CREATE_RUNTIME] = {"createRuntime", offsetof(struct oci_hooks, create_runtime)},
	[PLAN_HOOK_CREATE_CONTAINER] = {"createContainer",
					offsetof(struct oci_hooks, create_container)},
	[PLAN_HOOK_START_CONTAINER] = {"startContainer",
				       offsetof(struct oci_hooks, start_container)},
	[PLAN_HOOK_POSTSTART] = {"poststart", offsetof(struct oci_hooks, poststart)},
	[PLAN_HOOK_POSTSTOP] = {"poststop", offsetof(struct oci_hooks, poststop)},
};

const char *plan_hook_kind_name(enum plan_hook_kind kind)
{
	return kinds[kind].name;
}

static struct plan_strings copy_strings(const struct oci_str_list *list, struct arena *arena)
{
	struct plan_strings s = {.n = list->n, .v = arena_array(arena, list->n + 1, sizeof(*s.v))};

	for (size_t i = 0; i < list->n; i++)
		s.v[i] = arena_strdup(arena, list->v[i]);
	return s;
}

#define WHERE_SIZE 64

static const char *member_path(const struct plan_hook *hook, const char *member,
			       char where[WHERE_SIZE])
{
	snprintf(where, WHERE_SIZE, "%s.%s", hook->at, member);
	return where;
}

static int plan_hook(const struct oci_hook *hook, struct arena *arena, struct plan_hook *ret,
		     struct error *err)
{
	char where[WHERE_SIZE], member[24];
	const struct oci_str_list path_only = {.n = 1, .v = (const char *[]){hook->path, NULL}};

	/* There is no PATH to look in, and a relative path would depend on who calls us from where. */
	if (hook->path[0] != '/')
		return fail_at(err, 0, member_path(ret, "path", where),
			       "hook path '%s' is not absolute", hook->path);
	if (hook->timeout.set && hook->timeout.v <= 0)
		return fail_at(err, 0, member_path(ret, "timeout", where),
			       "hook timeout %d is not positive", hook->timeout.v);
	for (size_t i = 0; i < hook->env.n; i++) {
		const char *equals = strchr(hook->env.v[i], '=');

		str_place(member, sizeof(member), "env", i, "");
		if (!equals || equals == hook->env.v[i])
			return fail_at(err, 0, member_path(ret, member, where), "'%s' is not of the form NAME=VALUE",
				       hook->env.v[i]);
	}
	ret->path = arena_strdup(arena, hook->path);
	ret->args = copy_strings(hook->args.n ? &hook->args : &path_only, arena);
	if (hook->env.v)
		ret->env = copy_strings(&hook->env, arena);
	ret->timeout = hook->timeout.v;
	return 0;
}

int plan_hooks(const struct oci_hooks *hooks, struct arena *arena, struct plan_hooks *ret,
	       struct error *err)
{
	for (int kind = 0; kind < PLAN_HOOK_KINDS; kind++) {
		const struct oci_hook_list *list;
		struct plan_hooks *out = &ret[kind];

		*out = (struct plan_hooks){0};
		if (!hooks)
			continue;
		list = (const struct oci_hook_list *)(const void *)((const char *)hooks +
								    kinds[kind].offset);
		out->n = list->n;
		out->v = arena_array(arena, list->n, sizeof(*out->v));
		for (size_t i = 0; i < list->n; i++) {
			snprintf(out->v[i].at, sizeof(out->v[i].at), "hooks.%s[%zu]",
				 kinds[kind].name, i);
			if (plan_hook(&list->v[i], arena, &out->v[i], err) < 0)
				return -1;
		}
	}
	return 0;
}
