/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a container, whole and damaged, and the verbs that read it: state, list, kill, ps. */
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
#include "container/record.h"
#include "container/state.h"
#include "invented.h"

/* ---- the record -------------------------------------------------------------------------------- */

static void test_round_trip(void **state)
{
	struct container_info info;

	(void)state;
	close(make_container("c1", PHASE_CREATED, 0, NULL, NULL));
	assert_int_equal(container_info(&rt, "c1", &info, &err), 0);
	assert_string_equal(info.oci_version, "1.2.0");
	assert_string_equal(info.id, "c1");
	assert_string_equal(info.bundle, root);
	assert_string_equal(info.rootfs, "/nowhere/rootfs");
	assert_int_equal(strlen(info.created), strlen("2026-01-01T00:00:00.000000000Z"));
	assert_int_equal(info.created[29], 'Z');
	if (getuid() == 0)
		assert_string_equal(info.owner, "root");
	assert_int_equal(info.n_annotations, 1);
	assert_string_equal(info.annotations[0].key, "k");
	assert_string_equal(info.annotations[0].value, "v\n\"w\"");
	assert_int_equal(info.status, STATUS_STOPPED);
	assert_int_equal(info.pid, 0);
	container_info_free(&info);
}

static void test_state_head(void **state)
{
	struct oci_str_entry entry = {.key = "a", .v = "b/c"};
	struct oci_str_map map = {.n = 1, .v = &entry};
	struct arena arena = {0};

	(void)state;
	assert_string_equal(
		state_head(&arena, "1.2.0", "c1", "/b", "/b/r", &map),
		"{\"ociVersion\":\"1.2.0\",\"id\":\"c1\",\"bundle\":\"/b\",\"root\":\"/b/r\","
		"\"annotations\":{\"a\":\"b/c\"}");
	assert_string_equal(
		state_head(&arena, "1.2.0", "c1", "/b", "/b/r", NULL),
		"{\"ociVersion\":\"1.2.0\",\"id\":\"c1\",\"bundle\":\"/b\",\"root\":\"/b/r\","
		"\"annotations\":{}");
	arena_free(&arena);
}

static void count(const struct container_info *info, void *arg)
{
	assert_string_equal(info->id, "good");
	++*(int *)arg;
}

static void test_damage(void **state)
{
	static const struct {
		const char *from, *to; /* NULL: TO is all of it */
	} damages[] = {
		{NULL, ""},
		{NULL, "\n"},
		{NULL, "garbage"},
		{NULL, "{"},
		{NULL, "[]"},
		{NULL, "{}"},
		{NULL, "null"},
		{"\"pid\":", "\"pid\":\"x\",\"xpid\":"},
		{"\"pid\":", "\"pid\":-1,\"xpid\":"},
		{"\"startTime\":", "\"startTime\":1e99,\"x\":"},
		{"\"id\":\"c1\"", "\"id\":\"other\""},
		{"\"version\":1", "\"version\":2"},
		{"\"version\":1", "\"version\":[]"},
		{"\"phase\":\"created\"", "\"phase\":\"created\",\"phase\":\"x\""},
		{"}\n", ""},
		{"}\n", "}}"},
		{"{\"version",
		 "{\"deep\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["},
	};

	(void)state;
	close(make_container("good", PHASE_CREATED, 0, NULL, NULL));
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct container_info info;
		int n = 0, dirfd;
		size_t len;
		char *text, *bad;

		make_process();
		dirfd = make_container("c1", PHASE_CREATED, child, NULL, NULL);
		assert_int_equal(fd_read_file(dirfd, STATE_FILE, 4096, &text, &len, &err), 0);
		bad = damages[i].from ? edit(text, damages[i].from, damages[i].to)
				      : strdup(damages[i].to);
		replace_record(dirfd, bad);
		close(dirfd);
		free(text);
		free(bad);

		assert_int_equal(container_info(&rt, "c1", &info, &err), -1);
		assert_non_null(strstr(err.msg, "state of container 'c1'"));
		assert_int_equal(container_kill(&rt, "c1", SIGKILL, false, &err), -1);
		assert_int_equal(container_start(&rt, "c1", &err), -1);
		assert_int_equal(container_delete(&rt, "c1", &(struct delete_options){.force = false}, &err), -1);
		assert_int_equal(container_list(&rt, count, &n, &err), 0);
		assert_int_equal(n, 1);
		assert_true(is_alive(child) && exists("c1"));
		/* by what the link beside it says */
		assert_int_equal(container_delete(&rt, "c1", &(struct delete_options){.force = true}, &err), 0);
		assert_false(is_alive(child) || exists("c1"));
		waitpid(child, NULL, 0);
		child = 0;
	}
}

static void test_delete_with_nothing_left(void **state)
{
	int dirfd;

	(void)state;
	assert_int_equal(mkdirat(rootfd, "c1", 0700), 0);
	assert_int_equal(container_delete(&rt, "c1", &(struct delete_options){.force = false}, &err), -1);
	assert_non_null(strstr(err.msg, "state.json is missing"));
	assert_int_equal(container_delete(&rt, "c1", &(struct delete_options){.force = true}, &err), 0);
	assert_false(exists("c1"));
	/* a creator that was killed before it made anything */
	dirfd = make_container("c1", PHASE_CREATING, 0, NULL, NULL);
	assert_int_equal(status_of("c1"), STATUS_STOPPED);
	assert_int_equal(container_delete(&rt, "c1", &(struct delete_options){.force = false}, &err), 0);
	close(dirfd);
	assert_false(exists("c1"));
}

/* ---- status ------------------------------------------------------------------------------------ */

static void test_status(void **state)
{
	size_t len;
	char *text, *other;
	int dirfd;

	(void)state;
	make_process();
	dirfd = make_container("c1", PHASE_RUNNING, child, NULL, NULL);
	assert_int_equal(status_of("c1"), STATUS_RUNNING);
	assert_int_equal(container_start(&rt, "c1", &err), -1);
	assert_string_equal(err.msg, "cannot start an already running container: 'c1'");

	/* of an earlier boot */
	assert_int_equal(fd_read_file(dirfd, STATE_FILE, 4096, &text, &len, &err), 0);
	other = edit(text, "\"bootId\":\"", "\"bootId\":\"x");
	replace_record(dirfd, other);
	assert_int_equal(status_of("c1"), STATUS_STOPPED);
	assert_int_equal(container_kill(&rt, "c1", SIGKILL, false, &err), -1);
	assert_true(is_alive(child));
	free(other);

	/* the number was given to another process */
	other = edit(text, "\"startTime\":", "\"startTime\":1");
	replace_record(dirfd, other);
	assert_int_equal(status_of("c1"), STATUS_STOPPED);
	assert_int_equal(container_kill(&rt, "c1", SIGKILL, false, &err), -1);
	assert_string_equal(err.msg, "container not running: 'c1': no such process");
	assert_int_equal(container_start(&rt, "c1", &err), -1);
	assert_string_equal(err.msg, "cannot start a container that has stopped: 'c1'");
	assert_true(is_alive(child));
	free(other);

	free(text);
	kill(child, SIGKILL);
	while (is_alive(child))
		usleep(1000);
	assert_int_equal(status_of("c1"), STATUS_STOPPED); /* a zombie is dead */
	close(dirfd);
}

static void test_creating(void **state)
{
	struct container_info info;
	int dirfd, claim;
	pid_t creator;

	(void)state;
	make_process();
	dirfd = make_container("c1", PHASE_CREATING, child, NULL, NULL);
	creator = fork();
	assert_true(creator >= 0);
	if (creator == 0) {
		if (state_claim(dirfd, "c1", 0, &claim, &err) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	while (state_claimed_by(dirfd) == 0)
		usleep(1000);
	assert_int_equal(container_info(&rt, "c1", &info, &err), 0);
	assert_int_equal(info.status, STATUS_CREATING);
	container_info_free(&info);
	assert_int_equal(container_delete(&rt, "c1", &(struct delete_options){.force = false}, &err), -1);
	assert_string_equal(err.msg, "container 'c1' is not stopped: it is creating");
	assert_int_equal(container_kill(&rt, "c1", SIGKILL, false, &err), -1);
	kill(creator, SIGKILL);
	waitpid(creator, NULL, 0);
	assert_int_equal(status_of("c1"), STATUS_RUNNING);

	close(dirfd);
}

static void test_kill(void **state)
{
	pid_t *pids;
	size_t n;

	(void)state;
	assert_int_equal(container_kill(&rt, "c1", SIGTERM, false, &err), -1);
	assert_string_equal(err.msg, "container does not exist: 'c1'");
	make_process();
	close(make_container("c1", PHASE_RUNNING, child, NULL, NULL));
	assert_int_equal(container_pids(&rt, "c1", &pids, &n, &err), 0);
	assert_true(n == 1 && pids[0] == child);
	free(pids);
	assert_int_equal(container_kill(&rt, "c1", 0, false, &err), 0);
	assert_int_equal(container_kill(&rt, "c1", SIGTERM, true, &err), -1);
	assert_non_null(strstr(err.msg, "has no cgroup"));
	assert_int_equal(container_pause(&rt, "c1", &err), -1);
	assert_string_equal(err.msg, "container 'c1' has no cgroup: it cannot be paused");
	assert_int_equal(container_resume(&rt, "c1", &err), -1);
	assert_string_equal(err.msg, "container 'c1' is not paused: it is running");
	assert_int_equal(container_update(&rt, "c1", &(struct oci_resources){0}, &err), -1);
	assert_string_equal(err.msg, "container 'c1' has no cgroup: it has no limits to update");
	assert_int_equal(container_kill(&rt, "c1", SIGTERM, false, &err), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	child = 0;
	assert_int_equal(container_kill(&rt, "c1", SIGTERM, true, &err), 0);
	assert_int_equal(container_kill(&rt, "c1", SIGTERM, false, &err), -1);
	assert_int_equal(err.errnum, ESRCH);
	assert_int_equal(container_pids(&rt, "c1", &pids, &n, &err), 0);
	assert_int_equal(n, 0);
	free(pids);
	assert_int_equal(container_pause(&rt, "c1", &err), -1);
	assert_string_equal(err.msg, "container 'c1' is not running: it is stopped");
}

static void test_list(void **state)
{
	char **ids;
	int n = 0;
	struct runtime nowhere = {.root = "/nowhere/root"};

	(void)state;
	close(make_container("good", PHASE_RUNNING, 0, NULL, NULL));
	assert_int_equal(mkdirat(rootfd, "Empty", 0700), 0);
	assert_int_equal(mkdirat(rootfd, ".cache", 0700), 0);
	close(openat(rootfd, "file", O_WRONLY | O_CREAT, 0600));
	assert_int_equal(symlinkat("good", rootfd, "link"), 0);
	assert_int_equal(container_ids(&rt, &ids, &err), 0);
	assert_string_equal(ids[0], "Empty");
	assert_string_equal(ids[1], "good");
	assert_null(ids[2]);
	container_ids_free(ids);
	assert_int_equal(container_list(&rt, count, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(container_ids(&nowhere, &ids, &err), 0);
	assert_null(ids[0]);
	container_ids_free(ids);
	assert_int_equal(container_list(&nowhere, count, &n, &err), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_round_trip), TEST(test_state_head),
		TEST(test_damage),     TEST(test_delete_with_nothing_left),
		TEST(test_status),     TEST(test_creating),
		TEST(test_kill),       TEST(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
