/* SPDX-License-Identifier: Apache-2.0 */
/* What a container uses at this moment, as few numbers: for top. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "container/container.h"

#define USAGE_UNKNOWN UINT64_MAX /* no such file: the controller is not there */

struct container_usage {
	uint64_t cpu_usec;		/* since it is there */
	uint64_t memory, memory_max;	/* bytes; max USAGE_UNKNOWN: none */
	uint64_t pids, pids_max;
	uint64_t io_read, io_written;	/* bytes, of all devices, since it is there */
	double pressure[3];		/* cpu, memory, io: percent of 10 s in which a task waited; < 0: unknown */
};

/* -1 with code CONTAINER_NOT_RUNNING when nothing runs in it. */
MUST_CHECK int container_usage(const struct runtime *rt, const char *id, struct container_usage *ret,
			       struct error *err);
