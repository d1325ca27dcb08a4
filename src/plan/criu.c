/* SPDX-License-Identifier: Apache-2.0 */
/* The command lines of CRIU: see criu.h. */
#include "plan/criu.h"

#include <string.h>

#include "base/str.h"
#include "libocispec/arena.h"

enum { DUMP = 1, RESTORE = 2 };

/* Flags that are the same on both sides but for their spelling. */
static const struct {
	size_t at;
	const char *flag;
	unsigned verbs;
} flags[] = {
	{offsetof(struct criu_options, leave_running), "--leave-running", DUMP},
	{offsetof(struct criu_options, tcp_established), "--tcp-established", DUMP | RESTORE},
	{offsetof(struct criu_options, tcp_close), "--tcp-close", RESTORE},
	{offsetof(struct criu_options, tcp_skip_in_flight), "--skip-in-flight", DUMP},
	{offsetof(struct criu_options, ext_unix_sk), "--ext-unix-sk", DUMP | RESTORE},
	{offsetof(struct criu_options, shell_job), "--shell-job", DUMP | RESTORE},
	{offsetof(struct criu_options, file_locks), "--file-locks", DUMP | RESTORE},
	{offsetof(struct criu_options, link_remap), "--link-remap", DUMP},
	{offsetof(struct criu_options, lazy_pages), "--lazy-pages", DUMP | RESTORE},
	{offsetof(struct criu_options, auto_dedup), "--auto-dedup", DUMP | RESTORE},
};

static const struct {
	size_t at;
	const char *option;
	unsigned verbs;
} values[] = {
	{offsetof(struct criu_options, parent_path), "--prev-images-dir", DUMP},
	{offsetof(struct criu_options, network_lock), "--network-lock", DUMP | RESTORE},
	{offsetof(struct criu_options, lsm_profile), "--lsm-profile", RESTORE},
	{offsetof(struct criu_options, lsm_mount_context), "--lsm-mount-context", RESTORE},
	{offsetof(struct criu_options, config), "--config", DUMP | RESTORE},
	{offsetof(struct criu_options, freeze_cgroup), "--freeze-cgroup", DUMP},
};

/* A growing argv. */
struct words {
	struct arena *arena;
	const char **v;
	size_t n, room;
};

/* Copied, constants too: the plan holds nothing but what is in its mapping. */
static void add(struct words *w, const char *word)
{
	if (w->n + 2 > w->room) {
		w->v = arena_grow(w->arena, w->v, w->room * sizeof(*w->v), (w->room + 64) * sizeof(*w->v));
		w->room += 64;
	}
	w->v[w->n++] = arena_strdup(w->arena, word);
	w->v[w->n] = NULL;
}

static void add_pair(struct words *w, const char *option, const char *value)
{
	add(w, option);
	add(w, value);
}

static int add_page_server(struct words *w, const char *address, struct error *err)
{
	const char *colon = strrchr(address, ':');
	uint32_t port;

	if (!colon || colon == address || !str_to_u32(colon + 1, &port) || port > 65535)
		return fail(err, 0, "option '--page-server': '%s' is not ADDRESS:PORT", address);
	add(w, "--page-server");
	add_pair(w, "--address", arena_strndup(w->arena, address, (size_t)(colon - address)));
	add_pair(w, "--port", colon + 1);
	return 0;
}

static int add_empty_namespaces(struct words *w, const char *const *names, struct error *err)
{
	for (; names && *names; names++) {
		if (strcmp(*names, "network") != 0)
			return fail(err, 0, "option '--empty-ns': CRIU knows 'network', not '%s'", *names);
		add_pair(w, "--empty-ns", "net");
	}
	return 0;
}

static int add_options(struct words *w, const struct criu_options *o, unsigned verb, struct error *err)
{
	add_pair(w, "--images-dir", o->image_path);
	add_pair(w, "--work-dir", o->work_path);
	add_pair(w, "--log-file", verb == DUMP ? CRIU_DUMP_LOG : CRIU_RESTORE_LOG);
	add(w, "-v4");
	add(w, arena_printf(w->arena, "--manage-cgroups=%s", o->manage_cgroups ? o->manage_cgroups : "ignore"));
	for (size_t i = 0; i < COUNT_OF(flags); i++)
		if ((flags[i].verbs & verb) && *(const bool *)((const char *)o + flags[i].at))
			add(w, flags[i].flag);
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		const char *value = *(const char *const *)((const char *)o + values[i].at);

		if ((values[i].verbs & verb) && value)
			add_pair(w, values[i].option, value);
	}
	if (o->status_fd)
		add_pair(w, "--status-fd", arena_printf(w->arena, "%u", o->status_fd));
	if (o->page_server && add_page_server(w, o->page_server, err) < 0)
		return -1;
	return add_empty_namespaces(w, o->empty_ns, err);
}

int plan_criu_dump(struct arena *arena, const struct criu_options *o, pid_t pid, const char *rootfs,
		   const struct criu_external *mounts, size_t n_mounts, const char *const *others,
		   struct plan_strings *ret, struct error *err)
{
	struct words w = {.arena = arena};

	add(&w, "criu");
	add(&w, o->pre_dump ? "pre-dump" : "dump");
	add_pair(&w, "--tree", arena_printf(arena, "%d", (int)pid));
	if (add_options(&w, o, DUMP, err) < 0)
		return -1;
	if (o->pre_dump || o->parent_path)
		add(&w, "--track-mem");
	add_pair(&w, "--root", rootfs);
	for (size_t i = 0; i < n_mounts; i++) {
		add(&w, "--external");
		add(&w, arena_printf(arena, "mnt[%s]:%s", mounts[i].inside, mounts[i].name));
	}
	for (; *others; others++)
		add_pair(&w, "--external", *others);
	*ret = (struct plan_strings){.n = w.n, .v = w.v};
	return 0;
}

/* The same name can stand for two descriptors: one of them is enough, CRIU restores what shared a pipe as sharing
 * it. */
static void add_streams(struct words *w, const char *const descriptors[3])
{
	for (int i = 0; i < 3; i++) {
		bool again = !descriptors[i][0];

		for (int k = 0; k < i && !again; k++)
			again = strcmp(descriptors[i], descriptors[k]) == 0;
		if (again)
			continue;
		add(w, "--inherit-fd");
		add(w, arena_printf(w->arena, "fd[%d]:%s", CRIU_STDIO + i, descriptors[i]));
	}
}

static void add_mounts(struct words *w, struct plan *p, struct words *cgroups)
{
	for (size_t i = 0; i < p->n_mounts; i++) {
		const struct plan_mount *m = &p->mounts[i];

		if (m->kind == PLAN_MOUNT_CGROUP || (m->kind == PLAN_MOUNT_FS && strcmp(m->fstype, "cgroup2") == 0)) {
			add(cgroups, arena_printf(w->arena, "mnt[/%s]:", m->target));
		} else if (m->kind == PLAN_MOUNT_BIND) {
			add(w, "--external");
			add(w, arena_printf(w->arena, "mnt[/%s]:%s", m->target, m->source));
		}
	}
	/* Files are hidden by the null device; directories by a file system of their own, which the dump holds. */
	for (size_t i = 0; i < p->n_masked; i++) {
		add(w, "--external");
		add(w, arena_printf(w->arena, "mnt[/%s]:/dev/null", p->masked[i].path));
	}
	for (size_t i = 0; i < p->n_devices && p->bind_devices; i++) {
		add(w, "--external");
		add(w, arena_printf(w->arena, "mnt[/%s]:/%s", p->devices[i].path, p->devices[i].path));
	}
}

int plan_criu_restore(struct arena *arena, const struct criu_options *o, const char *const descriptors[3],
		      struct plan *p, struct error *err)
{
	struct words w = {.arena = arena}, cgroups = {.arena = arena};

	if (p->process.terminal) {
		fail_at(err, 0, "process.terminal", "a container with a terminal cannot be restored");
		return error_hint(err, "vert runs criu as a command, which cannot hand over the terminal's master");
	}
	add(&w, "criu");
	add(&w, "restore");
	if (add_options(&w, o, RESTORE, err) < 0)
		return -1;
	add_pair(&w, "--root", p->rootfs);
	add(&w, "--restore-detached");
	add(&w, "--restore-sibling"); /* our child, not one of the program that made it */
	add(&w, "--pidfile");
	add(&w, arena_printf(arena, "%s/%s/" CRIU_PIDFILE, p->state_root, p->id));
	add_streams(&w, descriptors);
	add_mounts(&w, p, &cgroups);
	if (p->ns[PLAN_NS_NET].how == PLAN_NS_JOIN)
		add_pair(&w, "--inherit-fd", arena_printf(arena, "fd[%d]:extRootNetNS", CRIU_NET));
	if (p->ns[PLAN_NS_PID].how == PLAN_NS_JOIN)
		add_pair(&w, "--inherit-fd", arena_printf(arena, "fd[%d]:extRootPidNS", CRIU_PID));
	p->criu.args = (struct plan_strings){.n = w.n, .v = w.v};
	p->criu.cgroup_mounts = (struct plan_strings){.n = cgroups.n, .v = cgroups.v};
	p->criu.work_dir = arena_strdup(arena, o->work_path);
	p->criu.status_fd = o->status_fd;
	return 0;
}
