/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs on containers that have a cgroup: kill, pause, resume, ps, update and delete, the latter also when the record
 * is damaged or the cgroup is somebody else's.  Needs a cgroup2 mount in which we may make a cgroup; where
 * there is none the tests are reported as skipped.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* base/error.h has a function of that name */

#include "base/fd.h"
#include "base/proc.h"
#include "container/record.h"
#include "container/state.h"
#include "invented.h"
#include "kernel/cgroup.h"

static char cgroup[128]; /* "": we may not make one */
static pid_t second; /* another process in it, in a cgroup of its own beneath */

static void enter(const char *dir)
{
	char path[256], pid[16];

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (fd_write_at(-1, path, pid, strlen(pid)) < 0)
		_exit(1);
}

static pid_t start_in(const char *dir)
{
	int sync[2];
	pid_t pid;
	char byte;

	assert_int_equal(pipe2(sync, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		enter(dir);
		(void)!write(sync[1], "x", 1);
		for (;;)
			pause();
	}
	close(sync[1]);
	assert_int_equal(read(sync[0], &byte, 1), 1);
	close(sync[0]);
	return pid;
}

static int make_cgroup(void **state)
{
	char mount[64], sub[160];
	bool hybrid;

	if (make_root(state) < 0)
		return -1;
	cgroup[0] = '\0';
	second = 0;
	if (cgroup_find_mount(mount, sizeof(mount), &hybrid) < 0)
		return 0;
	snprintf(cgroup, sizeof(cgroup), "%s/test_control.%d", mount, (int)getpid());
	snprintf(sub, sizeof(sub), "%s/sub", cgroup);
	if (mkdir(cgroup, 0755) < 0 || mkdir(sub, 0755) < 0) {
		cgroup[0] = '\0';
		return 0;
	}
	child = start_in(cgroup);
	second = start_in(sub);
	return 0;
}

static int remove_cgroup(void **state)
{
	char path[192];

	if (cgroup[0]) {
		snprintf(path, sizeof(path), "%s/cgroup.kill", cgroup);
		(void)fd_write_at(-1, path, "1", 1);
	}
	if (second > 0)
		waitpid(second, NULL, 0);
	if (remove_root(state) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/sub", cgroup);
	for (int i = 0; cgroup[0] && i < 100 && (rmdir(path), rmdir(cgroup)) < 0 && errno == EBUSY;
	     i++)
		usleep(10000);
	return cgroup[0] && access(cgroup, F_OK) == 0 ? -1 : 0;
}

/* Records the cgroup in the state of container "c1", as one of that inode (0: its own). */
static int make_with_cgroup(bool private_pid, uint64_t inode)
{
	struct oci_record r = {.oci_version = "1.2.0",
			       .id = "c1",
			       .bundle = root,
			       .rootfs = "/nowhere/rootfs",
			       .owner = {.set = true},
			       .private_pid = {.v = private_pid, .set = true},
			       .has_process = {.v = true, .set = true}};
	struct state_facts f = {.phase = PHASE_RUNNING,
				.pid = child,
				.start_time = proc_start_time(child, NULL),
				.cgroup = cgroup,
				.scope = ""};
	struct arena arena = {0};
	struct stat st;
	int dirfd;

	if (!cgroup[0])
		skip();
	assert_int_equal(stat(cgroup, &st), 0);
	f.cgroup_id = inode ? inode : st.st_ino;
	dirfd = make_container("c1", PHASE_RUNNING, child, NULL, NULL);
	assert_int_equal(state_write(dirfd, record_head(&arena, &r, &err), &f, &err), 0);
	arena_free(&arena);
	return dirfd;
}

static void assert_dead(pid_t pid)
{
	for (int i = 0; i < 500 && is_alive(pid); i++)
		usleep(10000);
	assert_false(is_alive(pid));
}

static void test_pids(void **state)
{
	pid_t *pids;
	size_t n;

	(void)state;
	close(make_with_cgroup(false, 0));
	assert_int_equal(container_pids(&rt, "c1", &pids, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_true((pids[0] == child && pids[1] == second) ||
		    (pids[0] == second && pids[1] == child));
	free(pids);
}

static void test_kill_one(void **state)
{
	(void)state;
	close(make_with_cgroup(true, 0));
	assert_int_equal(container_kill(&rt, "c1", SIGTERM, false, &err), 0);
	assert_dead(child);
	assert_true(is_alive(second));
	/* the rest, when the first is dead already */
	assert_int_equal(container_kill(&rt, "c1", SIGTERM, true, &err), 0);
	assert_dead(second);
	assert_int_equal(container_kill(&rt, "c1", SIGTERM, true, &err), 0);
}

/* Without a pid namespace the death of the first process ends no other. */
static void test_kill_without_pid_namespace(void **state)
{
	(void)state;
	close(make_with_cgroup(false, 0));
	assert_int_equal(container_kill(&rt, "c1", SIGKILL, false, &err), 0);
	assert_dead(child);
	assert_dead(second);
}

static void test_pause(void **state)
{
	(void)state;
	close(make_with_cgroup(true, 0));
	assert_int_equal(container_resume(&rt, "c1", &err), -1);
	assert_string_equal(err.msg, "container 'c1' is not paused: it is running");
	assert_int_equal(container_pause(&rt, "c1", &err), 0);
	assert_int_equal(status_of("c1"), STATUS_PAUSED);
	assert_int_equal(container_pause(&rt, "c1", &err), -1);
	assert_string_equal(err.msg, "container 'c1' is not running: it is paused");
	assert_int_equal(container_start(&rt, "c1", &err), -1);
	assert_string_equal(err.msg, "cannot start a paused container: 'c1'");
	assert_int_equal(container_delete(&rt, "c1", &(struct delete_options){.force = false}, &err), -1);
	assert_int_equal(container_resume(&rt, "c1", &err), 0);
	assert_int_equal(status_of("c1"), STATUS_RUNNING);
	assert_int_equal(container_pause(&rt, "c1", &err), 0);
	assert_int_equal(container_kill(&rt, "c1", SIGKILL, false, &err), 0);
	assert_dead(child);
	assert_int_equal(status_of("c1"), STATUS_STOPPED);
	assert_int_equal(container_delete(&rt, "c1", &(struct delete_options){.force = false}, &err),
			 0); /* what is still frozen, too */
	assert_false(exists("c1") || access(cgroup, F_OK) == 0 || is_alive(second));
}

static void test_delete(void **state)
{
	(void)state;
	close(make_with_cgroup(true, 0));
	assert_int_equal(container_delete(&rt, "c1", &(struct delete_options){.force = true}, &err), 0);
	assert_false(exists("c1") || access(cgroup, F_OK) == 0 || is_alive(child) ||
		     is_alive(second));
}

static void test_delete_damaged(void **state)
{
	int dirfd;

	(void)state;
	dirfd = make_with_cgroup(true, 0);
	replace_record(dirfd, "");
	close(dirfd);
	assert_int_equal(container_delete(&rt, "c1", &(struct delete_options){.force = true}, &err), 0);
	assert_false(exists("c1") || access(cgroup, F_OK) == 0 || is_alive(child) ||
		     is_alive(second));
}

/* Another cgroup has taken the name: nobody in it may be killed for ours. */
static void test_delete_foreign(void **state)
{
	struct stat st;

	(void)state;
	if (!cgroup[0])
		skip();
	assert_int_equal(stat(cgroup, &st), 0);
	close(make_with_cgroup(true, st.st_ino + 1));
	assert_int_equal(status_of("c1"), STATUS_RUNNING);
	assert_int_equal(container_delete(&rt, "c1", &(struct delete_options){.force = true}, &err), 0);
	assert_false(exists("c1") || is_alive(child));
	assert_true(is_alive(second));
}

/* The creator died before it recorded the inode: what has processes was there before, or is not ours to kill. */
static void test_delete_unrecorded(void **state)
{
	struct state_facts f = {.phase = PHASE_CREATING, .cgroup = cgroup, .scope = ""};
	struct oci_record r = {.oci_version = "1.2.0",
			       .id = "c1",
			       .bundle = root,
			       .rootfs = "/nowhere/rootfs",
			       .owner = {.set = true}};
	struct arena arena = {0};
	int dirfd;

	(void)state;
	if (!cgroup[0])
		skip();
	dirfd = make_container("c1", PHASE_CREATING, 0, NULL, NULL);
	assert_int_equal(state_write(dirfd, record_head(&arena, &r, &err), &f, &err), 0);
	close(dirfd);
	arena_free(&arena);
	assert_int_equal(container_delete(&rt, "c1", &(struct delete_options){.force = true}, &err), 0);
	assert_false(exists("c1"));
	assert_true(is_alive(child) && is_alive(second));
}

static const char *read_limit(const char *file)
{
	static char text[64];
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", cgroup, file);
	return fd_read_small(-1, path, text, sizeof(text)) < 0 ? "(none)" : text;
}

static int update_text(const char *text)
{
	struct arena arena = {0};
	struct oci_error parse_error;
	struct oci_resources *res =
		oci_parse(&arena, oci_type_resources(), text, strlen(text), &parse_error);
	int r;

	assert_non_null(res);
	r = container_update(&rt, "c1", res, &err);
	arena_free(&arena);
	return r;
}

static void test_update(void **state)
{
	(void)state;
	close(make_with_cgroup(true, 0));
	assert_int_equal(update_text("{}"), 0);
	/* any cgroup has these two */
	assert_int_equal(update_text("{\"unified\":{\"cgroup.max.depth\":\"7\"}}"), 0);
	assert_string_equal(read_limit("cgroup.max.depth"), "7");
	/* all or nothing */
	assert_int_equal(update_text("{\"unified\":{\"cgroup.max.depth\":\"8\",\"cgroup.max."
				     "descendants\":\"x\"}}"),
			 -1);
	assert_string_equal(read_limit("cgroup.max.depth"), "7");
	assert_int_equal(update_text("{\"unified\":{\"nosuch.max\":\"8\"}}"), -1);

	assert_int_equal(container_kill(&rt, "c1", SIGKILL, false, &err), 0);
	assert_dead(child);
	assert_int_equal(update_text("{\"unified\":{\"cgroup.max.depth\":\"9\"}}"), -1);
	assert_string_equal(err.msg, "container not running: 'c1' is stopped");
}

/* May a process of the container open the device 1:11 (kmsg), which no container has by default?  Making it is
 * always allowed. */
static bool may_open_device(void)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		char path[128];
		int fd;

		enter(cgroup);
		snprintf(path, sizeof(path), "%s/node", root);
		if (mknod(path, S_IFCHR | 0600, 1 << 8 | 11) < 0)
			_exit(2);
		fd = open(path, O_WRONLY | O_NONBLOCK); /* reading needs a capability */
		unlink(path);
		_exit(fd >= 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status == 0;
}

static void test_update_devices(void **state)
{
	static const char deny[] = "{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}";
	static const char allow[] =
		"{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\","
		"\"major\":1,\"minor\":11,\"access\":\"rwm\"}]";
	char text[512];

	(void)state;
	close(make_with_cgroup(true, 0));
	if (!may_open_device() || update_text(deny) < 0)
		skip(); /* no privilege for devices, or none for device programs */
	assert_false(may_open_device());
	snprintf(text, sizeof(text), "%s}", allow);
	assert_int_equal(update_text(text), 0);
	assert_true(may_open_device());
	/* other limits leave the rules alone; a failure puts the last ones back */
	assert_int_equal(update_text("{\"unified\":{\"cgroup.max.depth\":\"7\"}}"), 0);
	assert_true(may_open_device());
	assert_int_equal(update_text("{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}],"
				     "\"unified\":{\"cgroup.max.depth\":\"x\"}}"),
			 -1);
	assert_true(may_open_device());
	assert_int_equal(update_text(deny), 0);
	assert_false(may_open_device());
	snprintf(text, sizeof(text), "%s,\"unified\":{\"cgroup.max.depth\":\"x\"}}", allow);
	assert_int_equal(update_text(text), -1);
	assert_false(may_open_device());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_cgroup, remove_cgroup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pids),
		TEST(test_kill_one),
		TEST(test_kill_without_pid_namespace),
		TEST(test_pause),
		TEST(test_delete),
		TEST(test_delete_damaged),
		TEST(test_delete_foreign),
		TEST(test_delete_unrecorded),
		TEST(test_update),
		TEST(test_update_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
