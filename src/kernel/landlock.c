/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock by raw system calls: see landlock.h. */
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/sys.h"

/* Of the file rights, those that something else than a directory can have: execute, write, read, truncate, ioctl. */
#define FILE_RIGHTS UINT64_C(0xc007)

static int add_path(int ruleset, const struct plan_landlock_path *p, struct error *err)
{
	autoclose int fd = open(p->path, O_PATH | O_CLOEXEC);
	struct stat st;
	uint64_t access;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fail_at(err, errno, p->at, "open '%s' in the container", p->path);
	access = S_ISDIR(st.st_mode) ? p->access : p->access & FILE_RIGHTS;
	if (sys_landlock_add_path(ruleset, fd, access) < 0)
		return fail_at(err, errno, p->at, "add the Landlock rule for '%s'", p->path);
	return 0;
}

int landlock_restrict(const struct plan_landlock *l, struct error *err)
{
	autoclose int ruleset = sys_landlock_create_ruleset(l->fs, l->net);

	if (ruleset < 0)
		return fail(err, errno, "make a Landlock ruleset");
	for (size_t i = 0; i < l->n_paths; i++)
		if (add_path(ruleset, &l->paths[i], err) < 0)
			return -1;
	for (size_t i = 0; i < l->n_ports; i++)
		if (sys_landlock_add_port(ruleset, l->ports[i].port, l->ports[i].access) < 0)
			return fail(err, errno, "add the Landlock rule for port %u", (unsigned)l->ports[i].port);
	if (sys_landlock_restrict_self(ruleset) < 0)
		return fail(err, errno, "restrict the process with Landlock");
	return 0;
}
