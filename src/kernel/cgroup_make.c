/* SPDX-License-Identifier: Apache-2.0 */
/* Making a cgroup with its parents and controllers, and taking it back.
 *
 * This is on the start path: where the parent is there with its controllers enabled, a new cgroup costs
 * six calls on directories and two small files that are read.
 */
#include "kernel/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/naive.h"
#include "base/str.h"
#include "kernel/cgroup_priv.h"
#include "plan/plan.h"

#define MAX_TRIES 100
#define CONTROLLERS_SIZE 512
#define UNDO_MS 5000

/* ---- controllers -------------------------------------------------------------------------------- */

size_t cgroup_controller_length(const char *file)
{
	const char *last = strrchr(file, '.');

	if (!last || str_starts(file, "cgroup.") || strcmp(last, ".pressure") == 0)
		return 0;
	return strcspn(file, ".");
}

int cgroup_fail_controller(struct error *err, const struct plan_write *w)
{
	int n = (int)cgroup_controller_length(w->file);

	fail_at(err, 0, w->at, "'%s' cannot be set: cgroup controller '%.*s' is not available",
		w->file, n, w->file);
	err->errnum = ENOENT;
	error_code(err, "CGROUP_CONTROLLER_MISSING");
	return error_hint(err,
			  "as a user, have it delegated: 'Delegate=%.*s' in user@.service; in a "
			  "nested cgroup, "
			  "enable it in cgroup.subtree_control above; on a host with cgroup "
			  "version 1 mounts, boot "
			  "with systemd.unified_cgroup_hierarchy=1",
			  n, w->file);
}

/* True when controllers may not be enabled below DIR for the processes in it.  The kernel would refuse some
 * controllers and, for the others, turn DIR into a domain of threads that no process can be put beneath.
 * The root of the hierarchy (it has no type) may have both. */
static bool has_own_processes(int dir)
{
	char text[64];

	return cgroup_read(dir, "cgroup.procs", text, sizeof(text)) > 0 &&
	       cgroup_read(dir, "cgroup.type", text, sizeof(text)) > 0;
}

/* Enables in DIR, for its children, what DIR has itself.  Best effort: a controller may be in use elsewhere, or
 * refused (cpu while a real-time task runs); whether one is missed is seen afterwards. */
static void enable_controllers(int dir)
{
	char have[CONTROLLERS_SIZE], enabled[CONTROLLERS_SIZE], text[2 * CONTROLLERS_SIZE] = "",
									 *save = NULL;
	size_t used = 0;

	if (cgroup_read(dir, "cgroup.controllers", have, sizeof(have)) <= 0 ||
	    cgroup_read(dir, "cgroup.subtree_control", enabled, sizeof(enabled)) < 0)
		return;
	for (char *word = strtok_r(have, " \n", &save); word; word = strtok_r(NULL, " \n", &save))
		if (!cgroup_has_word(enabled, word, strlen(word)))
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s+%s",
						 used ? " " : "", word);
	if (used == 0 || has_own_processes(dir) ||
	    fd_write_at(dir, "cgroup.subtree_control", text, used) == 0)
		return;
	/* All or nothing, says the kernel: try them one by one. */
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		(void)fd_write_at(dir, "cgroup.subtree_control", word, strlen(word));
}

/* The first write that needs a controller which is not in AVAILABLE.  WANTED: or would have one, if it could. */
static const struct plan_write *find_missing(const struct plan_cgroup *plan, const char *available, bool wanted)
{
	for (size_t i = 0; i < plan->n_writes; i++) {
		const struct plan_write *w = &plan->writes[i];
		bool needed = !w->optional || (wanted && w->waived);
		size_t n = needed ? cgroup_controller_length(w->file) : 0;

		if (n > 0 && !cgroup_has_word(available, w->file, n))
			return w;
	}
	return NULL;
}

/* Tries to enable W's controller in DIR, which has it, and says why that is not possible.  PATH of LEN bytes is that of
 * DIR, for the message.  0 when it worked after all. */
static int fail_enable(int dir, const char *path, int len, const struct plan_write *w,
		       struct error *err)
{
	int n = (int)cgroup_controller_length(w->file);
	char text[128];

	snprintf(text, sizeof(text), "+%.*s", n, w->file);
	if (has_own_processes(dir))
		errno = EBUSY;
	else if (fd_write_at(dir, "cgroup.subtree_control", text, strlen(text)) == 0)
		return 0;
	fail_at(err, errno, w->at, "enable cgroup controller '%.*s' in cgroup '/%.*s'", n, w->file,
		len, path);
	error_code(err, "CGROUP_CONTROLLER_MISSING");
	if (err->errnum == EBUSY)
		error_hint(err, "that cgroup has processes of its own: move them into another one "
				"beneath it");
	return -1;
}

/* Finds out why W's controller did not come down to PARENT: the highest cgroup that has it and does not pass it on is
 * the place. */
static int fail_missing(int mount, const char *parent, const struct plan_write *w,
			struct error *err)
{
	size_t n = cgroup_controller_length(w->file), len = 0;
	char path[CGROUP_PATH_MAX], text[CONTROLLERS_SIZE];

	for (;;) {
		autoclose int dir = -1;

		snprintf(path, sizeof(path), "%.*s", (int)len, parent);
		dir = cgroup_open_dir(mount, len ? path : ".", O_PATH);
		if (dir < 0 || cgroup_read(dir, "cgroup.controllers", text, sizeof(text)) < 0 ||
		    !cgroup_has_word(text, w->file, n))
			return cgroup_fail_controller(err, w);
		if (cgroup_read(dir, "cgroup.subtree_control", text, sizeof(text)) < 0)
			return fail_at(err, errno, w->at, "read the controllers of the cgroup");
		if (!cgroup_has_word(text, w->file, n))
			return fail_enable(dir, parent, (int)len, w, err);
		if (!parent[len])
			return 0; /* it is there: enabled by another meanwhile */
		len += parent[len] == '/';
		len += strcspn(parent + len, "/");
	}
}

/* ---- making ------------------------------------------------------------------------------------- */

/* Walks from the mount to the directory PARENT, makes what is missing and enables controllers all the way.
 * Two that make the same directory both win.  0 or -1 with errno. */
static int prepare_parents(int mount, const char *parent, unsigned *made, int *ret_fd)
{
	autoclose int dir = fcntl(mount, F_DUPFD_CLOEXEC, 3);
	UNSET char path[CGROUP_PATH_MAX];
	char *save = NULL;

	if (dir < 0)
		return -1;
	snprintf(path, sizeof(path), "%s", parent);
	for (char *name = strtok_r(path, "/", &save); name; name = strtok_r(NULL, "/", &save)) {
		int next, refused = 0;

		enable_controllers(dir);
		if (mkdirat(dir, name, 0755) == 0)
			++*made;
		else if (errno != EEXIST)
			refused = errno;
		/* There already: no right to make it is needed. */
		next = cgroup_open_dir(dir, name, O_PATH);
		if (next < 0) {
			errno = errno == ENOENT && refused ? refused : errno;
			return -1;
		}
		fd_close(dir);
		dir = next;
	}
	enable_controllers(dir);
	*ret_fd = take_fd(&dir);
	return 0;
}

/* Makes or opens the last directory.  0 or -1 with errno; ENOENT and ENODEV: the parent has gone. */
static int make_leaf(int parent, const char *name, struct cgroup *cg)
{
	struct stat st;

	cg->created = mkdirat(parent, name, 0755) == 0;
	if (!cg->created && errno != EEXIST)
		return -1;
	cg->dirfd = cgroup_open_dir(parent, name, O_RDONLY);
	if (cg->dirfd < 0 || fstat(cg->dirfd, &st) < 0)
		return -1;
	cg->id = st.st_ino;
	return 0;
}

/* A cgroup that was there may be a namesake's: nobody may be in it, and nobody may have frozen it. */
static int check_unused(int dirfd, struct error *err)
{
	autofree pid_t *pids = NULL;
	char events[256];
	size_t n;

	if (cgroup_read(dirfd, "cgroup.events", events, sizeof(events)) < 0)
		return fail(err, errno, "look into the existing cgroup");
	if (strstr(events, "populated 1") && !naive("occupied")) {
		if (cgroup_pids(dirfd, &pids, &n, err) < 0)
			return -1;
		fail(err, 0, "container's cgroup is not empty: %zu process(es) found", n);
		err->errnum = EBUSY;
		error_code(err, "CGROUP_IN_USE");
		return error_hint(
			err,
			"another container or service uses it: choose another linux.cgroupsPath");
	}
	if (strstr(events, "frozen 1")) {
		fail(err, 0, "container's cgroup unexpectedly frozen");
		err->errnum = EBUSY;
		error_code(err, "CGROUP_IN_USE");
		return error_hint(err, "remove it or write 0 to its cgroup.freeze");
	}
	return 0;
}

/* Sees to the controllers of a new cgroup.  The quick look at both sides is all that is usually done. */
static int check_controllers(int mount, int parent, const char *parent_path,
			     const struct plan_cgroup *plan, struct cgroup *cg, struct error *err)
{
	char above[CONTROLLERS_SIZE], own[CONTROLLERS_SIZE];
	const struct plan_write *missing;
	autoclose int again = -1;

	if (cgroup_read(parent, "cgroup.controllers", above, sizeof(above)) < 0 ||
	    cgroup_read(cg->dirfd, "cgroup.controllers", own, sizeof(own)) < 0)
		return fail(err, errno, "read the controllers of the cgroup");
	if (strcmp(above, own) == 0 && !find_missing(plan, own, true))
		return 0;
	if (!find_missing(plan, above, true))
		enable_controllers(parent);
	else if (prepare_parents(mount, parent_path, &cg->parents, &again) < 0)
		return fail(err, errno, "enable controllers for cgroup '%s'", plan->path);
	if (plan->n_writes == 0)
		return 0;
	if (cgroup_read(cg->dirfd, "cgroup.controllers", own, sizeof(own)) < 0)
		return fail(err, errno, "read the controllers of the cgroup");
	missing = find_missing(plan, own, false);
	return missing ? fail_missing(mount, parent_path, missing, err) : 0;
}

static int make(const struct plan_cgroup *plan, struct cgroup *cg, struct error *err)
{
	UNSET char parent_path[CGROUP_PATH_MAX];
	autoclose int mount = -1, parent = -1;
	const char *name;
	int result = -1;

	if (cgroup_split(plan->path, parent_path, &name, err) < 0 ||
	    cgroup_open_mount(plan->mount, &mount, err) < 0)
		return -1;
	/* A parent may vanish under our hands when the last other container in it goes. */
	for (int try = 0; try < MAX_TRIES && result < 0; try++) {
		if (parent >= 0)
			fd_close(take_fd(&parent));
		parent = cgroup_open_dir(mount, *parent_path ? parent_path : ".", O_PATH);
		if (parent < 0 && (errno != ENOENT ||
				   prepare_parents(mount, parent_path, &cg->parents, &parent) < 0))
			result = -1;
		else
			result = make_leaf(parent, name, cg);
		if (result < 0 && errno != ENOENT && errno != ENODEV)
			break;
	}
	if (result < 0)
		return fail(err, errno, "make cgroup '%s'", plan->path);
	if (!cg->created && check_unused(cg->dirfd, err) < 0)
		return wrap(err, "cgroup '%s'", plan->path);
	return check_controllers(mount, parent, parent_path, plan, cg, err);
}

/* Removes PATH's last N directories that are empty, from the last on. */
static void remove_empty(int mount, const char *path, size_t n)
{
	char parent[CGROUP_PATH_MAX], next[CGROUP_PATH_MAX];
	struct error unused;
	const char *name;

	snprintf(next, sizeof(next), "%s", path);
	for (; n > 0 && cgroup_split(next, parent, &name, &unused) == 0; n--) {
		autoclose int dir = cgroup_open_dir(mount, *parent ? parent : ".", O_PATH);

		if (dir < 0 || unlinkat(dir, name, AT_REMOVEDIR) < 0)
			return; /* in use by another container by now */
		snprintf(next, sizeof(next), "%s", parent);
	}
}

void cgroup_undo(const struct plan_cgroup *plan, struct cgroup *cg)
{
	autoclose int mount = -1;
	struct error unused;
	char parent[CGROUP_PATH_MAX];
	bool half_made = cg->created && cg->dirfd < 0;
	const char *name;

	/* Nothing here can be reported: an error is on its way up already, and it is the cause. */
	close_keeping_errno(&cg->leaf);
	if (cg->dirfd >= 0) {
		if (cg->created) {
			fd_close(take_fd(&cg->dirfd)); /* there may be no descriptor left to remove it with */
			(void)!cgroup_remove(plan->mount, plan->path, cg->id, UNDO_MS, &unused);
		} else {
			(void)!cgroup_kill(cg->dirfd, &unused);
			(void)cgroup_wait_empty(cg->dirfd, UNDO_MS);
			fd_close(cg->dirfd);
		}
	}
	if ((cg->parents > 0 || half_made) &&
	    cgroup_open_mount(plan->mount, &mount, &unused) == 0 &&
	    cgroup_split(plan->path, parent, &name, &unused) == 0) {
		if (half_made)
			remove_empty(mount, plan->path, 1 + cg->parents);
		else
			remove_empty(mount, parent, cg->parents);
	}
	*cg = CGROUP_NONE;
}

void cgroup_enable_on_path(const char *mount, const char *path)
{
	char parent[CGROUP_PATH_MAX];
	autoclose int fd = -1, dir = -1;
	unsigned made = 0;
	const char *name;
	struct error err;

	if (cgroup_split(path, parent, &name, &err) == 0 && cgroup_open_mount(mount, &fd, &err) == 0)
		(void)prepare_parents(fd, parent, &made, &dir); /* all of them exist: nothing is made */
}

int cgroup_make(const struct plan_cgroup *plan, struct cgroup *ret, struct error *err)
{
	struct cgroup cg = CGROUP_NONE;
	int result = make(plan, &cg, err);

	if (result == 0 && plan->leaf)
		result = cgroup_make_leaf(cg.dirfd, plan->leaf, plan->leaf_uid, &cg.leaf, err);

	if (result < 0) {
		bool not_allowed =
			err->errnum == EACCES || err->errnum == EPERM || err->errnum == EROFS;
		bool not_there = err->errnum == ENOENT && cg.dirfd < 0;

		if (!cg.created && cg.dirfd >= 0) /* of others: not ours to empty */
			fd_close(take_fd(&cg.dirfd));
		cgroup_undo(plan, &cg);
		if (!plan->optional || !(not_allowed || not_there))
			return -1;
	}
	*ret = cg;
	return 0;
}

static int adopt(const struct plan_cgroup *plan, bool below, pid_t pid, struct cgroup *cg, struct error *err)
{
	char parent_path[CGROUP_PATH_MAX], text[16];
	autoclose int mount = -1, parent = -1;
	const char *name;
	int len = snprintf(text, sizeof(text), "%d", (int)pid);

	if (cgroup_split(plan->path, parent_path, &name, err) < 0 ||
	    cgroup_open_mount(plan->mount, &mount, err) < 0)
		return -1;
	parent = cgroup_open_dir(mount, *parent_path ? parent_path : ".", O_PATH);
	if (parent < 0)
		return fail(err, errno, "open cgroup '%s'", parent_path);
	if (make_leaf(parent, name, cg) < 0)
		return fail(err, errno, "make cgroup '%s'", plan->path);
	if (below && fd_write_at(cg->dirfd, "cgroup.procs", text, (size_t)len) < 0)
		return fail(err, errno, "move process %d into cgroup '%s'", (int)pid, plan->path);
	return check_controllers(mount, parent, parent_path, plan, cg, err);
}

int cgroup_adopt(const struct plan_cgroup *plan, bool below, pid_t pid, struct cgroup *ret,
		 struct error *err)
{
	struct cgroup cg = CGROUP_NONE;

	if (adopt(plan, below, pid, &cg, err) < 0) {
		cg.parents = 0; /* systemd's */
		cgroup_undo(plan, &cg);
		return -1;
	}
	cg.parents = 0;
	*ret = cg;
	return 0;
}
