/* SPDX-License-Identifier: Apache-2.0 */
/* The state directory: see state.h.
 *
 * Nothing here trusts a name twice: everything is done beneath descriptors.  Since only a remover that holds
 * the claim removes a directory, and only mkdir(2) makes one, an open directory that still has a link is the one
 * its id names.
 */
#include "state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#include "base/blame.h"
#include "base/fd.h"
#include "base/naive.h"
#include "base/str.h"

#define POLL_MS 5 /* between two looks at a lock */
#define MAX_DEPTH 16 /* of what a container may have put into its notify directory */

static bool is_id_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("_+.-", c));
}

bool state_id_is_valid(const char *id)
{
	size_t n = 0;

	if (id[0] == '.') /* ".." would be the root's parent */
		return false;
	while (is_id_char(id[n]))
		n++;
	return n > 0 && n <= STATE_ID_MAX && !id[n];
}

/* mkdir -p, for a root that was not there.  0 or -1 with errno. */
static int make_directories(const char *path)
{
	UNSET char part[4096];
	size_t len = strlen(path);

	if (len >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(part, path, len + 1);
	for (char *p = part + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return -1;
		*p = '/';
	}
	return mkdir(part, 0700) < 0 && errno != EEXIST ? -1 : 0;
}

static int fail_root(struct error *err, int errnum, const char *what, const char *root)
{
	fail(err, errnum, "%s state directory '%s'", what, root);
	error_code(err, "STATE_ROOT");
	return error_blame(err, -1, root);
}

int state_open_root(const char *root, bool make, int *ret_fd, struct error *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	autoclose int fd = openat(AT_FDCWD, root, flags);
	struct stat st;

	if (fd < 0 && errno == ENOENT && make) {
		if (make_directories(root) < 0)
			return fail_root(err, errno, "create", root);
		fd = openat(AT_FDCWD, root, flags);
	}
	if (fd < 0)
		return fail_root(err, errno, "open", root);
	if (fstat(fd, &st) < 0)
		return fail(err, errno, "stat state directory '%s'", root);
	/* Who may write here decides which processes we kill and which programs run as hooks. */
	if (st.st_uid != geteuid()) {
		fail(err, 0, "state directory '%s' belongs to user %u, not to user %u", root, (unsigned)st.st_uid,
		     (unsigned)geteuid());
		error_path(err, root);
		return error_code(err, "STATE_ROOT");
	}
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) && !naive("stateroot")) {
		fail(err, 0, "state directory '%s' may be written by others (mode %04o)", root,
		     (unsigned)(st.st_mode & 07777));
		error_path(err, root);
		error_code(err, "STATE_ROOT");
		return error_hint(err, "chmod go-w '%s', or choose another one with --root", root);
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

int state_no_container(const char *id, struct error *err)
{
	fail(err, 0, "container does not exist: '%s'", id);
	return error_code(err, "CONTAINER_NOT_FOUND");
}

int state_check_id(const char *id, struct error *err)
{
	if (state_id_is_valid(id) || naive("id"))
		return 0;
	fail(err, 0, "invalid container ID format: '%s'", id);
	error_hint(err, "letters, digits and _ + - . only, not a dot first, at most %d characters",
		   STATE_ID_MAX);
	return error_code(err, "CONTAINER_ID_INVALID");
}

static int open_directory(int rootfd, const char *id)
{
	return openat(rootfd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int state_make(int rootfd, const char *id, int *ret_dirfd, struct error *err)
{
	int fd;

	if (state_check_id(id, err) < 0)
		return -1;
	if (mkdirat(rootfd, id, 0700) < 0) {
		if (errno != EEXIST)
			return fail(err, errno, "create state directory of container '%s'", id);
		fail(err, 0, "container '%s' already exists", id);
		return error_code(err, "CONTAINER_EXISTS");
	}
	fd = open_directory(rootfd, id);
	if (fd < 0) {
		fail(err, errno, "open state directory of container '%s'", id);
		(void)unlinkat(rootfd, id,
			       AT_REMOVEDIR); /* empty, or somebody removes it already */
		return -1;
	}
	*ret_dirfd = fd;
	return 0;
}

int state_open(int rootfd, const char *id, int *ret_dirfd, struct error *err)
{
	int fd;

	if (state_check_id(id, err) < 0)
		return -1;
	fd = open_directory(rootfd, id);
	if (fd < 0 && errno == ENOENT)
		return state_no_container(id, err);
	if (fd < 0)
		return fail(err, errno, "open state directory of container '%s'", id);
	*ret_dirfd = fd;
	return 0;
}

/* ---- locks ------------------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void sleep_ms(int ms)
{
	(void)nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L},
			NULL); /* a signal only makes it shorter */
}

/* A directory that was removed is still open here, but nobody else will ever find it. */
static int check_linked(int dirfd, const char *id, struct error *err)
{
	struct stat st;

	if (fstat(dirfd, &st) < 0)
		return fail(err, errno, "stat state directory of container '%s'", id);
	return st.st_nlink == 0 ? state_no_container(id, err) : 0;
}

static int fail_busy(struct error *err, const char *id)
{
	fail(err, 0, "container '%s' is in use by another command", id);
	return error_code(err, "CONTAINER_BUSY");
}

int state_lock(int dirfd, const char *id, int ms, struct error *err)
{
	int64_t end = now_ms() + ms;

	while (flock(dirfd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return fail(err, errno, "lock state directory of container '%s'", id);
		if (now_ms() >= end)
			return fail_busy(err, id);
		sleep_ms(POLL_MS);
	}
	if (check_linked(dirfd, id, err) < 0) {
		state_unlock(dirfd);
		return -1;
	}
	return 0;
}

void state_unlock(int dirfd)
{
	(void)flock(dirfd, LOCK_UN); /* cannot fail for a lock we hold */
}

int state_claim(int dirfd, const char *id, int ms, int *ret_fd, struct error *err)
{
	const struct flock want = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	autoclose int fd =
		openat(dirfd, STATE_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int64_t end = ms > 0 ? now_ms() + ms : 0;

	if (fd < 0 && errno == ENOENT)
		return state_no_container(id, err);
	if (fd < 0 && errno != EROFS)
		return fail(err, errno, "open '%s' of container '%s'", STATE_LOCK, id);
	while (fd >= 0 && fcntl(fd, F_SETLK, &want) < 0) {
		struct flock held = want;

		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return fail(err, errno, "lock '%s' of container '%s'", STATE_LOCK, id);
		if (ms > 0 && now_ms() < end) {
			sleep_ms(POLL_MS);
			continue;
		}
		if (fcntl(fd, F_GETLK, &held) < 0 || held.l_type == F_UNLCK)
			held.l_pid = 0;
		fail(err, 0, "container '%s' is being created or removed by process %d", id,
		     (int)held.l_pid);
		return error_code(err, "CONTAINER_BUSY");
	}
	if (check_linked(dirfd, id, err) < 0)
		return -1;
	*ret_fd = take_fd(&fd);
	return 0;
}

pid_t state_claimed_by(int dirfd)
{
	struct flock held = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	autoclose int fd = openat(dirfd, STATE_LOCK, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (fcntl(fd, F_GETLK, &held) < 0)
		return -1;
	/* 0 would mean nobody: the kernel's answer for a holder outside our pid namespace */
	return held.l_type == F_UNLCK ? 0 : held.l_pid > 0 ? held.l_pid : 1;
}

/* ---- the record -------------------------------------------------------------------------------- */

int state_boot_id(char buf[STATE_BOOT_ID_SIZE])
{
	return fd_read_small(-1, "/proc/sys/kernel/random/boot_id", buf, STATE_BOOT_ID_SIZE) < 0
		       ? -1
		       : 0;
}

static int write_link(int dirfd, const struct state_facts *f)
{
	static const char temp[] = "." STATE_FACTS;
	char boot[STATE_BOOT_ID_SIZE];
	UNSET char text[4096];

	if (!f->boot_id && state_boot_id(boot) < 0)
		return -1;
	if ((size_t)snprintf(text, sizeof(text), "%d:%" PRIu64 ":%" PRIu64 ":%s:%s", (int)f->pid,
			     f->start_time, f->cgroup_id, f->boot_id ? f->boot_id : boot,
			     f->cgroup) >= sizeof(text)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (symlinkat(text, dirfd, STATE_FACTS) == 0) /* the first one */
		return 0;
	if (symlinkat(text, dirfd, temp) < 0) {
		if (errno != EEXIST) /* left by a runtime that was killed right here */
			return -1;
		(void)unlinkat(dirfd, temp, 0); /* the next call tells */
		if (symlinkat(text, dirfd, temp) < 0)
			return -1;
	}
	return renameat(dirfd, temp, dirfd, STATE_FACTS);
}

int state_write(int dirfd, const char *head, const struct state_facts *f, struct error *err)
{
	struct iovec parts[2]; /* the head may hold long annotations: it is not copied */
	struct buf b = {0};
	int r;

	if (write_link(dirfd, f) < 0)
		return fail(err, errno, "write '%s'", STATE_FACTS);
	buf_printf(&b, ",\"phase\":\"%s\",\"pid\":%d,\"startTime\":%" PRIu64 ",\"cgroup\":", f->phase,
		   (int)f->pid, f->start_time);
	buf_json(&b, f->cgroup);
	buf_printf(&b, ",\"cgroupId\":%" PRIu64 ",\"scope\":", f->cgroup_id);
	buf_json(&b, f->scope);
	buf_puts(&b, "}\n");
	parts[0] = (struct iovec){(void *)head, strlen(head)};
	parts[1] = (struct iovec){b.s, b.n};
	if (b.failed)
		r = fail(err, ENOMEM, "write '%s'", STATE_FILE);
	else
		r = fd_replace_parts(dirfd, STATE_FILE, 0600, parts, 2, err);
	buf_free(&b);
	return r;
}

/* Cuts the field up to the next ':' off *P. */
static char *next_field(char **p)
{
	char *field = *p, *colon = field ? strchr(field, ':') : NULL;

	if (!colon)
		return NULL;
	*colon = '\0';
	*p = colon + 1;
	return field;
}

int state_read_facts(int dirfd, char *buf, size_t size, struct state_facts *ret)
{
	char boot[STATE_BOOT_ID_SIZE], *p = buf, *pid, *start, *cgroup_id, *boot_id;
	struct state_facts f = {.phase = "", .scope = ""};
	uint32_t number;
	ssize_t n = readlinkat(dirfd, STATE_FACTS, buf, size - 1);

	if (n < 0)
		return errno == ENOENT || errno == EINVAL ? 0 : -1;
	if ((size_t)n >= size - 1)
		return 0;
	buf[n] = '\0';
	pid = next_field(&p);
	start = pid ? next_field(&p) : NULL;
	cgroup_id = start ? next_field(&p) : NULL;
	boot_id = cgroup_id ? next_field(&p) : NULL;
	if (!boot_id || !str_to_u32(pid, &number) || number > INT32_MAX ||
	    !str_to_u64(start, &f.start_time) || !str_to_u64(cgroup_id, &f.cgroup_id))
		return 0;
	if (state_boot_id(boot) < 0)
		return -1;
	if (strcmp(boot, boot_id) != 0)
		return 0;
	f.pid = (pid_t)number;
	f.cgroup = p;
	f.boot_id = boot_id;
	*ret = f;
	return 1;
}

/* ---- the end ----------------------------------------------------------------------------------- */

/* These go last, in this order, so that a removal that was cut short can be done again. */
static const char *const kept_until_last[] = {STATE_FILE, STATE_FACTS, STATE_LOCK};

static bool is_kept(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(kept_until_last); i++)
		if (strcmp(name, kept_until_last[i]) == 0)
			return true;
	return false;
}

/* Empties a directory; a container may have been able to write to a part of it, so no link is followed. */
static int empty_directory(int dirfd, unsigned depth)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0, saved;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!dir) {
		if (fd >= 0)
			fd_close(fd);
		return -1;
	}
	while (r == 0 && (errno = 0, e = readdir(dir))) {
		autoclose int sub = -1;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    (depth == 0 && is_kept(e->d_name)))
			continue;
		if (unlinkat(dirfd, e->d_name, 0) == 0 || errno == ENOENT)
			continue;
		if (errno != EISDIR || depth >= MAX_DEPTH) {
			r = -1;
			break;
		}
		sub = open_directory(dirfd, e->d_name);
		r = sub < 0 ? -1 : empty_directory(sub, depth + 1);
		if (r == 0 && unlinkat(dirfd, e->d_name, AT_REMOVEDIR) < 0 && errno != ENOENT)
			r = -1;
	}
	if (r == 0 && errno != 0) /* of readdir */
		r = -1;
	saved = errno;
	closedir(dir);
	errno = saved;
	return r;
}

int state_remove(int rootfd, int dirfd, const char *id, struct error *err)
{
	struct stat st;

	if (fstat(dirfd, &st) == 0 && st.st_nlink == 0)
		return 0;
	/* Again: another remover that waits for our claim may have made the lock file anew. */
	for (int tries = 0; tries < 16; tries++) {
		if (empty_directory(dirfd, 0) < 0)
			return fail(err, errno, "remove state of container '%s'", id);
		for (size_t i = 0; i < COUNT_OF(kept_until_last); i++)
			if (unlinkat(dirfd, kept_until_last[i], 0) < 0 && errno != ENOENT)
				return fail(err, errno, "remove '%s' of container '%s'",
					    kept_until_last[i], id);
		if (unlinkat(rootfd, id, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
		if (errno != ENOTEMPTY && errno != EEXIST)
			break;
	}
	return fail(err, errno, "remove state directory of container '%s'", id);
}
