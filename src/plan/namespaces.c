/* SPDX-License-Identifier: Apache-2.0 */
/* linux.namespaces, linux.timeOffsets and what may only be asked for with a namespace of one's own. */
#include <stdio.h>
#include <string.h>

#include "base/naive.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/build.h"
#include "plan/host.h"

static const struct {
	enum oci_namespace_type type;
	enum plan_ns ns;
	const char *name;
} kinds[] = {
	{OCI_NS_USER, PLAN_NS_USER, "user"}, {OCI_NS_PID, PLAN_NS_PID, "pid"},
	{OCI_NS_NETWORK, PLAN_NS_NET, "network"}, {OCI_NS_IPC, PLAN_NS_IPC, "ipc"},
	{OCI_NS_UTS, PLAN_NS_UTS, "uts"}, {OCI_NS_CGROUP, PLAN_NS_CGROUP, "cgroup"},
	{OCI_NS_TIME, PLAN_NS_TIME, "time"}, {OCI_NS_MOUNT, PLAN_NS_MOUNT, "mount"},
};

static int plan_time(const struct oci_config *config, struct plan *plan, struct error *err)
{
	const size_t n = config->linux->time_offsets.n;

	if (n == 0)
		return 0;
	if (plan->ns[PLAN_NS_TIME].how != PLAN_NS_NEW)
		return fail_at(err, 0, "linux.timeOffsets", "time offsets need a new time namespace");
	plan->set_time_offsets = true;
	for (size_t i = 0; i < n; i++) {
		const char *clock = config->linux->time_offsets.v[i].key;
		const struct oci_time_offset *t = config->linux->time_offsets.v[i].v;
		bool monotonic = strcmp(clock, "monotonic") == 0;
		char at[96];

		snprintf(at, sizeof(at), "linux.timeOffsets[\"%.40s\"]", clock);
		if (!monotonic && strcmp(clock, "boottime") != 0) {
			fail_at(err, 0, at, "no clock '%s' can have an offset", clock);
			return error_hint(err, "there are 'monotonic' and 'boottime'");
		}
		if (!t)
			continue;
		if (t->nanosecs.v >= 1000000000)
			return fail_at(err, 0, at, "nanosecs: %u nanoseconds are a second or more", t->nanosecs.v);
		*(monotonic ? &plan->monotonic_secs : &plan->boottime_secs) = t->secs.v;
		*(monotonic ? &plan->monotonic_nsecs : &plan->boottime_nsecs) = t->nanosecs.v;
	}
	return 0;
}

/* What would change the host's own when the container shares the namespace with it. */
static int check_needs(const struct oci_config *config, const struct plan *plan, struct error *err)
{
	const struct oci_linux *l = config->linux;
	/* One that is joined is never the host's: container/namespace.c */
	bool own_mounts = plan->ns[PLAN_NS_MOUNT].how != PLAN_NS_INHERIT || naive("hostmounts");
	const struct {
		bool asked;
		const char *where;
	} mounts[] = {
		{config->mounts.n > 0, "mounts"},
		{config->root && config->root->readonly.v, "root.readonly"},
		{l && l->masked_paths.n > 0, "linux.maskedPaths"},
		{l && l->readonly_paths.n > 0, "linux.readonlyPaths"},
		{l && l->rootfs_propagation, "linux.rootfsPropagation"},
	};

	if (config->hostname && plan->ns[PLAN_NS_UTS].how == PLAN_NS_INHERIT)
		return fail_at(err, 0, "hostname", "hostname needs a uts namespace");
	if (config->domainname && plan->ns[PLAN_NS_UTS].how == PLAN_NS_INHERIT)
		return fail_at(err, 0, "domainname", "domainname needs a uts namespace");
	for (size_t i = 0; !own_mounts && i < COUNT_OF(mounts); i++)
		if (mounts[i].asked) {
			fail_at(err, 0, mounts[i].where, "%s needs a mount namespace", mounts[i].where);
			return error_hint(err, "add {\"type\": \"mount\"} to linux.namespaces");
		}
	return 0;
}

int plan_namespaces(struct arena *arena, const struct oci_config *config, const struct host *host, struct plan *plan,
		    struct error *err)
{
	size_t n = config->linux ? config->linux->namespaces.n : 0;

	for (size_t i = 0; i < n; i++) {
		const struct oci_namespace *in = &config->linux->namespaces.v[i];
		struct plan_namespace *ns = NULL;
		const char *name = "";

		for (size_t k = 0; k < COUNT_OF(kinds); k++)
			if (kinds[k].type == in->type) {
				ns = &plan->ns[kinds[k].ns];
				name = kinds[k].name;
			}
		if (!ns)
			continue; /* the parser refuses other types */
		if (ns->at[0]) {
			char at[48];

			snprintf(at, sizeof(at), "linux.namespaces[%zu]", i);
			fail_at(err, 0, at, "namespace '%s' is listed twice", name);
			return error_code(err, "NAMESPACE_DUPLICATE");
		}
		str_place(ns->at, sizeof(ns->at), "linux.namespaces", i, ".path");
		ns->how = PLAN_NS_NEW;
		if (!in->path || !in->path[0])
			continue;
		if (in->path[0] != '/')
			return fail_at(err, 0, ns->at, "path '%s' of the %s namespace is not absolute", in->path, name);
		if (in->type == OCI_NS_USER && host->named_userns && strcmp(in->path, host->named_userns) == 0) {
			ns->how = PLAN_NS_INHERIT; /* we are in it */
			continue;
		}
		ns->how = PLAN_NS_JOIN;
		ns->path = arena_strdup(arena, in->path);
	}
	if (config->linux && plan_time(config, plan, err) < 0)
		return -1;
	return check_needs(config, plan, err);
}
