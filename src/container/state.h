/* SPDX-License-Identifier: Apache-2.0 */
/* The state directory <root>/ID: what vert remembers about a container.
 *
 *   state.json    the record, replaced by rename, 0600; first written *before* the first side effect, so that
 *                 `delete --force` finds what a killed runtime left (phase "creating", pid 0)
 *   facts         a symbolic link to nowhere, "PID:START:CGROUP-ID:BOOT-ID:CGROUP": what `delete --force`
 *                 needs when the record is damaged; a link is never half-written and needs no disk block
 *   config.json   the configuration as it was at create (runtime.md: later edits have no effect)
 *   start         AF_UNIX SOCK_SEQPACKET: the created container's init listens on it until execve;
 *   starting      is its name once a `start` has sent MSG_GO
 *   notify/       the directory bound to /run/notify when NOTIFY_SOCKET was given
 *   lock          held, as a POSIX lock, by the process that creates or removes the container
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
#define STATE_FACTS "facts"
#define STATE_START_SOCKET "start"
#define STATE_STARTING_SOCKET "starting"
#define STATE_NOTIFY_DIR "notify"
#define STATE_LOCK "lock"
#define STATE_ID_MAX 255

/* True for [A-Za-z0-9_+-][A-Za-z0-9_+.-]*, at most STATE_ID_MAX characters. */
bool state_id_is_valid(const char *id);

/* Errors that are said in one place: "invalid container ID format", "container does not exist". */
MUST_CHECK int state_check_id(const char *id, struct error *err);
int state_no_container(const char *id, struct error *err);

/* Opens (MAKE: creates with its parents, 0700) the state root.  A root that belongs to someone else or that
 * others may write is refused.  Missing without MAKE: -1, errnum ENOENT. */
MUST_CHECK int state_open_root(const char *root, bool make, int *ret_fd, struct error *err);

/* Makes <root>/ID, 0700.  In use: "container 'ID' already exists". */
MUST_CHECK int state_make(int rootfd, const char *id, int *ret_dirfd, struct error *err);

/* Opens <root>/ID.  Missing: "container does not exist: 'ID'" (without strerror: podman reads ENOENT's text
 * as "command not found"). */
MUST_CHECK int state_open(int rootfd, const char *id, int *ret_dirfd, struct error *err);

/* Exclusive lock of a state directory for short sequences of the other verbs (start, update, pause); waits at
 * most MS milliseconds.  It lives until state_unlock() or as long as a copy of DIRFD does: no process may be
 * left behind with one.  Directory removed meanwhile: "container does not exist". */
MUST_CHECK int state_lock(int dirfd, const char *id, int ms, struct error *err);
void state_unlock(int dirfd);

/* Claims the container for its creator or remover; waits at most MS milliseconds for another one.  The
 * claim ends with *RET_FD or with the process, is not inherited by children and survives execve.  It
 * may be held for long: nobody but another remover waits for it.  Directory removed meanwhile: "container does
 * not exist".  *RET_FD is -1 on a file system that became read-only: there is nothing left to protect. */
MUST_CHECK int state_claim(int dirfd, const char *id, int ms, int *ret_fd, struct error *err);

/* The process that holds the claim, 0: nobody, -1 with errno: cannot be told.  Not for the holder itself: looking
 * would end its claim. */
pid_t state_claimed_by(int dirfd);

/* Does init still listen on the start socket, under either name?  Without being noticed there: connecting a
 * socket of the wrong type is refused in another way when a listener is alive (EPROTOTYPE) than when it is gone.
 * 1, 0, or -1 with errno. */
int state_is_waiting(int dirfd);

/* Connects to the start socket, waits at most 10 s for a place in its queue.  0 or -1 with errno. */
int state_connect(int dirfd, int *ret_sock);

/* MSG_GO is sent and cannot be taken back: no other start finds the socket from now on. */
void state_hide_socket(int dirfd);

/* Binds and listens: create gives the descriptor to init. */
MUST_CHECK int state_listen(int dirfd, int *ret_sock, struct error *err);

/* The address of the socket NAME in DIRFD, by way of /proc/self/fd: a long path is no obstacle. */
struct sockaddr_un;
void state_socket_address(int dirfd, const char *name, struct sockaddr_un *ret);

/* The variable part of the record. */
struct state_facts {
	const char *phase;	/* "creating", "created", "running" */
	pid_t pid;		/* host's view, 0: none yet */
	uint64_t start_time;	/* proc_start_time() of it */
	const char *cgroup;	/* absolute path of the cgroup's directory, "" none */
	uint64_t cgroup_id;	/* inode of that directory, 0 none */
	const char *scope;	/* systemd scope, "" none */
	const char *boot_id;	/* of this boot, when the writer knows it; NULL: looked up */
};
/* Replaces the record: HEAD (a JSON object without its closing brace, never empty) plus FACTS; and the link. */
MUST_CHECK int state_write(int dirfd, const char *head, const struct state_facts *facts, struct error *err);

/* What the link says; phase and scope are "", boot_id is this boot's.  Strings are in BUF.  1: got it; 0: there is
 * none, it is damaged, or from an earlier boot; -1 with errno: cannot be told. */
int state_read_facts(int dirfd, char *buf, size_t size, struct state_facts *ret);

/* The id of the running kernel's boot.  0 or -1 with errno. */
#define STATE_BOOT_ID_SIZE 40
int state_boot_id(char buf[STATE_BOOT_ID_SIZE]);

/* Removes <root>/ID, which DIRFD refers to, and all that is in it, the record last.  The caller holds the claim.
 * What is not there is no error. */
MUST_CHECK int state_remove(int rootfd, int dirfd, const char *id, struct error *err);
