/* SPDX-License-Identifier: Apache-2.0 */
/* The program as seen from main(): its global options, its commands, one function to run them. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "cmd/cli.h"

/* Parses ARGV (with the program's name in front), opens the log file, carries the command out.  Returns 0,
 * or -1 with err filled, which the caller prints. */
MUST_CHECK int commands_run(char *const *argv, struct error *err);

/* All commands in the order of `vert --help`; NULL-terminated. */
extern const struct cli_command *const commands[];

/* NULL: there is no such command. */
const struct cli_command *commands_find(const char *name);

/* The options that stand before the command. */
struct globals {
	const char *root, *log, *timing;
	unsigned log_format, log_level, cgroup_manager, rootless;
	uint32_t systemd_timeout;
	bool debug, systemd_cgroup, version;
	const char *print_man, *print_completion;
};
extern const struct cli_syntax globals_syntax;

/* Starts logging as VALUES say.  Everything that fails from here on stands in the log file. */
MUST_CHECK int globals_open_log(const struct globals *values, struct error *err);

/* Fills RET; its strings live in ARENA or come from VALUES. */
MUST_CHECK int globals_runtime(const struct globals *values, struct arena *arena, struct runtime *ret,
			       struct error *err);

/* One row each, in the file of the same name or as noted. */
extern const struct cli_command command_create, command_run;	     /* create.c */
extern const struct cli_command command_exec, command_exec_start;
extern const struct cli_command command_probe;
extern const struct cli_command command_start, command_kill, command_delete; /* control.c */
extern const struct cli_command command_pause, command_resume;		     /* control.c */
extern const struct cli_command command_update;
extern const struct cli_command command_state, command_list;		     /* report.c */
extern const struct cli_command command_ps, command_events, command_mounts;
extern const struct cli_command command_spec, command_features;
extern const struct cli_command command_seccomp;
extern const struct cli_command command_gc, command_top;
extern const struct cli_command command_check, command_explain;
extern const struct cli_command command_doctor;
extern const struct cli_command command_checkpoint, command_restore; /* checkpoint.c */
