/* SPDX-License-Identifier: Apache-2.0 */
/* Invented containers: a state directory as create leaves it, and a process of ours that stands for the
 * container's.  No cgroup, no root.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "container/container.h"

extern char root[64];		/* a state root of the test's own */
extern const struct runtime rt; /* uses it */
extern int rootfd;
extern struct error err;
extern pid_t child; /* the container's process, 0: none; killed at the end of the test */

/* cmocka's setup and teardown. */
int make_root(void **state);
int remove_root(void **state);

/* Makes the state of container ID with process PID; HOOK, when not NULL, is a shell script for hooks of kind KIND,
 * which run in the state root.  Returns the state directory. */
int make_container(const char *id, const char *phase, pid_t pid, const char *kind, const char *hook);

/* Makes CHILD, a process that only waits to be killed. */
void make_process(void);

/* Makes a container whose CHILD does what an init does that waits for `start`; SAY, when not NULL, goes to the
 * container's notify socket, ERROR is init's answer. */
int make_waiting(const char *id, const char *kind, const char *hook, const char *error, const char *say);

/* Replaces the record; a copy of TEXT with FROM replaced by TO, to free(). */
void replace_record(int dirfd, const char *text);
char *edit(const char *text, const char *from, const char *to);

/* A zombie is not alive. */
bool is_alive(pid_t pid);

/* What container_info() says; its pid is checked, too. */
enum container_status status_of(const char *id);

/* Is there a state directory? */
bool exists(const char *id);

/* What a hook wrote to its file "out". */
const char *read_out(void);
