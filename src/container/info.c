/* SPDX-License-Identifier: Apache-2.0 */
/* What state, list and ps tell: see container.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/log.h"
#include "container/record.h"
#include "container/state.h"
#include "kernel/cgroup.h"

void container_info_free(struct container_info *info)
{
	free(info->oci_version);
	free(info->id);
	free(info->bundle);
	free(info->rootfs);
	free(info->created);
	free(info->owner);
	free(info->scope);
	for (size_t i = 0; info->annotations && i < info->n_annotations; i++) {
		free(info->annotations[i].key);
		free(info->annotations[i].value);
	}
	free(info->annotations);
	*info = (struct container_info){0};
}

/* The name of a user out of /etc/passwd itself: a static program has no NSS, and must not load any. */
static char *owner_name(uid_t uid)
{
	FILE *passwd = fopen("/etc/passwd", "re");
	struct passwd *entry;
	char number[16], *name = NULL;

	while (passwd && !name && (entry = fgetpwent(passwd)))
		if (entry->pw_uid == uid)
			name = strdup(entry->pw_name);
	if (passwd)
		fclose(passwd);
	snprintf(number, sizeof(number), "%u", (unsigned)uid);
	return name ? name : strdup(number);
}

static bool copy_annotations(const struct oci_record *r, struct container_info *info)
{
	bool complete = true;

	info->n_annotations = r->annotations.n;
	info->annotations = calloc(r->annotations.n + 1, sizeof(*info->annotations));
	for (size_t i = 0; info->annotations && i < r->annotations.n; i++) {
		info->annotations[i].key = strdup(r->annotations.v[i].key);
		info->annotations[i].value = strdup(r->annotations.v[i].v);
		complete = complete && info->annotations[i].key && info->annotations[i].value;
	}
	return complete && info->annotations;
}

static int fill_info(const struct container *c, struct container_info *ret, struct error *err)
{
	const struct oci_record *r = c->record;
	struct container_info info = {
		.oci_version = strdup(r->oci_version),
		.id = strdup(r->id),
		.bundle = strdup(r->bundle),
		.rootfs = strdup(r->rootfs),
		.created = strdup(r->created),
		.owner = owner_name(r->owner.v),
		.status = c->status,
		.pid = c->pid,
		.scope = strdup(r->scope),
	};

	if (!copy_annotations(r, &info) || !info.oci_version || !info.id || !info.bundle ||
	    !info.rootfs || !info.created || !info.owner || !info.scope) {
		container_info_free(&info);
		return fail(err, ENOMEM, "describe container '%s'", c->id);
	}
	*ret = info;
	return 0;
}

int container_info(const struct runtime *rt, const char *id, struct container_info *ret,
		   struct error *err)
{
	struct container c;
	int r = container_open(rt, id, &c, err);

	if (r == 0)
		r = fill_info(&c, ret, err);
	container_close(&c);
	return r;
}

/* ---- all of them ------------------------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void container_ids_free(char **ids)
{
	for (size_t i = 0; ids && ids[i]; i++)
		free(ids[i]);
	free(ids);
}

/* Appends a copy of ID to the NULL-terminated *IDS of N. */
static bool add_id(char ***ids, size_t n, const char *id)
{
	char **more = realloc(*ids, (n + 2) * sizeof(*more));

	if (!more)
		return false;
	*ids = more;
	more[n] = strdup(id);
	more[n + 1] = NULL;
	return more[n] != NULL;
}

static bool is_directory(int parent, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	return fstatat(parent, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static int read_ids(DIR *dir, char ***ret_ids, struct error *err)
{
	char **ids = calloc(1, sizeof(*ids));
	struct dirent *e;
	size_t n = 0;
	bool complete = ids != NULL;

	errno = 0;
	while (complete && (e = readdir(dir))) {
		if (state_id_is_valid(e->d_name) && is_directory(dirfd(dir), e))
			complete = add_id(&ids, n, e->d_name) && ++n;
		errno = 0;
	}
	if (!complete || errno) {
		fail(err, complete ? errno : ENOMEM, "list containers");
		container_ids_free(ids);
		return -1;
	}
	qsort(ids, n, sizeof(*ids), compare_ids);
	*ret_ids = ids;
	return 0;
}

int container_ids(const struct runtime *rt, char ***ret_ids, struct error *err)
{
	int fd, r;
	DIR *dir;

	if (state_open_root(rt->root, false, &fd, err) < 0) {
		if (err->errnum != ENOENT)
			return -1;
		*ret_ids = calloc(1, sizeof(**ret_ids));
		return *ret_ids ? 0 : fail(err, ENOMEM, "list containers");
	}
	dir = fdopendir(fd);
	if (!dir) {
		fail(err, errno, "list containers in '%s'", rt->root);
		fd_close(fd);
		return -1;
	}
	r = read_ids(dir, ret_ids, err);
	closedir(dir);
	return r;
}

int container_list(const struct runtime *rt, void (*each)(const struct container_info *, void *),
		   void *arg, struct error *err)
{
	char **ids;

	if (container_ids(rt, &ids, err) < 0)
		return -1;
	for (size_t i = 0; ids[i]; i++) {
		struct container_info info;
		struct error why;

		if (container_info(rt, ids[i], &info, &why) == 0) {
			each(&info, arg);
			container_info_free(&info);
		} else if (strcmp(why.code, "CONTAINER_NOT_FOUND") != 0) {
			log_warning("%s; left out", why.msg);
		}
	}
	container_ids_free(ids);
	return 0;
}

int container_pids(const struct runtime *rt, const char *id, pid_t **ret, size_t *ret_n,
		   struct error *err)
{
	autoclose int cgroup = -1;
	struct container c;
	int r = container_open(rt, id, &c, err);

	if (r == 0)
		r = container_open_cgroup(&c, &cgroup, err);
	if (r == 0 && cgroup >= 0) {
		r = cgroup_pids(cgroup, ret, ret_n, err);
	} else if (r == 0) {
		pid_t *pid = malloc(sizeof(*pid));

		if (pid) {
			*pid = c.pid;
			*ret_n = c.pid > 0;
			*ret = pid;
		} else {
			r = fail(err, ENOMEM, "list processes");
		}
	}
	container_close(&c);
	return r;
}
