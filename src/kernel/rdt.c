/* SPDX-License-Identifier: Apache-2.0 */
/* resctrl: directories are groups, two files of them matter: schemata and tasks.
 *
 * A build for tests takes another directory for resctrl when VERT_RESCTRL names one; its files are ordinary ones
 * then, which have to be made and removed.
 */
#include "kernel/rdt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

#define RDTGROUP_SUPER_MAGIC_ 0x7655821 /* linux/magic.h; musl's headers have it not */
#define WHERE "linux.intelRdt"

static const char *tests_directory(void)
{
#ifdef VERT_TEST_FAULTS
	return getenv("VERT_RESCTRL");
#else
	return NULL;
#endif
}

static int open_root(int *ret_fd, struct error *err)
{
	const char *fake = tests_directory();
	autoclose int fd = open(fake ? fake : "/sys/fs/resctrl", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0 || (!fake && fs.f_type != RDTGROUP_SUPER_MAGIC_)) {
		fail_at(err, 0, WHERE, "no resctrl file system at /sys/fs/resctrl");
		error_code(err, "RESCTRL_MISSING");
		return error_hint(err, "the processor needs Intel RDT or its like; mount -t resctrl resctrl "
				       "/sys/fs/resctrl");
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

static int write_line(int dir, const char *file, const char *text)
{
	autoclose int fd = openat(dir, file, O_WRONLY | O_CLOEXEC | (tests_directory() ? O_CREAT | O_APPEND : 0), 0600);
	size_t n = strlen(text);

	if (fd < 0)
		return -1;
	return write(fd, text, n) == (ssize_t)n ? 0 : -1;
}

/* What the kernel found wrong, in its own words. */
static int fail_schema(int root, const char *line, struct error *err)
{
	int saved = errno;
	char text[256] = "";

	(void)fd_read_small(root, "info/last_cmd_status", text, sizeof(text));
	return fail_at(err, saved, WHERE, "write schema '%s'%s%s", line, text[0] ? ": " : "", text);
}

static int write_schemata(int root, int group, const struct plan_rdt *rdt, struct error *err)
{
	char line[4096];

	for (size_t i = 0; i < rdt->schemata.n; i++) {
		if ((size_t)snprintf(line, sizeof(line), "%s\n", rdt->schemata.v[i]) >= sizeof(line))
			return fail_at(err, E2BIG, WHERE, "write a schema");
		if (write_line(group, "schemata", line) < 0)
			return fail_schema(root, rdt->schemata.v[i], err);
	}
	return 0;
}

/* "0=7ff" and "0=07FF" say the same. */
static bool same_value(const char *a, size_t n_a, const char *b, size_t n_b)
{
	for (; n_a > 1 && *a == '0'; n_a--)
		a++;
	for (; n_b > 1 && *b == '0'; n_b--)
		b++;
	return n_a == n_b && strncasecmp(a, b, n_a) == 0;
}

/* Has the line HAVE ("0=7ff;1=7ff") the same value for the domain WANT ("1=7ff")? */
static bool has_domain(const char *have, const char *want, size_t n_want)
{
	size_t key = strcspn(want, "=");

	while (*have && *have != '\n') {
		size_t n = strcspn(have, ";\n");

		if (key < n_want && n > key && strncmp(have, want, key + 1) == 0)
			return same_value(have + key + 1, n - key - 1, want + key + 1, n_want - key - 1);
		have += n + (have[n] == ';');
	}
	return false;
}

static bool has_line(const char *text, const char *want)
{
	size_t name = strcspn(want, ":") + 1;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		const char *line = text + strspn(text, " ");

		if (strncmp(line, want, name) != 0)
			continue;
		for (const char *d = want + name; *d; d += strcspn(d, ";"), d += *d == ';')
			if (!has_domain(line + name, d, strcspn(d, ";")))
				return false;
		return true;
	}
	return false;
}

/* A group that others made is used as it is, or not at all. */
static int check_schemata(int group, const struct plan_rdt *rdt, struct error *err)
{
	char text[16384];

	if (rdt->schemata.n && fd_read_small(group, "schemata", text, sizeof(text)) < 0)
		return fail_at(err, errno, WHERE, "read the schemata of group '%s'", rdt->clos);
	for (size_t i = 0; i < rdt->schemata.n; i++)
		if (!has_line(text, rdt->schemata.v[i])) {
			fail_at(err, 0, WHERE, "group '%s' is there already, with another schema than '%s'", rdt->clos,
				rdt->schemata.v[i]);
			return error_code(err, "RDT_SCHEMA_DIFFERS");
		}
	return 0;
}

static int open_group(int root, const char *name, int *ret_fd, struct error *err)
{
	*ret_fd = openat(root, name[0] ? name : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *ret_fd < 0 ? fail_at(err, errno, WHERE ".closID", "open the group '%s' of resctrl", name) : 0;
}

static int add_pid(int root, const char *name, pid_t pid, struct error *err)
{
	autoclose int group = -1;
	char text[16];

	if (open_group(root, name, &group, err) < 0)
		return -1;
	snprintf(text, sizeof(text), "%d\n", (int)pid);
	return write_line(group, "tasks", text) < 0
		       ? fail_at(err, errno, WHERE, "put the process into the group '%s' of resctrl", name)
		       : 0;
}

/* An ordinary directory is not empty, and has no directory that the kernel would make. */
static void fake_make(int root, const char *clos)
{
	char path[512];

	if (!tests_directory())
		return;
	snprintf(path, sizeof(path), "%s/mon_groups", clos[0] ? clos : ".");
	(void)mkdirat(root, path, 0700);
}

static void fake_empty(int root, const char *path)
{
	static const char *const files[] = {"schemata", "tasks", "mon_groups"};
	char name[512];

	for (size_t i = 0; tests_directory() && i < COUNT_OF(files); i++) {
		snprintf(name, sizeof(name), "%s/%s", path, files[i]);
		(void)unlinkat(root, name, i == 2 ? AT_REMOVEDIR : 0);
	}
}

static int enter_clos(int root, const struct plan_rdt *rdt, bool *ret_made, struct error *err)
{
	autoclose int group = -1;

	if (rdt->create && mkdirat(root, rdt->clos, 0755) == 0)
		*ret_made = true;
	else if (rdt->create && errno != EEXIST)
		return fail_at(err, errno, WHERE ".closID", "make the group '%s' of resctrl", rdt->clos);
	else if (rdt->exclusive)
		return fail_at(err, EEXIST, WHERE, "make the group '%s' of resctrl", rdt->clos);
	if (open_group(root, rdt->clos, &group, err) < 0)
		return -1;
	fake_make(root, rdt->clos);
	if (*ret_made || !rdt->clos[0]) /* the root group is nobody's in particular */
		return write_schemata(root, group, rdt, err);
	return check_schemata(group, rdt, err);
}

int rdt_enter(const struct plan_rdt *rdt, pid_t pid, struct error *err)
{
	autoclose int root = -1;
	bool made = false, monitored = false;

	if (!rdt->present)
		return 0;
	if (open_root(&root, err) < 0)
		return -1;
	if (enter_clos(root, rdt, &made, err) == 0) {
		monitored = rdt->monitor && mkdirat(root, rdt->monitor, 0755) == 0;
		if (rdt->monitor && !monitored)
			fail_at(err, errno, WHERE ".enableMonitoring", "make the group '%s' of resctrl", rdt->monitor);
		else if (rdt_add(rdt, pid, err) == 0)
			return 0;
	}
	if (monitored) {
		fake_empty(root, rdt->monitor);
		(void)unlinkat(root, rdt->monitor, AT_REMOVEDIR);
	}
	if (made) {
		fake_empty(root, rdt->clos);
		(void)unlinkat(root, rdt->clos, AT_REMOVEDIR);
	}
	return -1;
}

int rdt_add(const struct plan_rdt *rdt, pid_t pid, struct error *err)
{
	autoclose int root = -1;

	if (!rdt->present)
		return 0;
	/* The class first: moving a task between classes takes it out of its monitoring group. */
	if (open_root(&root, err) < 0 || add_pid(root, rdt->clos, pid, err) < 0)
		return -1;
	return rdt->monitor ? add_pid(root, rdt->monitor, pid, err) : 0;
}

int rdt_update(const struct plan_rdt *rdt, struct error *err)
{
	autoclose int root = -1;
	autoclose int group = -1;

	if (open_root(&root, err) < 0 || open_group(root, rdt->clos, &group, err) < 0)
		return -1;
	return write_schemata(root, group, rdt, err);
}

int rdt_remove(const char *paths, struct error *err)
{
	autoclose int root = -1;
	char path[600];

	if (!paths || !paths[0] || open_root(&root, err) < 0)
		return 0; /* with the file system its groups are gone */
	for (size_t n; *paths; paths += n + (paths[n] == '\n')) {
		n = strcspn(paths, "\n");
		snprintf(path, sizeof(path), "%.*s", (int)n, paths);
		fake_empty(root, path);
		if (unlinkat(root, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
			return fail(err, errno, "remove the group '%s' of resctrl", path);
	}
	return 0;
}
