/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the probe can be told to do inside the container: wait, end in a given way, answer signals,
 * touch files, call one system call and say what the kernel answered.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

static const struct {
	const char *name;
	int number;
} signals[] = {
	{"HUP", SIGHUP},   {"INT", SIGINT},	{"QUIT", SIGQUIT}, {"ABRT", SIGABRT},
	{"KILL", SIGKILL}, {"USR1", SIGUSR1},	{"USR2", SIGUSR2}, {"PIPE", SIGPIPE},
	{"ALRM", SIGALRM}, {"TERM", SIGTERM},	{"CHLD", SIGCHLD}, {"CONT", SIGCONT},
	{"STOP", SIGSTOP}, {"WINCH", SIGWINCH}, {"SEGV", SIGSEGV}, {"SYS", SIGSYS},
};

static int signal_number(const char *name)
{
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (strcmp(signals[i].name, name) == 0)
			return signals[i].number;
	return atoi(name);
}

static int cmd_echo(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		printf("%s%s", argv[i], i + 1 < argc ? " " : "");
	printf("\n");
	return 0;
}

static int cmd_warn(int argc, char **argv)
{
	(void)argc;
	fprintf(stderr, "%s\n", argv[1]);
	return 0;
}

static int cmd_cat(int argc, char **argv)
{
	char buf[4096];
	ssize_t n;
	int fd = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : 0;

	if (fd < 0)
		return report("cat", -1);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (fwrite(buf, 1, (size_t)n, stdout) != (size_t)n)
			return 1;
	fflush(stdout);
	return 0;
}

static int cmd_sleep(int argc, char **argv)
{
	double seconds = strtod(argv[1], NULL);
	struct timespec t = {.tv_sec = (time_t)seconds};

	(void)argc;
	t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
	return 0;
}

static int cmd_exit(int argc, char **argv)
{
	(void)argc;
	fflush(stdout);
	_exit(atoi(argv[1]));
}

static int cmd_kill_self(int argc, char **argv)
{
	int sig = signal_number(argv[1]);
	pid_t pid;

	(void)argc;
	fflush(stdout);
	/* The first process of a pid namespace is spared its own signals: a child shows the way
	 * the kernel would end any other process, and pid 1 is ended by what it does itself. */
	signal(sig, SIG_DFL);
	if (getpid() != 1)
		raise(sig);
	pid = fork();
	if (pid == 0) {
		raise(sig);
		_exit(0);
	}
	(void)waitpid(pid, NULL, 0);
	return 97;
}

/* Waits for signals and prints them; TERM ends it.  "ready" tells the test that it may send. */
static int cmd_trap(int argc, char **argv)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	for (int i = 1; i < argc; i++)
		sigaddset(&set, signal_number(argv[i]));
	sigprocmask(SIG_BLOCK, &set, NULL);
	printf("ready\n");
	for (;;) {
		struct winsize ws;
		int sig = sigwaitinfo(&set, NULL);

		if (sig < 0)
			continue;
		for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
			if (signals[i].number == sig)
				printf("got=%s\n", signals[i].name);
		if (sig >= 34)
			printf("got=RT%d\n", sig);
		if (sig == SIGWINCH && ioctl(0, TIOCGWINSZ, &ws) == 0)
			printf("winsize=%ux%u\n", ws.ws_row, ws.ws_col);
		if (sig == SIGTERM)
			return 0;
	}
}

/* N children that wait like their parent; prints their pids.  Without N: this process waits. */
static int cmd_fork(int argc, char **argv)
{
	for (int i = 0; i < atoi(argv[1]); i++) {
		pid_t pid = fork();

		if (pid < 0)
			return report("fork", -1);
		if (pid == 0) {
			for (;;)
				pause();
		}
		printf("child=%d\n", pid);
	}
	printf("ready\n");
	for (;;)
		pause();
	(void)argc;
}

static int cmd_alloc(int argc, char **argv)
{
	size_t size = strtoull(argv[1], NULL, 0);
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)argc;
	if (p == MAP_FAILED)
		return report("alloc", -1);
	memset(p, 1, size);
	return report("alloc", 0);
}

static int cmd_open(int argc, char **argv)
{
	char key[4200];
	int flags = O_RDONLY, fd;

	if (argc > 2)
		flags = strcmp(argv[2], "w") == 0	? O_WRONLY
			: strcmp(argv[2], "rw") == 0	? O_RDWR
			: strcmp(argv[2], "creat") == 0 ? O_WRONLY | O_CREAT | O_EXCL
							: O_RDONLY;
	fd = open(argv[1], flags | O_CLOEXEC | O_NONBLOCK, 0666);
	snprintf(key, sizeof(key), "open.%s", argv[1]);
	report(key, fd);
	if (fd >= 0)
		close(fd);
	return 0;
}

static int cmd_write(int argc, char **argv)
{
	char key[4200];
	long ret = -1;
	int fd = open(argv[1], O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

	(void)argc;
	snprintf(key, sizeof(key), "write.%s", argv[1]);
	if (fd >= 0)
		ret = write(fd, argv[2], strlen(argv[2]));
	report(key, ret);
	if (fd >= 0)
		close(fd);
	return 0;
}

static int cmd_write_fd(int argc, char **argv)
{
	char key[64];

	(void)argc;
	snprintf(key, sizeof(key), "write-fd.%s", argv[1]);
	return report(key, write(atoi(argv[1]), argv[2], strlen(argv[2])));
}

static int cmd_wait_file(int argc, char **argv)
{
	(void)argc;
	for (int i = 0; i < 1000; i++) {
		struct timespec t = {.tv_nsec = 10 * 1000 * 1000};

		if (access(argv[1], F_OK) == 0)
			return 0;
		nanosleep(&t, NULL);
	}
	return report("wait-file", -1);
}

static int cmd_exec(int argc, char **argv)
{
	(void)argc;
	fflush(stdout);
	execv(argv[1], argv + 1);
	return report("exec", -1);
}

static int cmd_mknod(int argc, char **argv)
{
	(void)argc;
	return report("mknod", mknod(argv[1], S_IFCHR | 0600,
				     makedev((unsigned)atoi(argv[2]), (unsigned)atoi(argv[3]))));
}

static int cmd_tiocsti(int argc, char **argv)
{
	(void)argc, (void)argv;
	return report("tiocsti", ioctl(0, TIOCSTI, "x"));
}

/* Sends a datagram, as a service does that tells its manager that it is ready. */
static int cmd_notify(int argc, char **argv)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len;

	(void)argc;
	if (!path) {
		printf("notify=unset\n");
		return 0;
	}
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(addr.sun_path));
	if (addr.sun_path[0] == '@')
		addr.sun_path[0] = '\0';
	report("notify", sendto(fd, argv[1], strlen(argv[1]), 0, (struct sockaddr *)&addr, len));
	close(fd);
	return 0;
}

static long try_mkdir(void)
{
	return mkdir("/tmp/try-mkdir", 0777);
}
static long try_chmod(void)
{
	return chmod("/tmp", 01777);
}
static long try_chown(void)
{
	return chown("/tmp", 0, 0);
}
static long try_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}
static long try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}
static long try_socket_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}
static long try_socket_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 0);
}
static long try_keyctl(void)
{
	return syscall(SYS_keyctl, 0L, -3L, 0L);
}
static long try_personality(void)
{
	return personality(0xffffffff);
}
static long try_personality32(void)
{
	return personality(PER_LINUX32);
}
static long try_unshare(void)
{
	return unshare(CLONE_NEWUTS);
}
static long try_unshare_user(void)
{
	return unshare(CLONE_NEWUSER);
}
static long try_getcwd(void)
{
	char b[4096];
	return syscall(SYS_getcwd, b, sizeof(b));
}
static long try_sethostname(void)
{
	return sethostname("tried", 5);
}
static long try_mount(void)
{
	return mount("none", "/tmp", "tmpfs", 0, NULL);
}
static long try_mount_proc(void)
{
	return mount("proc", "/tmp", "proc", 0, NULL);
}
static long try_remount_rw(void)
{
	return mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL);
}
static long try_umount_proc(void)
{
	return umount2("/proc", MNT_DETACH);
}
static long try_setuid(void)
{
	return setuid(1);
}
static long try_setgroups(void)
{
	return syscall(SYS_setgroups, 0, NULL);
}
static long try_chroot(void)
{
	return chroot("/");
}
static long try_kill(void)
{
	return kill(1, 0);
}
static long try_clock_settime(void)
{
	struct timespec t;

	/* To what it is: where it is allowed, nothing changes. */
	clock_gettime(CLOCK_REALTIME, &t);
	return clock_settime(CLOCK_REALTIME, &t);
}

static const struct {
	const char *name;
	long (*call)(void);
} tries[] = {
	{"mkdir", try_mkdir},
	{"chmod", try_chmod},
	{"chown", try_chown},
	{"ptrace", try_ptrace},
	{"socket", try_socket},
	{"socket-unix", try_socket_unix},
	{"socket-netlink", try_socket_netlink},
	{"keyctl", try_keyctl},
	{"personality", try_personality},
	{"personality32", try_personality32},
	{"unshare", try_unshare},
	{"unshare-user", try_unshare_user},
	{"getcwd", try_getcwd},
	{"sethostname", try_sethostname},
	{"mount", try_mount},
	{"mount-proc", try_mount_proc},
	{"remount-rw", try_remount_rw},
	{"umount-proc", try_umount_proc},
	{"setuid", try_setuid},
	{"setgroups", try_setgroups},
	{"chroot", try_chroot},
	{"kill", try_kill},
	{"clock_settime", try_clock_settime},
};

static int cmd_try(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		size_t t = 0;
		char key[64];

		while (t < sizeof(tries) / sizeof(tries[0]) && strcmp(tries[t].name, argv[i]) != 0)
			t++;
		if (t == sizeof(tries) / sizeof(tries[0])) {
			fprintf(stderr, "probe: cannot try '%s'\n", argv[i]);
			return 98;
		}
		snprintf(key, sizeof(key), "try.%s", argv[i]);
		report(key, tries[t].call());
	}
	return 0;
}

const struct command act_commands[] = {
	{"echo", 0, cmd_echo},
	{"warn", 1, cmd_warn},
	{"cat", 0, cmd_cat},
	{"sleep", 1, cmd_sleep},
	{"exit", 1, cmd_exit},
	{"kill-self", 1, cmd_kill_self},
	{"trap", 0, cmd_trap},
	{"fork", 1, cmd_fork},
	{"alloc", 1, cmd_alloc},
	{"open", 1, cmd_open},
	{"write", 2, cmd_write},
	{"write-fd", 2, cmd_write_fd},
	{"wait-file", 1, cmd_wait_file},
	{"exec", 1, cmd_exec},
	{"mknod", 3, cmd_mknod},
	{"ioctl-tiocsti", 0, cmd_tiocsti},
	{"notify", 1, cmd_notify},
	{"try", 1, cmd_try},
	{NULL, 0, NULL},
};
