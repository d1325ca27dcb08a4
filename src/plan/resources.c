/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources as a whole: the order of its groups, what version 2 refuses, needed controllers.
 *
 * A value that equals the kernel's default ("max") is marked optional: where the controller is missing
 * there is nothing to enforce.  Everything else fails when it cannot be written.
 */
#include "plan/resources.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "libocispec/ocispec.h"
#include "plan/plan.h"
#include "plan/resources_priv.h"

const char *writes_at(struct writes *w, const char *fmt, ...)
{
	int n = snprintf(w->at, sizeof(w->at), "%s", w->prefix);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->at + n, sizeof(w->at) - (size_t)n, fmt, ap);
	va_end(ap);
	return w->at;
}

struct plan_write *writes_add(struct writes *w, const char *file, const char *fmt, ...)
{
	struct plan_cgroup *out = w->out;
	struct plan_write *write;
	char value[4096];
	va_list ap;

	if (out->n_writes == w->room) {
		size_t room = w->room ? 2 * w->room : 16;

		out->writes = arena_grow(w->arena, out->writes, w->room * sizeof(*write),
					 room * sizeof(*write));
		w->room = room;
	}
	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap); /* callers bound their strings */
	va_end(ap);
	write = &out->writes[out->n_writes++];
	*write = (struct plan_write){.file = arena_strdup(w->arena, file),
				     .value = arena_strdup(w->arena, value)};
	snprintf(write->at, sizeof(write->at), "%.*s", (int)sizeof(write->at) - 1, w->at);
	return write;
}

/* Settings that only version 1 has.  Those that say what holds on version 2 anyway pass: no limit on kernel
 * memory (it counts as memory), no real-time share, no network class (config-linux.md, Cgroup v2:
 * "MUST generate an error when the configured cgroup v1 resources cannot be converted"). */
static int refuse_version_1(struct writes *w, const struct oci_resources *res)
{
	const struct oci_memory *m = res->memory;
	const struct oci_cpu *c = res->cpu;
	const struct oci_block_io *b = res->block_io;
	const struct oci_net_cls *n = res->network;
	const struct {
		const char *at;
		bool asked;
	} settings[] = {
		{"memory.kernel", m && m->kernel.set && m->kernel.v != -1 && m->kernel.v != 0},
		{"memory.kernelTCP",
		 m && m->kernel_tcp.set && m->kernel_tcp.v != -1 && m->kernel_tcp.v != 0},
		{"memory.swappiness", m && m->swappiness.set},
		{"memory.disableOOMKiller",
		 m && m->disable_oom_killer.set && m->disable_oom_killer.v},
		{"memory.useHierarchy", m && m->use_hierarchy.set && m->use_hierarchy.v},
		{"cpu.realtimeRuntime", c && c->realtime_runtime.set && c->realtime_runtime.v != 0},
		{"cpu.realtimePeriod", c && c->realtime_period.set && c->realtime_period.v != 0},
		{"blockIO.leafWeight", b && b->leaf_weight.set && b->leaf_weight.v != 0},
		{"network.classID", n && n->class_id.set && n->class_id.v != 0},
		{"network.priorities", n && n->priorities.n > 0},
	};

	for (size_t i = 0; i < COUNT_OF(settings); i++) {
		if (!settings[i].asked)
			continue;
		fail_at(w->err, 0, writes_at(w, "%s", settings[i].at),
			"'%s' exists in cgroup version 1 only", settings[i].at);
		return error_hint(
			w->err, "remove it: vert uses cgroup version 2, which has no such setting");
	}
	return 0;
}

static int plan_pids(struct writes *w, const struct oci_resources *res)
{
	const struct oci_pids *pids = res->pids;

	if (!pids || !pids->limit.set)
		return 0;
	writes_at(w, "pids.limit");
	if (pids->limit.v < -1)
		return fail_at(w->err, 0, w->at, "number of processes cannot be %" PRId64,
			       pids->limit.v);
	if (pids->limit.v < 0)
		writes_add(w, "pids.max", "max")->optional = true;
	else
		writes_add(w, "pids.max", "%" PRId64, pids->limit.v);
	return 0;
}

int plan_resources(struct arena *arena, const struct oci_resources *res, struct plan_cgroup *out,
		   unsigned flags, struct error *err)
{
	/* Memory is the last of the limits: written while the container is being built, a limit that is too
	 * low must not hide an error of the others.  unified follows: it may override any of them. */
	static int (*const groups[])(struct writes *, const struct oci_resources *) = {
		refuse_version_1, plan_cpu,  plan_pids,	  plan_block_io,
		plan_hugepages,	  plan_rdma, plan_memory, plan_unified,
	};
	bool update = flags & PLAN_RESOURCES_UPDATE;
	struct writes w = {.arena = arena,
			   .out = out,
			   .update = update,
			   .prefix = update ? "" : "linux.resources.",
			   .err = err};

	out->writes = NULL;
	out->n_writes = 0;
	for (size_t i = 0; res && i < COUNT_OF(groups); i++)
		if (groups[i](&w, res) < 0)
			return -1;
	return 0;
}

/* Length of the name of the controller that FILE belongs to; 0: it is there without any. */
static size_t controller_length(const char *file)
{
	size_t n = strcspn(file, ".");
	const char *last = strrchr(file, '.');

	if (str_starts(file, "cgroup.") || (last && strcmp(last, ".pressure") == 0))
		return 0;
	return n;
}

size_t plan_resources_controllers(struct arena *arena, const struct plan_cgroup *cgroup,
				  struct plan_controller **ret)
{
	struct plan_controller *list = arena_array(arena, cgroup->n_writes + 1, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < cgroup->n_writes; i++) {
		const struct plan_write *w = &cgroup->writes[i];
		size_t j, len = controller_length(w->file);

		if (w->optional || len == 0)
			continue;
		for (j = 0; j < n; j++)
			if (strncmp(list[j].name, w->file, len) == 0 && !list[j].name[len])
				break;
		if (j == n)
			list[n++] =
				(struct plan_controller){arena_strndup(arena, w->file, len), w->at};
	}
	*ret = list;
	return n;
}

static bool has_word(const char *text, const char *word, size_t len)
{
	for (;;) {
		size_t n;

		text += strspn(text, " \n");
		n = strcspn(text, " \n");
		if (n == 0)
			return false;
		if (n == len && memcmp(text, word, n) == 0)
			return true;
		text += n;
	}
}

int plan_resources_check(const struct plan_cgroup *cgroup, const char *available, struct error *err)
{
	for (size_t i = 0; i < cgroup->n_writes; i++) {
		const struct plan_write *w = &cgroup->writes[i];
		size_t len = controller_length(w->file);

		if (w->optional || len == 0 || has_word(available, w->file, len))
			continue;
		fail_at(err, 0, w->at,
			"'%s' cannot be set: cgroup controller '%.*s' is not available", w->file,
			(int)len, w->file);
		return error_code(err, "CGROUP_CONTROLLER_MISSING");
	}
	return 0;
}
