/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel can do: each facility is tried, version numbers say nothing about what a distribution or an outer
 * container's filter makes of it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/doctor.h"
#include "kernel/cgroup.h"
#include "kernel/userns.h"

/* A call that worked, or was refused for other reasons than being unknown. */
static void judge(struct doctor_fact *f, bool works, int errnum, enum doctor_state without,
		  const char *since)
{
	char text[128];

	if (works)
		doctor_found(f, DOCTOR_FINE, "yes");
	else if (errnum == ENOSYS)
		doctor_found(f, without,
			     "not in this kernel, or hidden by a seccomp filter (Linux %s has it)",
			     since);
	else
		doctor_found(f, without, "%s", errno_text(errnum, text, sizeof(text)));
}

static void probe_release(struct doctor_fact *f)
{
	struct utsname u;
	uint32_t major = 0, minor = 0;
	char number[16];

	if (uname(&u) < 0)
		return;
	snprintf(number, sizeof(number), "%.*s", (int)strcspn(u.release, "."), u.release);
	(void)str_to_u32(number, &major); /* a name without numbers counts as old */
	if (strchr(u.release, '.')) {
		const char *s = strchr(u.release, '.') + 1;

		snprintf(number, sizeof(number), "%.*s", (int)strspn(s, "0123456789"), s);
		(void)str_to_u32(number, &minor);
	}
	doctor_found(f, major > 5 || (major == 5 && minor >= 14) ? DOCTOR_FINE : DOCTOR_LIMITED,
		     "Linux %s on %s", u.release, u.machine);
	if (f->state != DOCTOR_FINE)
		doctor_fix(f, "vert is made for Linux 5.14 and later");
}

static void probe_openat2(struct doctor_fact *f)
{
	autoclose int fd = sys_openat2(AT_FDCWD, "/", O_PATH | O_CLOEXEC, 0, SYS_RESOLVE_IN_ROOT);

	judge(f, fd >= 0, errno, DOCTOR_MISSING, "5.6");
}

static void probe_pidfd(struct doctor_fact *f)
{
	autoclose int fd = sys_pidfd_open(getpid(), 0);

	judge(f, fd >= 0, errno, DOCTOR_MISSING, "5.3");
}

/* Of a directory of the cgroup2 hierarchy that is not its root; -1: there is none. */
static int open_some_cgroup(void)
{
	char mount[256], own[3000], path[4096];
	bool hybrid;

	if (cgroup_find_mount(mount, sizeof(mount), &hybrid) < 0 ||
	    cgroup_own_path(own, sizeof(own)) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s%s", mount, own);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void probe_clone(struct doctor_fact *f)
{
	autoclose int cgroup = open_some_cgroup();
	struct sys_clone_args args = {.exit_signal = SIGCHLD};
	int status;
	pid_t pid;

	if (cgroup >= 0) {
		args.flags = SYS_CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup;
	}
	pid = sys_clone3(&args);
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	if (pid < 0 && (errno == EBUSY ||
			errno == EACCES)) /* it knows the flag, and this cgroup takes no process */
		doctor_found(f, DOCTOR_FINE, "yes");
	else
		judge(f, pid > 0, errno, DOCTOR_MISSING, "5.7");
	if (pid > 0 && cgroup < 0)
		doctor_found(
			f, DOCTOR_LIMITED,
			"clone3 works; without a cgroup2 hierarchy nothing can be cloned into it");
}

/* A detached tmpfs; -1 with errno. */
static int make_tmpfs(void)
{
	autoclose int fs = sys_fsopen("tmpfs", SYS_FSOPEN_CLOEXEC);

	if (fs < 0 || sys_fsconfig(fs, SYS_FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return sys_fsmount(fs, SYS_FSMOUNT_CLOEXEC, 0);
}

static void probe_mount(struct doctor_fact *f)
{
	autoclose int mnt = make_tmpfs();

	if (mnt < 0 &&
	    errno == EPERM) /* as a user: in a user namespace it works, which is probed elsewhere */
		doctor_found(f, DOCTOR_FINE, "yes, in a user namespace");
	else
		judge(f, mnt >= 0, errno, DOCTOR_MISSING, "5.2");
}

static bool try_idmap(int tree)
{
	static struct plan_id_map map = {0, 100000, 65536};
	const struct plan_id_maps maps = {1, &map};
	autoclose int userns = -1;
	struct sys_mount_attr a = {.attr_set = SYS_MOUNT_ATTR_IDMAP};
	struct error err;

	if (tree < 0 || userns_make(&maps, &maps, &userns, &err) < 0)
		return false;
	a.userns_fd = (uint64_t)userns;
	return sys_mount_setattr(tree, "", AT_EMPTY_PATH, &a) == 0;
}

static void probe_idmap(struct doctor_fact *f)
{
	autoclose int root = sys_open_tree(AT_FDCWD, "/", SYS_OPEN_TREE_CLONE | O_CLOEXEC);
	autoclose int tmpfs = make_tmpfs();
	bool on_root, on_tmpfs;

	if (root < 0 && tmpfs < 0) {
		doctor_found(f, DOCTOR_INFO, "only root can tell");
		return;
	}
	on_root = try_idmap(root);
	on_tmpfs = try_idmap(tmpfs);
	doctor_found(f, on_root || on_tmpfs ? DOCTOR_FINE : DOCTOR_LIMITED,
		     "file system of '/': %s, tmpfs: %s", on_root ? "yes" : "no",
		     on_tmpfs ? "yes" : "no");
	if (!on_root || !on_tmpfs)
		doctor_fix(f, "volumes for user namespaces need a file system with id-mapped "
			      "mounts: ext4, xfs, btrfs (5.12 to "
			      "5.15), overlay (5.19), tmpfs (6.3)");
}

static void probe_landlock(struct doctor_fact *f)
{
	int abi = sys_landlock_abi();

	if (abi > 0)
		doctor_found(f, DOCTOR_FINE, "ABI %d", abi);
	else
		doctor_found(f, DOCTOR_LIMITED, "%s",
			     errno == EOPNOTSUPP ? "switched off at boot" : "not in this kernel");
	if (abi <= 0)
		doctor_fix(f, "add 'landlock' to the list of lsm= on the kernel's command line");
}

static void probe_core_sched(struct doctor_fact *f)
{
	uint64_t cookie;
	int rc = sys_sched_core(0 /* PR_SCHED_CORE_GET */, 0, 0 /* a thread */, &cookie);

	if (rc == 0)
		doctor_found(f, DOCTOR_FINE, "yes");
	else
		doctor_found(f, DOCTOR_INFO, "%s",
			     errno == ENODEV ? "this machine has no SMT"
					     : "not in this kernel (CONFIG_SCHED_CORE)");
}

/* A flag that the kernel knows lets it look at the program next, which is not there. */
static void probe_seccomp(struct doctor_fact *f)
{
	static const struct {
		const char *name;
		unsigned flag;
	} flags[] = {{"TSYNC", 1 << 0},	      {"LOG", 1 << 1},
		     {"SPEC_ALLOW", 1 << 2},  {"NEW_LISTENER", 1 << 3},
		     {"TSYNC_ESRCH", 1 << 4}, {"WAIT_KILLABLE_RECV", (1 << 5) | (1 << 3)}};
	char have[160] = "", missing[160] = "";

	for (size_t i = 0; i < COUNT_OF(flags); i++) {
		bool known = sys_seccomp(SECCOMP_SET_MODE_FILTER, flags[i].flag, NULL) == 0 ||
			     errno == EFAULT;
		char *list = known ? have : missing;
		size_t n = strlen(list);

		snprintf(list + n, sizeof(have) - n, "%s%s", n ? " " : "", flags[i].name);
	}
	if (!have[0])
		doctor_found(f, DOCTOR_LIMITED,
			     "no filters in this kernel (CONFIG_SECCOMP_FILTER)");
	else
		doctor_found(f, missing[0] ? DOCTOR_INFO : DOCTOR_FINE, "%s%s%s", have,
			     missing[0] ? "; not: " : "", missing);
}

static void probe_filesystems(struct doctor_fact *f)
{
	static const char *const wanted[] = {"overlay", "tmpfs",  "proc",    "sysfs",
					     "devpts",	"mqueue", "cgroup2", "fuse"};
	autofree char *text = NULL;
	char missing[128] = "", line[40];
	struct error err;

	if (fd_read_file(AT_FDCWD, "/proc/filesystems", 65536, &text, NULL, &err) < 0) {
		doctor_found(f, DOCTOR_INFO, "%s", err.msg);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(wanted); i++) {
		snprintf(line, sizeof(line), "\t%s\n", wanted[i]);
		if (!strstr(text, line))
			snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing),
				 " %s", wanted[i]);
	}
	doctor_found(f, missing[0] ? DOCTOR_INFO : DOCTOR_FINE,
		     missing[0] ? "not loaded:%s" : "all that images use%s", missing);
	if (missing[0])
		doctor_fix(f, "modprobe -a%s", missing);
}

const struct doctor_probe doctor_kernel_probes[] = {
	{"kernel", "release", probe_release},
	{"kernel", "clone3 into a cgroup", probe_clone},
	{"kernel", "openat2", probe_openat2},
	{"kernel", "pidfd", probe_pidfd},
	{"kernel", "detached mounts", probe_mount},
	{"kernel", "id-mapped mounts", probe_idmap},
	{"kernel", "seccomp flags", probe_seccomp},
	{"kernel", "Landlock", probe_landlock},
	{"kernel", "core scheduling", probe_core_sched},
	{"kernel", "file systems", probe_filesystems},
	{NULL, NULL, NULL},
};
