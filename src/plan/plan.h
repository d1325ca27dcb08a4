/* SPDX-License-Identifier: Apache-2.0 */
/* The plan: what will be done, with no decision left in it.
 *
 * `vert` decides (reads JSON, validates, looks at the host) and writes this structure into one mapping;
 * `vert-init`, which links no parser and no library, carries it out.  It is plain data: strings, numbers,
 * arrays.  The mapping sits at the same address in both programs, so pointers stay valid; nothing outside
 * the mapping may be pointed to.  `vert run --dry-run` prints it (dump.c).
 *
 * Conventions: strings are NULL when absent; lists end with a NULL that n does not count; descriptors
 * are -1 when absent; `at` is the place in config.json that an error names.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define NOTIFY_CONTAINER_DIR "/run/notify"	     /* where <root>/ID/notify is mounted */
#define NOTIFY_CONTAINER_SOCKET "/run/notify/notify" /* the container's NOTIFY_SOCKET */

#define PLAN_MAGIC UINT64_C(0x76657274706c0002) /* changes with the layout */

struct plan_strings {
	size_t n;
	const char **v; /* NULL-terminated, also when empty */
};

enum plan_verb { PLAN_CREATE, PLAN_RUN, PLAN_EXEC, PLAN_MOUNT, PLAN_UMOUNT };

/* ---- namespaces ------------------------------------------------------------------------------- */

enum plan_ns { PLAN_NS_USER, PLAN_NS_PID, PLAN_NS_NET, PLAN_NS_IPC, PLAN_NS_UTS, PLAN_NS_CGROUP, PLAN_NS_TIME,
	       PLAN_NS_MOUNT, PLAN_NS_COUNT }; /* in the order in which they are joined */

struct plan_namespace {
	enum { PLAN_NS_INHERIT, PLAN_NS_NEW, PLAN_NS_JOIN } how;
	const char *path; /* JOIN: absolute */
	char at[64];
};

struct plan_id_map {
	uint32_t inside, outside, size;
};
struct plan_id_maps {
	size_t n;
	struct plan_id_map *v;
};

/* ---- mounts ----------------------------------------------------------------------------------- */

enum plan_idmap { PLAN_IDMAP_NONE, PLAN_IDMAP_CONTAINER, PLAN_IDMAP_OWN };

struct plan_mount {
	enum {
		PLAN_MOUNT_BIND,	/* a clone of SOURCE */
		PLAN_MOUNT_FS,		/* a new file system of FSTYPE */
		PLAN_MOUNT_CGROUP,	/* cgroup2 where there is no cgroup namespace: a clone of our cgroup */
		PLAN_MOUNT_REMOUNT,	/* change what is mounted at TARGET already */
	} kind;
	const char *source;	/* BIND: absolute path on the host; FS: the "source" parameter, may be NULL */
	const char *target;	/* path inside the root file system, without leading slashes; "": the root */
	const char *fstype;
	struct plan_strings data;	/* FS: "key=value" or "flag", one file system parameter each */
	struct plan_strings sb_flags;	/* FS: "ro", "sync", "dirsync", "lazytime", "mand" */
	bool classic;			/* FS: by mount(2), what fsconfig(2) cannot say: see mount_make_classic() */
	unsigned long classic_flags;	/* MS_* of the super block for that, and for REMOUNT */
	uint64_t attr_set, attr_clr;	/* SYS_MOUNT_ATTR_* of the mount itself */
	uint64_t rec_set, rec_clr;	/* and of the whole tree (rro, rnosuid, ...) */
	unsigned long propagation;	/* MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE; 0: as it is */
	bool propagation_rec;
	bool recursive;			/* rbind */
	bool by_launcher;		/* BIND: the source is opened before the child's user namespace exists */
	bool copy_symlink, src_nofollow, dest_nofollow, tmpcopyup;
	bool readonly_last;		/* FS: read-only, but not before everything is in it */
	enum plan_idmap idmap;
	bool idmap_rec;
	bool idmap_inside;	/* OWN: the maps are for a child of the container's user namespace, made by init */
	struct plan_id_maps uid_map, gid_map;	/* IDMAP_OWN */
	const char *label;	/* SELinux mount option "context=\"...\"", already in DATA where it applies */
	char at[32];		/* "mounts[3]" */
};

struct plan_device {
	char type;		/* 'c', 'b', 'p' */
	const char *path;	/* without leading slashes */
	uint32_t major, minor, mode, uid, gid;	/* ids of the container */
	bool optional;		/* a default device: an existing node is left alone */
	char at[40];
};

/* A path that is hidden or made read-only, without leading slashes. */
struct plan_path {
	const char *path;
	char at[40];
};

struct plan_sysctl {
	const char *path; /* beneath /proc/sys: "net/ipv4/ip_forward" */
	const char *value;
	char at[160];
};

/* ---- cgroup ----------------------------------------------------------------------------------- */

struct plan_write {
	const char *file;	/* name in the cgroup's directory: "memory.max" */
	const char *value;
	bool optional;		/* a missing file is no error (memory.swap.max without swap accounting) */
	bool waived;		/* optional by run.vert.unenforceable alone: something is lost */
	enum {
		PLAN_WRITE_PLAIN,
		PLAN_WRITE_ELSE,	/* a missing file is no error when the write before it worked */
		PLAN_WRITE_KEEP_FIRST,	/* update: VALUE follows the first word of what is there (cpu.max) */
		PLAN_WRITE_CHECK_USAGE,	/* update: refused when VALUE is below memory.current */
	} how;
	char at[64];		/* "linux.resources.memory.limit" */
};

/* The systemd unit around the cgroup, and how to ask for it. */
struct plan_systemd {
	const char *program;	/* vert-systemd */
	const char *socket;	/* of the manager's bus */
	const char *direct;	/* the manager's own socket, for when there is no bus; NULL: there is none */
	int timeout_ms;		/* for each request as a whole */
	const char *unit;	/* "vert-c1.scope" */
	const char *description;
	const char *request;	/* its properties, in the form of plan/systemd.h */
	const char *subgroup;	/* the container's cgroup below the unit's; "": the unit's itself */
	size_t n_writes;
	struct plan_write *writes;	/* what has no property, for the unit's own cgroup */
};

struct plan_cgroup {
	enum { PLAN_CGROUP_NONE, PLAN_CGROUP_FS, PLAN_CGROUP_SYSTEMD } manager;
	const char *mount;	/* "/sys/fs/cgroup" or "/sys/fs/cgroup/unified" */
	const char *path;	/* below it, with a leading slash: "/vert/c1" */
	const char *own;	/* directory of the caller's own cgroup: what a container without one lives in; NULL */
	bool optional;		/* rootless and no limit asked: go on in our own cgroup when this cannot be made */
	size_t n_writes;
	struct plan_write *writes;	/* in a safe order */
	bool warn_waived;		/* tell which of them are not enforced */
	bool delegate;		/* give it to DELEGATE_UID (config-linux.md, Cgroup ownership) */
	uint32_t delegate_uid;	/* outside: whom process.user.uid is mapped to */
	const char *leaf;	/* run.oci.delegate-cgroup: init lives in this group below PATH, which is LEAF_UID's */
	uint32_t leaf_uid;
	size_t n_filter;	/* device program, 0: none */
	const void *filter;	/* struct bpf_insn[n_filter] */
	struct plan_systemd systemd;	/* PLAN_CGROUP_SYSTEMD; PATH is then found out when the unit is there */
};

/* ---- the process ------------------------------------------------------------------------------ */

struct plan_rlimit {
	int resource;
	const char *name;	/* "RLIMIT_NOFILE" */
	uint64_t soft, hard;
	char at[40];
};

struct plan_filter {		/* seccomp */
	bool present;
	unsigned flags;		/* SECCOMP_FILTER_FLAG_* */
	uint16_t n;		/* instructions */
	const void *insns;	/* struct sock_filter[n] */
	bool notify;		/* the program has a NOTIFY action: a listener is made */
	const char *listener_path;
	const char *listener_state;	/* JSON before and after the pid: see container/notify */

	/* The listener is a process of ours that counts what is denied: see container/denials.h. */
	const char *report;		/* absolute path of its file; NULL: none */
	const void *original;		/* struct sock_filter[n]: INSNS asks the listener where this returns an errno */
	uint32_t arch;			/* whose system calls NAMES has */
	size_t n_names;
	const char *const *names;	/* by number; NULL: no such call */
};

enum plan_cap_set { PLAN_CAP_BOUNDING, PLAN_CAP_EFFECTIVE, PLAN_CAP_PERMITTED, PLAN_CAP_INHERITABLE,
		    PLAN_CAP_AMBIENT, PLAN_CAP_SETS };

struct plan_scheduler {
	bool present;
	int policy, nice;
	uint32_t priority;
	uint64_t flags, runtime, deadline, period;
};

struct plan_landlock_path {
	const char *path;	/* absolute, in the container */
	uint64_t access;	/* for a directory; a file gets those that files have */
	char at[64];
};
struct plan_landlock_port {
	uint64_t port, access;
};
struct plan_landlock {
	bool present;
	uint64_t fs, net;	/* rights that are refused but where a rule gives them; 0: that kind is left alone */
	size_t n_paths, n_ports;
	struct plan_landlock_path *paths;
	struct plan_landlock_port *ports;
};

enum plan_core { PLAN_CORE_NONE, PLAN_CORE_NEW, PLAN_CORE_OF };

struct plan_process {
	struct plan_strings args, env;
	const char *cwd;
	uint32_t uid, gid;
	size_t n_groups;
	const gid_t *groups;
	bool keep_groups;		/* run.oci.keep_original_groups */
	bool set_home;			/* no HOME in env: look it up in the container's /etc/passwd; env.v has room */
	bool set_umask;
	uint32_t umask;
	bool has_caps;			/* false: all sets empty unless privileged verb says otherwise */
	uint64_t caps[PLAN_CAP_SETS];	/* bit n is capability n */
	bool no_new_privs;
	size_t n_rlimits;
	struct plan_rlimit *rlimits;
	bool set_oom_score;
	int oom_score_adj;
	const char *apparmor, *selinux;
	bool terminal;
	uint16_t rows, columns;		/* 0: leave */
	struct plan_scheduler scheduler;
	bool set_ioprio;
	int ioprio;			/* ioprio_set(2)'s value */
	bool set_personality;
	unsigned long personality;
	bool set_mempolicy;
	int mempolicy_mode;		/* with MPOL_F_* flags or-ed in */
	size_t mempolicy_bits;
	const unsigned long *mempolicy_nodes;
	const char *cpus_initial, *cpus_final;	/* exec: cpu lists, checked */
	struct plan_filter seccomp;
	struct plan_landlock landlock;
	enum plan_core core;		/* core scheduling: a cookie of its own, or that of another process */
	pid_t core_pid;			/* OF: whose */
	uint64_t core_start;
};

/* ---- hooks ------------------------------------------------------------------------------------ */

enum plan_hook_kind { PLAN_HOOK_PRESTART, PLAN_HOOK_CREATE_RUNTIME, PLAN_HOOK_CREATE_CONTAINER,
		      PLAN_HOOK_START_CONTAINER, PLAN_HOOK_POSTSTART, PLAN_HOOK_POSTSTOP, PLAN_HOOK_KINDS };

struct plan_hook {
	const char *path;
	struct plan_strings args, env;
	int timeout;	/* seconds, 0: none */
	char at[40];	/* "hooks.poststart[0]" */
};
struct plan_hooks {
	size_t n;
	struct plan_hook *v;
};

struct plan_net_device {
	const char *host_name, *name;
	char at[64];
};

struct plan_rdt {
	bool present;
	const char *clos;	/* group below resctrl, "" the root group */
	bool create, exclusive;	/* make it when missing; it is this container's alone */
	struct plan_strings schemata;
	const char *monitor;	/* monitoring group below resctrl, NULL: none */
	const char *remove;	/* what delete removes: see rdt_remove() */
};

#define CRIU_DUMP_LOG "dump.log"	/* in the work directory */
#define CRIU_RESTORE_LOG "restore.log"
#define CRIU_PIDFILE "criu.pid"		/* in the state directory */
#define CRIU_DESCRIPTORS "descriptors.json" /* in the image: what descriptors 0 to 2 were, as other runtimes write it */
#define CRIU_STDIO 10	/* restore: the caller's standard streams are these descriptors, */
#define CRIU_NET 13	/* the network namespace to join this one, */
#define CRIU_PID 14	/* and the pid namespace */

/* restore: a program that brings the container's processes back, in place of init. */
struct plan_criu {
	const char *program;			/* NULL: an ordinary start */
	const char *path;			/* "PATH=...": it calls others */
	struct plan_strings args;		/* all but the next */
	struct plan_strings cgroup_mounts;	/* "mnt[/sys/fs/cgroup]:", to be followed by the cgroup's directory */
	const char *work_dir;
	unsigned status_fd;			/* stays open for it, 0: none */
};

/* ---- everything ------------------------------------------------------------------------------- */

struct plan {
	uint64_t magic;
	enum plan_verb verb;
	const char *id, *bundle;
	const char *state_root;		/* --root */
	const char *state_head;		/* OCI state up to the status: {"ociVersion":...,"annotations":{...} */
	const char *boot_id;		/* of this boot */
	const char *record_head;	/* state.json up to the variable part, see container/state.h */
	const char *config_text;	/* config.json as read, kept in the state directory */
	size_t config_len;
	uid_t euid;			/* of the caller */
	bool rootless;			/* not root, or not privileged over the host: some failures are tolerated */

	struct plan_namespace ns[PLAN_NS_COUNT];
	struct plan_id_maps uid_map, gid_map;
	bool maps_by_helper;		/* newuidmap/newgidmap write them */
	bool deny_setgroups;
	bool set_time_offsets;
	int64_t monotonic_secs, boottime_secs;
	uint32_t monotonic_nsecs, boottime_nsecs;

	const char *rootfs;		/* absolute */
	bool root_readonly;
	unsigned long root_propagation;	/* MS_* | MS_REC for "/" before anything else */
	unsigned long root_propagation_final; /* rootfsPropagation as asked, applied at the end; 0: none */
	bool no_pivot;
	const char *hostname, *domainname;
	size_t n_mounts, n_devices, n_masked, n_readonly, n_sysctls, n_net_devices;
	struct plan_mount *mounts;
	struct plan_device *devices;
	bool dev_is_host;		/* /dev is bind-mounted: no default devices or links are made in it */
	bool bind_devices;		/* mknod(2) is not for us: the host's nodes are bound */
	struct plan_path *masked, *readonly;
	struct plan_sysctl *sysctls;
	struct plan_net_device *net_devices;
	struct plan_rdt rdt;

	struct plan_cgroup cgroup;
	struct plan_criu criu;
	struct plan_process process;
	struct plan_hooks hooks[PLAN_HOOK_KINDS];
	const char *hooks_stdout, *hooks_stderr;

	bool has_process;		/* create without process: start will refuse */
	bool detach, keep, new_keyring;
	const char *keyring_label;
	const char *pid_file, *console_socket, *pidfd_socket;
	unsigned preserve_fds;		/* descriptors 3 .. 2+n stay open, LISTEN_FDS counted in */
	bool listen_fds;
	const char *notify_socket;	/* host's NOTIFY_SOCKET; the container's is NOTIFY_CONTAINER_SOCKET */

	/* PLAN_EXEC, PLAN_MOUNT, PLAN_UMOUNT: whom to join */
	pid_t target_pid;
	uint64_t target_start;
	const char *gate;		/* EXEC: wait before execve for exec-start; "": under our pid; NULL: no */
	struct {
		bool present, json;
		unsigned timeout_ms;
		size_t max_output;
	} probe;			/* EXEC: see container/probe.h */
	unsigned long target_ns;	/* CLONE_NEW* flags of the namespaces that differ from ours */
	int target_fd, cgroup_fd;	/* PLAN_EXEC: pidfd and cgroup, opened and looked at; 0: vert-init has to */

	/* log settings of the program that made the plan */
	int log_fd;
	bool log_json;
	const char *document; /* log_settings.document */
	int log_level;
	int error_fd;			/* takes the error instead, 0: none; see log.h */
	const char *timing;		/* file for --timing */
};
