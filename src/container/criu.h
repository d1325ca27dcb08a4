/* SPDX-License-Identifier: Apache-2.0 */
/* What checkpoint and restore share: the program criu, and why it failed. */
#pragma once

#include <stddef.h>

#include "base/error.h"

#define CRIU_PATH "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin" /* without one from the caller */

/* The first `criu` of the caller's PATH in BUF.  Missing: -1, CRIU_MISSING. */
MUST_CHECK int criu_find(char *buf, size_t size, struct error *err);

/* Judges STATUS, in wait(2)'s form, of the program that was to DO ("dump") and wrote LOG in WORK_DIR.  0 when it
 * succeeded; else -1 with the last complaints of its log, CRIU_FAILED. */
MUST_CHECK int criu_judge(int status, const char *what, const char *work_dir, const char *log, struct error *err);

/* Images and logs are trusted: PATH must be a directory that belongs to root and that nobody else may write. */
MUST_CHECK int criu_check_directory(const char *path, struct error *err);
