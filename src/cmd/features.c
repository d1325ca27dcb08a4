/* SPDX-License-Identifier: Apache-2.0 */
/* features: what this build of vert can do (features.md, features-linux.md).
 *
 * Decided when vert is built: the specification wants the same document on every host.  Names that have a
 * table somewhere come from that table.
 */
#include "cmd/commands.h"

#include <linux/capability.h>

#include "base/str.h"
#include "cmd/abilities.h"
#include "cmd/output.h"
#include "libocispec/ocispec.h"
#include "plan/confine.h"
#include "plan/filter_info.h"
#include "plan/mounts.h"

const struct ability abilities[] = {
	{"CAP", true},	{"SECCOMP", true},  {"APPARMOR", true},	      {"SELINUX", true},
	{"EBPF", true}, {"CGROUPV2", true}, {"SYSTEMD", CAN_SYSTEMD}, {"CRIU", CAN_CRIU},
	{"YAJL", true}, {NULL, false},
};

static const char *const hooks[] = {"prestart",	      "createRuntime", "createContainer",
				    "startContainer", "poststart",     "poststop"};

static const char *const capabilities[] = {
	[CAP_CHOWN] = "CAP_CHOWN",
	[CAP_DAC_OVERRIDE] = "CAP_DAC_OVERRIDE",
	[CAP_DAC_READ_SEARCH] = "CAP_DAC_READ_SEARCH",
	[CAP_FOWNER] = "CAP_FOWNER",
	[CAP_FSETID] = "CAP_FSETID",
	[CAP_KILL] = "CAP_KILL",
	[CAP_SETGID] = "CAP_SETGID",
	[CAP_SETUID] = "CAP_SETUID",
	[CAP_SETPCAP] = "CAP_SETPCAP",
	[CAP_LINUX_IMMUTABLE] = "CAP_LINUX_IMMUTABLE",
	[CAP_NET_BIND_SERVICE] = "CAP_NET_BIND_SERVICE",
	[CAP_NET_BROADCAST] = "CAP_NET_BROADCAST",
	[CAP_NET_ADMIN] = "CAP_NET_ADMIN",
	[CAP_NET_RAW] = "CAP_NET_RAW",
	[CAP_IPC_LOCK] = "CAP_IPC_LOCK",
	[CAP_IPC_OWNER] = "CAP_IPC_OWNER",
	[CAP_SYS_MODULE] = "CAP_SYS_MODULE",
	[CAP_SYS_RAWIO] = "CAP_SYS_RAWIO",
	[CAP_SYS_CHROOT] = "CAP_SYS_CHROOT",
	[CAP_SYS_PTRACE] = "CAP_SYS_PTRACE",
	[CAP_SYS_PACCT] = "CAP_SYS_PACCT",
	[CAP_SYS_ADMIN] = "CAP_SYS_ADMIN",
	[CAP_SYS_BOOT] = "CAP_SYS_BOOT",
	[CAP_SYS_NICE] = "CAP_SYS_NICE",
	[CAP_SYS_RESOURCE] = "CAP_SYS_RESOURCE",
	[CAP_SYS_TIME] = "CAP_SYS_TIME",
	[CAP_SYS_TTY_CONFIG] = "CAP_SYS_TTY_CONFIG",
	[CAP_MKNOD] = "CAP_MKNOD",
	[CAP_LEASE] = "CAP_LEASE",
	[CAP_AUDIT_WRITE] = "CAP_AUDIT_WRITE",
	[CAP_AUDIT_CONTROL] = "CAP_AUDIT_CONTROL",
	[CAP_SETFCAP] = "CAP_SETFCAP",
	[CAP_MAC_OVERRIDE] = "CAP_MAC_OVERRIDE",
	[CAP_MAC_ADMIN] = "CAP_MAC_ADMIN",
	[CAP_SYSLOG] = "CAP_SYSLOG",
	[CAP_WAKE_ALARM] = "CAP_WAKE_ALARM",
	[CAP_BLOCK_SUSPEND] = "CAP_BLOCK_SUSPEND",
	[CAP_AUDIT_READ] = "CAP_AUDIT_READ",
	[CAP_PERFMON] = "CAP_PERFMON",
	[CAP_BPF] = "CAP_BPF",
	[CAP_CHECKPOINT_RESTORE] = "CAP_CHECKPOINT_RESTORE",
};
_Static_assert(COUNT_OF(capabilities) == CAP_LAST_CAP + 1, "a capability is missing");

/* Annotations of config.json that change what the runtime does; a dot at the end means "all that begin so". */
static const char *const unsafe_annotations[] = {"run.oci.", "run.vert.", "org.systemd.property.", "org.criu."};

static struct oci_str_list list(struct arena *arena, const char *const *v, size_t n)
{
	struct oci_str_list l = {n, arena_array(arena, n + 1, sizeof(*l.v))};

	for (size_t i = 0; i < n; i++)
		l.v[i] = v[i];
	return l;
}

/* The texts of a choice of the specification. */
static struct oci_str_list texts(struct arena *arena, const struct oci_type *choice)
{
	return list(arena, choice->choices + 1, choice->n - 1);
}

static struct oci_str_list mount_options(struct arena *arena)
{
	size_t n;
	const char *const *names = mount_option_names(&n);

	return list(arena, names, n);
}

#define LIST(arena, table) list(arena, table, COUNT_OF(table))
#define YES ((struct oci_bool){.v = true, .set = true})
#define IS(x) ((struct oci_bool){.v = (x), .set = true})

static struct oci_feature_seccomp make_seccomp(struct arena *arena)
{
	size_t n;
	const char *const *archs = filter_architectures(&n);

	return (struct oci_feature_seccomp){
		.enabled = YES,
		.actions = texts(arena, oci_type_scmp_action()),
		.operators = texts(arena, oci_type_scmp_op()),
		.known_flags = texts(arena, oci_type_scmp_flag()),
		.supported_flags = texts(arena, oci_type_scmp_flag()),
		.archs = list(arena, archs, n),
	};
}

static int run(const struct cli_call *call, struct error *err)
{
	struct arena *a = call->arena;
	enum oci_namespace_type namespaces[] = {OCI_NS_CGROUP,	OCI_NS_IPC, OCI_NS_MOUNT,
						OCI_NS_NETWORK, OCI_NS_PID, OCI_NS_TIME,
						OCI_NS_USER,	OCI_NS_UTS};
	struct oci_feature_cgroup cgroup = {
		.v1 = IS(false),
		.v2 = YES,
		.systemd = IS(CAN_SYSTEMD),
		.systemd_user = IS(CAN_SYSTEMD_USER),
		.rdma = YES,
	};
	struct oci_feature_seccomp seccomp = make_seccomp(a);
	struct oci_feature_flag enabled = {.enabled = YES};
	struct oci_feature_intel_rdt rdt = {
		.enabled = IS(CAN_INTEL_RDT),
		.schemata = IS(CAN_INTEL_RDT),
		.monitoring = IS(CAN_INTEL_RDT_MONITORING),
	};
	struct oci_feature_mempolicy mempolicy = {
		.modes = texts(a, oci_type_mempolicy_mode()),
		.flags = texts(a, oci_type_mempolicy_flag()),
	};
	struct oci_feature_mount_ext mount_extensions = {.idmap = &enabled};
	struct oci_features_linux on_linux = {
		.namespaces = {COUNT_OF(namespaces), namespaces},
		.capabilities = LIST(a, capabilities),
		.cgroup = &cgroup,
		.seccomp = &seccomp,
		.apparmor = &enabled,
		.selinux = &enabled,
		.intel_rdt = &rdt,
		.memory_policy = &mempolicy,
		.mount_extensions = &mount_extensions,
		.net_devices = &enabled,
	};
	struct oci_str_entry annotations[] = {
		{"io.github.seccomp.libseccomp.version", filter_library_version(a)},
		{"org.opencontainers.runc.checkpoint.enabled", CAN_CRIU ? "true" : "false"},
		{"run.vert.version", PACKAGE_VERSION},
		{"run.vert.commit", GIT_COMMIT},
		{"run.vert.landlock.abi", arena_printf(a, "%d", CONFINE_LANDLOCK_ABI)},
		{"run.vert.core_sched", "true"},
	};
	struct oci_features features = {
		.oci_version_min = SPEC_VERSION_MIN,
		.oci_version_max = SPEC_VERSION,
		.hooks = LIST(a, hooks),
		.mount_options = mount_options(a),
		.linux = &on_linux,
		.annotations = {COUNT_OF(annotations), annotations},
		.unsafe_annotations = LIST(a, unsafe_annotations),
	};

	return output_text(oci_print(a, oci_type_features(), &features, true), err);
}

const struct cli_command command_features = {
	.name = "features",
	.summary = "print what this build can do as JSON",
	.operands = "",
	.syntax = {.max = 0},
	.run = run,
};
