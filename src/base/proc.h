/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about processes from /proc, through pidfds where an identity matters. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"

/* Start time of PID in clock ticks since boot (field 22 of /proc/PID/stat), 0: no such process.
 * *RET_STATE, when not NULL, gets the state letter ('Z': zombie). */
uint64_t proc_start_time(pid_t pid, char *ret_state);

/* Does PID surely live?  One system call.  What dies gives its memory back before it closes its descriptors, so this is
 * false for one whose descriptors were closed by its death.  False also when we may not look. */
bool proc_surely_lives(pid_t pid);

/* PID has executed no program since it was cloned, and nobody has waited for it: once its descriptors are closed, this
 * tells one that died before or in its execve(2) from one that is through with it. */
bool proc_never_executed(pid_t pid, uint64_t start_time);

/* How a process ended, in wait(2)'s form, without being its parent: asked of the zombie, or of PIDFD (-1: none), which
 * must have been opened while it lived, once its parent has waited for it.  False: nobody can tell (any more). */
bool proc_exit_status(int pidfd, pid_t pid, uint64_t start_time, int *ret);

/* A pidfd for PID, only if that process still has this start time and is not a zombie; the number of a
 * dead process may have been given to another.  -1 with errno ESRCH otherwise, and with another one when it
 * cannot be told. */
int proc_open(pid_t pid, uint64_t start_time);

/* Sends SIGKILL and waits up to MS milliseconds for the end.  True: the process is gone. */
bool proc_kill_wait(int pidfd, int ms);

/* Waits for a child by pidfd.  Returns its status in wait(2)'s form, -1 with errno. */
int proc_reap(int pidfd);
