/* SPDX-License-Identifier: Apache-2.0 */
/* Running a table of steps, with their names in errors and, when asked for, their times in a file. */
#include "step.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/sys.h"
#include "container/timing.h"

#ifdef VERT_TEST_FAULTS
/* VERT_FAULT=WHO:NAME fails that step, VERT_KILL=WHO:NAME kills the process in front of it,
 * VERT_STEPS=FILE appends the names of all steps of each table that is begun.  Test builds only. */
static int list_fd = -1; /* of the process that comes first: from inside a container the file is out of reach */

static void list_steps(const char *who, const struct step *steps, size_t n)
{
	const char *list = getenv("VERT_STEPS");
	autoclose int fd = list && list_fd < 0 ? open(list, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (fd >= 0)
		list_fd = fcntl(fd, F_DUPFD_CLOEXEC, 500);
	for (size_t i = 0; list_fd >= 0 && i < n; i++)
		dprintf(list_fd, "%s:%s\n", who, steps[i].name);
}

int steps_list_fd(void)
{
	return list_fd;
}

/* As by kill -9 from outside.  The first process of a pid namespace is deaf to its own SIGKILL; not to that of the
 * strict seccomp mode, which follows a forbidden call. */
static _Noreturn void be_killed(void)
{
	(void)raise(SIGKILL);
	(void)prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
	(void)getppid();
	_exit(128 + SIGKILL);
}

static int injected(const char *who, const char *name, struct error *err)
{
	const char *fault = getenv("VERT_FAULT"), *kill_at = getenv("VERT_KILL");
	char full[128];

	snprintf(full, sizeof(full), "%s:%s", who, name);
	if (kill_at && strcmp(kill_at, full) == 0)
		be_killed();
	if (fault && strcmp(fault, full) == 0)
		return fail(err, 0, "injected fault");
	return 0;
}
#else
static void list_steps(const char *who, const struct step *steps, size_t n)
{
	(void)who, (void)steps, (void)n;
}

int steps_list_fd(void)
{
	return -1;
}

static int injected(const char *who, const char *name, struct error *err)
{
	(void)who, (void)name, (void)err;
	return 0;
}
#endif

int steps_run(const char *who, const struct step *steps, size_t n, void *context, struct error *err)
{
	list_steps(who, steps, n);
	for (size_t i = 0; i < n; i++) {
		struct timing t;
		int rc;

		timing_begin(&t);
		rc = injected(who, steps[i].name, err);
		if (rc == 0)
			rc = steps[i].run(context, err);
		timing_end(&t, who, steps[i].name);
		if (rc < 0)
			return error_step(err, steps[i].name);
	}
	return 0;
}

/* The filter may forbid the end as well (SCMP_ACT_ERRNO by default, and no rule): _exit(2) would ask for it forever.
 * A fault is no system call, and ends even the first process of a pid namespace. */
_Noreturn void steps_exit(int status)
{
	sys_exit_group(status);
	__builtin_trap();
}

bool steps_died_by_filter(int sig)
{
	return sig == SIGSYS || sig == SIGILL; /* a forbidden call killed it; the fault of steps_exit() */
}
