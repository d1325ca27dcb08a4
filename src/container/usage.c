/* SPDX-License-Identifier: Apache-2.0 */
/* A container's use of cpu, memory, processes and devices: see usage.h. */
#include "container/usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "container/record.h"
#include "kernel/cgroup.h"

enum { FILE_SIZE = 16384 };

static uint64_t number(const char *s)
{
	char digits[24];
	uint64_t v;

	snprintf(digits, sizeof(digits), "%.*s", (int)strspn(s, "0123456789"), s);
	return str_to_u64(digits, &v) ? v : USAGE_UNKNOWN;
}

static uint64_t single(int cgroup, const char *file)
{
	char text[64];

	return fd_read_small(cgroup, file, text, sizeof(text)) > 0 ? number(text) : USAGE_UNKNOWN;
}

static uint64_t keyed(int cgroup, const char *file, const char *key)
{
	char text[FILE_SIZE], *at;

	if (fd_read_small(cgroup, file, text, sizeof(text)) <= 0)
		return USAGE_UNKNOWN;
	at = strstr(text, key);
	return at ? number(at + strlen(key)) : USAGE_UNKNOWN;
}

/* Of all devices. */
static uint64_t io_sum(int cgroup, const char *key)
{
	char text[FILE_SIZE];
	uint64_t sum = 0;

	if (fd_read_small(cgroup, "io.stat", text, sizeof(text)) < 0)
		return USAGE_UNKNOWN;
	for (char *at = strstr(text, key); at; at = strstr(at + 1, key))
		sum += number(at + strlen(key));
	return sum;
}

static double pressure(int cgroup, const char *file)
{
	char text[512], *at;

	if (fd_read_small(cgroup, file, text, sizeof(text)) <= 0)
		return -1;
	at = strstr(text, "some avg10=");
	return at ? strtod(at + 11, NULL) : -1;
}

int container_usage(const struct runtime *rt, const char *id, struct container_usage *ret,
		    struct error *err)
{
	autoclose int cgroup = -1;
	struct container c;
	int r = container_open(rt, id, &c, err);

	if (r == 0)
		r = container_open_cgroup(&c, &cgroup, err);
	if (r == 0 && (c.status == STATUS_STOPPED || c.status == STATUS_CREATING || cgroup < 0)) {
		r = fail(err, 0, "container not running: '%s' is %s", id,
			 container_status_name(c.status));
		error_code(err, "CONTAINER_NOT_RUNNING");
	}
	if (r == 0)
		*ret = (struct container_usage){
			.cpu_usec = keyed(cgroup, "cpu.stat", "usage_usec "),
			.memory = single(cgroup, "memory.current"),
			.memory_max = single(cgroup, "memory.max"),
			.pids = single(cgroup, "pids.current"),
			.pids_max = single(cgroup, "pids.max"),
			.io_read = io_sum(cgroup, " rbytes="),
			.io_written = io_sum(cgroup, " wbytes="),
			.pressure = {pressure(cgroup, "cpu.pressure"),
				     pressure(cgroup, "memory.pressure"),
				     pressure(cgroup, "io.pressure")},
		};
	container_close(&c);
	return r;
}
