/* SPDX-License-Identifier: Apache-2.0 */
/* Placement of the calling process: see sched.h.
 *
 * Raw calls where musl has none: its sched_setscheduler() and sched_getscheduler() always fail.
 */
#include "sched.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include "base/cpulist.h"
#include "base/sys.h"

#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE 6
#endif

/* linux/ioprio.h came to the C libraries' include paths only with Linux 5.15's headers. */
enum { WHO_PROCESS = 1, CLASS_RT = 1, CLASS_SHIFT = 13 };
enum { POLICY_DEFAULT = 0 }; /* MPOL_DEFAULT; linux/mempolicy.h */

int sched_set_policy(const struct plan_scheduler *s, struct error *err)
{
	struct sys_sched_attr attr = {
		.size = sizeof(attr),
		.policy = (uint32_t)s->policy,
		.flags = s->flags,
		.nice = s->nice,
		.priority = s->priority,
		.runtime = s->runtime,
		.deadline = s->deadline,
		.period = s->period,
	};
	int saved;

	if (sys_sched_setattr(&attr) == 0)
		return 0;
	saved = errno;
	fail_at(err, saved, "process.scheduler", "set scheduling policy %d", s->policy);
	if (saved == EPERM)
		return error_hint(
			err,
			"a higher priority needs CAP_SYS_NICE, or RLIMIT_RTPRIO and RLIMIT_NICE; "
			"SCHED_DEADLINE also every CPU of the machine");
	if (saved == EBUSY)
		return error_hint(err, "the CPUs have no room left for that runtime and period");
	return -1;
}

int sched_set_ioprio(int ioprio, struct error *err)
{
	/* The specification says process group; ours consists of this process.  By group number it would also
	 * reach whoever shares the group before setsid(2). */
	if (sys_ioprio_set(WHO_PROCESS, 0, ioprio) < 0)
		return fail_at(err, errno, "process.ioPriority",
			       "set I/O priority class %d level %d", ioprio >> CLASS_SHIFT,
			       ioprio & 7);
	return 0;
}

int sched_set_personality(unsigned long value, struct error *err)
{
	if (personality(value) < 0)
		return fail_at(err, errno, "linux.personality", "set personality 0x%lx", value);
	return 0;
}

int sched_set_mempolicy(int mode, const unsigned long *nodes, size_t bits, struct error *err)
{
	/* The kernel takes one bit off the length it is given. */
	if (sys_set_mempolicy(mode, bits ? nodes : NULL, bits ? bits + 1 : 0) < 0)
		return fail_at(err, errno, "linux.memoryPolicy", "set memory policy 0x%x",
			       (unsigned)mode);
	return 0;
}

int sched_set_cpus(const char *list, const char *at, struct error *err)
{
	unsigned long bits[CPULIST_WORDS];
	int end = cpulist_parse(list, bits), saved;
	size_t size =
		((size_t)(end < 0 ? 0 : end) + CPULIST_BITS - 1) / CPULIST_BITS * sizeof(bits[0]);

	if (end <= 0)
		return fail_at(err, 0, at, "'%s' is not a list of CPUs", list);
	if (sched_setaffinity(0, size, (const cpu_set_t *)bits) == 0)
		return 0;
	saved = errno;
	fail_at(err, saved, at, "run on the CPUs %s", list);
	if (saved == EINVAL)
		return error_hint(err, "none of them is online and allowed by the cpuset cgroup");
	return -1;
}

int sched_reset_cpus(struct error *err)
{
	unsigned long bits[CPULIST_WORDS];

	memset(bits, 0xff, sizeof(bits));
	if (sched_setaffinity(0, sizeof(bits), (const cpu_set_t *)bits) < 0)
		return fail(err, errno, "run on all CPUs");
	return 0;
}

/* Normal scheduling, and no nicer to us than to others. */
static int reset_policy(struct error *err)
{
	struct sys_sched_attr attr = {.size = sizeof(attr)};
	bool real_time;

	if (sys_sched_getattr(&attr) < 0)
		return fail(err, errno, "read the scheduling policy");
	real_time = attr.policy == SCHED_FIFO || attr.policy == SCHED_RR ||
		    attr.policy == SCHED_DEADLINE;
	if (!real_time && attr.nice >= 0)
		return 0;
	attr = (struct sys_sched_attr){.size = sizeof(attr),
				       .policy = real_time ? SCHED_OTHER : attr.policy};
	if (sys_sched_setattr(&attr) < 0)
		return fail(err, errno, "give up the inherited scheduling priority");
	return 0;
}

int sched_reset_inherited(struct error *err)
{
	int ioprio = sys_ioprio_get(WHO_PROCESS, 0);

	if (reset_policy(err) < 0)
		return -1;
	/* A kernel without block devices has no I/O priorities; an unset one reads as class 0. */
	if (ioprio >= 0 && ioprio >> CLASS_SHIFT == CLASS_RT &&
	    sys_ioprio_set(WHO_PROCESS, 0, 0) < 0)
		return fail(err, errno, "give up the inherited I/O priority");
	if (sys_set_mempolicy(POLICY_DEFAULT, NULL, 0) < 0 &&
	    errno != ENOSYS) /* no NUMA in this kernel */
		return fail(err, errno, "reset the memory policy");
	return 0;
}
