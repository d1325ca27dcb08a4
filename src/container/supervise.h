/* SPDX-License-Identifier: Apache-2.0 */
/* A foreground container (run, exec): waits for its first process, passes signals on to it and, when
 * it has a terminal, moves the bytes between that and ours.
 *
 * The order: supervise_block_signals() before clone, so that no signal is lost between the start of
 * the process and the wait for it; supervise_unblock_signals() in the child; supervise_wait().
 */
#pragma once

#include "base/error.h"

struct supervise {
	int pidfd;	/* our child, the container's first process */
	int master;	/* of its terminal, -1: none; supervise_wait() closes it */
	int signals;	/* from supervise_block_signals() */
	int notify;	/* the container's NOTIFY_SOCKET, -1: none; READY=1 goes on to ... */
	const char *notify_host; /* ... ours, NULL: none */
};

/* Blocks every signal that can be (those that report our own bugs stay) and opens a signalfd, O_CLOEXEC and
 * non-blocking.  Until supervise_wait() has it, the owner polls it where it waits for anything. */
MUST_CHECK int supervise_block_signals(int *ret_signals, struct error *err);

/* The next signal of SIGNALS, 0: none. */
int supervise_next_signal(int signals);

/* In the child: an empty mask. */
void supervise_unblock_signals(void);

/* Returns when the process has ended and what it wrote is delivered; it is reaped.  *RET_STATUS is its
 * exit status, 128+n when signal n killed it.  The caller's terminal is as before, also on failure.
 *
 * Every signal but SIGCHLD and, with a terminal, SIGWINCH (the size is copied) goes to the process.  After SIGTSTP,
 * SIGTTIN and SIGTTOU we also stop ourselves, with the terminal restored: the shell gets it back. */
MUST_CHECK int supervise_wait(const struct supervise *s, int *ret_status, struct error *err);
