/* SPDX-License-Identifier: Apache-2.0 */
/* A cgroup of its own for each test that needs a real one, and children to put into it.
 *
 * Tests that need root skip where there is no cgroup version 2 to write to, and say why.  Nothing is left
 * behind: the cgroup is removed, with whatever runs in it, at the end of each test.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "kernel/cgroup.h"
#include "kernel/cgroup_priv.h"
#include "plan/plan.h"

#include <cmocka.h> /* last: its fail() hides ours */

static char mount_point[64], base[64]; /* of the hierarchy; of this test, below it: "/vert-test-PID" */

static inline int base_make(void **state)
{
	char path[160];
	bool hybrid;

	(void)state;
	snprintf(base, sizeof(base), "/vert-test-%d", (int)getpid());
	if (cgroup_find_mount(mount_point, sizeof(mount_point), &hybrid) < 0) {
		print_message("skipped: no cgroup version 2 is mounted\n");
		mount_point[0] = '\0';
		return 0;
	}
	snprintf(path, sizeof(path), "%s%s", mount_point, base);
	if (mkdir(path, 0755) < 0) {
		print_message("skipped: cannot make %s: %s\n", path, strerror(errno));
		mount_point[0] = '\0';
	}
	return 0;
}

static inline int base_remove(void **state)
{
	struct error err;

	(void)state;
	if (mount_point[0] && cgroup_remove(mount_point, base, 0, 5000, &err) != 0) {
		print_error("%s\n", err.msg);
		return -1;
	}
	return 0;
}

#define NEEDS_CGROUP()        \
	do {                  \
		(void)state;  \
		if (!mount_point[0]) \
			skip(); \
	} while (0)

#define cgroup_test(f) cmocka_unit_test_setup_teardown(f, base_make, base_remove)

/* The path of NAME below this test's cgroup; good until the next but three calls. */
static inline const char *below(const char *name)
{
	static char paths[4][256];
	static int next;
	char *path = paths[next++ % 4];

	snprintf(path, 256, "%s/%s", base, name);
	return path;
}

static inline struct plan_cgroup plan_for(const char *name)
{
	return (struct plan_cgroup){.manager = PLAN_CGROUP_FS, .mount = mount_point, .path = below(name)};
}

/* Makes the cgroup NAME and must not fail. */
static inline struct cgroup must_make(const char *name)
{
	struct plan_cgroup plan = plan_for(name);
	struct cgroup cg;
	struct error err;

	if (cgroup_make(&plan, &cg, &err) < 0)
		fail_msg("%s", err.msg);
	return cg;
}

static inline bool exists(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s%s", mount_point, below(name));
	return access(path, F_OK) == 0;
}

/* A child in the cgroup; it runs F, or waits for signals when that is NULL. */
static inline pid_t child_in(int dirfd, int (*f)(void))
{
	const struct sys_clone_args args = {
		.flags = SYS_CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)dirfd};
	pid_t pid = sys_clone3(&args);

	if (pid == 0) {
		if (f)
			_exit(f());
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	return pid;
}

/* The wait status of a child that must end by itself now. */
static inline int reap(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static inline const char *read_value(int dirfd, const char *file)
{
	static char text[4096];

	if (fd_read_small(dirfd, file, text, sizeof(text)) < 0)
		fail_msg("%s: %s", file, strerror(errno));
	return text;
}
