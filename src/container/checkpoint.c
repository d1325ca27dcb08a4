/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint: CRIU dumps the processes of a running container, from outside.
 *
 * What of the host is in the container is named to CRIU as external; see plan/criu.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "container/criu.h"
#include "container/record.h"
#include "container/state.h"
#include "kernel/inroot.h"
#include "plan/annotation.h"
#include "plan/criu.h"

#define LOCK_MS 10000
#define END_MS 10000

struct checkpoint {
	struct container c;
	struct criu_options o;		/* with absolute paths */
	struct oci_config *config;
	int root;			/* of the container's mount namespace */
	struct criu_external *mounts;
	size_t n_mounts;
	const char *others[8];		/* other values of --external */
	size_t n_others;
	const char *streams[3];
};

static int check(const struct checkpoint *k, struct error *err)
{
	const struct container *c = &k->c;

	if (geteuid() != 0) {
		fail(err, EPERM, "checkpoint of container '%s'", c->id);
		return error_hint(err, "dumping processes needs root");
	}
	if (c->status != STATUS_RUNNING && c->status != STATUS_PAUSED)
		return fail(err, 0, "container '%s' is not running: it is %s", c->id, container_status_name(c->status));
	if (k->config->process && k->config->process->terminal.v) {
		fail_at(err, 0, "process.terminal", "container '%s' has a terminal and cannot be dumped", c->id);
		return error_hint(err, "vert runs criu as a command, which cannot hand over the terminal's master");
	}
	return 0;
}

/* The path of something in the container as its mount table has it: DESTINATION may lead over links. */
static void add_mount(struct checkpoint *k, const char *destination, bool only_device)
{
	autoclose int fd = inroot_open(k->root, destination, O_PATH, 0, 0);
	char link[32], path[PATH_MAX];
	struct stat st;
	ssize_t n;

	/* What is not there was not mounted; a hidden directory has a file system of its own, which is dumped. */
	if (fd < 0 || fstat(fd, &st) < 0 || (only_device && !S_ISCHR(st.st_mode)))
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return;
	path[n] = '\0';
	k->mounts[k->n_mounts++] = (struct criu_external){
		.inside = arena_strdup(&k->c.arena, path),
		.name = arena_printf(&k->c.arena, "/%s", destination + strspn(destination, "/")),
	};
}

static bool is_external(const struct oci_mount *m)
{
	if (m->type && strcmp(m->type, "cgroup2") == 0)
		return true;
	if (m->type && strcmp(m->type, "cgroup") == 0)
		return true;
	for (size_t i = 0; i < m->options.n; i++)
		if (strcmp(m->options.v[i], "bind") == 0 || strcmp(m->options.v[i], "rbind") == 0)
			return true;
	return m->type && strcmp(m->type, "bind") == 0;
}

static int find_mounts(struct checkpoint *k, struct error *err)
{
	const struct oci_mount_list *mounts = &k->config->mounts;
	const struct oci_linux *l = k->config->linux;
	size_t masked = l ? l->masked_paths.n : 0;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/root", (int)k->c.pid);
	k->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (k->root < 0)
		return fail(err, errno, "open '%s'", path);
	k->mounts = arena_array(&k->c.arena, mounts->n + masked + 8, sizeof(*k->mounts));
	for (size_t i = 0; i < mounts->n; i++)
		if (is_external(&mounts->v[i]))
			add_mount(k, mounts->v[i].destination, false);
	for (size_t i = 0; i < masked; i++)
		add_mount(k, l->masked_paths.v[i], true);
	return 0;
}

/* Joined namespaces are others': CRIU must not make copies of them. */
static int find_namespaces(struct checkpoint *k, struct error *err)
{
	static const struct {
		enum oci_namespace_type type;
		const char *name, *key;
	} joined[] = {{OCI_NS_NETWORK, "net", "extRootNetNS"}, {OCI_NS_PID, "pid", "extRootPidNS"}};
	const struct oci_linux *l = k->config->linux;
	char path[40];
	struct stat st;

	for (size_t i = 0; l && i < l->namespaces.n; i++)
		for (size_t n = 0; n < COUNT_OF(joined); n++) {
			if (l->namespaces.v[i].type != joined[n].type || !l->namespaces.v[i].path)
				continue;
			snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)k->c.pid, joined[n].name);
			if (stat(path, &st) < 0)
				return fail(err, errno, "look at '%s'", path);
			k->others[k->n_others++] = arena_printf(&k->c.arena, "%s[%llu]:%s", joined[n].name,
								(unsigned long long)st.st_ino, joined[n].key);
		}
	return 0;
}

/* Is it a mount of the container's?  The null device is: see become.c. */
static bool is_mounted_inside(const struct checkpoint *k, uint32_t mount)
{
	char path[32], line[4096];
	bool found = false;
	uint32_t id;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)k->c.pid);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f)) {
		line[strcspn(line, " ")] = '\0';
		found = str_to_u32(line, &id) && id == mount;
	}
	if (f)
		fclose(f);
	return found;
}

/* Standard streams are the caller's.  CRIU knows pipes and sockets as such; a file is on a mount that the container
 * does not have, and is told by mount and inode. */
static int find_streams(struct checkpoint *k, struct error *err)
{
	char path[48], text[256], target[PATH_MAX], *id;
	struct stat st;
	uint32_t mount;
	ssize_t n;

	for (int fd = 0; fd <= 2; fd++) {
		k->streams[fd] = "";
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)k->c.pid, fd);
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0 && errno == ENOENT)
			continue;
		if (n < 0 || stat(path, &st) < 0)
			return fail(err, errno, "look at descriptor %d of container '%s'", fd, k->c.id);
		target[n] = '\0';
		if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)) {
			k->streams[fd] = arena_strdup(&k->c.arena, target);
			continue;
		}
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)k->c.pid, fd);
		if (fd_read_small(-1, path, text, sizeof(text)) <= 0 || !(id = strstr(text, "mnt_id:\t")))
			return fail(err, errno, "read '%s'", path);
		id += 8;
		id[strcspn(id, "\n")] = '\0';
		if (!str_to_u32(id, &mount) || is_mounted_inside(k, mount))
			continue;
		k->streams[fd] = arena_printf(&k->c.arena, "file[%x:%llx]", mount, (unsigned long long)st.st_ino);
		k->others[k->n_others++] = k->streams[fd];
	}
	return 0;
}

static int make_directory(const char *path, struct error *err)
{
	char part[PATH_MAX];

	for (const char *p = path + 1;; p++) {
		if (*p && *p != '/')
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)(p - path), path);
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return fail(err, errno, "make directory '%s'", part);
		if (!*p)
			return 0;
	}
}

static int write_streams(const struct checkpoint *k, struct error *err)
{
	autoclose int dir = open(k->o.image_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct buf b = {0};
	int rc;

	if (dir < 0)
		return fail(err, errno, "open '%s'", k->o.image_path);
	for (int i = 0; i < 3; i++) {
		buf_puts(&b, i == 0 ? "[" : ",");
		buf_json(&b, k->streams[i]);
	}
	buf_puts(&b, "]\n");
	rc = b.failed ? fail(err, ENOMEM, "describe the standard streams")
		      : fd_replace_file(dir, CRIU_DESCRIPTORS, 0600, b.s, b.n, err);
	buf_free(&b);
	return rc;
}

static int run_criu(const struct checkpoint *k, char *const *argv, struct error *err)
{
	posix_spawn_file_actions_t files;
	char program[PATH_MAX];
	int rc, status;
	pid_t pid;

	if (criu_find(program, sizeof(program), err) < 0)
		return -1;
	posix_spawn_file_actions_init(&files);
	rc = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	for (int fd = STDOUT_FILENO; rc == 0 && fd <= STDERR_FILENO; fd++) /* its words are in its log */
		rc = posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_WRONLY, 0);
	if (rc == 0)
		rc = posix_spawn(&pid, program, &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	if (rc != 0)
		return fail(err, rc, "execute '%s'", program);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail(err, errno, "wait for criu");
	return criu_judge(status, k->o.pre_dump ? "pre-dump" : "dump", k->o.work_path, CRIU_DUMP_LOG, err);
}

static int dump(struct checkpoint *k, struct error *err)
{
	struct pollfd ended = {.fd = k->c.pidfd, .events = POLLIN};
	struct plan_strings argv;

	if (find_mounts(k, err) < 0 || find_namespaces(k, err) < 0 || find_streams(k, err) < 0 ||
	    make_directory(k->o.image_path, err) < 0 || make_directory(k->o.work_path, err) < 0 ||
	    criu_check_directory(k->o.image_path, err) < 0 || criu_check_directory(k->o.work_path, err) < 0 ||
	    write_streams(k, err) < 0 ||
	    plan_criu_dump(&k->c.arena, &k->o, k->c.pid, k->c.record->rootfs, k->mounts, k->n_mounts, k->others, &argv,
			   err) < 0 ||
	    run_criu(k, (char *const *)argv.v, err) < 0)
		return -1;
	if (k->o.leave_running || k->o.pre_dump)
		return 0;
	/* CRIU has killed them: who asks for the state now is told "stopped". */
	if (poll(&ended, 1, END_MS) == 0)
		return fail(err, 0, "container '%s' still runs after its dump", k->c.id);
	return 0;
}

int container_checkpoint(const struct runtime *rt, const char *id, const struct criu_options *options,
			 struct error *err)
{
	struct checkpoint k = {.o = *options, .root = -1, .c = CONTAINER_NONE};
	int rc;

	/* Locked: no pause, update or start meanwhile. */
	rc = container_open_dir(rt, id, &k.c, err);
	if (rc == 0)
		rc = state_lock(k.c.dirfd, id, LOCK_MS, err);
	if (rc == 0)
		rc = container_look(&k.c, err);
	if (rc == 0)
		rc = container_config(&k.c, &k.config, err);
	if (rc == 0)
		rc = check(&k, err);
	if (rc == 0)
		k.o.config = annotation(k.config, "org.criu.config");
	/* What is frozen CRIU has to thaw for a moment; afterwards it is as before. */
	if (rc == 0 && k.c.status == STATUS_PAUSED)
		k.o.freeze_cgroup = k.c.record->cgroup;
	if (rc == 0)
		rc = dump(&k, err);
	if (k.root >= 0)
		fd_close(k.root);
	container_close(&k.c);
	return rc;
}
