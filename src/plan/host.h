/* SPDX-License-Identifier: Apache-2.0 */
/* What the plan must know about this host and this caller.  Collected once, cheaply, before planning
 * (container/host.h); the plan's functions take it as a value, so that they stay pure and can be tested with invented
 * hosts. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "plan/plan.h"

struct host {
	uid_t euid;
	gid_t egid;
	bool privileged;		/* euid 0 with CAP_SYS_ADMIN in the first user namespace */
	bool in_userns;			/* we run inside a user namespace */
	uint64_t userns;		/* the inode of our user namespace */
	const char *named_userns;	/* the path in linux.namespaces that names this one, NULL: none does */
	bool selinux;			/* mount labels are asked for, and SELinux is enabled */
	uint64_t missing_caps;		/* bits of the capabilities that we do not have ourselves */
	int last_cap;			/* highest capability the kernel knows */
	const char *cgroup_mount;	/* of cgroup2, NULL: none */
	const char *cgroup_own;		/* our own cgroup there, "/..." */
	bool cgroup_beside;		/* unprivileged, but the cgroup above our own takes processes from us */
	const char *cgroup_controllers;	/* blank-separated: what the hierarchy's root offers */
	struct plan_id_maps sub_uid, sub_gid; /* /etc/subuid and /etc/subgid of the caller, with the caller's own id
						 first: what newuidmap accepts; filled for an unprivileged caller */
	const char *runtime_dir;	/* $XDG_RUNTIME_DIR, NULL: not set */
	const char *notify_socket;	/* $NOTIFY_SOCKET, NULL: none */
	unsigned listen_fds;		/* $LISTEN_FDS when $LISTEN_PID is us */
	const char *listen_fdnames;

	/* Looked at only when an annotation asks: see container/confine.h. */
	int landlock_abi;		/* 0: the kernel has no Landlock */
	int core_errno;			/* 0: there is core scheduling; else what the kernel says */
	pid_t core_pid;			/* the first process of the container whose cookie is to be shared */
	uint64_t core_start;
};
