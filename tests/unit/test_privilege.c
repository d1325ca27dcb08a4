/* SPDX-License-Identifier: Apache-2.0 */
/* Privileges, scheduling, labels, keyring and home directory, each done by a child to itself and then read back from
 * the kernel.  Needs no root: what takes privileges is done in a user namespace, and skipped where there is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/keyring.h"
#include "kernel/lsm.h"
#include "kernel/privilege.h"
#include "kernel/sched.h"

#include <cmocka.h> /* last: it has a macro fail() */

enum { PASSED = 0, SKIPPED = -1 }; /* else the line that failed */

static struct error err;

#define CHECK(condition)                 \
	do {                             \
		if (!(condition))        \
			return __LINE__; \
	} while (0)

/* Runs TEST in a child, whose last error comes back as well. */
static void in_child(int (*test)(void))
{
	struct {
		int line;
		struct error err;
	} result = {.line = -2};
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		alarm(20);
		result.line = test();
		result.err = err;
		_exit(write(ends[1], &result, sizeof(result)) != sizeof(result));
	}
	close(ends[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	(void)!read(ends[0], &result,
		    sizeof(result)); /* nothing there: the child died, line is -2 */
	close(ends[0]);
	if (result.line == SKIPPED)
		skip();
	if (result.line != PASSED)
		fail_msg("line %d, child's status 0x%x, last error: %s", result.line, status,
			 result.err.msg);
}

static bool write_file(const char *path, const char *text)
{
	return fd_write_at(AT_FDCWD, path, text, strlen(text)) == 0;
}

/* Root of a new user namespace in which only our own ids exist. */
static bool enter_userns(bool deny_setgroups)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[64];

	if (unshare(CLONE_NEWUSER) < 0)
		return false;
	if (deny_setgroups && !write_file("/proc/self/setgroups", "deny"))
		return false;
	snprintf(map, sizeof(map), "0 %u 1\n", uid);
	if (!write_file("/proc/self/uid_map", map))
		return false;
	snprintf(map, sizeof(map), "0 %u 1\n", gid);
	return write_file("/proc/self/gid_map", map);
}

static int reset_inherited(void)
{
	struct sigaction action;
	sigset_t set;
	int signal_now;

	sigfillset(&set);
	CHECK(sigprocmask(SIG_SETMASK, &set, NULL) == 0);
	for (int sig = 1; sig < 65; sig++)
		(void)signal(sig, SIG_IGN); /* some cannot be */
	CHECK(prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0) == 0);
	CHECK(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0);
	CHECK(personality(ADDR_NO_RANDOMIZE | PER_LINUX32) >= 0);

	CHECK(privilege_reset_inherited(&err) == 0);

	CHECK(sigprocmask(SIG_SETMASK, NULL, &set) == 0);
	for (int sig = 1; sig < 65; sig++) {
		CHECK(sigismember(&set, sig) != 1);
		if (sigaction(sig, NULL, &action) == 0)
			CHECK(action.sa_handler == SIG_DFL);
	}
	CHECK(prctl(PR_GET_PDEATHSIG, &signal_now, 0, 0, 0) == 0 && signal_now == 0);
	CHECK(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 0);
	CHECK(personality(0xffffffff) == PER_LINUX32);
	return PASSED;
}

static int no_new_privs(void)
{
	CHECK(privilege_no_new_privs(&err) == 0);
	CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	return PASSED;
}

#define CAP(n) (UINT64_C(1) << (n))

static int capabilities(void)
{
	const uint64_t bounding = CAP(0) | CAP(1) | CAP(7) | CAP(10);
	const uint64_t caps[PLAN_CAP_SETS] = {
		[PLAN_CAP_EFFECTIVE] = CAP(0) | CAP(63),
		[PLAN_CAP_PERMITTED] = CAP(0) | CAP(1) | CAP(63),
		[PLAN_CAP_INHERITABLE] =
			CAP(0) | CAP(1) | CAP(12), /* 12 is not in the bounding set */
		[PLAN_CAP_AMBIENT] = CAP(0) | CAP(7), /* 7 is not permitted */
	};
	uint64_t lost, e, p, i;

	if (!enter_userns(true))
		return SKIPPED;
	CHECK(prctl(PR_SET_SECUREBITS, 1 /* SECBIT_NOROOT */, 0, 0, 0) == 0);
	CHECK(privilege_reset_securebits(&err) == 0);
	CHECK(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) == 0);
	CHECK(privilege_drop_bounding(bounding, &err) == 0);
	for (unsigned cap = 0; cap < 41; cap++)
		CHECK(prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == (int)(bounding >> cap & 1));
	CHECK(privilege_set_ids(0, 0, NULL, 0, false, &err) == 0);
	CHECK(privilege_set_caps(caps, &lost, &err) == 0);
	CHECK(lost == (CAP(63) | CAP(12) | CAP(7)));
	CHECK(sys_capget(&e, &p, &i) == 0);
	CHECK(e == CAP(0) && p == (CAP(0) | CAP(1)) && i == (CAP(0) | CAP(1)));
	for (unsigned cap = 0; cap < 41; cap++)
		CHECK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == (cap == 0));
	/* Nothing more can be had from here, and taking nothing away is no error. */
	CHECK(privilege_set_caps(caps, &lost, &err) == 0);
	CHECK(privilege_drop_bounding(bounding, &err) == 0);
	CHECK(privilege_drop_bounding(0, &err) < 0 && err.errnum == EPERM);
	return PASSED;
}

static int no_capabilities(void)
{
	const uint64_t caps[PLAN_CAP_SETS] = {0};
	uint64_t lost, e, p, i;

	CHECK(privilege_set_caps(caps, &lost, &err) == 0 && lost == 0);
	CHECK(sys_capget(&e, &p, &i) == 0 && (e | p | i) == 0);
	return PASSED;
}

static int groups_denied(void)
{
	const gid_t groups[] = {0};
	uid_t uid = 1;

	if (!enter_userns(true))
		return SKIPPED;
	CHECK(privilege_set_ids(0, 0, NULL, 0, false, &err) == 0);
	CHECK(privilege_set_ids(0, 0, groups, 1, true, &err) == 0); /* kept as they are */
	CHECK(privilege_set_ids(0, 0, groups, 1, false, &err) < 0 && err.hint[0]);
	CHECK(privilege_set_ids(uid, 0, NULL, 0, false, &err) < 0);
	CHECK(strstr(err.msg, "user 1") && strstr(err.msg, "not mapped"));
	CHECK(privilege_set_ids(0, 1, NULL, 0, false, &err) < 0 && strstr(err.msg, "group 1"));
	return PASSED;
}

/* Root only: another user keeps the permitted set for the next step, and nothing effective. */
static int change_user(void)
{
	const gid_t groups[] = {10, 20};
	gid_t now[8];
	uint64_t e, p, i;

	if (geteuid() != 0 || setgroups(0, NULL) < 0)
		return SKIPPED;
	CHECK(privilege_set_ids(1000, 1001, groups, 2, false, &err) == 0);
	CHECK(getuid() == 1000 && geteuid() == 1000 && getgid() == 1001 && getegid() == 1001);
	CHECK(getgroups(8, now) == 2 && now[0] == 10 && now[1] == 20);
	CHECK(sys_capget(&e, &p, &i) == 0 && e == 0 && p != 0);
	CHECK(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0) == 0);
	CHECK(setresuid(0, 0, 0) < 0);
	return PASSED;
}

static int limits(void)
{
	struct plan_rlimit l[] = {
		{.resource = RLIMIT_NOFILE, .name = "RLIMIT_NOFILE", .soft = 100, .hard = 200},
		{.resource = RLIMIT_CORE, .name = "RLIMIT_CORE", .soft = 0, .hard = 0},
	};
	const uint64_t none[PLAN_CAP_SETS] = {0};
	struct rlimit now;
	uint64_t lost;

	snprintf(l[0].at, sizeof(l[0].at), "process.rlimits[0]");
	CHECK(privilege_set_rlimits(l, 2, &err) == 0);
	CHECK(getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur == 100 && now.rlim_max == 200);
	CHECK(getrlimit(RLIMIT_CORE, &now) == 0 && now.rlim_max == 0);
	CHECK(privilege_set_caps(none, &lost, &err) == 0);
	l[0].hard = UINT64_MAX;
	CHECK(privilege_set_rlimits(l, 2, &err) < 0);
	CHECK(err.errnum == EPERM && strcmp(err.where, "process.rlimits[0]") == 0);
	CHECK(strstr(err.msg, "RLIMIT_NOFILE to 100:unlimited while the hard limit is 200"));
	CHECK(strstr(err.hint, "CAP_SYS_RESOURCE"));
	return PASSED;
}

static int oom_score(void)
{
	autoclose int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	autoclose int not_proc = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const uint64_t none[PLAN_CAP_SETS] = {0};
	uint64_t lost;
	int now = 0;

	CHECK(privilege_set_oom_score(proc, 0, 700, false, &now, &err) == 0 && now == 700);
	CHECK(privilege_set_oom_score(proc, getpid(), 800, false, NULL, &err) == 0);
	/* What is left without the capability is the value that was there at the start of the process. */
	CHECK(privilege_set_caps(none, &lost, &err) == 0);
	CHECK(privilege_set_oom_score(proc, 0, 900, false, &now, &err) == 0 && now == 900);
	CHECK(privilege_set_oom_score(proc, 0, -1000, false, &now, &err) < 0 &&
	      err.errnum == EACCES);
	CHECK(privilege_set_oom_score(proc, 0, -1000, true, &now, &err) == 0 && now == 900);
	CHECK(privilege_set_oom_score(not_proc, 0, 900, false, &now, &err) < 0);
	return PASSED;
}

/* getppid() is answered with errno 77, everything else allowed. */
static const struct sock_filter insns[] = {
	{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
	{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_getppid},
	{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | 77},
	{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
};

static int filter(void)
{
	struct plan_filter f = {
		.present = true, .n = COUNT_OF(insns), .insns = insns, .flags = 1u << 30};
	const uint64_t none[PLAN_CAP_SETS] = {0};
	uint64_t lost;
	int listener = 5;

	CHECK(privilege_set_caps(none, &lost, &err) == 0);
	CHECK(privilege_load_filter(&f, &listener, &err) < 0 && err.errnum == EINVAL &&
	      err.hint[0]);
	f.flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	CHECK(privilege_load_filter(&f, &listener, &err) < 0 && err.errnum == EACCES);
	CHECK(strstr(err.hint, "noNewPrivileges"));
	CHECK(privilege_no_new_privs(&err) == 0);
	CHECK(privilege_load_filter(&f, &listener, &err) == 0 && listener == -1);
	CHECK(syscall(SYS_getppid) == -1 && errno == 77);
	f.notify = true;
	CHECK(privilege_load_filter(&f, &listener, &err) == 0 && listener > 2);
	CHECK(fcntl(listener, F_GETFD) == FD_CLOEXEC);
	CHECK(privilege_load_filter(&f, &listener, &err) < 0 && err.errnum == EBUSY && err.hint[0]);
	return PASSED;
}

static int cpus(void)
{
	cpu_set_t before, now;

	CHECK(sched_getaffinity(0, sizeof(before), &before) == 0);
	CHECK(sched_reset_cpus(&err) == 0);
	CHECK(sched_getaffinity(0, sizeof(before), &before) == 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		char list[16];

		if (!CPU_ISSET(cpu, &before))
			continue;
		snprintf(list, sizeof(list), "%d", cpu);
		CHECK(sched_set_cpus(list, "at", &err) == 0);
		CHECK(sched_getaffinity(0, sizeof(now), &now) == 0);
		CHECK(CPU_COUNT(&now) == 1 && CPU_ISSET(cpu, &now));
		break;
	}
	CHECK(sched_reset_cpus(&err) == 0);
	CHECK(sched_getaffinity(0, sizeof(now), &now) == 0 && CPU_EQUAL(&now, &before));
	CHECK(sched_set_cpus("8191", "process.here", &err) < 0 &&
	      strcmp(err.where, "process.here") == 0);
	CHECK(sched_set_cpus("x", "process.here", &err) < 0);
	return PASSED;
}

static int scheduling(void)
{
	struct plan_scheduler batch = {.present = true, .policy = 3, .nice = 5},
			      iso = {.present = true, .policy = 4};
	struct plan_scheduler fifo = {.present = true, .policy = 1, .priority = 1};
	struct sys_sched_attr attr = {0};

	CHECK(sched_set_policy(&batch, &err) == 0);
	CHECK(sched_reset_inherited(&err) == 0); /* no advantage, so nothing to take */
	CHECK(sys_sched_getattr(&attr) == 0 && attr.policy == 3 && attr.nice == 5);
	CHECK(sched_set_policy(&iso, &err) < 0 && strcmp(err.where, "process.scheduler") == 0);
	if (sched_set_policy(&fifo, &err) == 0) {
		CHECK(sched_reset_inherited(&err) == 0);
		CHECK(sys_sched_getattr(&attr) == 0 && attr.policy == 0 && attr.nice == 0);
	} else {
		CHECK(err.errnum == EPERM && strstr(err.hint, "CAP_SYS_NICE"));
	}
	CHECK(sched_set_ioprio(3 << 13 | 7, &err) == 0);
	CHECK(sys_ioprio_get(1, 0) >> 13 == 3);
	CHECK(sched_set_ioprio(7 << 13, &err) < 0 && strcmp(err.where, "process.ioPriority") == 0);
	CHECK(sched_set_personality(PER_LINUX32, &err) == 0 &&
	      personality(0xffffffff) == PER_LINUX32);
	CHECK(sched_set_mempolicy(2, (const unsigned long[]){1}, 64, &err) == 0 ||
	      err.errnum == ENOSYS);
	CHECK(sched_set_mempolicy(0, NULL, 0, &err) == 0 || err.errnum == ENOSYS);
	CHECK(sched_set_mempolicy(99, NULL, 0, &err) < 0);
	return PASSED;
}

/* The engines look for the path in back-quotes that ends in /exec. */
static int labels(void)
{
	autoclose int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *path;

	CHECK(lsm_set_apparmor(proc, "vert-test-absent-profile", &err) < 0);
	path = strstr(err.msg, "`/proc/self/attr/");
	CHECK(path && strstr(path, "exec`") && strstr(err.msg, "vert-test-absent-profile"));
	CHECK(lsm_require(NULL, NULL, &err) == 0);
	if (!lsm_apparmor_enabled()) {
		CHECK(lsm_require("some-profile", NULL, &err) < 0 &&
		      strstr(err.msg, "some-profile"));
		CHECK(strcmp(err.where, "process.apparmorProfile") == 0);
	}
	if (!lsm_selinux_enabled()) {
		CHECK(lsm_require(NULL, "some_label", &err) < 0 && strstr(err.msg, "some_label"));
		CHECK(lsm_set_selinux(proc, "some_label", &err) < 0 &&
		      strstr(err.msg, "`/proc/self/attr/exec`"));
		CHECK(lsm_set_selinux_key(proc, "some_label", &err) < 0);
	}
	return PASSED;
}

static int keyring(void)
{
	long before = sys_keyctl(KEYCTL_GET_KEYRING_ID, (unsigned long)KEY_SPEC_SESSION_KEYRING, 0,
				 0, 0),
	     now;
	char text[256] = "";

	if (before < 0)
		return SKIPPED; /* no keyrings here, or keyctl is forbidden */
	CHECK(keyring_join("vert-test", false, &err) == 0);
	now = sys_keyctl(KEYCTL_GET_KEYRING_ID, (unsigned long)KEY_SPEC_SESSION_KEYRING, 0, 0, 0);
	CHECK(now > 0 && now != before);
	CHECK(sys_keyctl(KEYCTL_DESCRIBE, (unsigned long)now, (unsigned long)text, sizeof(text) - 1,
			 0) > 0);
	CHECK(strstr(text, ";_ses.vert-test") &&
	      strstr(text, ";3f1b0000;")); /* 0x..1[3->b]: search for the user */
	return PASSED;
}

#define CHILD(name)                           \
	static void test_##name(void **state) \
	{                                     \
		(void)state;                  \
		in_child(name);               \
	}
CHILD(reset_inherited)
CHILD(no_new_privs)
CHILD(capabilities)
CHILD(no_capabilities)
CHILD(groups_denied)
CHILD(change_user)
CHILD(limits)
CHILD(oom_score)
CHILD(filter)
CHILD(cpus)
CHILD(scheduling)
CHILD(labels)
CHILD(keyring)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reset_inherited), cmocka_unit_test(test_no_new_privs),
		cmocka_unit_test(test_capabilities),	cmocka_unit_test(test_no_capabilities),
		cmocka_unit_test(test_groups_denied),	cmocka_unit_test(test_change_user),
		cmocka_unit_test(test_limits),		cmocka_unit_test(test_oom_score),
		cmocka_unit_test(test_filter),		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_scheduling),	cmocka_unit_test(test_labels),
		cmocka_unit_test(test_keyring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
