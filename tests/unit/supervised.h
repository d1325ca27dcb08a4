/* SPDX-License-Identifier: Apache-2.0 */
/* A supervisor of a foreground process, as `vert run` is one, with descriptors 0 and 1 of a test's making.
 * No container: the process is a plain child on a pseudo-terminal. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct scene {
	int in, out;		/* of the supervisor, -1: /dev/null */
	bool terminal;		/* the process gets one */
	bool shell;		/* a shell with job control on IN starts the supervisor, see supervised.c */
	void (*act)(void);	/* the process; its return ends it with status 0 */
};

/* The end of a supervisor that failed, or of a shell that saw its terminal in a wrong state. */
enum { SCENE_FAILED = 99 };

/* Starts the supervisor, with FD_CLOEXEC descriptors of the test closed in it. */
pid_t scene_begin(const struct scene *scene);

/* Its exit status; -N: killed by signal N, -SIGKILL also when ten seconds were not enough. */
int scene_end(pid_t pid);

/* A new pseudo-terminal. */
void open_terminal(int *master, int *slave);

/* True when the terminal passes on every byte as it is, both ways. */
bool is_raw(int fd);

/* Reads from FD until TEXT has come; false: the end came first, or nothing for ten seconds. */
bool comes(int fd, const char *text);
