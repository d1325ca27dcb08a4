/* SPDX-License-Identifier: Apache-2.0 */
/* Moves bytes between the caller's terminal (or pipes) and the master of a container's terminal.
 *
 * Two buffers of fixed size; a side that does not read stops the other one from being read, costs
 * no processor time and never blocks the process: its owner goes on waiting for signals.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#include "base/error.h"

enum { RELAY_IN, RELAY_OUT, RELAY_MASTER, RELAY_POLLS };

struct relay_end {
	int fd;		/* non-blocking; -1: closed */
	int original;	/* the caller's descriptor that had to be made non-blocking for it, or -1 */
};

struct relay_buffer {
	size_t start, end;
	char data[16 * 1024];
};

struct relay {
	int master;	/* -1: the terminal is gone */
	int slave;	/* held open while the container's process lives, see relay.c */
	struct relay_end in, out;
	bool is_tty;	/* descriptor 0 is */
	bool background;	/* and belongs to somebody else now: not to be read */
	bool raw;
	struct termios saved;	/* of descriptor 0, when RAW */
	bool mid_line;	/* what was typed last is not a whole line */
	struct relay_buffer to_master, to_out;	/* last: see relay_none() */
};

/* Makes R a relay that was never begun, without touching the pages of its buffers. */
void relay_none(struct relay *r);

/* Takes MASTER over, descriptors 0 and 1 into use, and the caller's terminal into raw mode.  R is
 * relay_none() before; relay_done() must follow, also after a failure. */
MUST_CHECK int relay_init(struct relay *r, int master, struct error *err);

/* Raw mode while the caller's terminal is ours (job control), and its size for the container. */
void relay_resume(struct relay *r);

/* Gives the caller's terminal back as it was. */
void relay_suspend(struct relay *r);

/* Copies the size of the caller's terminal. */
void relay_resize(const struct relay *r);

/* What to wait for; an entry that is not of interest has fd -1. */
void relay_prepare(const struct relay *r, struct pollfd polls[RELAY_POLLS]);

/* Moves what can be moved without blocking. */
void relay_move(struct relay *r, const struct pollfd polls[RELAY_POLLS]);

/* The container's process has ended: takes what is left in the terminal, at most *BUDGET bytes,
 * because a process that outlives it may go on writing.  True: output waits for a slow reader. */
bool relay_drain(struct relay *r, size_t *budget);

/* Restores and closes everything; keeps errno. */
void relay_done(struct relay *r);
