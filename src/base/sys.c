/* SPDX-License-Identifier: Apache-2.0 */
/* Raw system calls: see sys.h. */
#include "sys.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Numbers that are the same on every architecture (asm-generic/unistd.h) and may be newer than libc. */
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef SYS_open_tree
#define SYS_open_tree 428
#endif
#ifndef SYS_move_mount
#define SYS_move_mount 429
#endif
#ifndef SYS_fsopen
#define SYS_fsopen 430
#endif
#ifndef SYS_fsconfig
#define SYS_fsconfig 431
#endif
#ifndef SYS_fsmount
#define SYS_fsmount 432
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

pid_t sys_clone3(const struct sys_clone_args *args)
{
	return (pid_t)syscall(SYS_clone3, args, sizeof(*args));
}

int sys_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	struct {
		uint64_t flags, mode, resolve;
	} how = {flags, mode, resolve};

	return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
}

int sys_open_tree(int dirfd, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

int sys_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags)
{
	return (int)syscall(SYS_move_mount, from, from_path, to, to_path, flags);
}

int sys_fsopen(const char *fstype, unsigned flags)
{
	return (int)syscall(SYS_fsopen, fstype, flags);
}

int sys_fsconfig(int fd, unsigned cmd, const char *key, const void *value, int aux)
{
	return (int)syscall(SYS_fsconfig, fd, cmd, key, value, aux);
}

int sys_fsmount(int fd, unsigned flags, unsigned attrs)
{
	return (int)syscall(SYS_fsmount, fd, flags, attrs);
}

int sys_mount_setattr(int dirfd, const char *path, unsigned flags, const struct sys_mount_attr *attr)
{
	return (int)syscall(SYS_mount_setattr, dirfd, path, flags, attr, sizeof(*attr));
}

int sys_mount_id(int fd, uint64_t *ret)
{
	/* struct statx is a fixed ABI of 256 bytes; musl 1.2.3 and glibc 2.36 do not know its newer members. */
	union {
		unsigned char bytes[256];
		uint64_t words[32];
	} st;

	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0x1000u /* STATX_MNT_ID */, &st) < 0)
		return -1;
	*ret = st.words[0x90 / 8]; /* stx_mnt_id */
	return 0;
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

int sys_pidfd_open(pid_t pid, unsigned flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

int sys_pidfd_send_signal(int pidfd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

int sys_pidfd_getfd(int pidfd, int fd)
{
	return (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
}

int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

int sys_memfd_create(const char *name, unsigned flags)
{
	return (int)syscall(SYS_memfd_create, name, flags);
}

int sys_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags)
{
	return (int)syscall(SYS_execveat, dirfd, path, argv, envp, flags);
}

long sys_keyctl(int op, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	return syscall(SYS_keyctl, op, a, b, c, d);
}

int sys_seccomp(unsigned op, unsigned flags, void *args)
{
	return (int)syscall(SYS_seccomp, op, flags, args);
}

int sys_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++)
		data[i] = (struct __user_cap_data_struct){
			.effective = (uint32_t)(effective >> (32 * i)),
			.permitted = (uint32_t)(permitted >> (32 * i)),
			.inheritable = (uint32_t)(inheritable >> (32 * i)),
		};
	return (int)syscall(SYS_capset, &head, data);
}

int sys_capget(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &head, d) < 0)
		return -1;
	*effective = d[0].effective | (uint64_t)d[1].effective << 32;
	*permitted = d[0].permitted | (uint64_t)d[1].permitted << 32;
	*inheritable = d[0].inheritable | (uint64_t)d[1].inheritable << 32;
	return 0;
}

int sys_sched_setattr(const struct sys_sched_attr *attr)
{
	return (int)syscall(SYS_sched_setattr, 0, attr, 0);
}

int sys_sched_getattr(struct sys_sched_attr *ret)
{
	return (int)syscall(SYS_sched_getattr, 0, ret, sizeof(*ret), 0);
}

int sys_ioprio_get(int which, int who)
{
	return (int)syscall(SYS_ioprio_get, which, who);
}

int sys_ioprio_set(int which, int who, int ioprio)
{
	return (int)syscall(SYS_ioprio_set, which, who, ioprio);
}

int sys_set_mempolicy(int mode, const unsigned long *nodes, unsigned long max)
{
	return (int)syscall(SYS_set_mempolicy, mode, nodes, max);
}

int sys_bpf(int cmd, void *attr, unsigned size)
{
	return (int)syscall(SYS_bpf, cmd, attr, size);
}

int sys_getcwd(char *buf, size_t size)
{
	return (int)syscall(SYS_getcwd, buf, size);
}

int sys_setgroups(size_t n, const gid_t *groups)
{
	return (int)syscall(SYS_setgroups, n, groups);
}

int sys_setresuid(uid_t uid)
{
	return (int)syscall(SYS_setresuid, uid, uid, uid);
}

int sys_setresgid(gid_t gid)
{
	return (int)syscall(SYS_setresgid, gid, gid, gid);
}

int sys_clock_gettime(int clock, struct timespec *ret)
{
	return (int)syscall(SYS_clock_gettime, clock, ret);
}

int sys_default_action(int sig)
{
	/* struct sigaction differs between architectures, but SIG_DFL without flags is all zeros in each. */
	static const unsigned long zeros[32];

	return (int)syscall(SYS_rt_sigaction, sig, zeros, NULL, _NSIG / 8);
}

int sys_landlock_abi(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, 1 /* LANDLOCK_CREATE_RULESET_VERSION */);
}

int sys_landlock_create_ruleset(uint64_t fs, uint64_t net)
{
	const uint64_t attr[] = {fs, net};

	return (int)syscall(SYS_landlock_create_ruleset, attr, net ? sizeof(attr) : sizeof(attr[0]), 0);
}

int sys_landlock_add_path(int ruleset, int fd, uint64_t access)
{
	const struct {
		uint64_t access;
		int32_t fd;
	} __attribute__((packed)) attr = {access, fd};

	return (int)syscall(SYS_landlock_add_rule, ruleset, 1 /* LANDLOCK_RULE_PATH_BENEATH */, &attr, 0);
}

int sys_landlock_add_port(int ruleset, uint64_t port, uint64_t access)
{
	const uint64_t attr[] = {access, port};

	return (int)syscall(SYS_landlock_add_rule, ruleset, 2 /* LANDLOCK_RULE_NET_PORT */, attr, 0);
}

int sys_landlock_restrict_self(int ruleset)
{
	return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}

int sys_sched_core(unsigned cmd, pid_t pid, unsigned scope, uint64_t *ret_cookie)
{
	return prctl(62 /* PR_SCHED_CORE */, (unsigned long)cmd, (unsigned long)pid, (unsigned long)scope,
		     (unsigned long)(uintptr_t)ret_cookie);
}

void sys_exit_group(int status)
{
	(void)syscall(SYS_exit_group, status);
}
