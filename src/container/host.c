/* SPDX-License-Identifier: Apache-2.0 */
/* Collecting the facts about host and caller: a handful of small reads, no mountinfo. */
#include "container/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/cgroup.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/process.h"

#define PROC_USER_INIT_INO 0xEFFFFFFDU /* linux/proc_ns.h: inode of the first user namespace */
#define CAP_SYS_ADMIN_BIT 21

static void collect_privilege(struct host *host)
{
	uint64_t effective = 0, permitted = UINT64_MAX, inheritable;
	struct stat st;

	host->euid = geteuid();
	host->egid = getegid();
	host->userns = stat("/proc/self/ns/user", &st) == 0 ? st.st_ino : PROC_USER_INIT_INO;
	host->in_userns = host->userns != PROC_USER_INIT_INO;
	if (sys_capget(&effective, &permitted, &inheritable) < 0)
		effective = 0;
	host->missing_caps = ~permitted;
	host->privileged = host->euid == 0 && !host->in_userns && (effective & (UINT64_C(1) << CAP_SYS_ADMIN_BIT));
}

/* Whether PATH, a cgroup below MOUNT, has one above it that was delegated to us: one that takes processes. */
static bool may_use_parent(const char *mount, const char *path)
{
	const char *last = strrchr(path, '/');
	char file[4400];

	if (!last || !last[1])
		return false; /* the root, as in a cgroup namespace */
	return (size_t)snprintf(file, sizeof(file), "%s%.*s/cgroup.procs", mount, (int)(last - path), path) <
		       sizeof(file) &&
	       faccessat(AT_FDCWD, file, W_OK, AT_EACCESS) == 0;
}

static void collect_cgroup(struct arena *arena, struct host *host, bool own)
{
	char mount[256], path[300];
	UNSET char text[4096];
	bool hybrid;

	if (cgroup_find_mount(mount, sizeof(mount), &hybrid) < 0)
		return;
	host->cgroup_mount = arena_strdup(arena, mount);
	/* Only who may not start at the root, or makes no cgroup, needs to know where he is. */
	if ((!host->privileged || own) && cgroup_own_path(text, sizeof(text)) == 0)
		host->cgroup_own = arena_strdup(arena, text);
	host->cgroup_beside = host->cgroup_own && !host->privileged && may_use_parent(mount, host->cgroup_own);
	snprintf(path, sizeof(path), "%s/cgroup.controllers", mount);
	if (fd_read_small(-1, path, text, sizeof(text)) >= 0)
		host->cgroup_controllers = arena_strdup(arena, text);
}

static int collect_environment(struct arena *arena, struct host *host, struct error *err)
{
	const char *notify = getenv("NOTIFY_SOCKET"), *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	const char *names = getenv("LISTEN_FDNAMES");
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	uint32_t n, owner;

	if (runtime && runtime[0])
		host->runtime_dir = arena_strdup(arena, runtime);
	if (notify && notify[0])
		host->notify_socket = arena_strdup(arena, notify);
	if (!fds || !fds[0])
		return 0;
	if (!str_to_u32(fds, &n) || n > 4096)
		return fail(err, 0, "environment variable LISTEN_FDS='%s' is not a number of descriptors", fds);
	/* sd_listen_fds(3): they are for the process that LISTEN_PID names; conmon and systemd set it to us. */
	if (pid && (!str_to_u32(pid, &owner) || owner != (uint32_t)getpid()))
		return 0;
	host->listen_fds = n;
	host->listen_fdnames = names ? arena_strdup(arena, names) : NULL;
	return 0;
}

void host_collect_caller(struct host *ret)
{
	*ret = (struct host){0};
	collect_privilege(ret);
	ret->last_cap = plan_last_cap();
}

int host_collect(struct arena *arena, bool own_cgroup, struct host *ret, struct error *err)
{
	host_collect_caller(ret);
	collect_cgroup(arena, ret, own_cgroup);
	return collect_environment(arena, ret, err);
}

/* Lines "NAME:START:COUNT" of FILE for our user, by name or number; the id OWN comes first. */
static void read_subids(struct arena *arena, const char *file, const char *name, uint32_t uid, uint32_t own,
			struct plan_id_maps *ret)
{
	enum { MAX = 64 };
	autofree char *text = NULL;
	char *line, *save = NULL;
	char number[16];
	struct error err;

	ret->v = arena_array(arena, MAX, sizeof(*ret->v));
	ret->v[0] = (struct plan_id_map){0, own, 1};
	ret->n = 1;
	if (fd_read_file(AT_FDCWD, file, 1 << 20, &text, NULL, &err) < 0)
		return; /* none: the caller has its own id alone */
	snprintf(number, sizeof(number), "%u", uid);
	for (line = strtok_r(text, "\n", &save); line && ret->n < MAX; line = strtok_r(NULL, "\n", &save)) {
		char *start = strchr(line, ':'), *count = start ? strchr(start + 1, ':') : NULL;
		struct plan_id_map m = {0};

		if (!count)
			continue;
		*start++ = *count++ = '\0';
		if (strcmp(line, number) != 0 && (!name || strcmp(line, name) != 0))
			continue;
		if (str_to_u32(start, &m.outside) && str_to_u32(count, &m.size) && m.size > 0)
			ret->v[ret->n++] = m;
	}
}

/* The name of UID in /etc/passwd: read by hand, a static program has no name service. */
static bool user_name(uint32_t uid, char *buf, size_t size)
{
	autofree char *text = NULL;
	char *line, *save = NULL;
	struct error err;

	if (fd_read_file(AT_FDCWD, "/etc/passwd", 16 << 20, &text, NULL, &err) < 0)
		return false;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *a = strchr(line, ':'), *b = a ? strchr(a + 1, ':') : NULL, *c = b ? strchr(b + 1, ':') : NULL;
		uint32_t found;

		if (!c)
			continue;
		*a = *c = '\0';
		if (str_to_u32(b + 1, &found) && found == uid)
			return (size_t)snprintf(buf, size, "%s", line) < size;
	}
	return false;
}

void host_collect_subids(struct arena *arena, struct host *host)
{
	char name[256];
	bool named = user_name(host->euid, name, sizeof(name));

	read_subids(arena, "/etc/subuid", named ? name : NULL, host->euid, host->euid, &host->sub_uid);
	read_subids(arena, "/etc/subgid", named ? name : NULL, host->euid, host->egid, &host->sub_gid);
}

void host_look_at_userns(const struct oci_config *config, struct host *host)
{
	size_t n = config->linux ? config->linux->namespaces.n : 0;

	for (size_t i = 0; i < n; i++) {
		const struct oci_namespace *ns = &config->linux->namespaces.v[i];
		struct stat named, own;

		if (ns->type == OCI_NS_USER && ns->path && ns->path[0] == '/' && stat(ns->path, &named) == 0 &&
		    stat("/proc/self/ns/user", &own) == 0 && named.st_ino == own.st_ino && named.st_dev == own.st_dev)
			host->named_userns = ns->path;
	}
}
