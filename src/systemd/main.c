/* SPDX-License-Identifier: Apache-2.0 */
/* vert-systemd: asks a systemd manager for one thing and ends.
 *
 *	vert-systemd start  SOCKET DIRECT MS UNIT PID		a scope with that process in it; properties on stdin
 *	vert-systemd set    SOCKET DIRECT MS UNIT		other properties, until reboot
 *	vert-systemd attach SOCKET DIRECT MS UNIT PID SUBGROUP	moves a process into the unit
 *	vert-systemd stop   SOCKET DIRECT MS UNIT [DESCRIPTION]	only when it is the unit so described
 *
 * Apart from vert because libsystemd exists as a shared library only; run by vert and vert-init.  On failure the three
 * lines CODE, HINT, MESSAGE go to standard output, and the status is 1.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "systemd/bus.h"
#include "systemd/request.h"

#define REQUEST_MAX (4 << 20)
#define UNIT_INTERFACE "org.freedesktop.systemd1.Unit"

struct call {
	struct bus bus;
	const char *verb, *unit;
	const char *extra[2];	/* what follows UNIT, "" */
	char *text;		/* of the properties */
	struct request properties;
};

/* ---- one call ---------------------------------------------------------------------------------- */

static bool is_error(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

/* METHOD with the unit as its argument and, when MODE is not NULL, that too. */
static int call_unit(struct call *c, const char *method, const char *mode, sd_bus_message **ret,
		     char name[BUS_ERROR_SIZE], struct error *err)
{
	sd_bus_message *m = NULL;
	int r;

	name[0] = '\0';
	if (bus_new_call(&c->bus, method, &m, err) < 0)
		return -1;
	r = sd_bus_message_append_basic(m, 's', c->unit);
	if (r >= 0 && mode)
		r = sd_bus_message_append_basic(m, 's', mode);
	r = r < 0 ? bus_fail(&c->bus, r, err) : bus_call(&c->bus, m, ret, name, err);
	sd_bus_message_unref(m);
	return r;
}

/* ---- start ------------------------------------------------------------------------------------- */

static int append_start(struct call *c, sd_bus_message *m, uint32_t pid)
{
	int r = sd_bus_message_append(m, "ss", c->unit, "fail");

	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "(sv)");
	if (r >= 0)
		r = request_append(&c->properties, m);
	if (r >= 0)
		r = sd_bus_message_append(m, "(sv)", "PIDs", "au", 1, pid);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_append(m, "a(sa(sv))", 0);
}

static int start_once(struct call *c, uint32_t pid, sd_bus_message **ret, char name[BUS_ERROR_SIZE], struct error *err)
{
	sd_bus_message *m = NULL;
	int r;

	name[0] = '\0';
	if (bus_new_call(&c->bus, "StartTransientUnit", &m, err) < 0)
		return -1;
	r = append_start(c, m, pid);
	r = r < 0 ? bus_fail(&c->bus, r, err) : bus_call(&c->bus, m, ret, name, err);
	sd_bus_message_unref(m);
	return r;
}

static int fail_exists(const struct call *c, struct error *err)
{
	fail(err, 0, "unit '%s' exists already and is in use (StartTransientUnit at '%s' as user %u)", c->unit,
	     c->bus.socket, (unsigned)geteuid());
	error_code(err, "SYSTEMD_UNIT_EXISTS");
	return error_hint(err, "choose another linux.cgroupsPath, or stop it: systemctl %sstop %s",
			  geteuid() == 0 ? "" : "--user ", c->unit);
}

static const char *const exists[] = {"org.freedesktop.systemd1.UnitExists", NULL};
static const char *const unknown[] = {"org.freedesktop.DBus.Error.PropertyReadOnly",
				      "org.freedesktop.DBus.Error.UnknownProperty",
				      "org.freedesktop.DBus.Error.InvalidArgs", NULL};
static const char *const no_unit[] = {"org.freedesktop.systemd1.NoSuchUnit", "org.freedesktop.systemd1.UnitNotLoaded",
				      NULL};

static int start(struct call *c, struct error *err)
{
	sd_bus_message *answer = NULL;
	char name[BUS_ERROR_SIZE], other[BUS_ERROR_SIZE];
	bool reset = false;
	uint32_t pid;
	int rc;

	if (!str_to_u32(c->extra[0], &pid))
		return fail(err, EINVAL, "pid '%s'", c->extra[0]);
	if (bus_watch_jobs(&c->bus, err) < 0)
		return -1;
	while (start_once(c, pid, &answer, name, err) < 0) {
		if (is_error(name, unknown) && request_drop(&c->properties, err->msg))
			continue;
		if (!is_error(name, exists))
			return -1;
		/* What an earlier container left: failed, and kept for somebody to look at. */
		if (reset)
			return fail_exists(c, err);
		reset = true;
		if (call_unit(c, "ResetFailedUnit", NULL, NULL, other, err) < 0 && !is_error(other, no_unit))
			return -1;
	}
	rc = bus_wait_job(&c->bus, answer, false, err);
	sd_bus_message_unref(answer);
	return rc;
}

/* ---- the others -------------------------------------------------------------------------------- */

static int append_set(struct call *c, sd_bus_message *m)
{
	int r = sd_bus_message_append(m, "sb", c->unit, 1); /* at run time: no file outlives a reboot */

	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "(sv)");
	if (r >= 0)
		r = request_append(&c->properties, m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int set(struct call *c, struct error *err)
{
	char name[BUS_ERROR_SIZE];

	for (;;) {
		sd_bus_message *m = NULL;
		int r;

		name[0] = '\0';
		if (bus_new_call(&c->bus, "SetUnitProperties", &m, err) < 0)
			return -1;
		r = append_set(c, m);
		r = r < 0 ? bus_fail(&c->bus, r, err) : bus_call(&c->bus, m, NULL, name, err);
		sd_bus_message_unref(m);
		if (r == 0)
			return 0;
		if (!is_error(name, unknown) || !request_drop(&c->properties, err->msg))
			return -1;
	}
}

static int attach(struct call *c, struct error *err)
{
	sd_bus_message *m = NULL;
	char name[BUS_ERROR_SIZE];
	uint32_t pid;
	int r;

	if (!str_to_u32(c->extra[0], &pid))
		return fail(err, EINVAL, "pid '%s'", c->extra[0]);
	if (bus_new_call(&c->bus, "AttachProcessesToUnit", &m, err) < 0)
		return -1;
	r = sd_bus_message_append(m, "ssau", c->unit, c->extra[1], 1, pid);
	r = r < 0 ? bus_fail(&c->bus, r, err) : bus_call(&c->bus, m, NULL, name, err);
	sd_bus_message_unref(m);
	return r;
}

/* Is the unit there, and described like this?  1, 0 or -1. */
static int is_described(struct call *c, const char *description, struct error *err)
{
	sd_bus_error e = SD_BUS_ERROR_NULL;
	char *text = NULL, name[BUS_ERROR_SIZE];
	sd_bus_message *answer = NULL;
	const char *unit;
	int r;

	if (call_unit(c, "GetUnit", NULL, &answer, name, err) < 0)
		return is_error(name, no_unit) ? 0 : -1;
	r = sd_bus_message_read(answer, "o", &unit);
	c->bus.method = "Get(Description)";
	if (r >= 0)
		r = sd_bus_set_method_call_timeout(c->bus.bus, bus_left(&c->bus));
	if (r >= 0)
		r = sd_bus_get_property_string(c->bus.bus, MANAGER_NAME, unit, UNIT_INTERFACE, "Description", &e,
					       &text);
	r = r < 0 ? bus_fail(&c->bus, r, err) : strcmp(text, description) == 0;
	sd_bus_error_free(&e);
	sd_bus_message_unref(answer);
	free(text);
	return r;
}

static int stop(struct call *c, struct error *err)
{
	sd_bus_message *answer = NULL;
	char name[BUS_ERROR_SIZE];
	int rc;

	if (c->extra[0][0] && (rc = is_described(c, c->extra[0], err)) <= 0)
		return rc;
	if (bus_watch_jobs(&c->bus, err) < 0)
		return -1;
	rc = call_unit(c, "StopUnit", "replace", &answer, name, err);
	if (rc < 0 && is_error(name, no_unit)) /* gone by itself: its last process has ended */
		return 0;
	if (rc == 0)
		rc = bus_wait_job(&c->bus, answer, true, err);
	sd_bus_message_unref(answer);
	if (rc < 0)
		return -1;
	rc = call_unit(c, "ResetFailedUnit", NULL, NULL, name, err);
	return rc < 0 && is_error(name, no_unit) ? 0 : rc;
}

/* ---- main -------------------------------------------------------------------------------------- */

static int read_properties(struct call *c, struct error *err)
{
	size_t len;

	/* A memfd: its path in /proc reads it from the start. */
	if (fd_read_file(-1, "/proc/self/fd/0", REQUEST_MAX, &c->text, &len, err) < 0)
		return -1;
	return request_parse(c->text, &c->properties, err);
}

static int run(int argc, char **argv, struct error *err)
{
	static const struct {
		const char *name;
		int (*run)(struct call *c, struct error *err);
		bool reads;
	} verbs[] = {{"start", start, true}, {"set", set, true}, {"attach", attach, false}, {"stop", stop, false}};
	struct call c = {.extra = {"", ""}};
	uint32_t ms;
	int rc;

	if (argc < 6 || argc > 8 || !str_to_u32(argv[4], &ms))
		return fail(err, 0, "vert-systemd is a part of vert and is run by it alone");
	c.verb = argv[1];
	c.unit = argv[5];
	for (int i = 6; i < argc; i++)
		c.extra[i - 6] = argv[i];
	for (size_t i = 0; i < COUNT_OF(verbs); i++) {
		if (strcmp(c.verb, verbs[i].name) != 0)
			continue;
		rc = verbs[i].reads ? read_properties(&c, err) : 0;
		if (rc == 0) {
			rc = bus_open(&c.bus, argv[2], argv[3], c.unit, ms, err);
			if (rc == 0)
				rc = verbs[i].run(&c, err);
			bus_close(&c.bus);
		}
		request_free(&c.properties);
		free(c.text);
		return rc;
	}
	return fail(err, 0, "vert-systemd has no verb '%s'", c.verb);
}

int main(int argc, char **argv)
{
	struct error err = {0};
	struct buf b = {0};

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* who asked is gone: nobody wants the answer */
	(void)sys_close_range(3, ~0U, 0);
	if (run(argc, argv, &err) == 0)
		return 0;
	buf_printf(&b, "%s\n%s\n%s", err.code, err.hint, err.msg);
	if (!b.failed)
		(void)fd_write_all(STDOUT_FILENO, b.s, b.n); /* the status tells as well */
	buf_free(&b);
	return 1;
}
