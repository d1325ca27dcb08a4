/* SPDX-License-Identifier: Apache-2.0 */
/* The floor: only what the kernel has to be asked for to run the default bundle, and nothing else.
 *
 *	floor run ROOTFS CGROUP [OPTION...] PROGRAM	clone, mounts, devices, masks, pivot, exec, wait, remove
 *	floor exec PID CGROUP [OPTION...] PROGRAM	clone into the cgroup, setns by pidfd, exec, wait
 *	floor filter PID				writes the seccomp filter of a process to standard output
 *	true, pause					called so, as the containers of the benchmark do
 *
 * Options: --user (a user namespace), --no-net (the host's network), --seccomp FILE (what `filter` wrote).
 * It reads no configuration, keeps no record, resolves no path inside the root, checks nothing and explains
 * nothing: no runtime may be like this, and none can be faster.  It belongs to the benchmark alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define PLAIN (MS_NOSUID | MS_NOEXEC | MS_NODEV)

struct request {
	const char *root, *cgroup;
	struct sock_fprog filter;
	pid_t pid;
	bool user, no_net;
	char **argv;
};

static void must(long rc, const char *what)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	_exit(125);
}

/* ---- devices --------------------------------------------------------------------------------- */

/* What the specification's default devices need, and mknod of anything. */
static const struct {
	int type, major, minor; /* minor -1: any */
} allowed[] = {
	{BPF_DEVCG_DEV_CHAR, 1, 3}, {BPF_DEVCG_DEV_CHAR, 1, 5}, {BPF_DEVCG_DEV_CHAR, 1, 7},
	{BPF_DEVCG_DEV_CHAR, 1, 8}, {BPF_DEVCG_DEV_CHAR, 1, 9}, {BPF_DEVCG_DEV_CHAR, 5, 0},
	{BPF_DEVCG_DEV_CHAR, 5, 2}, {BPF_DEVCG_DEV_CHAR, 136, -1},
};

static struct bpf_insn insn(int code, int dst, int src, int off, int imm)
{
	return (struct bpf_insn){.code = (uint8_t)code,
				 .dst_reg = (uint8_t)(dst & 15),
				 .src_reg = (uint8_t)(src & 15),
				 .off = (int16_t)off,
				 .imm = imm};
}

static void attach_devices(int cgroup)
{
	struct bpf_insn p[64];
	union bpf_attr load = {0}, attach = {0};
	int n = 0, fd;

	p[n++] = insn(BPF_LDX | BPF_W | BPF_MEM, 2, 1, 0, 0);
	p[n++] = insn(BPF_ALU | BPF_MOV | BPF_X, 3, 2, 0, 0);
	p[n++] = insn(BPF_ALU | BPF_AND | BPF_K, 2, 0, 0, 0xffff);	/* type */
	p[n++] = insn(BPF_ALU | BPF_RSH | BPF_K, 3, 0, 0, 16);		/* access */
	p[n++] = insn(BPF_LDX | BPF_W | BPF_MEM, 4, 1, 4, 0);		/* major */
	p[n++] = insn(BPF_LDX | BPF_W | BPF_MEM, 5, 1, 8, 0);		/* minor */
	p[n++] = insn(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1);
	p[n++] = insn(BPF_JMP | BPF_JNE | BPF_K, 3, 0, 1, BPF_DEVCG_ACC_MKNOD);
	p[n++] = insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	for (size_t i = 0; i < COUNT_OF(allowed); i++) {
		int any = allowed[i].minor < 0;

		p[n++] = insn(BPF_JMP | BPF_JNE | BPF_K, 2, 0, any ? 2 : 3, allowed[i].type);
		p[n++] = insn(BPF_JMP | BPF_JNE | BPF_K, 4, 0, any ? 1 : 2, allowed[i].major);
		if (!any)
			p[n++] = insn(BPF_JMP | BPF_JNE | BPF_K, 5, 0, 1, allowed[i].minor);
		p[n++] = insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	}
	p[n++] = insn(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
	p[n++] = insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);

	load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	load.expected_attach_type = BPF_CGROUP_DEVICE;
	load.insns = (uintptr_t)p;
	load.insn_cnt = (uint32_t)n;
	load.license = (uintptr_t) "Apache-2.0";
	fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));
	must(fd, "load the device program");
	attach.target_fd = (uint32_t)cgroup;
	attach.attach_bpf_fd = (uint32_t)fd;
	attach.attach_type = BPF_CGROUP_DEVICE;
	attach.attach_flags = BPF_F_ALLOW_MULTI;
	must(syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof(attach)), "attach the device program");
	close(fd);
}

static void make_devices(bool user)
{
	static const struct {
		const char *path, *host;
		unsigned major, minor;
	} nodes[] = {
		{"dev/null", "/dev/null", 1, 3},     {"dev/zero", "/dev/zero", 1, 5},
		{"dev/full", "/dev/full", 1, 7},     {"dev/random", "/dev/random", 1, 8},
		{"dev/urandom", "/dev/urandom", 1, 9}, {"dev/tty", "/dev/tty", 5, 0},
	};

	for (size_t i = 0; i < COUNT_OF(nodes); i++) {
		if (!user) {
			must(mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)), "mknod");
			continue;
		}
		must(mknod(nodes[i].path, S_IFREG | 0666, 0), "create");
		must(mount(nodes[i].host, nodes[i].path, NULL, MS_BIND, NULL), "bind a device");
	}
	must(symlink("/proc/self/fd", "dev/fd"), "symlink");
	must(symlink("/proc/self/fd/0", "dev/stdin"), "symlink");
	must(symlink("/proc/self/fd/1", "dev/stdout"), "symlink");
	must(symlink("/proc/self/fd/2", "dev/stderr"), "symlink");
	must(symlink("pts/ptmx", "dev/ptmx"), "symlink");
}

/* ---- mounts ---------------------------------------------------------------------------------- */

static void make_mounts(void)
{
	static const struct {
		const char *type, *target, *data;
		unsigned long flags;
	} mounts[] = {
		{"proc", "proc", NULL, PLAIN},
		{"tmpfs", "dev", "mode=755,size=65536k", MS_NOSUID | MS_NOEXEC | MS_STRICTATIME},
		{"devpts", "dev/pts", "newinstance,ptmxmode=0666,mode=0620,gid=5", MS_NOSUID | MS_NOEXEC},
		{"tmpfs", "dev/shm", "mode=1777,size=65536k", PLAIN},
		{"mqueue", "dev/mqueue", NULL, PLAIN},
		{"sysfs", "sys", NULL, PLAIN | MS_RDONLY},
		{"cgroup2", "sys/fs/cgroup", NULL, PLAIN | MS_RDONLY | MS_RELATIME},
	};

	for (size_t i = 0; i < COUNT_OF(mounts); i++) {
		if (strncmp(mounts[i].target, "dev/", 4) == 0)
			must(mkdir(mounts[i].target, 0755), "mkdir");
		must(mount(mounts[i].type, mounts[i].target, mounts[i].type, mounts[i].flags, mounts[i].data),
		     mounts[i].target);
	}
}

static void protect_paths(void)
{
	static const char *const readonly[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger"};
	static const char *const masked[] = {
		"proc/acpi", "proc/asound", "proc/interrupts", "proc/kcore", "proc/keys", "proc/latency_stats",
		"proc/sched_debug", "proc/scsi", "proc/timer_list", "proc/timer_stats",
		"sys/devices/virtual/powercap", "sys/firmware",
	};
	const char *empty = NULL;

	for (size_t i = 0; i < COUNT_OF(readonly); i++) {
		if (mount(readonly[i], readonly[i], NULL, MS_BIND, NULL) < 0 && errno == ENOENT)
			continue;
		must(mount(NULL, readonly[i], NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | PLAIN, NULL), "remount");
	}
	for (size_t i = 0; i < COUNT_OF(masked); i++) {
		if (mount("dev/null", masked[i], NULL, MS_BIND, NULL) == 0 || errno == ENOENT)
			continue;
		if (empty)
			must(mount(empty, masked[i], NULL, MS_BIND, NULL), "mask");
		else
			must(mount("tmpfs", masked[i], "tmpfs", PLAIN | MS_RDONLY, "nr_blocks=1,nr_inodes=2"), "mask");
		empty = empty ? empty : masked[i];
	}
}

static void enter_root(const struct request *r)
{
	int old;

	must(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL), "make mounts slaves");
	must(mount(r->root, r->root, NULL, MS_BIND | MS_REC, NULL), "bind the root");
	must(chdir(r->root), "chdir");
	make_mounts();
	make_devices(r->user);
	protect_paths();
	/* of the bind, whatever the file system below is mounted with */
	must(mount(NULL, ".", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), "make the root read-only");
	old = open("/", O_PATH | O_CLOEXEC | O_DIRECTORY);
	must(old, "open /");
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(fchdir(old), "fchdir");
	must(mount(NULL, ".", NULL, MS_REC | MS_SLAVE, NULL), "make the old root a slave");
	must(umount2(".", MNT_DETACH), "umount the old root");
	must(chdir("/"), "chdir /");
}

/* ---- the process ------------------------------------------------------------------------------- */

static void read_filter(struct request *r, const char *file)
{
	static struct sock_filter code[BPF_MAXINSNS];
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	must(fd, file);
	n = read(fd, code, sizeof(code));
	must(n, file);
	close(fd);
	r->filter.filter = code;
	r->filter.len = (unsigned short)((size_t)n / sizeof(code[0]));
}

static void become(const struct request *r)
{
	const uint64_t keep = 1ull << 29 | 1ull << 5 | 1ull << 10; /* audit_write, kill, net_bind_service */
	struct {
		uint32_t version;
		int pid;
	} header = {0x20080522, 0};
	struct {
		uint32_t effective, permitted, inheritable;
	} caps[2] = {{(uint32_t)keep, (uint32_t)keep, 0}, {0, 0, 0}};
	const struct rlimit files = {1024, 1024};

	must(setrlimit(RLIMIT_NOFILE, &files), "setrlimit");
	for (int cap = 0; cap < 64; cap++)
		if (!(keep >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			break;
	must(syscall(SYS_capset, &header, caps), "capset");
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	if (r->filter.len)
		must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &r->filter), "seccomp");
}

static _Noreturn void execute(const struct request *r)
{
	static char *const env[] = {"PATH=/bin", "TERM=xterm", NULL};

	must(execve(r->argv[0], r->argv, env), r->argv[0]);
	_exit(127);
}

static pid_t clone_child(uint64_t flags, int cgroup)
{
	struct clone_args args = {
		.flags = flags | CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)cgroup};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	must(pid, "clone3");
	return (pid_t)pid;
}

static int wait_for(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, 0), "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void write_map(pid_t pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	must(fd, path);
	must(write(fd, "0 100000 65536\n", 15), path);
	close(fd);
}

static int run(const struct request *r)
{
	uint64_t flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
			 (r->no_net ? 0 : CLONE_NEWNET) | (r->user ? CLONE_NEWUSER : 0);
	int gate[2], cgroup, status;
	pid_t pid;
	char c;

	must(mkdir(r->cgroup, 0755), "make the cgroup");
	cgroup = open(r->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(cgroup, "open the cgroup");
	must(pipe2(gate, O_CLOEXEC), "pipe");
	pid = clone_child(flags, cgroup);
	if (pid == 0) {
		close(gate[1]);
		if (r->user) {
			must(read(gate[0], &c, 1), "wait for the id maps");
			must(setresgid(0, 0, 0), "setresgid");
			must(setresuid(0, 0, 0), "setresuid");
		}
		must(unshare(CLONE_NEWCGROUP), "unshare the cgroup namespace");
		setsid();
		must(sethostname("floor", 5), "sethostname");
		enter_root(r);
		become(r);
		must(read(gate[0], &c, 1), "wait for the parent"); /* the device program stands */
		execute(r);
	}
	close(gate[0]);
	if (r->user) {
		write_map(pid, "uid_map");
		write_map(pid, "gid_map");
		must(write(gate[1], "", 1), "let the child go on");
	}
	attach_devices(cgroup);
	must(write(gate[1], "", 1), "let the child go on");
	status = wait_for(pid);
	must(rmdir(r->cgroup), "remove the cgroup");
	return status;
}

static int join(const struct request *r)
{
	const int rest = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP | (r->no_net ? 0 : CLONE_NEWNET);
	int pidfd = (int)syscall(SYS_pidfd_open, r->pid, 0);
	int cgroup = open(r->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid_t pid;

	must(pidfd, "pidfd_open");
	must(cgroup, "open the cgroup");
	must(setns(pidfd, CLONE_NEWPID), "setns");
	pid = clone_child(0, cgroup);
	if (pid == 0) {
		must(setns(pidfd, rest), "setns");
		must(chdir("/"), "chdir");
		setsid();
		become(r);
		execute(r);
	}
	return wait_for(pid);
}

static int show_filter(pid_t pid)
{
	static struct sock_filter code[BPF_MAXINSNS];
	long n;

	must(ptrace(PTRACE_SEIZE, pid, NULL, NULL), "ptrace");
	must(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL), "ptrace");
	must(waitpid(pid, NULL, __WALL), "waitpid");
	n = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, (void *)0, code);
	must(n, "read the filter");
	must(write(STDOUT_FILENO, code, (size_t)n * sizeof(code[0])), "write");
	must(ptrace(PTRACE_DETACH, pid, NULL, NULL), "ptrace");
	return 0;
}

static int usage(void)
{
	fprintf(stderr, "usage: floor run ROOTFS CGROUP [OPTION...] PROGRAM...\n"
			"       floor exec PID CGROUP [OPTION...] PROGRAM...\n"
			"       floor filter PID\n");
	return 2;
}

static bool is_called(const char *name, const char *path)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash ? slash + 1 : path, name) == 0;
}

int main(int argc, char **argv)
{
	struct request r = {0};
	int at = 4;

	if (is_called("true", argv[0]))
		return 0;
	if (is_called("pause", argv[0]))
		return pause();
	if (argc == 3 && strcmp(argv[1], "filter") == 0)
		return show_filter(atoi(argv[2]));
	if (argc < 5)
		return usage();
	r.root = argv[2];
	r.pid = atoi(argv[2]);
	r.cgroup = argv[3];
	for (; at < argc && argv[at][0] == '-'; at++) {
		if (strcmp(argv[at], "--user") == 0)
			r.user = true;
		else if (strcmp(argv[at], "--no-net") == 0)
			r.no_net = true;
		else if (strcmp(argv[at], "--seccomp") == 0 && at + 1 < argc)
			read_filter(&r, argv[++at]);
		else
			return usage();
	}
	r.argv = argv + at;
	if (at >= argc)
		return usage();
	umask(0);
	if (strcmp(argv[1], "run") == 0)
		return run(&r);
	return strcmp(argv[1], "exec") == 0 ? join(&r) : usage();
}
