/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: the documents that update and exec are given, process.json and resources, and the strings in
 * mounts, to plans.
 */
#include <string.h>

#include "fuzz.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/devices.h"
#include "plan/idmap.h"
#include "plan/mounts.h"
#include "plan/process.h"
#include "plan/resources.h"

static void plan_limits(struct arena *a, unsigned int flags, const char *text, size_t size)
{
	struct plan_cgroup limits = {0}, program = {0};
	struct oci_error why;
	struct error err = {0};
	struct oci_resources *r = oci_parse(a, oci_type_resources(), text, size, &why);

	if (!r)
		return;
	if (plan_resources(a, r, &limits, flags, &err) < 0)
		check_error(&err);
	else if (plan_resources_check(&limits, "cpuset cpu io memory hugetlb pids", &err) < 0)
		check_error(&err);
	if (plan_devices(a, r, &program, &err) < 0)
		check_error(&err);
}

static void plan_one_process(struct arena *a, const char *text, size_t size)
{
	struct plan_process out = {0};
	struct oci_error why;
	struct error err = {0};
	struct oci_process *p = oci_parse(a, oci_type_process(), text, size, &why);

	if (p && plan_process(a, p, "process", 40, &out, &err) < 0)
		check_error(&err);
}

static void plan_mount_list(struct arena *a, const char *text, size_t size)
{
	struct plan plan = {.bundle = "/bundle"};
	struct oci_error why;
	struct error err = {0};
	size_t n = 0;
	struct oci_mount *m = oci_parse_list(a, oci_type_mount(), text, size, &n, &why);

	for (size_t i = 0; m && i < n; i++) {
		struct plan_mount out = {0};

		if (plan_mount(a, &m[i], &plan, "mounts[0]", &out, &err) < 0)
			check_error(&err);
	}
}

static void plan_option(struct arena *a, const char *text)
{
	struct plan_mount out = {0};
	struct error err = {0};
	uint32_t uid, gid;

	if (plan_mount_idmap_option(a, text, &out, "mounts[0]", &err) < 0)
		check_error(&err);
	if (plan_user_from_string(text, &uid, &gid, &err) < 0)
		check_error(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	const char *text;

	if (size == 0)
		return 0;
	text = arena_strndup(&a, (const char *)data + 1, size - 1);
	switch (data[0] % 5) {
	case 0:
	case 1:
		plan_limits(&a, data[0] % 5 ? PLAN_RESOURCES_UPDATE : 0, text, size - 1);
		break;
	case 2:
		plan_one_process(&a, text, size - 1);
		break;
	case 3:
		plan_mount_list(&a, text, size - 1);
		break;
	default:
		plan_option(&a, text);
	}
	arena_free(&a);
	return 0;
}
