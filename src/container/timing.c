/* SPDX-License-Identifier: Apache-2.0 */
/* Step times.  A line is one write(2) to a file opened for appending: launcher and init share it. */
#include "timing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>

#include "base/fd.h"

enum { LOWEST_FD = 512 };

static int timing_fd = -1;

int timing_open(const char *path, struct error *err)
{
	autoclose int fd = -1;

	if (!path)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	if (fd < 0)
		return fail(err, errno, "open timing file '%s'", path);
	/* Out of the way of --preserve-fds, which counts from 3 and would take ours for one of the caller's. */
	timing_fd = fcntl(fd, F_DUPFD_CLOEXEC, LOWEST_FD);
	return timing_fd < 0 ? fail(err, errno, "open timing file '%s'", path) : 0;
}

int timing_fd_number(void)
{
	return timing_fd;
}

static uint64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void timing_begin(struct timing *t)
{
	if (timing_fd < 0)
		return;
	*t = (struct timing){.wall = now(CLOCK_MONOTONIC), .cpu = now(CLOCK_THREAD_CPUTIME_ID)};
}

void timing_end(const struct timing *t, const char *who, const char *step)
{
	double wall, cpu;
	char line[256];
	int n;

	if (timing_fd < 0)
		return;
	wall = (double)(now(CLOCK_MONOTONIC) - t->wall) / 1000;
	cpu = (double)(now(CLOCK_THREAD_CPUTIME_ID) - t->cpu) / 1000;
	n = snprintf(line, sizeof(line),
		     "{\"who\":\"%s\",\"step\":\"%s\",\"wall_us\":%.1f,\"cpu_us\":%.1f,\"blocked_us\":%.1f}\n", who,
		     step, wall, cpu, wall > cpu ? wall - cpu : 0);
	if (n > 0)
		(void)fd_write_all(timing_fd, line, (size_t)n); /* a lost line of a measurement */
}

void timing_next(struct timing *t, const char *who, const char *step)
{
	timing_end(t, who, step);
	timing_begin(t);
}
