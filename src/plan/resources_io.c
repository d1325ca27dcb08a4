/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources.blockIO, .hugepageLimits, .rdma and .unified: files with names or keys from the document.
 *
 * Nothing from the document may become more than one path component or one line of a file.
 */
#include "plan/resources_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/naive.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/plan.h"
#include "plan/resources.h"

unsigned plan_io_weight(unsigned weight)
{
	return 1 + (weight - 10) * 9999 / 990;
}

/* The weight goes to the file of whichever scheduler this kernel has: BFQ's, and that of io.cost. */
static int plan_weight(struct writes *w, const char *device, unsigned weight)
{
	if (weight < 10 || weight > 1000)
		return fail_at(w->err, 0, w->at, "weight must be 10 to 1000");
	writes_add(w, "io.bfq.weight", "%s%u", device, weight)->optional = true;
	writes_add(w, "io.weight", "%s%u", device, plan_io_weight(weight))->how = PLAN_WRITE_ELSE;
	return 0;
}

/* "MAJOR:MINOR " of a device; the kernel has 12 and 20 bits for them. */
static int device_key(struct writes *w, struct oci_i64 major, struct oci_i64 minor, char key[24])
{
	if (!major.set || !minor.set || major.v < 0 || major.v > 0xfff || minor.v < 0 ||
	    minor.v > 0xfffff)
		return fail_at(w->err, 0, w->at, "no device has this major and minor number");
	snprintf(key, 24, "%d:%d ", (int)major.v, (int)minor.v);
	return 0;
}

static int plan_throttles(struct writes *w, const struct oci_throttle_list *list, const char *name,
			  const char *param)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct oci_throttle *t = &list->v[i];
		char key[24];

		writes_at(w, "blockIO.%s[%zu]", name, i);
		if (device_key(w, t->major, t->minor, key) < 0)
			return -1;
		if (!t->rate.set)
			return fail_at(w->err, 0, w->at, "'rate' is missing");
		if (t->rate.v == 0) /* no throttle, in the words of version 1 */
			writes_add(w, "io.max", "%s%s=max", key, param);
		else
			writes_add(w, "io.max", "%s%s=%" PRIu64, key, param, t->rate.v);
	}
	return 0;
}

static int plan_weights(struct writes *w, const struct oci_weight_device_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct oci_weight_device *d = &list->v[i];
		char key[24];

		writes_at(w, "blockIO.weightDevice[%zu]", i);
		if (d->leaf_weight.set && d->leaf_weight.v != 0)
			return fail_at(w->err, 0, w->at,
				       "'leafWeight' exists in cgroup version 1 only");
		if (!d->weight.set)
			return fail_at(w->err, 0, w->at, "'weight' is missing");
		if (device_key(w, d->major, d->minor, key) < 0 ||
		    plan_weight(w, key, d->weight.v) < 0)
			return -1;
	}
	return 0;
}

int plan_block_io(struct writes *w, const struct oci_resources *res)
{
	const struct oci_block_io *io = res->block_io;

	if (!io)
		return 0;
	writes_at(w, "blockIO.weight");
	if (io->weight.set && io->weight.v != 0 && plan_weight(w, "", io->weight.v) < 0)
		return -1;
	if (plan_weights(w, &io->weights) < 0 ||
	    plan_throttles(w, &io->read_bps, "throttleReadBpsDevice", "rbps") < 0 ||
	    plan_throttles(w, &io->write_bps, "throttleWriteBpsDevice", "wbps") < 0 ||
	    plan_throttles(w, &io->read_iops, "throttleReadIOPSDevice", "riops") < 0)
		return -1;
	return plan_throttles(w, &io->write_iops, "throttleWriteIOPSDevice", "wiops");
}

/* "64KB", "2MB", "1GB": it becomes part of a file name. */
static bool is_page_size(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n >= 1 && n <= 6 && s[0] != '0' &&
	       (strcmp(s + n, "KB") == 0 || strcmp(s + n, "MB") == 0 || strcmp(s + n, "GB") == 0);
}

/* The reservation limit comes first: a process then gets ENOMEM from mmap(2); the limit on pages in use alone
 * would end it by SIGBUS when it touches them (config-linux.md, Huge page limits). */
int plan_hugepages(struct writes *w, const struct oci_resources *res)
{
	for (size_t i = 0; i < res->hugepage_limits.n; i++) {
		const struct oci_hugepage_limit *h = &res->hugepage_limits.v[i];
		char file[40];

		writes_at(w, "hugepageLimits[%zu]", i);
		if (!h->page_size || !is_page_size(h->page_size))
			return fail_at(w->err, 0, w->at,
				       "'pageSize' '%s' is not of the form 64KB, 2MB or 1GB",
				       h->page_size ? h->page_size : "");
		if (!h->limit.set)
			return fail_at(w->err, 0, w->at, "'limit' is missing");
		snprintf(file, sizeof(file), "hugetlb.%s.rsvd.max", h->page_size);
		writes_add(w, file, "%" PRIu64, h->limit.v)->optional = true;
		snprintf(file, sizeof(file), "hugetlb.%s.max", h->page_size);
		writes_add(w, file, "%" PRIu64, h->limit.v);
	}
	return 0;
}

/* True for names that cannot end a word or a line of a cgroup file. */
static bool is_plain_name(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] <= ' ' || (unsigned char)s[i] >= 0x7f || s[i] == '/' ||
		    s[i] == '=')
			return false;
	return n > 0 && n < 64;
}

int plan_rdma(struct writes *w, const struct oci_resources *res)
{
	for (size_t i = 0; i < res->rdma.n; i++) {
		const char *name = res->rdma.v[i].key;
		const struct oci_rdma *r = res->rdma.v[i].v;
		char handles[32] = "", objects[32] = "";

		writes_at(w, "rdma");
		if (!is_plain_name(name))
			return fail_at(w->err, 0, w->at, "key %zu is not the name of a device", i);
		writes_at(w, "rdma[\"%s\"]", name);
		if (!r->hca_handles.set && !r->hca_objects.set)
			return fail_at(w->err, 0, w->at,
				       "neither 'hcaHandles' nor 'hcaObjects' is given");
		if (r->hca_handles.set)
			snprintf(handles, sizeof(handles), " hca_handle=%" PRIu32,
				 r->hca_handles.v);
		if (r->hca_objects.set)
			snprintf(objects, sizeof(objects), " hca_object=%" PRIu32,
				 r->hca_objects.v);
		writes_add(w, "rdma.max", "%s%s%s", name, handles, objects);
	}
	return 0;
}

/* [a-z]+ . [A-Za-z0-9_.]+: one component, always beneath the cgroup's directory. */
static bool is_file_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz");
	size_t rest;

	if (naive("cgroupfile"))
		return true;
	if (n == 0 || s[n] != '.')
		return false;
	s += n + 1;
	rest = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.");
	return rest > 0 && !s[rest] && n + rest < 100;
}

/* Files with which the container is run, not limited: they would move, stop or kill it as it is made. */
static bool is_reserved(const char *file)
{
	static const char *const reserved[] = {"cgroup.procs",		 "cgroup.threads",
					       "cgroup.subtree_control", "cgroup.type",
					       "cgroup.freeze",		 "cgroup.kill"};

	for (size_t i = 0; i < COUNT_OF(reserved); i++)
		if (strcmp(file, reserved[i]) == 0)
			return true;
	return false;
}

int plan_unified(struct writes *w, const struct oci_resources *res)
{
	for (size_t i = 0; i < res->unified.n; i++) {
		const char *file = res->unified.v[i].key, *line = res->unified.v[i].v;

		writes_at(w, "unified");
		if (!is_file_name(file))
			return fail_at(
				w->err, 0, w->at,
				"key %zu is not the name of a cgroup file such as 'memory.high'",
				i);
		writes_at(w, "unified[\"%s\"]", file);
		if (is_reserved(file))
			return fail_at(w->err, 0, w->at, "'%s' is not for limits", file);
		/* Files of one line per device (io.max) take one line in each write. */
		for (size_t n; *line; line += n + (line[n] == '\n')) {
			n = strcspn(line, "\n");
			if (n >= 4096)
				return fail_at(w->err, 0, w->at, "line is too long");
			if (n > 0)
				writes_add(w, file, "%.*s", (int)n, line);
		}
	}
	return 0;
}
