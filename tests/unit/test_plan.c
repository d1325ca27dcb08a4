/* SPDX-License-Identifier: Apache-2.0 */
/* Golden files: tests/unit/data/plan/NAME.json must become the plan NAME.plan, on an invented host.
 *
 * NAME begins with the host: root-, user- (uid 1000 with subordinate ids) or bad- (root; NAME.plan is the
 * error).  PLAN_UPDATE=1 writes the .plan files anew: a change of behaviour is then a readable diff.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/build.h"
#include "plan/dump.h"
#include "plan/filter.h"
#include "plan/host.h"

#include <cmocka.h> /* last: it has a macro fail() */

static struct plan_id_map sub_uids[] = {{0, 1000, 1}, {0, 100000, 65536}};
static struct plan_id_map sub_gids[] = {{0, 1001, 1}, {0, 200000, 65536}};

static const struct host root_host = {
	.privileged = true,
	.last_cap = 40,
	.cgroup_mount = "/sys/fs/cgroup",
	.cgroup_controllers = "cpuset cpu io memory hugetlb pids rdma misc",
	.landlock_abi = 5,
};
static const struct host user_host = {
	.euid = 1000,
	.egid = 1001,
	.last_cap = 40,
	.cgroup_mount = "/sys/fs/cgroup",
	.cgroup_own = "/user.slice/user-1000.slice/session-2.scope",
	.cgroup_controllers = "cpuset cpu io memory hugetlb pids rdma misc",
	.landlock_abi = 5,
	.sub_uid = {2, sub_uids},
	.sub_gid = {2, sub_gids},
};

/* The same user in a service of its own systemd, as under Podman. */
static struct host delegated_host(void)
{
	struct host host = user_host;

	host.cgroup_own = "/user.slice/user-1000.slice/user@1000.service/user.slice/podman-1.scope";
	host.cgroup_beside = true;
	return host;
}

/* Root again, for whom /proc/9/ns/user is the user namespace that it is in. */
static struct host named_host(void)
{
	struct host host = root_host;

	host.named_userns = "/proc/9/ns/user";
	return host;
}

static const char *data_dir(void)
{
	static char dir[4096];
	const char *src = getenv("srcdir");

	snprintf(dir, sizeof(dir), "%s/tests/unit/data/plan", src ? src : ".");
	return dir;
}

static void plan_text(const char *name, struct buf *out)
{
	const struct host delegated = delegated_host(), named = named_host();
	const struct host *host = str_starts(name, "user-delegated")   ? &delegated
				  : str_starts(name, "user-")	       ? &user_host
				  : str_starts(name, "root-own-userns") ? &named
									: &root_host;
	const struct filter_options filter = {.cache_dir = -1, .release = "6.0", .machine = "x86_64"};
	struct plan plan = {.verb = PLAN_RUN, .id = "c1", .bundle = "/bundle", .state_root = "/run/vert"};
	struct arena arena = {0};
	struct oci_error bad;
	struct error err;
	char path[8192], *text;
	size_t len;
	void *config;

	snprintf(path, sizeof(path), "%s/%s.json", data_dir(), name);
	assert_int_equal(fd_read_file(AT_FDCWD, path, 1 << 20, &text, &len, &err), 0);
	config = oci_parse(&arena, oci_type_config(), text, len, &bad);
	if (!config)
		buf_printf(out, "error %s\n", oci_error_format(&bad, "config.json", path, sizeof(path)));
	else if (plan_build(&arena, config, host, PLAN_CHOOSE_FS, &filter, &plan, &err) < 0)
		buf_printf(out, "error %s\nplace %s\n", err.msg, err.where);
	else
		plan_dump(&plan, out);
	arena_free(&arena);
	free(text);
}

static void check_one(const char *name)
{
	struct buf got = {0};
	char path[8192], *want = NULL;
	struct error err;

	snprintf(path, sizeof(path), "%s/%s.plan", data_dir(), name);
	plan_text(name, &got);
	assert_false(got.failed);
	assert_int_equal(strncmp(got.s, "error ", 6) == 0, str_starts(name, "bad-"));
	if (getenv("PLAN_UPDATE")) {
		assert_int_equal(fd_replace_file(AT_FDCWD, path, 0644, got.s, got.n, &err), 0);
	} else {
		if (fd_read_file(AT_FDCWD, path, 1 << 20, &want, NULL, &err) < 0)
			fail_msg("%s", err.msg);
		if (strcmp(got.s, want) != 0)
			fail_msg("%s: the plan is now\n%s", name, got.s);
		free(want);
	}
	buf_free(&got);
}

static void test_golden(void **state)
{
	struct dirent **names;
	int n = scandir(data_dir(), &names, NULL, alphasort), seen = 0;

	(void)state;
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		char *dot = strrchr(names[i]->d_name, '.');

		if (dot && strcmp(dot, ".json") == 0) {
			*dot = '\0';
			check_one(names[i]->d_name);
			seen++;
		}
		free(names[i]);
	}
	free(names);
	assert_true(seen >= 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
