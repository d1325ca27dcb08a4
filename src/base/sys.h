/* SPDX-License-Identifier: Apache-2.0 */
/* The only place for raw system calls and for constants that a C library may not know yet.
 *
 * Each function is the system call of that name: result or -1 with errno.  libc headers of different
 * ages (glibc 2.36, musl 1.2) disagree about the new mount API, so nothing here includes
 * <linux/mount.h>.  Numbers come from the kernel's uapi headers; see the man page of the same name.
 */
#pragma once

#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* clone3(2) */
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif
#define SYS_CLONE_INTO_CGROUP UINT64_C(0x200000000)

struct sys_clone_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size, cgroup;
};
pid_t sys_clone3(const struct sys_clone_args *args);

/* openat2(2) */
#define SYS_RESOLVE_NO_XDEV 0x01
#define SYS_RESOLVE_NO_MAGICLINKS 0x02
#define SYS_RESOLVE_NO_SYMLINKS 0x04
#define SYS_RESOLVE_BENEATH 0x08
#define SYS_RESOLVE_IN_ROOT 0x10
int sys_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);

/* open_tree(2), move_mount(2), fsopen(2), fsconfig(2), fsmount(2), mount_setattr(2) */
#define SYS_OPEN_TREE_CLONE 1
#define SYS_AT_RECURSIVE 0x8000
#define SYS_MOVE_MOUNT_F_EMPTY_PATH 0x04
#define SYS_MOVE_MOUNT_T_SYMLINKS 0x10
#define SYS_MOVE_MOUNT_T_EMPTY_PATH 0x40
#define SYS_FSOPEN_CLOEXEC 1
#define SYS_FSMOUNT_CLOEXEC 1
#define SYS_FSCONFIG_SET_FLAG 0
#define SYS_FSCONFIG_SET_STRING 1
#define SYS_FSCONFIG_SET_FD 5
#define SYS_FSCONFIG_CMD_CREATE 6
#define SYS_MOUNT_ATTR_RDONLY 0x01
#define SYS_MOUNT_ATTR_NOSUID 0x02
#define SYS_MOUNT_ATTR_NODEV 0x04
#define SYS_MOUNT_ATTR_NOEXEC 0x08
#define SYS_MOUNT_ATTR_ATIME_MASK 0x70
#define SYS_MOUNT_ATTR_RELATIME 0x00
#define SYS_MOUNT_ATTR_NOATIME 0x10
#define SYS_MOUNT_ATTR_STRICTATIME 0x20
#define SYS_MOUNT_ATTR_NODIRATIME 0x80
#define SYS_MOUNT_ATTR_IDMAP 0x00100000
#define SYS_MOUNT_ATTR_NOSYMFOLLOW 0x00200000
struct sys_mount_attr {
	uint64_t attr_set, attr_clr, propagation, userns_fd;
};
int sys_open_tree(int dirfd, const char *path, unsigned flags);
int sys_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags);
int sys_fsopen(const char *fstype, unsigned flags);
int sys_fsconfig(int fd, unsigned cmd, const char *key, const void *value, int aux);
int sys_fsmount(int fd, unsigned flags, unsigned attrs);
int sys_mount_setattr(int dirfd, const char *path, unsigned flags, const struct sys_mount_attr *attr);
/* The id of the mount FD is on (statx(2), STATX_MNT_ID, Linux 5.8). */
int sys_mount_id(int fd, uint64_t *ret);
int sys_pivot_root(const char *new_root, const char *put_old);

/* pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2), close_range(2), memfd_create(2), execveat(2) */
#define SYS_CLOSE_RANGE_CLOEXEC 4
int sys_pidfd_open(pid_t pid, unsigned flags);
int sys_pidfd_send_signal(int pidfd, int sig);
int sys_pidfd_getfd(int pidfd, int fd);
int sys_close_range(unsigned first, unsigned last, unsigned flags);
int sys_memfd_create(const char *name, unsigned flags);
int sys_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags);

/* keyctl(2), seccomp(2), capset(2), capget(2), sched_setattr(2), ioprio_set(2), set_mempolicy(2), bpf(2) */
long sys_keyctl(int op, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
/* landlock_create_ruleset(2) and its kin; -1 with ENOSYS or EOPNOTSUPP: there is no Landlock.  NET 0: nothing about
 * ports, as kernels before 6.7 want it. */
int sys_landlock_abi(void);
int sys_landlock_create_ruleset(uint64_t fs, uint64_t net);
int sys_landlock_add_path(int ruleset, int fd, uint64_t access);
int sys_landlock_add_port(int ruleset, uint64_t port, uint64_t access);
int sys_landlock_restrict_self(int ruleset);
/* prctl(PR_SCHED_CORE); PID 0: the caller. */
enum { SYS_SCHED_CORE_GET, SYS_SCHED_CORE_CREATE, SYS_SCHED_CORE_SHARE_TO, SYS_SCHED_CORE_SHARE_FROM };
enum { SYS_SCHED_CORE_THREAD, SYS_SCHED_CORE_PROCESS };
int sys_sched_core(unsigned cmd, pid_t pid, unsigned scope, uint64_t *ret_cookie);
/* Comes back when a seccomp filter makes an error of it; the C library's _exit() asks again, for ever. */
void sys_exit_group(int status);
int sys_seccomp(unsigned op, unsigned flags, void *args);
int sys_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable);
int sys_capget(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable);
struct sys_sched_attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};
int sys_sched_setattr(const struct sys_sched_attr *attr);
int sys_sched_getattr(struct sys_sched_attr *ret); /* musl's sched_getscheduler() always says ENOSYS */
int sys_ioprio_set(int which, int who, int ioprio);
int sys_ioprio_get(int which, int who);
int sys_set_mempolicy(int mode, const unsigned long *nodes, unsigned long max);
int sys_bpf(int cmd, void *attr, unsigned size);
/* Without the vDSO: to find it there and to touch its pages costs more than one system call does. */
int sys_clock_gettime(int clock, struct timespec *ret);
int sys_getcwd(char *buf, size_t size); /* as the kernel says it, also "(unreachable)/..." */
int sys_setgroups(size_t n, const gid_t *groups); /* of this thread only; so are the next two */
int sys_setresuid(uid_t uid);
int sys_setresgid(gid_t gid);
/* The default action for SIG, also for the signals that C libraries keep to themselves. */
int sys_default_action(int sig);
