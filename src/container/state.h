/* SPDX-License-Identifier: Apache-2.0 */
/* The state directory <root>/ID: what vert remembers about a container.
 *
 *   state.json    the record, replaced by rename, 0600; first written *before* the first side effect, so that
 *                 `delete --force` finds what a killed runtime left (phase "creating", pid 0)
 *   config.json   the configuration as it was at create (runtime.md: later edits have no effect)
 *   start         AF_UNIX SOCK_SEQPACKET: the created container's init waits on it; gone once started
 *   notify/       the directory bound to /run/notify when NOTIFY_SOCKET was given
 *
 * All access is beneath directory descriptors; the root must be ours (owner, not writable by others).
 * Writing is shared with vert-init, which links no JSON library: it gets the constant part of the
 * record ready-made (plan.record_head) and adds the variable part with state_write().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

#define STATE_FILE "state.json"
#define STATE_CONFIG "config.json"
#define STATE_START_SOCKET "start"
#define STATE_NOTIFY_DIR "notify"
#define STATE_ID_MAX 255

/* True for [A-Za-z0-9_+-][A-Za-z0-9_+.-]*, at most STATE_ID_MAX characters. */
bool state_id_is_valid(const char *id);

/* Opens (MAKE: creates with its parents, 0700) the state root.  A root that belongs to someone else or that
 * others may write is refused.  Missing without MAKE: -1, errnum ENOENT. */
MUST_CHECK int state_open_root(const char *root, bool make, int *ret_fd, struct error *err);

/* Makes <root>/ID, 0700.  In use: "container 'ID' already exists". */
MUST_CHECK int state_make(int rootfd, const char *id, int *ret_dirfd, struct error *err);

/* Opens <root>/ID.  Missing: "container does not exist: 'ID'" (without strerror: podman reads ENOENT's text
 * as "command not found"). */
MUST_CHECK int state_open(int rootfd, const char *id, int *ret_dirfd, struct error *err);

/* Exclusive lock of a state directory for the verbs that change it; waits at most MS milliseconds.  The lock
 * lives as long as DIRFD; children never inherit it (O_CLOEXEC). */
MUST_CHECK int state_lock(int dirfd, const char *id, int ms, struct error *err);

/* The variable part of the record. */
struct state_facts {
	const char *phase;	/* "creating", "created", "running" */
	pid_t pid;		/* host's view, 0: none yet */
	uint64_t start_time;	/* proc_start_time() of it */
	const char *cgroup;	/* absolute path of the cgroup's directory, "" none */
	uint64_t cgroup_id;	/* inode of that directory, 0 none */
	const char *scope;	/* systemd scope, "" none */
};
/* Replaces the record: HEAD (a JSON object without its closing brace, never empty) plus FACTS. */
MUST_CHECK int state_write(int dirfd, const char *head, const struct state_facts *facts, struct error *err);

/* Removes <root>/ID and the known files in it. What is not there is no error. */
MUST_CHECK int state_remove(int rootfd, const char *id, struct error *err);
