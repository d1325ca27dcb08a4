/* SPDX-License-Identifier: Apache-2.0 */
/* A sequence of named steps: what launch.c, init.c, join.c, start.c, control.c and remove.c are made of.
 *
 * Every failure is marked with the name of its step; --debug and --timing show the same list; a test build
 * can make any step fail or kill the process there (VERT_TEST_FAULTS), so that the suite proves for every
 * step that nothing is left behind.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct step {
	const char *name;
	int (*run)(void *context, struct error *err);
};

/* Runs STEPS in order and stops at the first that fails.  WHO ("launch", "init", "exec", "remove") names the
 * sequence. */
MUST_CHECK int steps_run(const char *who, const struct step *steps, size_t n, void *context, struct error *err);

/* In a test build that lists steps, the descriptor of the list; else -1.  For who closes all others. */
int steps_list_fd(void);

/* The end of a process that may be under the container's seccomp filter. */
_Noreturn void steps_exit(int status);

/* Is SIG how a process dies before its program runs because of its seccomp filter? */
bool steps_died_by_filter(int sig);
#define STEPS_FILTER_HINT "the seccomp profile has to allow execve, sendmsg and exit_group"
