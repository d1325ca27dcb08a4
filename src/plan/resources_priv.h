/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files that plan linux.resources: the growing list of writes.  Not for others. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct arena;
struct oci_resources;
struct plan_cgroup;
struct plan_write;

struct writes {
	struct arena *arena;
	struct plan_cgroup *out;
	size_t room;
	bool update;	    /* PLAN_RESOURCES_UPDATE */
	const char *prefix; /* of the places in errors: "linux.resources." or "" */
	char at[160];	    /* the place the next writes and errors are about */
	struct error *err;
};

/* Sets the place: the prefix and the formatted rest.  Returns it. */
__attribute__((format(printf, 2, 3))) const char *writes_at(struct writes *w, const char *fmt, ...);

/* Appends FILE with a formatted value, asked for by the present place.  Valid until the next call. */
__attribute__((format(printf, 3, 4))) struct plan_write *writes_add(struct writes *w, const char *file,
								    const char *fmt, ...);

/* One of these per group; 0, or -1 with the error filled. */
int plan_cpu(struct writes *w, const struct oci_resources *res);
int plan_memory(struct writes *w, const struct oci_resources *res);
int plan_block_io(struct writes *w, const struct oci_resources *res);
int plan_hugepages(struct writes *w, const struct oci_resources *res);
int plan_rdma(struct writes *w, const struct oci_resources *res);
int plan_unified(struct writes *w, const struct oci_resources *res);
