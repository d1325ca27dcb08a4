/* SPDX-License-Identifier: Apache-2.0 */
/* The command lines of CRIU, which dumps a container's processes and brings them back: criu(8).
 *
 * CRIU is asked to leave control groups alone: vert makes the container's, its limits and its device program anew, and
 * starts CRIU in it.  What is of the host (bind mounts, hidden files, the container's cgroup, joined namespaces,
 * standard streams) is external: named in the dump, given again at the restore.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "plan/plan.h"

struct arena;

/* The options of checkpoint and restore; strings are NULL when not given. */
struct criu_options {
	const char *image_path, *work_path;	/* NULL: "./checkpoint", and the same as the image */
	const char *parent_path;		/* the image of an earlier pre-dump, relative to this one */
	const char *page_server;		/* ADDRESS:PORT */
	const char *manage_cgroups, *network_lock, *lsm_profile, *lsm_mount_context;
	const char *config;			/* org.criu.config */
	const char *freeze_cgroup;		/* dump: directory of the cgroup of what is paused */
	const char *const *empty_ns;		/* "network" */
	bool pre_dump, leave_running, tcp_established, tcp_close, tcp_skip_in_flight, ext_unix_sk, shell_job,
		file_locks, link_remap, lazy_pages, auto_dedup;
	uint32_t status_fd;			/* 0: none */
};

/* Something of the host in the container. */
struct criu_external {
	const char *inside;	/* dump: its path in the container */
	const char *name;	/* the destination in config.json */
};

/* argv for `criu dump` of process PID whose root is ROOTFS.  PATHS are absolute in O.  NAMESPACES: ready-made values of
 * --external and FILES too, NULL-terminated.  *RET lives in ARENA. */
MUST_CHECK int plan_criu_dump(struct arena *arena, const struct criu_options *o, pid_t pid, const char *rootfs,
			      const struct criu_external *mounts, size_t n_mounts, const char *const *others,
			      struct plan_strings *ret, struct error *err);

/* Fills PLAN->criu, but for program and path.  DESCRIPTORS: the three strings of CRIU_DESCRIPTORS, "" where one is not
 * to be given again. */
MUST_CHECK int plan_criu_restore(struct arena *arena, const struct criu_options *o, const char *const descriptors[3],
				 struct plan *plan, struct error *err);
