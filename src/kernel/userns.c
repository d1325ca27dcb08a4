/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the id maps of a user namespace. */
#include "userns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/naive.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"

enum { MAP_MAX = 4096 }; /* one page: more the kernel refuses */

int userns_explain(struct error *err)
{
	static const struct {
		const char *file, *forbids, *hint;
	} settings[] = {
		{"/proc/sys/user/max_user_namespaces", "0",
		 "user namespaces are switched off: sysctl user.max_user_namespaces=10000"},
		{"/proc/sys/kernel/unprivileged_userns_clone", "0",
		 "unprivileged user namespaces are switched off: sysctl kernel.unprivileged_userns_clone=1"},
		{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
		 "AppArmor restricts unprivileged user namespaces: "
		 "sysctl kernel.apparmor_restrict_unprivileged_userns=0, or a profile for vert"},
	};
	char v[32];

	for (size_t i = 0; i < COUNT_OF(settings); i++) {
		if (fd_read_small(-1, settings[i].file, v, sizeof(v)) <= 0 || strcmp(v, settings[i].forbids) != 0)
			continue;
		error_code(err, "USERNS_BLOCKED");
		error_path(err, settings[i].file);
		return error_hint(err, "%s", settings[i].hint);
	}
	return -1;
}

bool userns_has_id(bool group, uint32_t id)
{
	char text[4096], *save = NULL;

	if (fd_read_small(-1, group ? "/proc/self/gid_map" : "/proc/self/uid_map", text, sizeof(text)) <= 0)
		return true; /* not known: no reason to complain */
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		uint32_t v[3] = {0};
		char *words = NULL, *word = strtok_r(line, " ", &words);

		for (size_t i = 0; i < COUNT_OF(v) && word; i++, word = strtok_r(NULL, " ", &words))
			if (!str_to_u32(word, &v[i]))
				return true;
		if (id >= v[0] && id - v[0] < v[2])
			return true;
	}
	return false;
}

static int write_map(int procdir, const char *file, const struct plan_id_maps *maps, struct error *err)
{
	struct buf b = {0};
	int rc = 0;

	for (size_t i = 0; i < maps->n; i++)
		buf_printf(&b, "%u %u %u\n", maps->v[i].inside, maps->v[i].outside, maps->v[i].size);
	if (b.failed)
		rc = fail(err, ENOMEM, "write %s", file);
	else if (b.n >= MAP_MAX)
		rc = fail(err, E2BIG, "write %s: %zu bytes, the kernel takes less than %d", file, b.n, MAP_MAX);
	else if (fd_write_at(procdir, file, b.s, b.n) < 0) {
		rc = fail(err, errno, "write %s", file);
		error_hint(err, "the ids outside must be mapped for, or owned by, the caller");
	}
	buf_free(&b);
	return rc;
}

/* newuidmap PID inside outside size ... ; the helpers are setuid programs of the host and judge for
 * themselves.  Their path is fixed: a caller's PATH must not choose them. */
static int run_helper(const char *path, pid_t pid, const struct plan_id_maps *maps, struct error *err)
{
	char words[256] = "";
	char numbers[64 * 3 + 1][12], *argv[64 * 3 + 3];
	char *const no_env[] = {NULL};
	int status, out[2];
	size_t n = 0;
	ssize_t said;
	pid_t child;

	if (maps->n > 64)
		return fail(err, E2BIG, "run '%s': more than 64 id mappings", path);
	argv[0] = (char *)path;
	snprintf(numbers[n], sizeof(numbers[n]), "%d", (int)pid);
	argv[++n] = numbers[0];
	for (size_t i = 0; i < maps->n; i++) {
		const uint32_t v[3] = {maps->v[i].inside, maps->v[i].outside, maps->v[i].size};

		for (int k = 0; k < 3; k++) {
			snprintf(numbers[n], sizeof(numbers[n]), "%u", v[k]);
			argv[n + 1] = numbers[n];
			n++;
		}
	}
	argv[n + 1] = NULL;
	if (pipe2(out, O_CLOEXEC) < 0)
		return fail(err, errno, "run '%s'", path);
	child = vfork();
	if (child == 0) {
		(void)dup2(out[1], STDERR_FILENO); /* its words belong into our one message */
		if (naive("helperpath"))
			execvp(strrchr(path, '/') + 1, argv);
		execve(path, argv, no_env);
		_exit(errno == ENOENT ? 127 : 126);
	}
	fd_close(out[1]);
	if (child < 0) {
		fd_close(out[0]);
		return fail(err, errno, "run '%s'", path);
	}
	said = read(out[0], words, sizeof(words) - 1);
	words[said > 0 ? said : 0] = '\0';
	words[strcspn(words, "\n")] = '\0';
	fd_close(out[0]);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return fail(err, errno, "wait for '%s'", path);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		fail(err, 0, "'%s' is needed to map more than one's own id, and is not installed", path);
		error_code(err, "IDMAP_HELPER_MISSING");
		return error_hint(err, "install the package uidmap (shadow-utils)");
	}
	fail(err, 0, "'%s' refused the id mappings (status %d): %s", path,
	     WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), words);
	error_code(err, "IDMAP_REFUSED");
	return error_hint(err, "check the caller's ranges in /etc/subuid and /etc/subgid");
}

int userns_write_maps(pid_t pid, const struct plan_id_maps *uids, const struct plan_id_maps *gids, bool helper,
		      bool deny_setgroups, struct error *err)
{
	autoclose int dir = -1;
	char path[32];

	if (helper) {
		if (run_helper("/usr/bin/newuidmap", pid, uids, err) < 0)
			return error_where(err, "linux.uidMappings");
		if (run_helper("/usr/bin/newgidmap", pid, gids, err) < 0)
			return error_where(err, "linux.gidMappings");
		return 0;
	}
	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail(err, errno, "open '%s'", path);
	if (deny_setgroups && fd_write_at(dir, "setgroups", "deny", 4) < 0 && errno != ENOENT)
		return fail(err, errno, "deny setgroups");
	if (write_map(dir, "uid_map", uids, err) < 0)
		return error_where(err, "linux.uidMappings");
	if (write_map(dir, "gid_map", gids, err) < 0)
		return error_where(err, "linux.gidMappings");
	return 0;
}

/* The pid as the procfs at /proc sees it: init is in a new pid namespace while that is still the host's. */
static pid_t pid_in_proc(int pidfd)
{
	char path[48], text[512];
	const char *p;
	uint32_t pid;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	if (fd_read_small(-1, path, text, sizeof(text)) <= 0)
		return -1;
	p = strstr(text, "Pid:\t");
	if (!p)
		return -1;
	text[strcspn(p, "\n") + (size_t)(p - text)] = '\0';
	return str_to_u32(p + 5, &pid) ? (pid_t)pid : -1;
}

int userns_make(const struct plan_id_maps *uids, const struct plan_id_maps *gids, int *ret_fd, struct error *err)
{
	autoclose int pidfd = -1;
	autoclose int fd = -1;
	struct sys_clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid, parent = getpid();
	char path[40], byte;
	int ready[2];

	if (pipe2(ready, O_CLOEXEC) < 0)
		return fail(err, errno, "make a pipe");
	pid = sys_clone3(&args);

	if (pid == 0) { /* only keeps the namespace alive; never runs anything, and does not outlive us */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
			_exit(1);
		(void)prctl(PR_SET_DUMPABLE, 1); /* or its maps belong to the host's root */
		(void)!write(ready[1], "", 1);
		for (;;)
			pause();
	}
	fd_close(ready[1]);
	if (pid > 0)
		(void)!read(ready[0], &byte, 1);
	fd_close(ready[0]);
	if (pid < 0) {
		fail(err, errno, "make a user namespace for an id-mapped mount");
		return userns_explain(err);
	}
	pid = pid_in_proc(pidfd);
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	if (userns_write_maps(pid, uids, gids, false, false, err) == 0) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			fail(err, errno, "open '%s'", path);
	}
	(void)sys_pidfd_send_signal(pidfd, SIGKILL);
	(void)proc_reap(pidfd);
	if (fd < 0)
		return -1;
	*ret_fd = take_fd(&fd);
	return 0;
}
