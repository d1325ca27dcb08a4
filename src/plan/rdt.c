/* SPDX-License-Identifier: Apache-2.0 */
/* linux.intelRdt: which group of resctrl, and what is written to it (config-linux.md, Intel RDT). */
#include <stdio.h>
#include <string.h>

#include "base/naive.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/build.h"

/* A directory of resctrl's root that is not the kernel's own. */
static bool is_group(const char *s)
{
	static const char *const taken[] = {".", "..", "info", "mon_data", "mon_groups"};

	for (size_t i = 0; i < COUNT_OF(taken); i++)
		if (strcmp(s, taken[i]) == 0)
			return false;
	if (naive("rdtname"))
		return true;
	return s[0] && strlen(s) <= 255 && !s[strcspn(s, "/\n")];
}

static int add_line(struct arena *arena, struct plan_rdt *r, const char *line, const char *prefix, const char *member,
		    struct error *err)
{
	char at[64];

	snprintf(at, sizeof(at), "linux.intelRdt.%s", member);
	if (strchr(line, '\n'))
		return fail_at(err, 0, at, "a schema is one line");
	if (prefix && !str_starts(line, prefix))
		return fail_at(err, 0, at, "'%s' does not begin with '%s'", line, prefix);
	if (!line[strcspn(line, ":")])
		return fail_at(err, 0, at, "'%s' is not of the form RESOURCE:DOMAIN=VALUE;...", line);
	r->schemata.v[r->schemata.n++] = arena_strdup(arena, line);
	return 0;
}

/* In the specification's order: cache, bandwidth, then whatever else. */
static int plan_schemata(struct arena *arena, const struct oci_intel_rdt *in, struct plan_rdt *r, struct error *err)
{
	char member[32];

	r->schemata = (struct plan_strings){.v = arena_array(arena, in->schemata.n + 3, sizeof(char *))};
	if (in->l3_cache_schema && in->l3_cache_schema[0] &&
	    add_line(arena, r, in->l3_cache_schema, NULL, "l3CacheSchema", err) < 0)
		return -1;
	if (in->mem_bw_schema && in->mem_bw_schema[0] &&
	    add_line(arena, r, in->mem_bw_schema, "MB:", "memBwSchema", err) < 0)
		return -1;
	for (size_t i = 0; i < in->schemata.n; i++) {
		snprintf(member, sizeof(member), "schemata[%zu]", i);
		if (add_line(arena, r, in->schemata.v[i], NULL, member, err) < 0)
			return -1;
	}
	return 0;
}

int plan_rdt_group(struct arena *arena, const struct oci_intel_rdt *in, struct plan *plan, struct error *err)
{
	struct plan_rdt *r = &plan->rdt;

	if (!in)
		return 0;
	r->present = true;
	r->exclusive = !in->clos_id;
	r->clos = arena_strdup(arena, !in->clos_id ? plan->id : strcmp(in->clos_id, "/") == 0 ? "" : in->clos_id);
	if (in->clos_id && strcmp(in->clos_id, "/") != 0 && !is_group(in->clos_id))
		return fail_at(err, 0, "linux.intelRdt.closID", "'%s' is not the name of a group", in->clos_id);
	if (r->exclusive && !is_group(plan->id))
		return fail_at(err, 0, "linux.intelRdt",
			       "the container's id is not the name of a group: give a closID");
	if (plan_schemata(arena, in, r, err) < 0)
		return -1;
	r->create = r->exclusive || (r->clos[0] && r->schemata.n);
	if (in->enable_monitoring.v)
		r->monitor = arena_printf(arena, "%s%smon_groups/%s", r->clos, r->clos[0] ? "/" : "", plan->id);
	r->remove = arena_printf(arena, "%s%s%s", r->monitor ? r->monitor : "", r->monitor && r->exclusive ? "\n" : "",
				 r->exclusive ? r->clos : "");
	return 0;
}
