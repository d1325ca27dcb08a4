/* SPDX-License-Identifier: Apache-2.0 */
/* exec: which process, in which container; then vert-init joins. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/naive.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/confine.h"
#include "container/container.h"
#include "container/gate.h"
#include "container/handoff.h"
#include "container/host.h"
#include "container/options.h"
#include "container/record.h"
#include "container/target.h"
#include "container/timing.h"
#include "container/unit.h"
#include "kernel/cgroup.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/annotation.h"
#include "plan/build.h"
#include "plan/confine.h"
#include "plan/process.h"
#include "plan/systemd.h"
#include "spec/bundle.h"

/* The state in which a process may be added. */
static int check_status(const struct container *c, const struct exec_request *req, struct error *err)
{
	switch (c->status) {
	case STATUS_CREATED:
	case STATUS_RUNNING:
		return 0;
	case STATUS_PAUSED:
		if (req->ignore_paused || naive("paused"))
			return 0;
		fail(err, 0, "container '%s' is paused", c->id);
		error_code(err, "CONTAINER_PAUSED");
		return error_hint(err, "resume it first, or use --ignore-paused");
	default:
		fail(err, 0, "container not running: '%s' is %s", c->id, container_status_name(c->status));
		return error_code(err, "CONTAINER_NOT_RUNNING");
	}
}

static int set_user(struct oci_process *p, const struct exec_request *req, struct arena *arena, struct error *err)
{
	struct oci_user *user = arena_alloc(arena, sizeof(*user));

	if (p->user)
		*user = *p->user;
	if (req->user) {
		uint32_t uid, gid = 0;

		if (plan_user_from_string(req->user, &uid, &gid, err) < 0)
			return -1;
		user->uid = (struct oci_u32){uid, true};
		user->gid = (struct oci_u32){gid, true};
		user->additional_gids.n = 0; /* they belonged to the other user */
	}
	if (req->n_gids) {
		size_t n = user->additional_gids.n;
		uint32_t *v = arena_array(arena, n + req->n_gids, sizeof(*v));

		if (n)
			memcpy(v, user->additional_gids.v, n * sizeof(*v));
		memcpy(v + n, req->gids, req->n_gids * sizeof(*v));
		user->additional_gids.v = v;
		user->additional_gids.n = n + req->n_gids;
	}
	p->user = user;
	return 0;
}

static void append_env(struct oci_process *p, const char *const *env, struct arena *arena)
{
	size_t n = p->env.n, more = 0;
	const char **v;

	while (env && env[more])
		more++;
	if (!more)
		return;
	v = arena_array(arena, n + more + 1, sizeof(*v));
	if (n)
		memcpy(v, p->env.v, n * sizeof(*v));
	memcpy(v + n, env, more * sizeof(*v));
	p->env.v = v;
	p->env.n = n + more;
}

/* The container's process object with what the command line changes. */
static int merge_request(struct oci_process *p, const struct exec_request *req, struct arena *arena,
			 struct error *err)
{
	size_t n = 0;

	while (req->args && req->args[n])
		n++;
	p->args.n = n;
	p->args.v = (const char **)req->args;
	p->terminal = (struct oci_bool){req->tty, true};
	if (req->cwd)
		p->cwd = req->cwd;
	if (req->apparmor)
		p->apparmor_profile = req->apparmor;
	if (req->process_label)
		p->selinux_label = req->process_label;
	if (req->no_new_privs)
		p->no_new_privileges = (struct oci_bool){true, true};
	append_env(p, req->env, arena);
	return set_user(p, req, arena, err);
}

/* Does the request bring a process object of its own? */
static bool is_whole(const struct exec_request *req)
{
	return req->process_file || req->process_text;
}

static int read_process(struct container *c, const struct exec_request *req, struct oci_process **ret,
			struct error *err)
{
	if (req->process_file)
		return document_read(&c->arena, &c->arena, req->process_file, oci_type_process(), (void **)ret, NULL,
				     NULL, err);
	return document_parse(&c->arena, "process", oci_type_process(), req->process_text, strlen(req->process_text),
			      (void **)ret, err);
}

static void add_caps(struct plan *p, const struct exec_request *req, int last_cap)
{
	static const enum plan_cap_set sets[] = {PLAN_CAP_BOUNDING, PLAN_CAP_EFFECTIVE, PLAN_CAP_PERMITTED};

	if (is_whole(req) || !req->caps || !req->caps[0])
		return;
	p->process.has_caps = true;
	for (size_t i = 0; req->caps[i]; i++)
		for (size_t k = 0; k < COUNT_OF(sets); k++)
			plan_add_capability(req->caps[i], (unsigned)last_cap, "--cap", &p->process.caps[sets[k]]);
	plan_fix_capabilities(p->process.caps, "--cap");
}

static int plan_the_process(struct handoff *h, struct container *c, const struct oci_config *config,
			    const struct exec_request *req, int last_cap, struct error *err)
{
	struct oci_process *doc, own = {0};
	struct plan_process *p = &h->plan->process;

	if (config->process)
		own = *config->process;
	if (is_whole(req)) {
		if (read_process(c, req, &doc, err) < 0)
			return -1;
		/* What confines the container also confines who comes later, unless he says otherwise. */
		if (!doc->capabilities)
			doc->capabilities = own.capabilities;
		if (!doc->apparmor_profile)
			doc->apparmor_profile = own.apparmor_profile;
		if (!doc->selinux_label)
			doc->selinux_label = own.selinux_label;
	} else {
		if (!own.cwd)
			own.cwd = "/";
		doc = &own;
		if (merge_request(doc, req, &c->arena, err) < 0)
			return -1;
	}
	if (!doc->args.n)
		return fail_at(err, 0, "process.args", "no program to execute is given");
	if (plan_process(&h->arena, doc, "process", (unsigned)last_cap, p, err) < 0)
		return -1;
	add_caps(h->plan, req, last_cap);
	if (p->terminal && (req->detach || req->create) && !req->console_socket) {
		fail_at(err, 0, "process.terminal", "a terminal without a foreground needs a console socket");
		return error_hint(err, "use --console-socket, or exec without --detach");
	}
	if (!config->linux)
		return 0;
	if (plan_personality(config->linux->personality, p, err) < 0 ||
	    plan_rdt_group(&h->arena, config->linux->intel_rdt, h->plan, err) < 0)
		return -1;
	return plan_memory_policy(&h->arena, config->linux->memory_policy, p, err);
}

/* Has the path a component ".."? */
static bool leaves(const char *path)
{
	for (const char *s = path; *s; s += strcspn(s, "/")) {
		s += strspn(s, "/");
		if (s[0] == '.' && s[1] == '.' && (s[2] == '/' || !s[2]))
			return true;
	}
	return false;
}

/* A container of a user's systemd may be out of reach from the caller's session: then that systemd helps. */
static void find_unit(struct handoff *h, const struct runtime *rt, struct container *c)
{
	struct plan_systemd *s = &h->plan->cgroup.systemd, unit;
	struct error none;
	const char *below;

	if (!c->record->scope[0] || unit_of(c, rt, &unit, &none) < 0 || !plan_systemd_is_user(unit.socket))
		return;
	below = strstr(h->plan->cgroup.path, unit.unit);
	*s = (struct plan_systemd){
		.program = arena_strdup(&h->arena, unit.program),
		.socket = arena_strdup(&h->arena, unit.socket),
		.timeout_ms = unit.timeout_ms,
		.unit = arena_strdup(&h->arena, unit.unit),
		.subgroup = arena_strdup(&h->arena, below ? below + strlen(unit.unit) : ""),
	};
}

/* The cgroup of the first process as it is now: the container may have moved itself into a child, and a cgroup with
 * children that have controllers takes no process. */
static int find_cgroup(struct handoff *h, const struct container *c, const struct exec_request *req,
		       struct error *err)
{
	struct plan_cgroup *g = &h->plan->cgroup;
	char path[64], text[PATH_MAX + 64], *line, *end;
	struct cgroup_place place;

	if (!c->record->cgroup[0]) {
		if (req->cgroup)
			return fail(err, 0, "container '%s' has no cgroup of its own", c->id);
		return 0;
	}
	/* Never in ours instead: there are no limits in it. */
	if (!record_cgroup_place(c->record->cgroup, &place))
		return fail(err, 0, "cgroup '%s' of container '%s' is on no cgroup2 file system", c->record->cgroup,
			    c->id);
	g->manager = PLAN_CGROUP_FS;
	g->mount = arena_strdup(&h->arena, place.mount);
	if (req->cgroup) {
		const char *below = req->cgroup + strspn(req->cgroup, "/"); /* "/" is the container's own */

		if (leaves(below))
			return fail(err, 0, "--cgroup '%s' leaves the container's cgroup", req->cgroup);
		g->path = arena_printf(&h->arena, "%s%s%s", place.path, *below ? "/" : "", below);
		return 0;
	}
	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)c->pid);
	if (fd_read_small(-1, path, text, sizeof(text)) <= 0)
		return fail(err, errno, "read '%s'", path);
	line = str_starts(text, "0::") ? text : strstr(text, "\n0::");
	if (!line)
		return fail(err, 0, "'%s' names no cgroup of version 2", path);
	line = strstr(line, "0::") + 3;
	end = strchr(line, '\n');
	g->path = arena_strndup(&h->arena, line, end ? (size_t)(end - line) : strlen(line));
	if (c->cgroup >= 0 && strcmp(g->path, place.path) == 0)
		h->plan->cgroup_fd = c->cgroup;
	return 0;
}

/* Namespaces that create made for the container.  We may have been started inside, and be in them ourselves: root
 * enters its own all the same (but for the user namespace), others would be refused. */
static unsigned long own_namespaces(const struct oci_config *config, uid_t euid)
{
	static const struct {
		enum oci_namespace_type type;
		unsigned long flag;
	} kinds[] = {
		{OCI_NS_PID, CLONE_NEWPID}, {OCI_NS_NETWORK, CLONE_NEWNET},   {OCI_NS_IPC, CLONE_NEWIPC},
		{OCI_NS_UTS, CLONE_NEWUTS}, {OCI_NS_CGROUP, CLONE_NEWCGROUP}, {OCI_NS_MOUNT, CLONE_NEWNS},
	};
	unsigned long flags = 0;

	for (size_t i = 0; euid == 0 && config->linux && i < config->linux->namespaces.n; i++) {
		const struct oci_namespace *ns = &config->linux->namespaces.v[i];

		for (size_t k = 0; k < COUNT_OF(kinds); k++)
			if (kinds[k].type == ns->type && (!ns->path || !ns->path[0]))
				flags |= kinds[k].flag;
	}
	return flags;
}

/* What annotations confine the container with also confines who comes later; its cookie is the first process's. */
static int confine(struct handoff *h, struct container *c, const struct oci_config *config, struct host *host,
		   struct error *err)
{
	struct plan_process *p = &h->plan->process;

	if (confine_look(NULL, config, &c->arena, host, err) < 0 ||
	    plan_confinement(&h->arena, config, host, p, err) < 0)
		return -1;
	if (p->core) {
		p->core = PLAN_CORE_OF;
		p->core_pid = c->pid;
		p->core_start = c->record->start_time.v;
	}
	return 0;
}

/* Behind a gate, or with an end. */
static void fill_kind(struct handoff *h, const struct runtime *rt, const struct exec_request *req)
{
	struct plan *p = h->plan;

	if (req->create) {
		p->gate = arena_strdup(&h->arena, req->exec_id ? req->exec_id : "");
		p->state_root = arena_strdup(&h->arena, rt->root);
	}
	p->probe.present = req->probe_ms > 0;
	p->probe.json = req->probe_json;
	p->probe.timeout_ms = req->probe_ms;
	p->probe.max_output = req->probe_output;
}

static int prepare_plan(struct handoff *h, const struct runtime *rt, struct container *c,
			const struct exec_request *req, struct error *err)
{
	struct plan *p = h->plan;
	struct filter_options filter;
	struct oci_config *config;
	struct host host;

	if (check_status(c, req, err) < 0 || container_config(c, &config, err) < 0)
		return -1;
	p->magic = PLAN_MAGIC;
	p->verb = PLAN_EXEC;
	p->id = arena_strdup(&h->arena, req->id);
	p->bundle = arena_strdup(&h->arena, c->record->bundle);
	p->detach = req->detach;
	p->preserve_fds = req->preserve_fds;
	p->target_pid = c->pid;
	p->target_start = c->record->start_time.v;
	p->target_fd = c->pidfd;
	p->pid_file = req->pid_file ? arena_strdup(&h->arena, req->pid_file) : NULL;
	p->console_socket = req->console_socket ? arena_strdup(&h->arena, req->console_socket) : NULL;
	p->pidfd_socket = req->pidfd_socket ? arena_strdup(&h->arena, req->pidfd_socket) : NULL;
	fill_kind(h, rt, req);
	p->new_keyring = true;
	handoff_settings(h, rt->timing);
	host_collect_caller(&host);
	p->euid = host.euid;
	p->rootless = !host.privileged;
	if (plan_the_process(h, c, config, req, host.last_cap, err) < 0 ||
	    target_namespaces(c->pid, host.userns, own_namespaces(config, host.euid), &p->target_ns, err) < 0 ||
	    find_cgroup(h, c, req, err) < 0)
		return -1;
	if (!(p->target_ns & CLONE_NEWUSER))
		plan_grant_capabilities(p->process.caps, host.missing_caps, "process.capabilities");
	if (p->cgroup.path)
		find_unit(h, rt, c);
	if (p->target_ns & CLONE_NEWUSER)
		p->ns[PLAN_NS_USER].how = PLAN_NS_JOIN;
	if (options_filter(rt, config, true, &filter, &c->arena, err) < 0)
		return -1;
	filter.report = NULL; /* it is the container's: two would overwrite each other */
	if (plan_filter(&h->arena, config->linux ? config->linux->seccomp : NULL, &filter, &p->process.seccomp, err) <
		    0 ||
	    plan_listener_state(&h->arena,
				config->linux && config->linux->seccomp ? config->linux->seccomp->listener_metadata
									: NULL,
				p) < 0)
		return -1;
	if (confine(h, c, config, &host, err) < 0)
		return -1;
	if (p->process.seccomp.notify)
		p->state_head = state_head(&h->arena, config->oci_version, p->id, p->bundle, c->record->rootfs,
					   &config->annotations);
	if (!p->console_socket)
		options_terminal_size(&p->process);
	return options_require(p, err);
}

int container_exec(const struct runtime *rt, const struct exec_request *req, struct error *err)
{
	struct timing timing;
	struct container c = CONTAINER_NONE;
	struct handoff h;
	int rc;

	if (req->exec_id && !gate_name_is_valid(req->exec_id))
		return fail(err, 0, "invalid name of an exec: '%s'", req->exec_id);
	timing_begin(&timing);
	/* Before anything is opened: in a hole among the descriptors to preserve it would be the host's in the
	 * container. */
	rc = handoff_begin(&h, req->preserve_fds, err);
	if (rc == 0)
		rc = container_open(rt, req->id, &c, err);
	timing_next(&timing, "vert", "look at the container");
	if (rc == 0)
		rc = prepare_plan(&h, rt, &c, req, err);
	timing_end(&timing, "vert", "plan");
	if (rc == 0)
		rc = handoff_exec(&h, err);
	container_close(&c);
	return rc;
}
