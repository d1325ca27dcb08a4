/* SPDX-License-Identifier: Apache-2.0 */
/* How the host is set up: namespaces, cgroups and what of them is ours, security modules, helpers, systemd. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "container/doctor.h"
#include "container/host.h"
#include "kernel/cgroup.h"
#include "kernel/lsm.h"
#include "kernel/userns.h"
#include "libocispec/arena.h"

/* ---- namespaces ------------------------------------------------------------------------------------ */

static void probe_namespaces(struct doctor_fact *f)
{
	static const char *const kinds[] = {"mnt", "pid",    "net",  "ipc",
					    "uts", "cgroup", "user", "time"};
	char missing[80] = "", path[40];

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i]);
		if (access(path, F_OK) < 0)
			snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing),
				 " %s", kinds[i]);
	}
	doctor_found(f, missing[0] ? DOCTOR_LIMITED : DOCTOR_FINE,
		     missing[0] ? "not in this kernel:%s" : "all kinds%s", missing);
}

/* In a child: who has made one keeps it. */
static void probe_user_namespaces(struct doctor_fact *f)
{
	struct error err = {0};
	char limit[32] = "?", text[128];
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 ? 0 : errno);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	(void)fd_read_small(-1, "/proc/sys/user/max_user_namespaces", limit,
			    sizeof(limit)); /* "?" then */
	if (child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		doctor_found(f, DOCTOR_FINE, "yes, at most %s", limit);
		return;
	}
	doctor_found(f, geteuid() == 0 ? DOCTOR_LIMITED : DOCTOR_MISSING, "refused: %s",
		     errno_text(child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : errno, text,
				sizeof(text)));
	(void)userns_explain(&err); /* -1 as always */
	doctor_fix(f, "%s",
		   err.hint[0]
			   ? err.hint
			   : "a seccomp filter or security module forbids them to this process");
}

static void probe_subordinate_ids(struct doctor_fact *f)
{
	struct arena arena = {0};
	struct host host;
	struct error err;

	if (geteuid() == 0 || host_collect(&arena, false, &host, &err) < 0) {
		doctor_found(f, DOCTOR_INFO, "root maps what it likes");
	} else {
		uint64_t n = 0;

		host_collect_subids(&arena, &host);
		for (size_t i = 1; i < host.sub_uid.n; i++)
			n += host.sub_uid.v[i].size;
		doctor_found(f, n >= 65536 ? DOCTOR_FINE : DOCTOR_LIMITED, "%llu in /etc/subuid",
			     (unsigned long long)n);
		if (n < 65536)
			doctor_fix(f, "usermod --add-subuids 100000-165535 --add-subgids "
				      "100000-165535 USER");
	}
	arena_free(&arena);
}

/* ---- cgroups --------------------------------------------------------------------------------------- */

struct place {
	char mount[256], own[3000], dir[3300];
	bool hybrid;
};

static bool find_place(struct place *p)
{
	if (cgroup_find_mount(p->mount, sizeof(p->mount), &p->hybrid) < 0)
		return false;
	if (cgroup_own_path(p->own, sizeof(p->own)) < 0)
		p->own[0] = '\0';
	snprintf(p->dir, sizeof(p->dir), "%s%s", p->mount, p->own);
	return true;
}

static void read_file(const char *dir, const char *file, char *buf, size_t size)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	if (fd_read_small(-1, path, buf, size) < 0)
		buf[0] = '\0';
}

static void probe_hierarchy(struct doctor_fact *f)
{
	struct place p;

	if (!find_place(&p)) {
		doctor_found(
			f, DOCTOR_LIMITED,
			"there is none: containers have no limits, with --cgroup-manager=disabled");
		doctor_fix(f, "mount -t cgroup2 none /sys/fs/cgroup");
		return;
	}
	doctor_found(f, p.hybrid ? DOCTOR_LIMITED : DOCTOR_FINE, "%s%s", p.mount,
		     p.hybrid ? ", beside version 1" : "");
	if (p.hybrid)
		doctor_fix(f, "boot with systemd.unified_cgroup_hierarchy=1: controllers of "
			      "version 1 are out of reach");
}

static void probe_controllers(struct doctor_fact *f)
{
	static const char *const wanted[] = {"cpu", "cpuset", "io", "memory", "pids", "hugetlb"};
	char have[512], missing[128] = "";
	struct place p;

	if (!find_place(&p)) {
		doctor_found(f, DOCTOR_LIMITED, "none");
		return;
	}
	/* Root makes cgroups below the hierarchy's root, everybody else below his own. */
	read_file(geteuid() == 0 ? p.mount : p.dir, "cgroup.controllers", have, sizeof(have));
	for (size_t i = 0; i < COUNT_OF(wanted); i++) {
		const char *s = strstr(have, wanted[i]);
		size_t n = strlen(wanted[i]);

		while (s && ((s > have && s[-1] != ' ') || (s[n] && s[n] != ' ')))
			s = strstr(s + 1, wanted[i]);
		if (!s)
			snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing),
				 " %s", wanted[i]);
	}
	doctor_found(f, missing[0] ? DOCTOR_LIMITED : DOCTOR_FINE, "%s%s%s",
		     have[0] ? have : "none", missing[0] ? "; not:" : "", missing);
	if (missing[0] && geteuid() != 0)
		doctor_fix(f, "systemctl edit user@.service: [Service] Delegate=cpu cpuset io "
			      "memory pids");
	else if (missing[0])
		doctor_fix(f, "boot with systemd.unified_cgroup_hierarchy=1 (and "
			      "cgroup_enable=memory where it is off)");
}

static void probe_delegation(struct doctor_fact *f)
{
	struct place p;

	if (!find_place(&p)) {
		doctor_found(f, DOCTOR_LIMITED, "there is no hierarchy");
	} else if (access(geteuid() == 0 ? p.mount : p.dir, W_OK) == 0) {
		doctor_found(f, DOCTOR_FINE, "cgroups can be made in '%.300s'",
			     geteuid() == 0 ? p.mount : p.dir);
	} else {
		doctor_found(f, DOCTOR_LIMITED,
			     "'%.300s' is not ours: containers live in our cgroup, without limits",
			     geteuid() == 0 ? p.mount : p.dir);
		doctor_fix(f, "systemd-run --user --scope -p Delegate=yes COMMAND, or log in with "
			      "systemd's user session");
	}
}

static void probe_cgroup_files(struct doctor_fact *f)
{
	char kill[4096], swap[4096];
	struct place p;

	if (!find_place(&p) || !p.own[0] || strcmp(p.own, "/") == 0) {
		doctor_found(f, DOCTOR_INFO, "only a cgroup other than the root has them");
		return;
	}
	snprintf(kill, sizeof(kill), "%s/cgroup.kill", p.dir);
	snprintf(swap, sizeof(swap), "%s/memory.swap.max", p.dir);
	doctor_found(f, access(kill, F_OK) == 0 ? DOCTOR_FINE : DOCTOR_LIMITED,
		     "cgroup.kill: %s, memory.swap.max: %s",
		     access(kill, F_OK) == 0 ? "yes" : "no (Linux 5.14)",
		     access(swap, F_OK) == 0 ? "yes" : "no");
	if (access(swap, F_OK) < 0)
		doctor_fix(f, "limits of swap need the memory controller, and swapaccount=1 on the "
			      "kernel's command line");
}

/* The options of the cgroup2 mount; without it each move of a task waits for a grace period. */
static void probe_favordynmods(struct doctor_fact *f)
{
	autofree char *text = NULL;
	char *line, *save = NULL;
	struct error err;
	struct place p;

	if (!find_place(&p) ||
	    fd_read_file(AT_FDCWD, "/proc/self/mountinfo", 16 << 20, &text, NULL, &err) < 0) {
		doctor_found(f, DOCTOR_INFO, "not known");
		return;
	}
	doctor_found(f, DOCTOR_INFO, "off: exec into a busy container may wait for the kernel");
	doctor_fix(f, "mount -o remount,favordynmods %s", p.mount);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (strstr(line, " - cgroup2 ") && strstr(line, "favordynmods")) {
			doctor_found(f, DOCTOR_FINE, "on");
			f->fix[0] = '\0';
		}
}

/* ---- the rest -------------------------------------------------------------------------------------- */

static void probe_lsm(struct doctor_fact *f)
{
	char list[256] = "";

	(void)fd_read_small(-1, "/sys/kernel/security/lsm", list,
			    sizeof(list)); /* root's, where securityfs is mounted */
	doctor_found(f, DOCTOR_INFO, "AppArmor: %s, SELinux: %s%s%s",
		     lsm_apparmor_enabled() ? "yes" : "no", lsm_selinux_enabled() ? "yes" : "no",
		     list[0] ? "; " : "", list);
}

static void probe_id_helpers(struct doctor_fact *f)
{
	bool uid = access("/usr/bin/newuidmap", X_OK) == 0,
	     gid = access("/usr/bin/newgidmap", X_OK) == 0;

	doctor_found(f,
		     uid && gid	      ? DOCTOR_FINE
		     : geteuid() == 0 ? DOCTOR_INFO
				      : DOCTOR_LIMITED,
		     "newuidmap: %s, newgidmap: %s", uid ? "yes" : "no", gid ? "yes" : "no");
	if (!uid || !gid)
		doctor_fix(f, "apt install uidmap (dnf install shadow-utils): ordinary users need "
			      "them for more than one id");
}

static void probe_criu(struct doctor_fact *f)
{
	static const char *const dirs[] = {"/usr/sbin", "/usr/bin", "/usr/local/sbin",
					   "/usr/local/bin"};
	char path[64];

	for (size_t i = 0; i < COUNT_OF(dirs); i++) {
		snprintf(path, sizeof(path), "%s/criu", dirs[i]);
		if (access(path, X_OK) == 0) {
			doctor_found(f, DOCTOR_FINE, "%s", path);
			return;
		}
	}
	doctor_found(f, DOCTOR_INFO, "not installed");
	doctor_fix(f, "apt install criu: only checkpoints need it");
}

static void probe_systemd(struct doctor_fact *f)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char bus[300] = "/run/dbus/system_bus_socket";
	struct stat st;

	if (geteuid() != 0)
		snprintf(bus, sizeof(bus), "%.250s/bus", runtime ? runtime : "/run/user/UID");
	if (stat("/run/systemd/system", &st) < 0) {
		doctor_found(
			f, DOCTOR_INFO,
			"not the init of this host: use --cgroup-manager=cgroupfs, the default");
		return;
	}
	if (stat(bus, &st) == 0 && S_ISSOCK(st.st_mode)) {
		doctor_found(f, DOCTOR_FINE, "%s", bus);
		return;
	}
	doctor_found(f, DOCTOR_LIMITED, "no bus at '%s': --systemd-cgroup will not work", bus);
	doctor_fix(f, "%s",
		   geteuid() == 0 ? "apt install dbus"
				  : "loginctl enable-linger USER, and set XDG_RUNTIME_DIR");
}

const struct doctor_probe doctor_host_probes[] = {
	{"namespaces", "kinds", probe_namespaces},
	{"namespaces", "user namespaces", probe_user_namespaces},
	{"namespaces", "subordinate ids", probe_subordinate_ids},
	{"cgroups", "hierarchy", probe_hierarchy},
	{"cgroups", "controllers", probe_controllers},
	{"cgroups", "delegation", probe_delegation},
	{"cgroups", "files", probe_cgroup_files},
	{"cgroups", "favordynmods", probe_favordynmods},
	{"security", "modules", probe_lsm},
	{"helpers", "id maps", probe_id_helpers},
	{"helpers", "criu", probe_criu},
	{"systemd", "bus", probe_systemd},
	{NULL, NULL, NULL},
};
