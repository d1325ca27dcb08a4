/* SPDX-License-Identifier: Apache-2.0 */
/* Stand-ins for container/container.h: they note the request instead of carrying it out.
 *
 * Two containers exist: "alpha" (running, pid 1) and "beta" (stopped).  The functions are weak, so that a
 * test which links the real ones by accident is one that fails, not one that hides them.
 */
#pragma once

/* The calls since the last run_vert(), one after the other: "kill alpha 9 all; ". */
extern char noted[8192];

/* What `vert ARGV...` did.  stdout is a heap string to free. */
struct outcome {
	int r;		/* of commands_run() */
	char *output;
	char msg[1024], hint[320];
	int status;
};

/* Runs LINE, split at blanks ("''" is an empty word, "~" in a word a blank); the log is closed afterwards. */
void run_vert(const char *line, struct outcome *ret);
