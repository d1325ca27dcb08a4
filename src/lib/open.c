/* SPDX-License-Identifier: Apache-2.0 */
/* Handles: from options to a struct vert.  All strings are copies; the root is made absolute here, so that the caller
 * may change its directory between calls. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "lib/lib.h"

#define TIMEOUT_MAX 3600

int lib_copy(void *to, size_t known, const void *from, const char *name, struct error *err)
{
	const char *bytes = from;
	size_t size;

	memset(to, 0, known);
	if (!from)
		return 0;
	memcpy(&size, from, sizeof(size));
	if (size < sizeof(size))
		return fail(err, EINVAL, "struct %s without its size", name);
	for (size_t i = known; i < size; i++)
		if (bytes[i])
			return fail(err, E2BIG,
				    "struct %s has members that libvert %s does not know", name,
				    PACKAGE_VERSION);
	memcpy(to, from, size < known ? size : known);
	return 0;
}

static char *default_root(void)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/vert", run && *run ? run : "/run");
	return strdup(path);
}

static char *absolute(const char *root)
{
	char cwd[PATH_MAX], path[2 * PATH_MAX];

	if (root[0] == '/' || !getcwd(cwd, sizeof(cwd)))
		return strdup(root);
	snprintf(path, sizeof(path), "%s/%s", cwd, root);
	return strdup(path);
}

static int check(const struct vert_options *o, struct error *err)
{
	if (o->root && !*o->root)
		return fail(err, EINVAL, "option 'root' names no directory");
	if (o->cgroup_manager < VERT_CGROUPFS || o->cgroup_manager > VERT_NO_CGROUPS)
		return fail(err, EINVAL, "option 'cgroup_manager' is %d", o->cgroup_manager);
	if (o->rootless < VERT_ROOTLESS_AUTO || o->rootless > VERT_NOT_ROOTLESS)
		return fail(err, EINVAL, "option 'rootless' is %d", o->rootless);
	if (o->log_level < VERT_LOG_ERRORS || o->log_level > VERT_LOG_DEBUG)
		return fail(err, EINVAL, "option 'log_level' is %d", o->log_level);
	if (o->systemd_timeout > TIMEOUT_MAX)
		return fail(err, EINVAL, "option 'systemd_timeout' is more than an hour");
	return 0;
}

_Static_assert((int)VERT_CGROUPFS == CGROUP_MANAGER_CGROUPFS &&
		       (int)VERT_SYSTEMD == CGROUP_MANAGER_SYSTEMD &&
		       (int)VERT_NO_CGROUPS == CGROUP_MANAGER_DISABLED,
	       "order");
_Static_assert((int)VERT_ROOTLESS_AUTO == ROOTLESS_AUTO && (int)VERT_ROOTLESS == ROOTLESS_TRUE &&
		       (int)VERT_NOT_ROOTLESS == ROOTLESS_FALSE,
	       "order");
_Static_assert((int)VERT_LOG_ERRORS == LOG_LEVEL_ERROR &&
		       (int)VERT_LOG_WARNINGS == LOG_LEVEL_WARNING &&
		       (int)VERT_LOG_DEBUG == LOG_LEVEL_DEBUG,
	       "order");

static int fill(struct vert *v, const struct vert_options *o, struct error *err)
{
	*v = (struct vert){
		.rt = {.root = o->root ? absolute(o->root) : default_root(),
		       .cgroup_manager = (enum cgroup_manager)o->cgroup_manager,
		       .rootless = (enum rootless_mode)o->rootless,
		       .systemd_timeout = o->systemd_timeout},
		.log = {.fd = -1, .json = o->log_json != 0},
	};
	if (!v->rt.root)
		return fail(err, ENOMEM, "open a state root");
	if (!o->log)
		return 0; /* and the level stays at errors: nobody is told anything but by the result */
	v->log.level = (enum log_level)o->log_level;
	v->log.fd = open(o->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY,
			 0644);
	return v->log.fd < 0 ? fail(err, errno, "open log file '%s'", o->log) : 0;
}

int vert_open(const struct vert_options *options, struct vert **ret, struct vert_error **why)
{
	struct vert_options o;
	struct error err;
	struct vert *v;

	if (lib_copy(&o, sizeof(o), options, "vert_options", &err) < 0 || check(&o, &err) < 0)
		return lib_fail(why, &err);
	v = malloc(sizeof(*v));
	if (!v) {
		fail(&err, ENOMEM, "open a state root");
		return lib_fail(why, &err);
	}
	if (fill(v, &o, &err) < 0) {
		vert_close(v);
		return lib_fail(why, &err);
	}
	*ret = v;
	return 0;
}

void vert_close(struct vert *v)
{
	if (!v)
		return;
	close_keeping_errno(&v->log.fd);
	free((char *)v->rt.root); /* ours: fill() made it */
	free(v);
}

struct vert lib_borrow(const struct runtime *rt)
{
	return (struct vert){.rt = *rt, .in_place = true};
}

const char *vert_version(void)
{
	return PACKAGE_VERSION;
}

void vert_free(char *text)
{
	free(text);
}
