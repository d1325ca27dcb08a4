/* SPDX-License-Identifier: Apache-2.0 */
/* Core scheduling: processes with different cookies never share a processor core at the same time. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* A cookie of its own for the calling process, which its children inherit. */
MUST_CHECK int coresched_new(struct error *err);

/* Gives PID the cookie that FROM has; FROM_START: its start time, so that it is not somebody else by now.  The cookie
 * of the caller stays as it is. */
MUST_CHECK int coresched_share(pid_t from, uint64_t from_start, pid_t pid, struct error *err);
