/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dispatch, and the facts about the process itself: identity, capabilities, limits, signals,
 * descriptors, environment.  Several commands may follow one another, separated by a word that is
 * a single comma: `probe caps , env , exit 3`.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe.h"

static const char *const cap_names[] = {
	"CHOWN",
	"DAC_OVERRIDE",
	"DAC_READ_SEARCH",
	"FOWNER",
	"FSETID",
	"KILL",
	"SETGID",
	"SETUID",
	"SETPCAP",
	"LINUX_IMMUTABLE",
	"NET_BIND_SERVICE",
	"NET_BROADCAST",
	"NET_ADMIN",
	"NET_RAW",
	"IPC_LOCK",
	"IPC_OWNER",
	"SYS_MODULE",
	"SYS_RAWIO",
	"SYS_CHROOT",
	"SYS_PTRACE",
	"SYS_PACCT",
	"SYS_ADMIN",
	"SYS_BOOT",
	"SYS_NICE",
	"SYS_RESOURCE",
	"SYS_TIME",
	"SYS_TTY_CONFIG",
	"MKNOD",
	"LEASE",
	"AUDIT_WRITE",
	"AUDIT_CONTROL",
	"SETFCAP",
	"MAC_OVERRIDE",
	"MAC_ADMIN",
	"SYSLOG",
	"WAKE_ALARM",
	"BLOCK_SUSPEND",
	"AUDIT_READ",
	"PERFMON",
	"BPF",
	"CHECKPOINT_RESTORE",
};

#define N_CAPS (sizeof(cap_names) / sizeof(cap_names[0]))

/* "CapEff:\t0000..." of /proc/self/status -> "cap.effective=CAP_A,CAP_B". */
static void print_caps(const char *key, const char *hex)
{
	unsigned long long mask = strtoull(hex, NULL, 16);
	const char *sep = "";

	printf("%s=", key);
	for (size_t i = 0; i < 64; i++) {
		if (!(mask >> i & 1))
			continue;
		if (i < N_CAPS)
			printf("%sCAP_%s", sep, cap_names[i]);
		else
			printf("%s%zu", sep, i);
		sep = ",";
	}
	printf("\n");
}

static const struct {
	const char *field, *key;
	int is_caps;
} status_fields[] = {
	{"CapInh:", "cap.inheritable", 1},
	{"CapPrm:", "cap.permitted", 1},
	{"CapEff:", "cap.effective", 1},
	{"CapBnd:", "cap.bounding", 1},
	{"CapAmb:", "cap.ambient", 1},
	{"NoNewPrivs:", "no_new_privs", 0},
	{"Seccomp:", "seccomp", 0},
	{"SigBlk:", "sig.blocked", 0},
	{"SigIgn:", "sig.ignored", 0},
	{"Cpus_allowed_list:", "affinity", 0},
	{"Umask:", "umask", 0},
	{"Threads:", "threads", 0},
};

/* Prints the lines of /proc/self/status whose key starts with PREFIX. */
static int print_status(const char *prefix)
{
	char line[512];
	FILE *f = fopen("/proc/self/status", "re");

	if (!f)
		return report("status", -1);
	while (fgets(line, sizeof(line), f)) {
		for (size_t i = 0; i < sizeof(status_fields) / sizeof(status_fields[0]); i++) {
			size_t len = strlen(status_fields[i].field);
			char *value = line + len;

			if (strncmp(line, status_fields[i].field, len) != 0 ||
			    strncmp(status_fields[i].key, prefix, strlen(prefix)) != 0)
				continue;
			value += strspn(value, " \t");
			value[strcspn(value, "\n")] = '\0';
			if (status_fields[i].is_caps)
				print_caps(status_fields[i].key, value);
			else
				printf("%s=%s\n", status_fields[i].key, value);
		}
	}
	fclose(f);
	return 0;
}

static int cmd_caps(int argc, char **argv)
{
	(void)argc, (void)argv;
	print_status("cap.");
	print_status("no_new_privs");
	return print_status("seccomp");
}

static int cmd_signals(int argc, char **argv)
{
	(void)argc, (void)argv;
	return print_status("sig.");
}

static int cmd_affinity(int argc, char **argv)
{
	(void)argc, (void)argv;
	return print_status("affinity");
}

static int cmd_id(int argc, char **argv)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid, groups[256];
	mode_t mask = umask(0);
	int n = getgroups(256, groups);

	(void)argc, (void)argv;
	umask(mask);
	getresuid(&ruid, &euid, &suid);
	getresgid(&rgid, &egid, &sgid);
	printf("uid=%u,%u,%u\ngid=%u,%u,%u\ngroups=", ruid, euid, suid, rgid, egid, sgid);
	for (int i = 0; i < n; i++)
		printf("%s%u", i ? "," : "", groups[i]);
	printf("\numask=%04o\n", (unsigned)mask);
	return 0;
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	return atoi((*a)->d_name) - atoi((*b)->d_name);
}

static int cmd_fds(int argc, char **argv)
{
	struct dirent **names;
	int n = scandir("/proc/self/fd", &names, NULL, by_number);

	(void)argc, (void)argv;
	if (n < 0)
		return report("fds", -1);
	for (int i = 0; i < n; i++) {
		char path[300], target[4096];
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/self/fd/%s", names[i]->d_name);
		len = readlink(path, target, sizeof(target) - 1);
		/* The descriptor scandir() itself used is closed by now: readlink fails on it. */
		if (isdigit((unsigned char)names[i]->d_name[0]) && len >= 0) {
			target[len] = '\0';
			printf("fd.%s=%s\n", names[i]->d_name, target);
		}
		free(names[i]);
	}
	free(names);
	return 0;
}

extern char **environ;

static int cmd_env(int argc, char **argv)
{
	if (argc > 1) {
		const char *value = getenv(argv[1]);

		printf("env.%s%s%s\n", argv[1], value ? "=" : " unset", value ? value : "");
		return 0;
	}
	for (char **e = environ; *e; e++)
		printf("env.%s\n", *e);
	return 0;
}

static int cmd_argv(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		printf("arg.%d=%s\n", i, argv[i]);
	return 0;
}

static int cmd_cwd(int argc, char **argv)
{
	char buf[4096];

	(void)argc, (void)argv;
	if (!getcwd(buf, sizeof(buf)))
		return report("cwd", -1);
	printf("cwd=%s\n", buf);
	return 0;
}

static const struct {
	const char *name;
	int resource;
} limits[] = {
	{"AS", RLIMIT_AS},
	{"CORE", RLIMIT_CORE},
	{"CPU", RLIMIT_CPU},
	{"DATA", RLIMIT_DATA},
	{"FSIZE", RLIMIT_FSIZE},
	{"LOCKS", RLIMIT_LOCKS},
	{"MEMLOCK", RLIMIT_MEMLOCK},
	{"MSGQUEUE", RLIMIT_MSGQUEUE},
	{"NICE", RLIMIT_NICE},
	{"NOFILE", RLIMIT_NOFILE},
	{"NPROC", RLIMIT_NPROC},
	{"RSS", RLIMIT_RSS},
	{"RTPRIO", RLIMIT_RTPRIO},
	{"RTTIME", RLIMIT_RTTIME},
	{"SIGPENDING", RLIMIT_SIGPENDING},
	{"STACK", RLIMIT_STACK},
};

static int cmd_rlimits(int argc, char **argv)
{
	(void)argc, (void)argv;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct rlimit r;

		if (getrlimit(limits[i].resource, &r) < 0)
			continue;
		printf("rlimit.%s=%lld:%lld\n", limits[i].name, (long long)r.rlim_cur,
		       (long long)r.rlim_max);
	}
	return 0;
}

static int cmd_tty(int argc, char **argv)
{
	struct winsize ws;
	char name[256];
	int fd;

	(void)argc, (void)argv;
	printf("pid=%d\nppid=%d\npgid=%d\nsid=%d\n", getpid(), getppid(), getpgrp(), getsid(0));
	for (int i = 0; i < 3; i++)
		printf("tty.%d=%s\n", i,
		       ttyname_r(i, name, sizeof(name)) == 0 ? name
		       : isatty(i)			     ? "unnamed"
							     : "no");
	if (ioctl(0, TIOCGWINSZ, &ws) == 0)
		printf("winsize=%ux%u\n", ws.ws_row, ws.ws_col);
	fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	report("ctty", fd);
	if (fd >= 0) {
		printf("foreground=%s\n", tcgetpgrp(fd) == getpgrp() ? "yes" : "no");
		close(fd);
	}
	return 0;
}

static int cmd_pdeathsig(int argc, char **argv)
{
	int sig = -1;

	(void)argc, (void)argv;
	prctl(PR_GET_PDEATHSIG, &sig);
	printf("pdeathsig=%d\ndumpable=%d\n", sig, prctl(PR_GET_DUMPABLE));
	return 0;
}

const struct command process_commands[] = {
	{"caps", 0, cmd_caps},
	{"signals", 0, cmd_signals},
	{"affinity", 0, cmd_affinity},
	{"id", 0, cmd_id},
	{"fds", 0, cmd_fds},
	{"env", 0, cmd_env},
	{"argv", 0, cmd_argv},
	{"cwd", 0, cmd_cwd},
	{"rlimits", 0, cmd_rlimits},
	{"tty", 0, cmd_tty},
	{"pdeathsig", 0, cmd_pdeathsig},
	{NULL, 0, NULL},
};

static int dispatch(int argc, char **argv)
{
	const struct command *const tables[] = {process_commands, system_commands, act_commands, confine_commands};

	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		for (const struct command *c = tables[t]; c->name; c++) {
			if (strcmp(c->name, argv[0]) != 0)
				continue;
			if (argc - 1 < c->min_args) {
				fprintf(stderr, "probe: %s needs %d words\n", c->name, c->min_args);
				return 98;
			}
			return c->run(argc, argv);
		}
	}
	fprintf(stderr, "probe: no command '%s'\n", argv[0]);
	return 99;
}

int main(int argc, char **argv)
{
	int ret = 0;

	/* Whatever reads our output must see a line before the next command blocks or dies. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int start = 1; start < argc && ret == 0;) {
		int end = start;
		char *comma;

		while (end < argc && strcmp(argv[end], ",") != 0)
			end++;
		comma = argv[end];
		argv[end] = NULL;
		if (end > start)
			ret = dispatch(end - start, argv + start);
		argv[end] = comma;
		start = end + 1;
	}
	return ret;
}
