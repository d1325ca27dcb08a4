/* SPDX-License-Identifier: Apache-2.0 */
/* One conversation with a systemd manager, with a deadline for all of it.
 *
 * Every failure is told with the socket, the caller's user id and the method, so that "permission denied" can be
 * traced to the right bus.  Nothing here waits past the deadline, whatever the other side does.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "base/error.h"

#define MANAGER_NAME "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE "org.freedesktop.systemd1.Manager"

struct bus {
	sd_bus *bus;
	const char *socket;	/* the one that is connected to */
	bool direct;		/* to the manager itself, no bus between */
	uint64_t end;		/* of our patience, in microseconds of CLOCK_MONOTONIC */
	const char *method;	/* being called, for errors */
	char unit[256];

	char job[256];		/* whose end is waited for; "": none */
	char result[64];	/* what JobRemoved said, "": not yet */
};

/* Connects to SOCKET, or, when nothing is there and DIRECT is not empty, to DIRECT. */
MUST_CHECK int bus_open(struct bus *b, const char *socket, const char *direct, const char *unit, uint32_t timeout_ms,
			struct error *err);
void bus_close(struct bus *b);

/* Microseconds until the deadline, 0: it has passed. */
uint64_t bus_left(const struct bus *b);

/* A method of the manager, to be filled and given to bus_call(). */
MUST_CHECK int bus_new_call(struct bus *b, const char *method, sd_bus_message **ret, struct error *err);

/* Sends M and waits for the answer.  On failure the name of the D-Bus error, if it was one, is in NAME. */
#define BUS_ERROR_SIZE 128
MUST_CHECK int bus_call(struct bus *b, sd_bus_message *m, sd_bus_message **ret, char name[BUS_ERROR_SIZE],
			struct error *err);

/* Has JobRemoved signals sent to us: before the call that makes a job. */
MUST_CHECK int bus_watch_jobs(struct bus *b, struct error *err);

/* Reads the job of ANSWER and waits for its end, which must be "done" (or, with ANY_END, any). */
MUST_CHECK int bus_wait_job(struct bus *b, sd_bus_message *answer, bool any_end, struct error *err);

/* Fails with what a negative result R of the library means. */
int bus_fail(const struct bus *b, int r, struct error *err);
