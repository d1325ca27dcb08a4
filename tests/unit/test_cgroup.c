/* SPDX-License-Identifier: Apache-2.0 */
/* Paths, making a cgroup, writing limits and updating them. */
#include "base/str.h"

#include "cgroup_fixture.h"

/* ---- without privilege -------------------------------------------------------------------------- */

static void test_split(void **state)
{
	static const char *const hostile[] = {"",      "/",	"//",	  ".",	  "..",	  "/..",
					      "/a/..", "/../a", "a/../b", "/a/.", "/./a", "/a//b",
					      "/a/",   "a/",	"/a/./b", "/.."};
	char parent[CGROUP_PATH_MAX], longest[CGROUP_PATH_MAX + 2];
	struct error err;
	const char *name;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(hostile); i++)
		if (cgroup_split(hostile[i], parent, &name, &err) == 0)
			fail_msg("accepted: '%s'", hostile[i]);
	assert_int_equal(cgroup_split("/a", parent, &name, &err), 0);
	assert_string_equal(parent, "");
	assert_string_equal(name, "a");
	assert_int_equal(cgroup_split("//x.slice/..b/c...", parent, &name, &err), 0);
	assert_string_equal(parent, "x.slice/..b");
	assert_string_equal(name, "c...");
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(cgroup_split(longest, parent, &name, &err), -1);
	longest[256] = '\0'; /* a component too long by one */
	assert_int_equal(cgroup_split(longest, parent, &name, &err), -1);
	longest[255] = '\0';
	assert_int_equal(cgroup_split(longest, parent, &name, &err), 0);
}

static void test_words(void **state)
{
	(void)state;
	assert_true(cgroup_has_word("cpu memory\n", "cpu", 3));
	assert_true(cgroup_has_word("cpu memory\n", "memory", 6));
	assert_false(cgroup_has_word("cpuset memory\n", "cpu", 3));
	assert_false(cgroup_has_word("", "cpu", 3));
	assert_int_equal(cgroup_controller_length("memory.swap.max"), 6);
	assert_int_equal(cgroup_controller_length("cgroup.max.depth"), 0);
	assert_int_equal(cgroup_controller_length("cpu.pressure"), 0);
}

static void test_own_path(void **state)
{
	char path[4096];

	(void)state;
	if (cgroup_own_path(path, sizeof(path)) < 0) /* version 1 only, or no /proc */
		skip();
	assert_int_equal(path[0], '/');
	assert_int_equal(cgroup_own_path(path, 1), -1);
}

static void test_no_hierarchy(void **state)
{
	struct plan_cgroup plan = {.manager = PLAN_CGROUP_FS, .mount = "/proc", .path = "/x"};
	struct cgroup cg;
	struct error err;

	(void)state;
	assert_int_equal(cgroup_make(&plan, &cg, &err), -1);
	assert_non_null(strstr(err.msg, "no cgroup version 2 is mounted at '/proc'"));
	assert_int_equal(cgroup_remove("/proc", "/self", 0, 10, &err), -1);
	plan.mount = "/nowhere";
	assert_int_equal(cgroup_make(&plan, &cg, &err), -1);
	plan.optional = true;
	assert_int_equal(cgroup_make(&plan, &cg, &err), 0);
	assert_int_equal(cg.dirfd, -1);
	cgroup_undo(&plan, &cg);
}

/* ---- making ------------------------------------------------------------------------------------- */

static void test_make_and_undo(void **state)
{
	struct plan_cgroup plan = plan_for("a/b/c");
	struct cgroup cg = CGROUP_NONE, other;
	struct error err;
	struct stat st;
	pid_t pid;

	NEEDS_CGROUP();
	cgroup_undo(&plan, &cg);
	cg = must_make("a/b/c");
	assert_true(cg.created);
	assert_int_equal(cg.parents, 2);
	assert_int_equal(fstat(cg.dirfd, &st), 0);
	assert_int_equal(cg.id, st.st_ino);
	assert_true(fcntl(cg.dirfd, F_GETFD) & FD_CLOEXEC);
	pid = child_in(cg.dirfd, NULL);
	/* another container below the same parent keeps it */
	other = must_make("a/d");
	assert_int_equal(other.parents, 0);
	cgroup_undo(&plan, &cg);
	assert_true(WIFSIGNALED(reap(pid)));
	assert_int_equal(cg.dirfd, -1);
	assert_false(exists("a/b"));
	assert_true(exists("a/d"));
	cgroup_undo(&plan, &cg); /* twice does no harm */
	plan = plan_for("a/d");
	cgroup_undo(&plan, &other);
	assert_true(exists("a")); /* not made by this one */
	assert_int_equal(cgroup_remove(mount_point, below("a"), 0, 100, &err), 0);
}

static void test_existing(void **state)
{
	struct plan_cgroup plan = plan_for("x/sub");
	struct cgroup cg, again;
	struct error err;
	pid_t pid;

	NEEDS_CGROUP();
	cg = must_make("x");
	/* empty: taken over, and not removed by undo */
	again = must_make("x");
	assert_false(again.created);
	assert_int_equal(again.id, cg.id);
	plan = plan_for("x");
	cgroup_undo(&plan, &again);
	assert_true(exists("x"));
	/* somebody is in it, or beneath it */
	again = must_make("x/sub");
	pid = child_in(again.dirfd, NULL);
	assert_int_equal(cgroup_make(&plan, &cg, &err), -1);
	assert_non_null(strstr(err.msg, "container's cgroup is not empty: 1 process(es) found"));
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0); /* and lives on */
	plan.optional = true;
	assert_int_equal(cgroup_make(&plan, &cg, &err), -1); /* this is no lack of rights */
	plan = plan_for("x/sub");
	cgroup_undo(&plan, &again);
	reap(pid);
}

static void test_frozen(void **state)
{
	struct plan_cgroup plan = plan_for("x");
	struct cgroup cg, again;
	struct error err;

	NEEDS_CGROUP();
	cg = must_make("x");
	assert_int_equal(cgroup_freeze(cg.dirfd, true, 1000, &err), 0);
	assert_int_equal(cgroup_make(&plan, &again, &err), -1);
	assert_non_null(strstr(err.msg, "container's cgroup unexpectedly frozen"));
	assert_true(exists("x"));
	fd_close(cg.dirfd);
}

static int make_as_nobody(void)
{
	struct plan_cgroup plan = plan_for("denied");
	struct cgroup cg;
	struct error err;

	if (sys_setresgid(65534) < 0 || sys_setresuid(65534) < 0)
		return 9;
	if (cgroup_make(&plan, &cg, &err) == 0 || err.errnum != EACCES)
		return 1;
	plan.optional = true;
	if (cgroup_make(&plan, &cg, &err) < 0 || cg.dirfd != -1)
		return 2;
	return 0;
}

static void test_not_allowed(void **state)
{
	struct cgroup cg;

	NEEDS_CGROUP();
	cg = must_make("child");
	assert_int_equal(reap(child_in(cg.dirfd, make_as_nobody)), 0);
	assert_false(exists("denied"));
	fd_close(cg.dirfd);
}

/* They make and remove the same parents over and over: all must win each time. */
static int make_many(void)
{
	char name[64];

	snprintf(name, sizeof(name), "p/q/%d", (int)getpid());
	for (int i = 0; i < 50; i++) {
		struct plan_cgroup plan = plan_for(name);
		struct cgroup cg;
		struct error err;

		if (cgroup_make(&plan, &cg, &err) < 0) {
			dprintf(2, "%s\n", err.msg);
			return 1;
		}
		cgroup_undo(&plan, &cg);
	}
	return 0;
}

static void test_race(void **state)
{
	struct cgroup cg;
	pid_t pids[6];
	int failed = 0;

	NEEDS_CGROUP();
	cg = must_make("child");
	for (size_t i = 0; i < COUNT_OF(pids); i++)
		pids[i] = child_in(cg.dirfd, make_many);
	for (size_t i = 0; i < COUNT_OF(pids); i++)
		failed += reap(pids[i]) != 0;
	assert_int_equal(failed, 0);
	fd_close(cg.dirfd);
}

static void test_missing_controller(void **state)
{
	struct plan_write writes[] = {
		{.file = "gone.max", .value = "1", .optional = true},
		{.file = "nosuch.max",
		 .value = "1",
		 .at = "linux.resources.unified[\"nosuch.max\"]"},
	};
	struct plan_cgroup plan = plan_for("n/c");
	struct cgroup cg;
	struct error err;

	NEEDS_CGROUP();
	plan.writes = writes;
	plan.n_writes = COUNT_OF(writes);
	assert_int_equal(cgroup_make(&plan, &cg, &err), -1);
	assert_non_null(strstr(err.msg, "controller 'nosuch' is not available"));
	assert_string_equal(err.where, writes[1].at);
	assert_true(err.hint[0]);
	assert_false(exists("n"));
}

/* Controllers cannot be had below a cgroup with processes; trying must not turn it into a threaded one. */
static void test_busy_parent(void **state)
{
	struct plan_write w = {.at = "here", .value = "1"};
	struct plan_cgroup plan = plan_for("own/sub/c");
	struct cgroup own, cg;
	char file[64];
	struct error err;
	pid_t pid;

	NEEDS_CGROUP();
	own = must_make("own");
	snprintf(file, sizeof(file), "%s", read_value(own.dirfd, "cgroup.controllers"));
	file[strcspn(file, " ")] = '\0';
	pid = child_in(own.dirfd, NULL);
	if (file[0]) {
		strcat(file, ".max");
		w.file = file;
		plan.writes = &w;
		plan.n_writes = 1;
		assert_int_equal(cgroup_make(&plan, &cg, &err), -1);
		assert_int_equal(err.errnum, EBUSY);
		assert_non_null(strstr(err.msg, "/own'"));
		assert_non_null(strstr(err.hint, "processes of its own"));
		assert_string_equal(err.where, "here");
		assert_false(exists("own/sub"));
		plan.n_writes = 0; /* nothing asked for: no controllers, and no harm */
	}
	assert_int_equal(cgroup_make(&plan, &cg, &err), 0);
	assert_string_equal(read_value(own.dirfd, "cgroup.type"), "domain");
	assert_string_equal(read_value(cg.dirfd, "cgroup.type"), "domain");
	cgroup_undo(&plan, &cg);
	kill(pid, SIGKILL);
	reap(pid);
	fd_close(own.dirfd);
}

static void test_delegate(void **state)
{
	struct cgroup cg;
	struct error err;
	struct stat st;

	NEEDS_CGROUP();
	cg = must_make("d");
	assert_int_equal(cgroup_delegate(cg.dirfd, 1234, 5678, &err), 0);
	assert_int_equal(fstat(cg.dirfd, &st), 0);
	assert_int_equal(st.st_uid, 1234);
	assert_int_equal(st.st_gid, 5678);
	assert_int_equal(fstatat(cg.dirfd, "cgroup.procs", &st, 0), 0);
	assert_int_equal(st.st_uid, 1234);
	assert_int_equal(fstatat(cg.dirfd, "cgroup.kill", &st, 0), 0);
	assert_int_equal(st.st_uid, 0);
	fd_close(cg.dirfd);
}

/* ---- writing ------------------------------------------------------------------------------------ */

static void test_apply(void **state)
{
	const struct plan_write fine[] = {
		{.file = "cgroup.max.depth", .value = "5"},
		{.file = "nosuch.first", .value = "1", .optional = true},
		{.file = "cgroup.max.depth", .value = "6", .how = PLAN_WRITE_ELSE},
		{.file = "nosuch.second", .value = "1", .how = PLAN_WRITE_ELSE},
		{.file = "cgroup.max.descendants", .value = "7"},
	};
	const struct plan_write neither[] = {
		{.file = "nosuch.first", .value = "1", .optional = true},
		{.file = "nosuch.second", .value = "1", .how = PLAN_WRITE_ELSE, .at = "here"},
	};
	const struct plan_write invalid = {
		.file = "cgroup.max.depth", .value = "-5", .at = "there"};
	const struct plan_write unknown = {.file = "cgroup.nosuch", .value = "1", .at = "where"};
	struct cgroup cg;
	struct error err;

	NEEDS_CGROUP();
	cg = must_make("a");
	assert_int_equal(cgroup_apply(cg.dirfd, fine, COUNT_OF(fine), &err), 0);
	assert_string_equal(read_value(cg.dirfd, "cgroup.max.depth"), "6");
	assert_string_equal(read_value(cg.dirfd, "cgroup.max.descendants"), "7");
	assert_int_equal(cgroup_apply(cg.dirfd, neither, COUNT_OF(neither), &err), -1);
	assert_string_equal(err.where, "here");
	assert_non_null(strstr(err.msg, "controller 'nosuch'"));
	assert_int_equal(cgroup_apply(cg.dirfd, &invalid, 1, &err), -1);
	assert_string_equal(err.where, "there");
	assert_string_equal(err.msg,
			    "write '-5' to 'cgroup.max.depth': numerical result out of range");
	assert_int_equal(cgroup_apply(cg.dirfd, &unknown, 1, &err), -1);
	assert_string_equal(err.msg, "this kernel's cgroups have no file 'cgroup.nosuch'");
	fd_close(cg.dirfd);
}

static void test_update(void **state)
{
	const struct plan_write fine[] = {
		{.file = "cgroup.max.depth", .value = "9"},
		{.file = "nosuch.max", .value = "max", .optional = true},
		{.file = "cgroup.max.descendants", .value = "8"},
		{.file = "cgroup.max.depth", .value = "10"}, /* the later one counts */
	};
	struct plan_write bad[] = {
		{.file = "cgroup.max.depth", .value = "3"},
		{.file = "cgroup.max.descendants", .value = "4"},
		{.file = "cgroup.max.descendants", .value = "rubbish", .at = "here"},
	};
	struct cgroup cg;
	struct error err;

	NEEDS_CGROUP();
	cg = must_make("a");
	assert_int_equal(cgroup_update(cg.dirfd, fine, COUNT_OF(fine), &err), 0);
	assert_string_equal(read_value(cg.dirfd, "cgroup.max.depth"), "10");
	assert_string_equal(read_value(cg.dirfd, "cgroup.max.descendants"), "8");
	assert_int_equal(cgroup_update(cg.dirfd, bad, COUNT_OF(bad), &err), -1);
	assert_string_equal(err.where, "here");
	assert_string_equal(read_value(cg.dirfd, "cgroup.max.depth"), "10");
	assert_string_equal(read_value(cg.dirfd, "cgroup.max.descendants"), "8");
	/* a file that is not there is seen before anything is written */
	bad[2].file = "nosuch.max";
	assert_int_equal(cgroup_update(cg.dirfd, bad, COUNT_OF(bad), &err), -1);
	assert_non_null(strstr(err.msg, "controller 'nosuch'"));
	assert_string_equal(read_value(cg.dirfd, "cgroup.max.depth"), "10");
	fd_close(cg.dirfd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),	 cmocka_unit_test(test_words),
		cmocka_unit_test(test_own_path), cmocka_unit_test(test_no_hierarchy),
		cgroup_test(test_make_and_undo), cgroup_test(test_existing),
		cgroup_test(test_frozen),	 cgroup_test(test_not_allowed),
		cgroup_test(test_race),		 cgroup_test(test_missing_controller),
		cgroup_test(test_busy_parent),	 cgroup_test(test_delegate),
		cgroup_test(test_apply),	 cgroup_test(test_update),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
