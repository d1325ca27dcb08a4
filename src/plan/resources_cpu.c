/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources.cpu and .memory: the groups whose meaning in version 1 has to be converted. */
#include "plan/resources_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cpulist.h"
#include "libocispec/ocispec.h"
#include "plan/plan.h"
#include "plan/resources.h"

/* Binary logarithm of X >= 1, good to 1e-13.  Not worth a libm. */
static double log2_of(double x)
{
	double result = 0;

	for (; x >= 2; x /= 2)
		result++;
	for (double bit = 0.5; bit > 1e-15; bit /= 2) {
		x *= x;
		if (x >= 2) {
			x /= 2;
			result += bit;
		}
	}
	return result;
}

/* 10 to the power of X >= 0. */
static double exp10_of(double x)
{
	double whole = 1, sum = 1, term = 1;

	for (; x >= 1; x--)
		whole *= 10;
	for (int i = 1; i < 40; i++) {
		term *= x * 2.302585092994045684 / i; /* ln 10 */
		sum += term;
	}
	return whole * sum;
}

/* Shares and weight both are relative to siblings, with defaults of 1024 and 100 and the same ratio from the
 * default to either end; a straight line through the ends would turn 1024 into 39.  This curve goes
 * through (2, 1), (1024, 100) and (262144, 10000): log10 of the weight is quadratic in log2 of
 * the shares. */
unsigned plan_cpu_weight(uint64_t shares)
{
	double l, weight;
	unsigned floor;

	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = log2_of((double)shares);
	weight = exp10_of((l * l + 125 * l) / 612 - 7.0 / 34);
	floor = (unsigned)weight;
	/* Rounded up, but 100.0000000001 is 100. */
	return weight - floor > 1e-9 ? floor + 1 : floor;
}

static int plan_cpuset(struct writes *w, const char *name, const char *list)
{
	unsigned long bits[CPULIST_WORDS];
	char file[16];

	if (!list || !*list)
		return 0;
	writes_at(w, "cpu.%s", name);
	if (cpulist_parse(list, bits) <= 0 || strlen(list) > 2048)
		return fail_at(w->err, 0, w->at,
			       "not a list of numbers and ranges such as '0-3,7'");
	snprintf(file, sizeof(file), "cpuset.%s", name);
	writes_add(w, file, "%s", list);
	return 0;
}

/* cpu.max is "QUOTA PERIOD" or "max PERIOD".  An update may change one and must keep the other. */
static int plan_bandwidth(struct writes *w, const struct oci_cpu *cpu)
{
	bool has_period = cpu->period.set && cpu->period.v != 0;
	bool limited = cpu->quota.set && cpu->quota.v > 0;
	uint64_t period = has_period ? cpu->period.v : 100000;

	if (has_period && (period < 1000 || period > 1000000))
		return fail_at(w->err, 0, writes_at(w, "cpu.period"),
			       "period must be 1000 to 1000000 microseconds");
	if (limited && cpu->quota.v < 1000)
		return fail_at(w->err, 0, writes_at(w, "cpu.quota"),
			       "quota must be at least 1000 microseconds");
	if (limited && cpu->burst.set && cpu->burst.v > (uint64_t)cpu->quota.v)
		return fail_at(w->err, 0, writes_at(w, "cpu.burst"),
			       "burst must not be larger than the quota");
	writes_at(w, cpu->quota.set ? "cpu.quota" : "cpu.period");
	if (limited && w->update && !has_period)
		writes_add(w, "cpu.max", "%" PRId64,
			   cpu->quota.v); /* the kernel keeps the period */
	else if (limited)
		writes_add(w, "cpu.max", "%" PRId64 " %" PRIu64, cpu->quota.v, period);
	else if (cpu->quota.set && !has_period)
		writes_add(w, "cpu.max", "max")->optional = true;
	else if (w->update && has_period && !cpu->quota.set)
		writes_add(w, "cpu.max", "%" PRIu64, period)->how = PLAN_WRITE_KEEP_FIRST;
	else if (has_period)
		writes_add(w, "cpu.max", "max %" PRIu64, period)->optional = true;
	if (cpu->burst.set) {
		writes_at(w, "cpu.burst");
		writes_add(w, "cpu.max.burst", "%" PRIu64, cpu->burst.v)->optional =
			cpu->burst.v == 0;
	}
	return 0;
}

int plan_cpu(struct writes *w, const struct oci_resources *res)
{
	const struct oci_cpu *cpu = res->cpu;
	bool idle;

	if (!cpu)
		return 0;
	if (cpu->idle.set && cpu->idle.v != 0 && cpu->idle.v != 1)
		return fail_at(w->err, 0, writes_at(w, "cpu.idle"), "must be 0 or 1");
	idle = cpu->idle.set && cpu->idle.v == 1;
	if (cpu->idle.set) {
		writes_at(w, "cpu.idle");
		writes_add(w, "cpu.idle", "%d", idle)->optional = !idle;
	}
	/* 0 is what engines write for "not set".  An idle group has the least weight there is: the kernel
	 * refuses another, and takes one only once it is no longer idle. */
	if (cpu->shares.set && cpu->shares.v != 0 && !idle) {
		writes_at(w, "cpu.shares");
		writes_add(w, "cpu.weight", "%u", plan_cpu_weight(cpu->shares.v));
	}
	if (plan_bandwidth(w, cpu) < 0)
		return -1;
	if (plan_cpuset(w, "cpus", cpu->cpus) < 0)
		return -1;
	return plan_cpuset(w, "mems", cpu->mems);
}

/* A size where -1 is "no limit". */
static int plan_size(struct writes *w, const char *file, int64_t v, struct plan_write **ret)
{
	if (v < -1)
		return fail_at(w->err, 0, w->at, "size cannot be %" PRId64, v);
	*ret = v < 0 ? writes_add(w, file, "max") : writes_add(w, file, "%" PRId64, v);
	(*ret)->optional = v < 0;
	return 0;
}

/* memory.swap counts memory and swap together, memory.swap.max swap alone.  Without swap accounting the file
 * is missing: then there is no swap to allow or to forbid, only a limit that lies between cannot be had. */
static int plan_swap(struct writes *w, const struct oci_memory *memory, int64_t limit)
{
	struct plan_write *write;
	int64_t swap = memory->swap.v;

	writes_at(w, "memory.swap");
	if (!memory->swap.set) {
		if (w->update &&
		    limit < 0) /* what holds memory and swap cannot hold less than the memory */
			return plan_size(w, "memory.swap.max", -1, &write);
		return 0;
	}
	if (swap > 0 && limit <= 0)
		return fail_at(w->err, 0, w->at, "cannot limit swap without a limit of the memory");
	if (swap > 0 && swap < limit)
		return fail_at(w->err, 0, w->at,
			       "limit of memory and swap together is less than that of the memory");
	if (swap > 0)
		swap -= limit;
	if (plan_size(w, "memory.swap.max", swap, &write) < 0)
		return -1;
	write->optional = swap <= 0;
	return 0;
}

int plan_memory(struct writes *w, const struct oci_resources *res)
{
	const struct oci_memory *memory = res->memory;
	struct plan_write *write;
	int64_t limit;

	if (!memory)
		return 0;
	limit = memory->limit.set ? memory->limit.v : 0;
	if (memory->reservation.set) {
		writes_at(w, "memory.reservation");
		if (plan_size(w, "memory.low", memory->reservation.v, &write) < 0)
			return -1;
		write->optional = memory->reservation.v == 0;
	}
	if (limit != 0) { /* 0 is what engines write for "not set" */
		writes_at(w, "memory.limit");
		if (plan_size(w, "memory.max", limit, &write) < 0)
			return -1;
		if (memory->check_before_update.set && memory->check_before_update.v && limit > 0)
			write->how = PLAN_WRITE_CHECK_USAGE;
	}
	return plan_swap(w, memory, limit);
}
