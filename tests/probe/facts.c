/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts about the system around the process: namespaces, mounts, names, cgroup, scheduling, clocks,
 * labels, files.  Only reads; what changes something is in acts.c.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

static const struct {
	int err;
	const char *name;
} errno_names[] = {
	{EPERM, "EPERM"},	  {ENOENT, "ENOENT"},	{ESRCH, "ESRCH"},
	{EINTR, "EINTR"},	  {EIO, "EIO"},		{ENXIO, "ENXIO"},
	{EBADF, "EBADF"},	  {ECHILD, "ECHILD"},	{EAGAIN, "EAGAIN"},
	{ENOMEM, "ENOMEM"},	  {EACCES, "EACCES"},	{EBUSY, "EBUSY"},
	{EEXIST, "EEXIST"},	  {EXDEV, "EXDEV"},	{ENODEV, "ENODEV"},
	{ENOTDIR, "ENOTDIR"},	  {EISDIR, "EISDIR"},	{EINVAL, "EINVAL"},
	{EMFILE, "EMFILE"},	  {ENOTTY, "ENOTTY"},	{EFBIG, "EFBIG"},
	{ENOSPC, "ENOSPC"},	  {EROFS, "EROFS"},	{EMLINK, "EMLINK"},
	{ENOSYS, "ENOSYS"},	  {ELOOP, "ELOOP"},	{ENOTEMPTY, "ENOTEMPTY"},
	{EOVERFLOW, "EOVERFLOW"}, {ENOTSUP, "ENOTSUP"}, {EAFNOSUPPORT, "EAFNOSUPPORT"},
	{ENOEXEC, "ENOEXEC"},	  {ENOKEY, "ENOKEY"},	{EDQUOT, "EDQUOT"},
	{EDOM, "EDOM"},		  {ERANGE, "ERANGE"},
};

const char *errno_name(int err)
{
	static char number[16];

	for (size_t i = 0; i < sizeof(errno_names) / sizeof(errno_names[0]); i++)
		if (errno_names[i].err == err)
			return errno_names[i].name;
	snprintf(number, sizeof(number), "%d", err);
	return number;
}

int report(const char *key, long ret)
{
	printf("%s=%s\n", key, ret < 0 ? errno_name(errno) : "ok");
	return 0;
}

const char *slurp(const char *path)
{
	static char buf[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = -1;

	if (fd < 0)
		return NULL;
	while (len < sizeof(buf) - 1 && (n = read(fd, buf + len, sizeof(buf) - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	if (n < 0)
		return NULL;
	buf[len] = '\0';
	if (len > 0 && buf[len - 1] == '\n')
		buf[len - 1] = '\0';
	return buf;
}

/* KEY=line for every line of a file. */
static int print_file(const char *key, const char *path)
{
	const char *text = slurp(path);
	char *copy, *save = NULL;

	if (!text)
		return report(key, -1);
	if (!*text)
		printf("%s=\n", key);
	copy = strdup(text);
	for (char *l = strtok_r(copy, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		printf("%s=%s\n", key, l);
	free(copy);
	return 0;
}

static int cmd_ns(int argc, char **argv)
{
	static const char *const names[] = {"cgroup", "ipc",  "mnt",  "net",
					    "pid",    "time", "user", "uts"};

	(void)argc, (void)argv;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[64], link[128];
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		len = readlink(path, link, sizeof(link) - 1);
		if (len < 0)
			continue;
		link[len] = '\0';
		printf("ns.%s=%s\n", names[i], link);
	}
	return 0;
}

/* One line for each mount, its fields in a fixed order whatever optional fields the kernel adds. */
static void print_mount(char *line)
{
	char *f[6] = {0}, *rest = strstr(line, " - "), *save = NULL, prop[256] = "";
	char *type, *source, *super;
	int i = 0;

	if (!rest)
		return;
	*rest = '\0';
	for (char *w = strtok_r(line, " ", &save); w; w = strtok_r(NULL, " ", &save), i++) {
		if (i < 6) {
			f[i] = w;
		} else {
			w[strcspn(w, ":")] = '\0';
			snprintf(prop + strlen(prop), sizeof(prop) - strlen(prop), "%s%s",
				 *prop ? "," : "", w);
		}
	}
	type = strtok_r(rest + 3, " ", &save);
	source = strtok_r(NULL, " ", &save);
	super = strtok_r(NULL, " ", &save);
	if (i < 6 || !source)
		return;
	printf("mount=%s type=%s opts=%s super=%s prop=%s root=%s source=%s\n", f[4], type, f[5],
	       super ? super : "", *prop ? prop : "private", f[3], source);
}

static int cmd_mounts(int argc, char **argv)
{
	char line[8192];
	FILE *f = fopen("/proc/self/mountinfo", "re");

	(void)argc, (void)argv;
	if (!f)
		return report("mounts", -1);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		print_mount(line);
	}
	fclose(f);
	return 0;
}

static int cmd_uts(int argc, char **argv)
{
	struct utsname u;

	(void)argc, (void)argv;
	if (uname(&u) < 0)
		return report("uts", -1);
	printf("hostname=%s\ndomainname=%s\nmachine=%s\n", u.nodename, u.domainname, u.machine);
	return 0;
}

static int cmd_keyring(int argc, char **argv)
{
	char buf[512] = "";
	long id = syscall(SYS_keyctl, 0L /* GET_KEYRING_ID */, -3L /* session */, 0L);

	(void)argc, (void)argv;
	if (id < 0 || syscall(SYS_keyctl, 6L /* DESCRIBE */, id, buf, sizeof(buf)) < 0)
		return report("keyring", -1);
	printf("keyring=%s\nkeyring.id=%ld\n", strrchr(buf, ';') ? strrchr(buf, ';') + 1 : buf, id);
	return 0;
}

static int cmd_oom(int argc, char **argv)
{
	(void)argc, (void)argv;
	return print_file("oom_score_adj", "/proc/self/oom_score_adj");
}

static int cmd_cgroup(int argc, char **argv)
{
	(void)argc, (void)argv;
	return print_file("cgroup", "/proc/self/cgroup");
}

static int cmd_idmap(int argc, char **argv)
{
	(void)argc, (void)argv;
	print_file("uid_map", "/proc/self/uid_map");
	print_file("gid_map", "/proc/self/gid_map");
	return print_file("setgroups", "/proc/self/setgroups");
}

static int cmd_label(int argc, char **argv)
{
	(void)argc, (void)argv;
	return print_file("label", "/proc/self/attr/current");
}

static int cmd_sched(int argc, char **argv)
{
	static const char *const policies[] = {"OTHER", "FIFO", "RR",	    "BATCH",
					       "ISO",	"IDLE", "DEADLINE", "EXT"};
	struct sched_param p = {0};
	int policy, reset;
	long io;

	(void)argc, (void)argv;
	/* Not the libc functions: musl answers ENOSYS for them. */
	policy = (int)syscall(SYS_sched_getscheduler, 0);
	syscall(SYS_sched_getparam, 0, &p);
	reset = policy >= 0 && (policy & 0x40000000);
	policy &= 0xff;
	printf("sched.policy=%s\nsched.priority=%d\nsched.reset_on_fork=%d\n",
	       policy < 8 ? policies[policy] : "?", p.sched_priority, reset != 0);
	errno = 0;
	printf("nice=%d\n", getpriority(PRIO_PROCESS, 0));
	io = syscall(SYS_ioprio_get, 1, 0);
	printf("ioprio=%ld:%ld\n", io >> 13, io & 0x1fff);
	printf("personality=%#lx\n", (unsigned long)personality(0xffffffff));
	return 0;
}

static int cmd_clocks(int argc, char **argv)
{
	struct timespec b, m;

	(void)argc, (void)argv;
	clock_gettime(CLOCK_BOOTTIME, &b);
	clock_gettime(CLOCK_MONOTONIC, &m);
	printf("boottime=%lld\nmonotonic=%lld\n", (long long)b.tv_sec, (long long)m.tv_sec);
	return print_file("timens_offset", "/proc/self/timens_offsets");
}

static int cmd_sysctl(int argc, char **argv)
{
	char path[512], key[512];

	(void)argc;
	snprintf(path, sizeof(path), "/proc/sys/%s", argv[1]);
	for (char *p = path; *p; p++)
		*p = *p == '.' ? '/' : *p;
	snprintf(key, sizeof(key), "sysctl.%s", argv[1]);
	return print_file(key, path);
}

static int cmd_stat(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct stat st;
		char link[4096] = "";
		const char *type = "?";

		if (lstat(argv[i], &st) < 0) {
			printf("stat.%s=%s\n", argv[i], errno_name(errno));
			continue;
		}
		switch (st.st_mode & S_IFMT) {
		case S_IFREG:
			type = "file";
			break;
		case S_IFDIR:
			type = "dir";
			break;
		case S_IFLNK:
			type = "link";
			break;
		case S_IFCHR:
			type = "char";
			break;
		case S_IFBLK:
			type = "block";
			break;
		case S_IFIFO:
			type = "fifo";
			break;
		case S_IFSOCK:
			type = "socket";
			break;
		}
		if (S_ISLNK(st.st_mode) && readlink(argv[i], link, sizeof(link) - 1) < 0)
			link[0] = '\0';
		printf("stat.%s=%s mode=%04o uid=%u gid=%u", argv[i], type,
		       (unsigned)st.st_mode & 07777, st.st_uid, st.st_gid);
		if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
			printf(" rdev=%u:%u", major(st.st_rdev), minor(st.st_rdev));
		if (S_ISREG(st.st_mode))
			printf(" size=%lld", (long long)st.st_size);
		printf("%s%s\n", *link ? " link=" : "", link);
	}
	return 0;
}

static int cmd_ls(int argc, char **argv)
{
	struct dirent **names;
	int n = scandir(argv[1], &names, NULL, alphasort);

	(void)argc;
	if (n < 0) {
		printf("ls.%s %s\n", argv[1], errno_name(errno));
		return 0;
	}
	printf("ls.%s=", argv[1]);
	for (int i = 0; i < n; i++) {
		if (strcmp(names[i]->d_name, ".") != 0 && strcmp(names[i]->d_name, "..") != 0)
			printf("%s ", names[i]->d_name);
		free(names[i]);
	}
	free(names);
	printf("\n");
	return 0;
}

static int cmd_read(int argc, char **argv)
{
	char key[4200];

	(void)argc;
	snprintf(key, sizeof(key), "read.%s", argv[1]);
	return print_file(key, argv[1]);
}

const struct command system_commands[] = {
	{"ns", 0, cmd_ns},	     {"mounts", 0, cmd_mounts}, {"uts", 0, cmd_uts},
	{"keyring", 0, cmd_keyring}, {"oom", 0, cmd_oom},	{"cgroup", 0, cmd_cgroup},
	{"idmap", 0, cmd_idmap},     {"label", 0, cmd_label},	{"sched", 0, cmd_sched},
	{"clocks", 0, cmd_clocks},   {"sysctl", 1, cmd_sysctl}, {"stat", 1, cmd_stat},
	{"ls", 1, cmd_ls},	     {"read", 1, cmd_read},	{NULL, 0, NULL},
};
