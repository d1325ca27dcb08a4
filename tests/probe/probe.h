/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe is the process the tests put into a container: one small static program that tells
 * what it finds as stable "key=value" lines, so that a test compares facts instead of the output
 * of tools that differ between systems.  This header joins its parts: probe.c (dispatch and
 * the facts about the process), facts.c (the facts about the system around it) and acts.c (what
 * the process can be told to do), confine.c (what extra confinement leaves it).
 */
#pragma once

#include <stddef.h>

/* One sub-command: takes its own words (argv[0] is its name), returns 0 or the exit status. */
struct command {
	const char *name;
	int min_args;
	int (*run)(int argc, char **argv);
};

extern const struct command process_commands[];
extern const struct command system_commands[];
extern const struct command act_commands[];
extern const struct command confine_commands[];

/* The symbolic name of an errno, or its number in a static buffer when it has none here. */
const char *errno_name(int err);

/* The whole of a small file without its last newline, or NULL; static buffer. */
const char *slurp(const char *path);

/* Prints KEY=ok or KEY=ERRNO for the result of a system call. */
int report(const char *key, long ret);
