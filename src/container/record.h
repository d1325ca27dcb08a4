/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a container (state.json), read back, and what follows from it and from the kernel.
 *
 * Only vert has this: reading needs libocispec.  The kernel's word outweighs the record's: a process is
 * believed to be the container's only with the start time and the boot it was recorded with, "created"
 * is whether somebody listens on the start socket, "paused" is the cgroup's own state.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "container/container.h"
#include "libocispec/ocispec.h"
#include "plan/plan.h"

#define RECORD_VERSION 1

#define PHASE_CREATING "creating"
#define PHASE_CREATED "created"
#define PHASE_RUNNING "running"

/* The constant part of the record for state_write(), without the closing brace.  The caller gives oci_version, id,
 * bundle, rootfs, owner, annotations, cgroup_manager, rootless, private_pid, has_process and hooks
 * (record_set_hooks()); version, created and boot_id are filled in.  NULL: failed. */
MUST_CHECK const char *record_head(struct arena *arena, struct oci_record *r, struct error *err);

/* The constant part of the OCI state for hooks_state() and the seccomp agent, without the closing brace. */
const char *state_head(struct arena *arena, const char *oci_version, const char *id, const char *bundle,
		       const char *rootfs, const struct oci_str_map *annotations);

/* Reads the record in the state directory DIRFD.  Missing, damaged, another container's or written by a newer
 * version: -1. */
MUST_CHECK int record_read(int dirfd, const char *id, struct arena *arena, struct oci_record **ret,
			   struct error *err);

/* Has the configuration hooks of this kind?  The record says so, to save reading the configuration, when create has
 * told it: HOOKS[PLAN_HOOK_KINDS]. */
void record_set_hooks(struct oci_record *r, struct arena *arena, const struct plan_hooks *hooks);
bool record_has_hooks(const struct oci_record *r, enum plan_hook_kind kind);

/* An annotation, NULL: not there. */
const char *record_annotation(const struct oci_record *r, const char *key);

/* A container that a verb works on. */
struct container {
	const char *id;			/* the caller's */
	int rootfd, dirfd;
	int claim;			/* state_claim()'s, -1: it is not ours */
	struct arena arena;
	struct oci_record *record;	/* NULL: cannot be read */
	bool this_boot;			/* if not, its pid and its cgroup are not the container's */
	enum container_status status;	/* as it was when opened */
	pid_t pid;			/* 0 and -1 when its first process is dead */
	int pidfd;
	int cgroup;			/* its directory while the process lives, -1: none */
};

#define CONTAINER_NONE ((struct container){.rootfd = -1, .dirfd = -1, .claim = -1, .pidfd = -1, .cgroup = -1})

/* Opens the state directory, reads the record and looks at the process.  *RET is always fit for
 * container_close(), also after -1. */
MUST_CHECK int container_open(const struct runtime *rt, const char *id, struct container *ret, struct error *err);

/* The two halves of it: the directory alone; the record (again), the process and the status. */
MUST_CHECK int container_open_dir(const struct runtime *rt, const char *id, struct container *ret,
				  struct error *err);
MUST_CHECK int container_look(struct container *c, struct error *err);
void container_close(struct container *c);

/* The configuration as it was at create. */
MUST_CHECK int container_config(struct container *c, struct oci_config **ret, struct error *err);

/* Where the cgroup of the record is; MOUNT is a buffer.  False: there is none, or it is under no mount. */
struct cgroup_place {
	char mount[64];
	const char *path;
};
bool record_cgroup_place(const char *directory, struct cgroup_place *ret);

/* Opens the container's cgroup, if it is still the one that was made for it.  It has none (any more): *RET is -1. */
MUST_CHECK int container_open_cgroup(const struct container *c, int *ret_dirfd, struct error *err);
