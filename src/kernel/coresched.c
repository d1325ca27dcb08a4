/* SPDX-License-Identifier: Apache-2.0 */
/* Core scheduling, prctl(PR_SCHED_CORE): see coresched.h.
 *
 * A cookie can only be taken and given by a process that has it itself, so that a child of ours carries it over.
 */
#include "coresched.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/sys.h"

int coresched_new(struct error *err)
{
	if (sys_sched_core(SYS_SCHED_CORE_CREATE, 0, SYS_SCHED_CORE_PROCESS, NULL) < 0)
		return fail(err, errno, "make a core scheduling cookie");
	return 0;
}

/* In the child: status 0, or the errno. */
_Noreturn static void carry(pid_t from, pid_t to)
{
	if (sys_sched_core(SYS_SCHED_CORE_SHARE_FROM, from, SYS_SCHED_CORE_THREAD, NULL) < 0 ||
	    sys_sched_core(SYS_SCHED_CORE_SHARE_TO, to, SYS_SCHED_CORE_PROCESS, NULL) < 0)
		_exit(errno & 0x7f);
	_exit(0);
}

int coresched_share(pid_t from, uint64_t from_start, pid_t pid, struct error *err)
{
	struct sys_clone_args args = {.flags = CLONE_PIDFD, .exit_signal = SIGCHLD};
	autoclose int source = proc_open(from, from_start);
	autoclose int carrier = -1;
	int pidfd = -1, status;
	pid_t child;

	if (source < 0)
		return fail(err, errno, "share the core scheduling cookie of process %d", (int)from);
	args.pidfd = (uint64_t)(uintptr_t)&pidfd;
	child = sys_clone3(&args);
	if (child == 0)
		carry(from, pid);
	if (child < 0)
		return fail(err, errno, "clone a process to share a core scheduling cookie");
	carrier = pidfd;
	status = proc_reap(carrier);
	if (status != 0)
		return fail(err, status < 0 ? errno : status >> 8 & 0xff,
			    "share the core scheduling cookie of process %d", (int)from);
	return 0;
}
