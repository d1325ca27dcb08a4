/* SPDX-License-Identifier: Apache-2.0 */
/* Work of milliseconds, done by a child process beside our own.
 *
 * What cannot be made or fails has cost time and nothing else: the caller does the work itself then, and meets the
 * error where it can tell it.
 */
#pragma once

#include <sys/types.h>

struct beside {
	pid_t pid; /* 0: none */
	int fd;	   /* a file without a name, which the child writes */
};

/* Calls WORK in a child process, with a file to write to; it returns 0 or -1. */
void beside_begin(struct beside *ret, int (*work)(void *context, int fd), void *context);

/* Waits for the child.  What it wrote, to be closed by the caller, or -1: it failed, or there is none. */
int beside_end(struct beside *b);
