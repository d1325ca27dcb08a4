/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduler, I/O priority, CPU lists, personality and memory policy: names to the kernel's numbers.
 *
 * Combinations that the kernel refuses with a bare EINVAL, or silently ignores, are refused here by name.
 */
#include "process.h"

#include <stdio.h>
#include <string.h>

#include "base/cpulist.h"
#include "base/str.h"
#include "libocispec/ocispec.h"
#include "plan/plan.h"

/* linux/sched.h, linux/ioprio.h, linux/mempolicy.h and linux/personality.h; written out because the C
 * libraries' own headers know only some of them. */
enum {
	POLICY_OTHER,
	POLICY_FIFO,
	POLICY_RR,
	POLICY_BATCH,
	POLICY_ISO,
	POLICY_IDLE,
	POLICY_DEADLINE
};
enum { FLAG_KEEP_POLICY = 0x08, FLAG_KEEP_PARAMS = 0x10 };
enum { DEADLINE_MIN_NS = 1024 }; /* the kernel counts deadline budgets in units of 1024 ns */

static const int policies[] = {
	[OCI_SCHED_OTHER] = POLICY_OTHER,
	[OCI_SCHED_FIFO] = POLICY_FIFO,
	[OCI_SCHED_RR] = POLICY_RR,
	[OCI_SCHED_BATCH] = POLICY_BATCH,
	[OCI_SCHED_ISO] = POLICY_ISO,
	[OCI_SCHED_IDLE] = POLICY_IDLE,
	[OCI_SCHED_DEADLINE] = POLICY_DEADLINE,
};

static const uint64_t sched_flags[] = {
	[OCI_SCHED_FLAG_RESET_ON_FORK] = 0x01,
	[OCI_SCHED_FLAG_RECLAIM] = 0x02,
	[OCI_SCHED_FLAG_DL_OVERRUN] = 0x04,
	[OCI_SCHED_FLAG_KEEP_POLICY] = FLAG_KEEP_POLICY,
	[OCI_SCHED_FLAG_KEEP_PARAMS] = FLAG_KEEP_PARAMS,
	[OCI_SCHED_FLAG_UTIL_CLAMP_MIN] = 0x20,
	[OCI_SCHED_FLAG_UTIL_CLAMP_MAX] = 0x40,
};

static int check_deadline(const struct plan_scheduler *s, const char *at, struct error *err)
{
	uint64_t period = s->period ? s->period : s->deadline;

	if (s->runtime < DEADLINE_MIN_NS)
		return plan_refuse(err, at, "runtime", "SCHED_DEADLINE needs at least %d ns",
				   DEADLINE_MIN_NS);
	if (s->deadline < s->runtime)
		return plan_refuse(err, at, "deadline", "must not be below runtime");
	if (period < s->deadline)
		return plan_refuse(err, at, "period", "must not be below deadline");
	if (period > INT64_MAX)
		return plan_refuse(err, at, s->period ? "period" : "deadline", "is too large");
	return 0;
}

/* Which parameters a policy has.  With the KEEP flags the present policy or parameters stay, so that nothing
 * can be said about what is missing. */
static int check_scheduler(const struct oci_scheduler *o, const struct plan_scheduler *s,
			   const char *at, struct error *err)
{
	const char *name = oci_choice_text(oci_type_sched_policy(), o->policy);
	bool real_time = s->policy == POLICY_FIFO || s->policy == POLICY_RR;
	bool fair = s->policy == POLICY_OTHER || s->policy == POLICY_BATCH;
	bool complete = !(s->flags & (FLAG_KEEP_POLICY | FLAG_KEEP_PARAMS));

	if (s->nice != 0 && !fair)
		return plan_refuse(err, at, "nice", "%s has no nice value", name);
	if (s->nice < -20 || s->nice > 19)
		return plan_refuse(err, at, "nice", "%d is not between -20 and 19", s->nice);
	if (o->priority.v != 0 && !real_time)
		return plan_refuse(err, at, "priority", "%s has no priority", name);
	if (real_time && (o->priority.v < (complete ? 1 : 0) || o->priority.v > 99))
		return plan_refuse(err, at, "priority", "%s needs one between 1 and 99, not %d",
				   name, o->priority.v);
	if (s->policy != POLICY_DEADLINE && (s->runtime || s->deadline || s->period))
		return plan_refuse(err, at,
				   s->runtime	 ? "runtime"
				   : s->deadline ? "deadline"
						 : "period",
				   "belongs to SCHED_DEADLINE, not to %s", name);
	return s->policy == POLICY_DEADLINE && complete ? check_deadline(s, at, err) : 0;
}

static int plan_scheduler(const struct oci_scheduler *o, const char *at, struct plan_scheduler *out,
			  struct error *err)
{
	char place[64];

	if (!o)
		return 0;
	snprintf(place, sizeof(place), "%s.scheduler", at);
	if (o->policy == 0)
		return plan_refuse(err, place, "policy", "is missing");
	out->present = true;
	out->policy = policies[o->policy];
	out->nice = o->nice.v;
	out->runtime = o->runtime.v;
	out->deadline = o->deadline.v;
	out->period = o->period.v;
	for (size_t i = 0; i < o->flags.n; i++)
		out->flags |= sched_flags[o->flags.v[i]];
	if (check_scheduler(o, out, place, err) < 0)
		return -1;
	out->priority = (uint32_t)o->priority.v;
	return 0;
}

static int plan_io_priority(const struct oci_io_priority *o, const char *at,
			    struct plan_process *out, struct error *err)
{
	static const int classes[] = {
		[OCI_IOPRIO_RT] = 1, [OCI_IOPRIO_BE] = 2, [OCI_IOPRIO_IDLE] = 3};

	if (!o)
		return 0;
	if (o->class == 0)
		return plan_refuse(err, at, "ioPriority.class", "is missing");
	if (o->priority.v < 0 || o->priority.v > 7)
		return plan_refuse(err, at, "ioPriority.priority", "%d is not between 0 and 7",
				   o->priority.v);
	out->set_ioprio = true;
	out->ioprio = classes[o->class] << 13 | o->priority.v;
	return 0;
}

static int plan_cpus(struct arena *arena, const char *list, const char *at, const char *member,
		     const char **ret, struct error *err)
{
	unsigned long bits[CPULIST_WORDS];

	if (!list || !*list)
		return 0;
	if (cpulist_parse(list, bits) <= 0)
		return plan_refuse(err, at, member, "'%s' is not a list of CPUs", list);
	*ret = arena_strdup(arena, list);
	return 0;
}

int plan_placement(struct arena *arena, const struct oci_process *p, const char *at,
		   struct plan_process *out, struct error *err)
{
	const struct oci_cpu_affinity *cpus = p->exec_cpu_affinity;

	if (plan_scheduler(p->scheduler, at, &out->scheduler, err) < 0 ||
	    plan_io_priority(p->io_priority, at, out, err) < 0)
		return -1;
	if (!cpus)
		return 0;
	if (plan_cpus(arena, cpus->initial, at, "execCPUAffinity.initial", &out->cpus_initial,
		      err) < 0)
		return -1;
	return plan_cpus(arena, cpus->final, at, "execCPUAffinity.final", &out->cpus_final, err);
}

int plan_personality(const struct oci_personality *p, struct plan_process *out, struct error *err)
{
	static const unsigned long domains[] = {
		[OCI_PER_LINUX] = 0x0000, [OCI_PER_LINUX32] = 0x0008};

	if (!p)
		return 0;
	if (p->domain == 0)
		return plan_refuse(err, "linux.personality", "domain", "is missing");
	if (p->flags.n > 0) /* config-linux.md defines none */
		return plan_refuse(err, "linux.personality", "flags[0]", "unknown flag '%s'",
				   p->flags.v[0]);
	out->set_personality = true;
	out->personality = domains[p->domain];
	return 0;
}

enum { MPOL_NUMA_BALANCING = 1 << 13, MPOL_RELATIVE = 1 << 14, MPOL_STATIC = 1 << 15 };
enum { NODES_NEVER, NODES_MAYBE, NODES_ALWAYS };

/* set_mempolicy(2): which modes take nodes. */
static const struct {
	int mode, nodes;
} modes[] = {
	[OCI_MPOL_DEFAULT] = {0, NODES_NEVER},
	[OCI_MPOL_PREFERRED] = {1, NODES_MAYBE},
	[OCI_MPOL_BIND] = {2, NODES_ALWAYS},
	[OCI_MPOL_INTERLEAVE] = {3, NODES_ALWAYS},
	[OCI_MPOL_LOCAL] = {4, NODES_NEVER},
	[OCI_MPOL_PREFERRED_MANY] = {5, NODES_ALWAYS},
	[OCI_MPOL_WEIGHTED_INTERLEAVE] = {6, NODES_ALWAYS},
};

static int check_mempolicy_flags(const struct oci_memory_policy *m, int flags, int n_nodes,
				 struct error *err)
{
	const char *mode = oci_choice_text(oci_type_mempolicy_mode(), m->mode);
	bool moving = flags & (MPOL_RELATIVE | MPOL_STATIC);

	if ((flags & MPOL_RELATIVE) && (flags & MPOL_STATIC))
		return plan_refuse(
			err, "linux.memoryPolicy", "flags",
			"MPOL_F_RELATIVE_NODES and MPOL_F_STATIC_NODES exclude each other");
	if (moving && n_nodes == 0)
		return plan_refuse(err, "linux.memoryPolicy", "flags",
				   "%s without nodes takes no flag about nodes", mode);
	if ((flags & MPOL_NUMA_BALANCING) && m->mode != OCI_MPOL_BIND &&
	    m->mode != OCI_MPOL_PREFERRED_MANY)
		return plan_refuse(err, "linux.memoryPolicy", "flags",
				   "MPOL_F_NUMA_BALANCING belongs to MPOL_BIND and "
				   "MPOL_PREFERRED_MANY, not to %s",
				   mode);
	return 0;
}

int plan_memory_policy(struct arena *arena, const struct oci_memory_policy *m,
		       struct plan_process *out, struct error *err)
{
	static const int flag_bits[] = {
		[OCI_MPOL_FLAG_NUMA_BALANCING] = MPOL_NUMA_BALANCING,
		[OCI_MPOL_FLAG_RELATIVE_NODES] = MPOL_RELATIVE,
		[OCI_MPOL_FLAG_STATIC_NODES] = MPOL_STATIC,
	};
	unsigned long bits[CPULIST_WORDS], *nodes;
	size_t words;
	int flags = 0, end = 0;

	if (!m)
		return 0;
	if (m->mode == 0)
		return plan_refuse(err, "linux.memoryPolicy", "mode", "is missing");
	if (m->nodes && *m->nodes)
		end = cpulist_parse(m->nodes, bits);
	if (end < 0)
		return plan_refuse(err, "linux.memoryPolicy", "nodes",
				   "'%s' is not a list of memory nodes", m->nodes);
	if (end > 0 && modes[m->mode].nodes == NODES_NEVER)
		return plan_refuse(err, "linux.memoryPolicy", "nodes", "%s takes none",
				   oci_choice_text(oci_type_mempolicy_mode(), m->mode));
	if (end == 0 && modes[m->mode].nodes == NODES_ALWAYS)
		return plan_refuse(err, "linux.memoryPolicy", "nodes", "%s needs at least one",
				   oci_choice_text(oci_type_mempolicy_mode(), m->mode));
	for (size_t i = 0; i < m->flags.n; i++)
		flags |= flag_bits[m->flags.v[i]];
	if (check_mempolicy_flags(m, flags, end, err) < 0)
		return -1;
	words = ((size_t)end + CPULIST_BITS - 1) / CPULIST_BITS;
	nodes = arena_array(arena, words, sizeof(*nodes));
	memcpy(nodes, bits, words * sizeof(*nodes));
	out->set_mempolicy = true;
	out->mempolicy_mode = modes[m->mode].mode | flags;
	out->mempolicy_bits = words * CPULIST_BITS;
	out->mempolicy_nodes = words ? nodes : NULL;
	return 0;
}
