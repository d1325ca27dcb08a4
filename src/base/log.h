/* SPDX-License-Identifier: Apache-2.0 */
/* Where messages go: standard error and the file of --log, as text or one JSON object a line.
 *
 * The contract with engines (conmon, containerd's shim): at the default level exactly one JSON line,
 * with level "error", is written for a command that fails, and none for one that succeeds; nothing
 * but the error ever reaches standard error.
 */
#pragma once

#include <stdbool.h>

#include "error.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_DEBUG };

struct log_settings {
	int fd;		/* file of --log, -1: none */
	bool json;	/* --log-format json */
	enum log_level level;
	const char *document; /* the file that the places of errors are in, NULL: config.json */
	int error_fd;	/* a socket that log_error() sends its error to as it is, and to nobody else; 0: none */
};

/* The program's settings; main() fills it.  The one variable global in the program. */
extern struct log_settings log_settings;

/* A warning or a debug line: to the log file, or to standard error when there is no file. */
__attribute__((format(printf, 1, 2))) void log_warning(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void log_debug(const char *fmt, ...);

/* The last words of a command that failed: "vert: MESSAGE" on standard error (with the place and the
 * hint), and one line in the log file.  main() alone calls it, and what libvert has in its place. */
void log_error(const struct error *err);
