/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting, calling, waiting: see bus.h.
 *
 * Waits are driven by hand (sd_bus_process, sd_bus_wait), because the library's own ones during authentication are
 * longer than our deadline.
 */
#include "bus.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"

#define ADDRESS_SIZE 1024

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t bus_left(const struct bus *b)
{
	uint64_t t = now();

	return t < b->end ? b->end - t : 0;
}

static int fail_connect(const struct bus *b, int errnum, struct error *err)
{
	fail(err, errnum, "connect to systemd at '%s' as user %u", b->socket, (unsigned)geteuid());
	error_code(err, "SYSTEMD_CONNECT");
	if (str_starts(b->socket, "/run/dbus/") || b->direct)
		return error_hint(err, "is systemd the init of this host? --cgroup-manager=cgroupfs does without it");
	return error_hint(err,
			  "a user's systemd runs in a login session, or after 'loginctl enable-linger'; it is found by "
			  "XDG_RUNTIME_DIR alone; --cgroup-manager=cgroupfs does without it");
}

int bus_fail(const struct bus *b, int r, struct error *err)
{
	const char *what = b->method ? b->method : "authentication";
	unsigned uid = (unsigned)geteuid();

	if (r == -ETIMEDOUT) {
		fail(err, 0, "systemd did not answer in time: %s of unit '%s' at '%s' as user %u", what, b->unit,
		     b->socket, uid);
		error_code(err, "SYSTEMD_TIMEOUT");
		return error_hint(err, "see 'systemctl list-jobs' for what it is busy with");
	}
	if (r == -ECONNRESET || r == -ENOTCONN || r == -EPIPE) {
		fail(err, 0, "systemd closed the connection: %s of unit '%s' at '%s' as user %u", what, b->unit,
		     b->socket, uid);
		return error_code(err, "SYSTEMD_DISCONNECTED");
	}
	if (!b->method)
		return fail_connect(b, -r, err);
	fail(err, -r, "call systemd: %s of unit '%s' at '%s' as user %u", what, b->unit, b->socket, uid);
	return error_code(err, "SYSTEMD_CALL");
}

/* Does what there is to do, or waits for it.  0, or negative. */
static int turn(struct bus *b)
{
	int r = sd_bus_process(b->bus, NULL);

	if (r != 0)
		return r < 0 ? r : 0;
	if (bus_left(b) == 0)
		return -ETIMEDOUT;
	r = sd_bus_wait(b->bus, bus_left(b));
	return r < 0 && r != -EINTR ? r : 0;
}

/* "unix:path=" and the path with what D-Bus reserves escaped. */
static bool address_of(const char *socket, char out[ADDRESS_SIZE])
{
	size_t n = (size_t)snprintf(out, ADDRESS_SIZE, "unix:path=");

	for (const char *s = socket; *s; s++) {
		bool plain = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') ||
			     strchr("-_/.", *s);

		n += (size_t)snprintf(out + n, ADDRESS_SIZE - n, plain ? "%c" : "%%%02x", (unsigned char)*s);
		if (n + 4 > ADDRESS_SIZE)
			return false;
	}
	return true;
}

/* 0 or negative; nothing is reported. */
static int connect_to(struct bus *b, const char *socket, bool direct)
{
	char address[ADDRESS_SIZE];
	int r;

	b->socket = socket;
	b->direct = direct;
	b->bus = sd_bus_unref(b->bus);
	if (!address_of(socket, address))
		return -ENAMETOOLONG;
	r = sd_bus_new(&b->bus);
	if (r >= 0)
		r = sd_bus_set_address(b->bus, address);
	if (r >= 0)
		r = sd_bus_set_bus_client(b->bus, !direct); /* the manager's own socket knows no Hello */
	if (r >= 0)
		r = sd_bus_start(b->bus);
	return r;
}

int bus_open(struct bus *b, const char *socket, const char *direct, const char *unit, uint32_t timeout_ms,
	     struct error *err)
{
	int r;

	*b = (struct bus){.end = now() + (uint64_t)timeout_ms * 1000};
	snprintf(b->unit, sizeof(b->unit), "%s", unit);
	r = connect_to(b, socket, false);
	if ((r == -ENOENT || r == -ECONNREFUSED) && direct[0]) /* early boot, or a container without a bus */
		r = connect_to(b, direct, true);
	while (r >= 0 && (r = sd_bus_is_ready(b->bus)) == 0)
		r = turn(b);
	if (r < 0)
		return r == -EPERM || r == -EACCES ? fail_connect(b, -r, err) : bus_fail(b, r, err);
	return 0;
}

void bus_close(struct bus *b)
{
	b->bus = sd_bus_unref(b->bus);
}

int bus_new_call(struct bus *b, const char *method, sd_bus_message **ret, struct error *err)
{
	int r;

	b->method = method;
	r = sd_bus_message_new_method_call(b->bus, ret, MANAGER_NAME, MANAGER_PATH, MANAGER_INTERFACE, method);
	return r < 0 ? bus_fail(b, r, err) : 0;
}

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

/* What the manager (or the bus) said no with. */
static int fail_answer(const struct bus *b, const sd_bus_error *e, struct error *err)
{
	static const char *const denied[] = {"org.freedesktop.DBus.Error.AccessDenied",
					     "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", NULL};
	static const char *const absent[] = {"org.freedesktop.DBus.Error.ServiceUnknown",
					     "org.freedesktop.DBus.Error.NameHasNoOwner", NULL};
	const char *text = e->message ? e->message : e->name;

	fail(err, 0, "systemd refused %s of unit '%s' at '%s' as user %u: %s", b->method, b->unit, b->socket,
	     (unsigned)geteuid(), text);
	if (is_one_of(e->name, denied)) {
		error_code(err, "SYSTEMD_DENIED");
		return error_hint(err, "the manager of the system obeys root alone; a user's own one is found by "
				       "XDG_RUNTIME_DIR");
	}
	if (is_one_of(e->name, absent)) {
		error_code(err, "SYSTEMD_CONNECT");
		return error_hint(err, "a bus is there, but no systemd on it: --cgroup-manager=cgroupfs does without");
	}
	return error_code(err, "SYSTEMD_REFUSED");
}

int bus_call(struct bus *b, sd_bus_message *m, sd_bus_message **ret, char name[BUS_ERROR_SIZE], struct error *err)
{
	sd_bus_error e = SD_BUS_ERROR_NULL;
	uint64_t time = bus_left(b);
	int r = time ? sd_bus_call(b->bus, m, time, &e, ret) : -ETIMEDOUT;

	name[0] = '\0';
	if (r >= 0)
		return 0;
	/* Errors of the library's own have its names too; those are no answers. */
	if (r == -ETIMEDOUT || r == -ECONNRESET || r == -ENOTCONN || !sd_bus_error_is_set(&e)) {
		bus_fail(b, r, err);
	} else {
		snprintf(name, BUS_ERROR_SIZE, "%s", e.name);
		fail_answer(b, &e, err);
	}
	sd_bus_error_free(&e);
	return -1;
}

/* ---- jobs -------------------------------------------------------------------------------------- */

static int on_job_removed(sd_bus_message *m, void *context, sd_bus_error *unused)
{
	struct bus *b = context;
	const char *path, *unit, *result;
	uint32_t id;

	(void)unused;
	if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) < 0)
		return 0; /* not what the signal is like: not for us */
	if (strcmp(unit, b->unit) != 0)
		return 0;
	/* Those of other jobs of the unit are remembered too, by overwriting: ours is the last that we asked for. */
	if (!b->job[0] || strcmp(path, b->job) == 0)
		snprintf(b->result, sizeof(b->result), "%s", result);
	return 0;
}

int bus_watch_jobs(struct bus *b, struct error *err)
{
	sd_bus_message *m = NULL;
	int r;

	/* Neither answer is waited for: the bus handles what we send in order. */
	b->method = "Subscribe";
	r = sd_bus_match_signal_async(b->bus, NULL, b->direct ? NULL : MANAGER_NAME, MANAGER_PATH, MANAGER_INTERFACE,
				      "JobRemoved", on_job_removed, NULL, b);
	if (r >= 0 && !b->direct)
		r = sd_bus_message_new_method_call(b->bus, &m, MANAGER_NAME, MANAGER_PATH, MANAGER_INTERFACE,
						   "Subscribe");
	if (r >= 0 && m)
		r = sd_bus_message_set_expect_reply(m, 0);
	if (r >= 0 && m)
		r = sd_bus_send(b->bus, m, NULL);
	sd_bus_message_unref(m);
	return r < 0 ? bus_fail(b, r, err) : 0;
}

int bus_wait_job(struct bus *b, sd_bus_message *answer, bool any_end, struct error *err)
{
	const char *job;
	int r = sd_bus_message_read(answer, "o", &job);

	if (r < 0)
		return bus_fail(b, r, err);
	/* Signals that came with the answer have not been looked at yet: the library queues them. */
	snprintf(b->job, sizeof(b->job), "%s", job);
	b->result[0] = '\0';
	while (!b->result[0]) {
		r = turn(b);
		if (r < 0)
			return bus_fail(b, r, err);
	}
	if (any_end || strcmp(b->result, "done") == 0)
		return 0;
	fail(err, 0, "systemd's job for unit '%s' (%s at '%s') ended with '%s'", b->unit, b->method, b->socket,
	     b->result);
	error_code(err, "SYSTEMD_JOB");
	return error_hint(err, "see 'journalctl -u %s'", b->unit);
}
