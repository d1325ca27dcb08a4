/* SPDX-License-Identifier: Apache-2.0 */
/* Codes for the errors that were not given one where they were seen.  The table of all codes with their causes and
 * cures is cmd/codes.c; a check holds the two against each other. */
#include "complete.h"

#include <string.h>

#include "position.h"
#include "str.h"

/* clang-format off */

/* Place in config.json	the configuration is wrong	the host refuses.  The first row that fits counts. */
static const struct {
	const char *place, *invalid, *failed;
} places[] = {
	{ "ociVersion",			"CONFIG_VERSION",	"CONFIG_VERSION" },
	{ "process.args",		"PROGRAM_INVALID",	"EXEC_FAILED" },
	{ "process.cwd",		"CWD_INVALID",		"CWD" },
	{ "process.env",		"ENVIRONMENT_INVALID",	"ENVIRONMENT_INVALID" },
	{ "process.user",		"USER_INVALID",		"USER_FAILED" },
	{ "process.capabilities",	"CAPABILITY_INVALID",	"CAPABILITY_FAILED" },
	{ "process.rlimits",		"RLIMIT_INVALID",	"RLIMIT_FAILED" },
	{ "process.terminal",		"TERMINAL_INVALID",	"TERMINAL_FAILED" },
	{ "process.consoleSize",	"TERMINAL_INVALID",	"TERMINAL_FAILED" },
	{ "process.oomScoreAdj",	"OOM_SCORE_INVALID",	"OOM_SCORE_FAILED" },
	{ "process.apparmorProfile",	"APPARMOR_INVALID",	"APPARMOR_FAILED" },
	{ "process.selinuxLabel",	"SELINUX_INVALID",	"SELINUX_FAILED" },
	{ "process.scheduler",		"SCHEDULING_INVALID",	"SCHEDULING_FAILED" },
	{ "process.ioPriority",		"SCHEDULING_INVALID",	"SCHEDULING_FAILED" },
	{ "process.execCPUAffinity",	"SCHEDULING_INVALID",	"SCHEDULING_FAILED" },
	{ "process",			"PROCESS_INVALID",	"PROCESS_FAILED" },
	{ "root",			"ROOTFS_INVALID",	"ROOTFS_FAILED" },
	{ "mounts",			"MOUNT_INVALID",	"MOUNT_FAILED" },
	{ "hostname",			"HOSTNAME_INVALID",	"HOSTNAME_FAILED" },
	{ "domainname",			"HOSTNAME_INVALID",	"HOSTNAME_FAILED" },
	{ "hooks",			"HOOK_INVALID",		"HOOK_FAILED" },
	{ "annotations",		"ANNOTATION_INVALID",	"ANNOTATION_INVALID" },
	{ "linux.namespaces",		"NAMESPACE_INVALID",	"NAMESPACE_FAILED" },
	{ "linux.uidMappings",		"IDMAP_INVALID",	"IDMAP_REFUSED" },
	{ "linux.gidMappings",		"IDMAP_INVALID",	"IDMAP_REFUSED" },
	{ "linux.timeOffsets",		"TIME_OFFSET_INVALID",	"TIME_OFFSET_FAILED" },
	{ "linux.devices",		"DEVICE_INVALID",	"DEVICE_FAILED" },
	{ "linux.netDevices",		"NET_DEVICE_INVALID",	"NET_DEVICE" },
	{ "linux.cgroupsPath",		"CGROUP_INVALID",	"CGROUP_FAILED" },
	{ "linux.resources",		"LIMIT_INVALID",	"LIMIT_FAILED" },
	{ "linux.seccomp",		"SECCOMP_INVALID",	"SECCOMP_FAILED" },
	{ "linux.sysctl",		"SYSCTL_INVALID",	"SYSCTL" },
	{ "linux.maskedPaths",		"MASK_INVALID",		"MASK_FAILED" },
	{ "linux.readonlyPaths",	"MASK_INVALID",		"MASK_FAILED" },
	{ "linux.rootfsPropagation",	"ROOTFS_INVALID",	"ROOTFS_FAILED" },
	{ "linux.mountLabel",		"SELINUX_INVALID",	"SELINUX_FAILED" },
	{ "linux.personality",		"PERSONALITY_INVALID",	"PERSONALITY_FAILED" },
	{ "linux.intelRdt",		"RDT_INVALID",		"RDT_FAILED" },
	{ "linux.memoryPolicy",		"MEMORY_POLICY_INVALID", "MEMORY_POLICY_FAILED" },
	{ "NOTIFY_SOCKET",		"NOTIFY_FAILED",	"NOTIFY_FAILED" },
};

/* Of what has no place there. */
static const struct {
	const char *step, *code;
} steps[] = {
	{ "make state",			"STATE_FAILED" },
	{ "record process",		"STATE_FAILED" },
	{ "open container",		"STATE_FAILED" },
	{ "forget",			"STATE_FAILED" },
	{ "make cgroup",		"CGROUP_FAILED" },
	{ "limit cgroup",		"CGROUP_FAILED" },
	{ "remove cgroup",		"CGROUP_REMOVE" },
	{ "enter cgroup namespace",	"NAMESPACE_FAILED" },
	{ "freeze or thaw",		"CGROUP_FAILED" },
	{ "write limits",		"LIMIT_FAILED" },
	{ "plan limits",		"LIMIT_INVALID" },
	{ "open mount sources",		"MOUNT_FAILED" },
	{ "make mounts",		"MOUNT_FAILED" },
	{ "change mounts",		"MOUNT_FAILED" },
	{ "mask and protect paths",	"MASK_FAILED" },
	{ "make scope",			"SYSTEMD_CALL" },
	{ "stop unit",			"SYSTEMD_CALL" },
	{ "clone",			"CLONE" }, /* and "clone init" */
	{ "map ids",			"IDMAP_REFUSED" },
	{ "enter user namespace",	"IDMAP_REFUSED" },
	{ "enter resctrl group",	"RDT_FAILED" },
	{ "remove resctrl groups",	"RDT_FAILED" },
	{ "move network devices",	"NET_DEVICE" },
	{ "set loopback up",		"NET_DEVICE" },
	{ "join",			"NAMESPACE_FAILED" },
	{ "make devices",		"DEVICE_FAILED" },
	{ "use own null device",	"DEVICE_FAILED" },
	{ "make working directory",	"CWD" },
	{ "enter working directory",	"CWD" },
	{ "run ",			"HOOK_FAILED" },
	{ "open terminal",		"TERMINAL_FAILED" },
	{ "use terminal",		"TERMINAL_FAILED" },
	{ "open root file system",	"ROOTFS_FAILED" },
	{ "protect root",		"ROOTFS_FAILED" },
	{ "enter root",			"ROOTFS_FAILED" },
	{ "set user and groups",	"USER_FAILED" },
	{ "set scheduling",		"SCHEDULING_FAILED" },
	{ "set initial cpus",		"SCHEDULING_FAILED" },
	{ "set final cpus",		"SCHEDULING_FAILED" },
	{ "set capabilities",		"CAPABILITY_FAILED" },
	{ "drop bounding capabilities",	"CAPABILITY_FAILED" },
	{ "load seccomp filter",	"SECCOMP_FAILED" },
	{ "publish",			"PUBLISH_FAILED" },
	{ "bind notify socket",		"NOTIFY_FAILED" },
	{ "wait for readiness",		"NOTIFY_FAILED" },
	{ "find program",		"EXEC_FAILED" },
	{ "execute",			"EXEC_FAILED" },
};

/* clang-format on */

/* PREFIX is NAME, or NAME goes on below it. */
static bool is_below(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(name, prefix, n) == 0 &&
	       (name[n] == '\0' || name[n] == '.' || name[n] == '[');
}

void error_complete(struct error *err)
{
	for (size_t i = 0; i < COUNT_OF(places) && err->where[0] && !err->code[0]; i++)
		if (is_below(err->where, places[i].place))
			error_code(err, err->errnum ? places[i].failed : places[i].invalid);
	for (size_t i = 0; i < COUNT_OF(steps) && err->step[0] && !err->code[0]; i++)
		if (str_starts(err->step, steps[i].step))
			error_code(err, steps[i].code);
	error_code(err, err->errnum ? "SYSTEM_CALL" : "REFUSED");
}

void error_locate(struct error *err, const char *text, size_t len)
{
	if (text && err->where[0] && !err->line)
		err->line = position_line(text, len, err->where);
}
