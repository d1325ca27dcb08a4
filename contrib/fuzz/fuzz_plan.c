/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: config.json to a plan, on an invented host.
 *
 * The first byte chooses the host (user, namespaces, cgroups) and where the cgroup is to be; the rest is the
 * configuration.  What cannot be planned says why in one clean line; what can be is planned the same way again.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/build.h"
#include "plan/filter.h"
#include "plan/host.h"

static struct host invent(unsigned int choice)
{
	static struct plan_id_map own[2] = {{.inside = 0, .outside = 1000, .size = 1},
					    {.inside = 1, .outside = 100000, .size = 65536}};
	struct host host = {
		.euid = choice & 1 ? 1000 : 0,
		.egid = choice & 1 ? 1000 : 0,
		.privileged = !(choice & 3),
		.in_userns = choice & 2,
		.selinux = choice & 4,
		.missing_caps = choice & 8 ? 0xff00ff00 : 0,
		.last_cap = 40,
		.cgroup_mount = choice & 16 ? NULL : "/sys/fs/cgroup",
		.cgroup_own = choice & 16 ? NULL : "/user.slice/session",
		.cgroup_controllers = choice & 32 ? "cpu" : "cpuset cpu io memory hugetlb pids rdma misc",
	};

	if (choice & 1) {
		host.sub_uid = (struct plan_id_maps){.v = own, .n = 2};
		host.sub_gid = (struct plan_id_maps){.v = own, .n = 2};
		host.runtime_dir = "/run/user/1000";
	}
	return host;
}

static void plan(struct arena *a, unsigned int choice, const struct oci_config *config)
{
	const struct filter_options filter = {.cache_dir = -1, .release = "6.1.0", .machine = "x86_64"};
	const struct host host = invent(choice);
	struct plan p = {.verb = PLAN_CREATE, .id = "fuzzed", .bundle = "/bundle"};
	struct error err = {0};

	if (plan_build(a, config, &host, (enum plan_cgroup_choice)(choice >> 6 & 1), &filter, &p, &err) < 0)
		check_error(&err);
	else
		must(p.rootfs != NULL, "a plan has a root");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oci_config *config;
	struct oci_error why;
	struct arena a = {0};

	if (size == 0)
		return 0;
	config = oci_parse(&a, oci_type_config(), (const char *)data + 1, size - 1, &why);
	if (config)
		plan(&a, data[0], config);
	arena_free(&a);
	return 0;
}
