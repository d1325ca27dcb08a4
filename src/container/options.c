/* SPDX-License-Identifier: Apache-2.0 */
/* From global options to planning options. */
#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/fd.h"
#include "container/state.h"
#include "kernel/lsm.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/annotation.h"

enum plan_cgroup_choice options_cgroup(const struct runtime *rt)
{
	return rt->cgroup_manager == CGROUP_MANAGER_DISABLED  ? PLAN_CHOOSE_NONE
	       : rt->cgroup_manager == CGROUP_MANAGER_SYSTEMD ? PLAN_CHOOSE_SYSTEMD
							      : PLAN_CHOOSE_FS;
}

int options_rootless(const struct runtime *rt, struct host *host, struct error *err)
{
	if (rt->rootless == ROOTLESS_TRUE)
		host->privileged = false;
	if (rt->rootless == ROOTLESS_FALSE && !host->privileged && host->euid != 0)
		return fail(err, EPERM, "--rootless=false");
	return 0;
}

/* <root>/.cache/seccomp, ours and 0700; -1 without one: a cache is never needed. */
static int open_cache(const char *root)
{
	autoclose int rootfd = -1;
	autoclose int cache = -1;
	struct error err;
	int fd;

	if (state_open_root(root, true, &rootfd, &err) < 0)
		return -1; /* the create that follows says why */
	fd = openat(rootfd, ".cache/seccomp", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	(void)mkdirat(rootfd, ".cache", 0700); /* there already, or the next call fails */
	cache = openat(rootfd, ".cache", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (cache < 0 || (mkdirat(cache, "seccomp", 0700) < 0 && errno != EEXIST))
		return -1;
	return openat(cache, "seccomp", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int options_filter(const struct runtime *rt, const struct oci_config *config, bool cache,
		   struct filter_options *ret, struct arena *arena, struct error *err)
{
	struct utsname u;

	*ret = (struct filter_options){.cache_dir = -1, .release = "", .machine = ""};
	ret->bpf_data = annotation(config, "run.oci.seccomp_bpf_data");
	if (!(config->linux && config->linux->seccomp) && !ret->bpf_data)
		return 0;
	if (uname(&u) < 0)
		return fail(err, errno, "uname");
	ret->release = arena_strdup(arena, u.release);
	ret->machine = arena_strdup(arena, u.machine);
	ret->fail_unknown = annotation(config, "run.oci.seccomp_fail_unknown_syscall") != NULL;
	ret->log = annotation(config, "run.vert.seccomp.log");
	ret->report = annotation(config, "run.vert.seccomp.report");
	ret->receiver = annotation(config, "run.oci.seccomp.receiver");
	if (!ret->receiver)
		ret->receiver = getenv("RUN_OCI_SECCOMP_RECEIVER");
	ret->cache_dir = cache ? open_cache(rt->root) : -1;
	return 0;
}

void options_terminal_size(struct plan_process *p)
{
	struct winsize size;

	for (int fd = 0; p->terminal && !p->rows && fd < 3; fd++)
		if (ioctl(fd, TIOCGWINSZ, &size) == 0) {
			p->rows = size.ws_row;
			p->columns = size.ws_col;
			return;
		}
}

int options_require(const struct plan *plan, struct error *err)
{
	return lsm_require(plan->process.apparmor, plan->process.selinux, err);
}
