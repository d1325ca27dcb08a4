/* SPDX-License-Identifier: Apache-2.0 */
/* What runs in a cgroup: frozen, listed, signalled, killed; and removing what a container has built. */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "base/str.h"
#include "kernel/devbpf.h"
#include "libocispec/ocispec.h"
#include "plan/devices.h"

#include "cgroup_fixture.h"

static void end(int sig)
{
	_exit(sig);
}

/* Ends by itself when SIGUSR1 comes: a signal with a handler waits for the thaw (a deadly one does not). */
static int catch_signal(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	signal(SIGUSR1, end);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	for (;;)
		pause();
	return 0;
}

/* SIGUSR1 blocked, so that it cannot come before the handler is there. */
static pid_t catcher_in(int dirfd)
{
	sigset_t set, old;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &old);
	pid = child_in(dirfd, catch_signal);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return pid;
}

static bool runs_on(pid_t pid)
{
	usleep(20000);
	return waitpid(pid, NULL, WNOHANG) == 0;
}

static void test_freeze(void **state)
{
	struct cgroup cg, sub;
	struct error err;
	pid_t pid;

	NEEDS_CGROUP();
	cg = must_make("f");
	sub = must_make("f/sub");
	pid = catcher_in(sub.dirfd);
	assert_false(cgroup_is_frozen(cg.dirfd));
	assert_int_equal(cgroup_freeze(cg.dirfd, true, 1000, &err), 0);
	assert_true(cgroup_is_frozen(cg.dirfd));
	assert_true(cgroup_is_frozen(sub.dirfd));
	/* beneath a frozen one there is no thawing */
	assert_int_equal(cgroup_freeze(sub.dirfd, false, 30, &err), -1);
	assert_int_equal(err.errnum, ETIMEDOUT);
	kill(pid, SIGUSR1);
	assert_true(runs_on(pid));
	assert_int_equal(cgroup_freeze(cg.dirfd, false, 1000, &err), 0);
	assert_int_equal(WEXITSTATUS(reap(pid)), SIGUSR1);
	assert_true(cgroup_wait_empty(cg.dirfd, 1000));
	fd_close(sub.dirfd);
	fd_close(cg.dirfd);
}

static void test_wait_empty(void **state)
{
	struct cgroup cg;
	struct error err;
	pid_t pid;

	NEEDS_CGROUP();
	cg = must_make("w");
	assert_true(cgroup_wait_empty(cg.dirfd, 0));
	pid = child_in(cg.dirfd, NULL);
	assert_false(cgroup_wait_empty(cg.dirfd, 20));
	assert_int_equal(cgroup_kill(cg.dirfd, &err), 0);
	assert_true(cgroup_wait_empty(cg.dirfd, 1000)); /* also before it is reaped */
	reap(pid);
	assert_int_equal(cgroup_remove(mount_point, below("w"), cg.id, 10, &err), 0);
	assert_true(cgroup_wait_empty(cg.dirfd, 0)); /* gone is empty */
	fd_close(cg.dirfd);
}

static bool contains(const pid_t *pids, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

#define LEAVES 3 /* where there are controllers, processes may live in leaves only */

static void expect_all(const pid_t *pids, int signal, int status)
{
	for (size_t i = 0; i < LEAVES; i++) {
		int got = reap(pids[i]);

		assert_int_equal(WIFSIGNALED(got) ? WTERMSIG(got) : 0, signal);
		assert_int_equal(WIFEXITED(got) ? WEXITSTATUS(got) : 0, status);
	}
}

static void test_pids_and_signals(void **state)
{
	static const char *const names[LEAVES] = {"s/a/b", "s/a/c", "s/d"};
	struct cgroup top, cg[LEAVES];
	pid_t pids[LEAVES], *found;
	struct error err;
	size_t n;

	NEEDS_CGROUP();
	top = must_make("s");
	for (size_t i = 0; i < LEAVES; i++) {
		cg[i] = must_make(names[i]);
		pids[i] = catcher_in(cg[i].dirfd);
	}
	assert_int_equal(cgroup_pids(top.dirfd, &found, &n, &err), 0);
	assert_int_equal(n, LEAVES);
	for (size_t i = 0; i < LEAVES; i++)
		assert_true(contains(found, n, pids[i]));
	free(found);
	/* paused: the signal waits */
	assert_int_equal(cgroup_freeze(top.dirfd, true, 1000, &err), 0);
	assert_int_equal(cgroup_signal_all(top.dirfd, SIGUSR1, &err), 0);
	assert_string_equal(read_value(top.dirfd, "cgroup.freeze"), "1");
	for (size_t i = 0; i < LEAVES; i++)
		assert_true(runs_on(pids[i]));
	assert_int_equal(cgroup_freeze(top.dirfd, false, 1000, &err), 0);
	expect_all(pids, 0, SIGUSR1);
	/* running: all of them, and what is left runs on */
	for (size_t i = 0; i < LEAVES; i++)
		pids[i] = child_in(cg[i].dirfd, NULL);
	assert_int_equal(cgroup_signal_all(top.dirfd, SIGHUP, &err), 0);
	expect_all(pids, SIGHUP, 0);
	assert_false(cgroup_is_frozen(top.dirfd));
	for (size_t i = 0; i < LEAVES; i++)
		pids[i] = child_in(cg[i].dirfd, NULL);
	assert_int_equal(cgroup_signal_all(top.dirfd, SIGKILL, &err), 0);
	expect_all(pids, SIGKILL, 0);
	for (size_t i = 0; i < LEAVES; i++)
		fd_close(cg[i].dirfd);
	fd_close(top.dirfd);
}

/* The caller in the cgroup itself must not freeze, nor hit itself. */
static int signal_own(void)
{
	char path[256];
	struct error err;
	int fd;

	snprintf(path, sizeof(path), "%s%s", mount_point, below("o"));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	alarm(5);
	return fd < 0 || cgroup_signal_all(fd, SIGTERM, &err) < 0 || cgroup_is_frozen(fd);
}

static void test_signal_from_within(void **state)
{
	struct cgroup cg;
	pid_t other, pid;

	NEEDS_CGROUP();
	cg = must_make("o");
	other = child_in(cg.dirfd, NULL);
	pid = child_in(cg.dirfd, signal_own);
	assert_int_equal(reap(pid), 0);
	assert_int_equal(WTERMSIG(reap(other)), SIGTERM);
	fd_close(cg.dirfd);
}

/* ---- removing ----------------------------------------------------------------------------------- */

static void test_remove(void **state)
{
	struct cgroup cg;
	struct error err;
	pid_t pid;

	NEEDS_CGROUP();
	assert_int_equal(cgroup_remove(mount_point, below("never"), 1, 10, &err), 0);
	cg = must_make("r");
	pid = child_in(cg.dirfd, NULL);
	/* a namesake is somebody else's */
	assert_int_equal(cgroup_remove(mount_point, below("r"), cg.id + 1, 100, &err), 1);
	assert_int_equal(err.errnum, ESTALE);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	assert_int_equal(cgroup_freeze(cg.dirfd, true, 1000, &err), 0);
	assert_int_equal(cgroup_remove(mount_point, below("r"), cg.id, 2000, &err), 0);
	assert_int_equal(WTERMSIG(reap(pid)), SIGKILL);
	assert_false(exists("r"));
	assert_int_equal(cgroup_open(mount_point, below("r"), 0, &(int){-1}, &err), -1);
	assert_int_equal(err.errnum, ENOENT);
	fd_close(cg.dirfd);
}

/* Hops from process to process, each a child of the one before, for five seconds at most. */
static int hop(void)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		if (fork() > 0)
			_exit(0);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < start.tv_sec + 5);
	return 0;
}

static void test_moving_target(void **state)
{
	struct cgroup cg;
	struct error err;
	pid_t keeper;
	int go[2];

	NEEDS_CGROUP();
	cg = must_make("hop");
	assert_int_equal(pipe(go), 0);
	keeper = fork(); /* takes in what the hoppers leave behind */
	assert_true(keeper >= 0);
	if (keeper == 0) {
		prctl(PR_SET_CHILD_SUBREAPER, 1);
		signal(SIGCHLD, SIG_IGN);
		for (int i = 0; i < 8; i++)
			child_in(cg.dirfd, hop);
		(void)!write(go[1], "x", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(go[0], &(char){0}, 1), 1);
	usleep(20000);
	assert_false(cgroup_wait_empty(cg.dirfd, 0));
	assert_int_equal(cgroup_remove(mount_point, below("hop"), cg.id, 3000, &err), 0);
	kill(keeper, SIGKILL);
	reap(keeper);
	close(go[0]);
	close(go[1]);
	fd_close(cg.dirfd);
}

/* The deepest of N cgroups inside one another, with as many siblings beside each as WIDE says. */
static int nest(int top, int n, int wide)
{
	int fd = fcntl(top, F_DUPFD_CLOEXEC, 3);

	for (int i = 0; i < n; i++) {
		int next;

		for (int j = 0; j < wide; j++) {
			char name[16];

			snprintf(name, sizeof(name), "s%d", j);
			assert_int_equal(mkdirat(fd, name, 0755), 0);
		}
		assert_int_equal(mkdirat(fd, "nested", 0755), 0);
		next = openat(fd, "nested", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		close(fd);
		fd = next;
	}
	return fd;
}

static void test_remove_deep_and_wide(void **state)
{
	struct rlimit old, few;
	struct cgroup cg;
	struct error err;
	pid_t *found, pid;
	size_t n;
	int fd;

	NEEDS_CGROUP();
	cg = must_make("deep");
	close(nest(cg.dirfd, 2, 500));
	fd = openat(cg.dirfd, "s7", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(nest(fd, 200, 1));
	close(fd);
	fd = openat(cg.dirfd, "s8", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	{
		int deepest = nest(fd, 200, 0);

		pid = child_in(deepest, NULL);
		close(deepest);
	}
	close(fd);
	/* no descriptor per level */
	getrlimit(RLIMIT_NOFILE, &old);
	few = (struct rlimit){16, old.rlim_max};
	setrlimit(RLIMIT_NOFILE, &few);
	assert_int_equal(cgroup_pids(cg.dirfd, &found, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(found[0], pid);
	free(found);
	if (cgroup_remove(mount_point, below("deep"), cg.id, 5000, &err) != 0)
		fail_msg("%s", err.msg);
	setrlimit(RLIMIT_NOFILE, &old);
	reap(pid);
	fd_close(cg.dirfd);
}

/* ---- devices ------------------------------------------------------------------------------------ */

#define PROBED "/dev/kmsg" /* in no default list */

static void devices(struct arena *arena, struct plan_cgroup *plan, bool allow)
{
	struct oci_device_rule rule = {
		.allow = {allow, true}, .type = "c", .major = {1, true}, .minor = {11, true}};
	struct oci_resources res = {.devices = {.n = 1, .v = &rule}};
	struct error err;

	assert_int_equal(plan_devices(arena, &res, plan, &err), 0);
}

/* 0: may be opened, 1: EPERM, 2: something else. */
static int open_probed(void)
{
	autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC); /* allowed always */
	autoclose int fd = open(PROBED, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (null < 0)
		return 2;
	return fd >= 0 ? 0 : errno == EPERM ? 1 : 2;
}

/* Opens it until it succeeds, which it must not, or until it is killed. */
static int open_for_ever(void)
{
	alarm(10);
	while (open_probed() == 1)
		;
	return 1;
}

static void test_device_program(void **state)
{
	struct plan_cgroup allow = {0}, deny = {0};
	struct arena arena = {0};
	struct cgroup cg;
	struct error err;
	pid_t pid;

	NEEDS_CGROUP();
	if (open_probed() != 0) {
		print_message("skipped: cannot open " PROBED "\n");
		skip();
	}
	devices(&arena, &allow, true);
	devices(&arena, &deny, false);
	cg = must_make("dev");
	if (devbpf_attach(cg.dirfd, deny.filter, deny.n_filter, &err) < 0) {
		if (err.errnum != EPERM)
			fail_msg("%s (%s)", err.msg, err.hint);
		print_message("skipped: no right to load device programs\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(reap(child_in(cg.dirfd, open_probed))), 1);
	/* never without one while it is replaced */
	pid = child_in(cg.dirfd, open_for_ever);
	for (int i = 0; i < 200; i++)
		assert_int_equal(devbpf_replace(cg.dirfd, deny.filter, deny.n_filter, &err), 0);
	kill(pid, SIGKILL);
	assert_true(WIFSIGNALED(reap(pid)));
	/* and never more than one: an old one would go on denying */
	assert_int_equal(devbpf_replace(cg.dirfd, allow.filter, allow.n_filter, &err), 0);
	assert_int_equal(WEXITSTATUS(reap(child_in(cg.dirfd, open_probed))), 0);
	assert_int_equal(devbpf_replace(cg.dirfd, deny.filter, deny.n_filter, &err), 0);
	assert_int_equal(WEXITSTATUS(reap(child_in(cg.dirfd, open_probed))), 1);
	assert_int_equal(devbpf_replace(cg.dirfd, NULL, 0, &err), 0);
	assert_int_equal(WEXITSTATUS(reap(child_in(cg.dirfd, open_probed))), 0);
	/* one that the verifier refuses leaves things as they are */
	assert_int_equal(devbpf_replace(cg.dirfd, deny.filter, deny.n_filter, &err), 0);
	assert_int_equal(devbpf_replace(cg.dirfd, allow.filter, allow.n_filter - 1, &err), -1);
	assert_true(err.hint[0]);
	assert_int_equal(WEXITSTATUS(reap(child_in(cg.dirfd, open_probed))), 1);
	fd_close(cg.dirfd);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cgroup_test(test_freeze),
		cgroup_test(test_wait_empty),
		cgroup_test(test_pids_and_signals),
		cgroup_test(test_signal_from_within),
		cgroup_test(test_remove),
		cgroup_test(test_moving_target),
		cgroup_test(test_remove_deep_and_wide),
		cgroup_test(test_device_program),
	};

	signal(SIGHUP, SIG_DFL); /* nohup(1) has it ignored */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
