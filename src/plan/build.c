/* SPDX-License-Identifier: Apache-2.0 */
/* Decides everything: from config.json and host facts to the plan. */
#include "build.h"

#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/annotation.h"
#include "plan/confine.h"
#include "plan/devices.h"
#include "plan/filter.h"
#include "plan/filter_why.h"
#include "plan/hooks.h"
#include "plan/host.h"
#include "plan/idmap.h"
#include "plan/mounts.h"
#include "plan/process.h"
#include "plan/resources.h"
#include "plan/systemd.h"

static int plan_root(struct arena *arena, const struct oci_config *c, struct plan *p, struct error *err)
{
	static const struct {
		enum oci_propagation oci;
		unsigned long flags;
	} kinds[] = {
		{OCI_PROPAGATION_SHARED, MS_SHARED},	   {OCI_PROPAGATION_RSHARED, MS_SHARED | MS_REC},
		{OCI_PROPAGATION_SLAVE, MS_SLAVE},	   {OCI_PROPAGATION_RSLAVE, MS_SLAVE | MS_REC},
		{OCI_PROPAGATION_PRIVATE, MS_PRIVATE},	   {OCI_PROPAGATION_RPRIVATE, MS_PRIVATE | MS_REC},
		{OCI_PROPAGATION_UNBINDABLE, MS_UNBINDABLE}, {OCI_PROPAGATION_RUNBINDABLE, MS_UNBINDABLE | MS_REC},
	};

	if (!c->root || !c->root->path || !c->root->path[0])
		return fail_at(err, 0, "root", "the configuration has no root file system");
	p->rootfs = c->root->path[0] == '/' ? arena_strdup(arena, c->root->path)
					    : arena_printf(arena, "%s/%s", p->bundle, c->root->path);
	p->root_readonly = c->root->readonly.v;
	/* Mounts of the host arrive in the container, none of the container's on the host. */
	p->root_propagation = MS_SLAVE | MS_REC;
	for (size_t i = 0; c->linux && i < COUNT_OF(kinds); i++) {
		if (kinds[i].oci != c->linux->rootfs_propagation)
			continue;
		p->root_propagation_final = kinds[i].flags;
		/* The host's tree cannot be bound from once it is unbindable: that is for the new root alone. */
		if (!(kinds[i].flags & MS_UNBINDABLE))
			p->root_propagation = kinds[i].flags | MS_REC;
	}
	return 0;
}

/* ROOT: "/" may be one of them. */
static int plan_paths(struct arena *arena, const struct oci_str_list *in, const char *at, bool root,
		      struct plan_path **ret, size_t *ret_n, struct error *err)
{
	struct plan_path *v = arena_array(arena, in->n, sizeof(*v));

	for (size_t i = 0; i < in->n; i++) {
		str_place(v[i].at, sizeof(v[i].at), at, i, "");
		if (in->v[i][0] != '/')
			return fail_at(err, 0, v[i].at, "path '%s' is not absolute", in->v[i]);
		if (!root && !in->v[i][strspn(in->v[i], "/")])
			return fail_at(err, 0, v[i].at, "the root itself cannot be masked");
		v[i].path = arena_strdup(arena, in->v[i] + strspn(in->v[i], "/"));
	}
	*ret = v;
	*ret_n = in->n;
	return 0;
}

static int fail_unmapped(struct error *err, const char *at, const char *kind, uint32_t id)
{
	fail_at(err, 0, at, "%s id %u is not mapped in the container", kind, id);
	error_code(err, "USER_UNMAPPED");
	return error_hint(err, "linux.uidMappings and linux.gidMappings do not have it");
}

static int check_mapped(const struct plan *p, struct error *err)
{
	uint32_t id;
	char at[64];

	if (p->ns[PLAN_NS_USER].how != PLAN_NS_NEW || !p->has_process)
		return 0;
	if (!plan_id_outside(&p->uid_map, p->process.uid, &id))
		return fail_unmapped(err, "process.user.uid", "user", p->process.uid);
	if (!plan_id_outside(&p->gid_map, p->process.gid, &id))
		return fail_unmapped(err, "process.user.gid", "group", p->process.gid);
	for (size_t i = 0; i < p->process.n_groups; i++) {
		if (plan_id_outside(&p->gid_map, p->process.groups[i], &id))
			continue;
		snprintf(at, sizeof(at), "process.user.additionalGids[%zu]", i);
		return fail_unmapped(err, at, "group", p->process.groups[i]);
	}
	return 0;
}

static int plan_the_process(struct arena *arena, const struct oci_config *c, const struct host *host,
			    struct plan *p, struct error *err)
{
	const char *keep = annotation(c, "run.oci.keep_original_groups");

	p->has_process = c->process != NULL;
	if (c->process &&
	    plan_process(arena, c->process, "process", (unsigned)host->last_cap, &p->process, err) < 0)
		return -1;
	if (!c->process) {
		p->process.cwd = arena_strdup(arena, "/");
		p->process.env.v = arena_array(arena, PLAN_ENV_ROOM + 1, sizeof(char *));
		p->process.args.v = arena_array(arena, 1, sizeof(char *));
	}
	if (p->ns[PLAN_NS_USER].how == PLAN_NS_INHERIT)
		plan_grant_capabilities(p->process.caps, host->missing_caps, "process.capabilities");
	p->process.keep_groups = keep && strcmp(keep, "0") != 0;
	if (!c->linux)
		return check_mapped(p, err);
	if (plan_personality(c->linux->personality, &p->process, err) < 0 ||
	    plan_memory_policy(arena, c->linux->memory_policy, &p->process, err) < 0)
		return -1;
	return check_mapped(p, err);
}

/* The cgroup is given to the container when all of config-linux.md's conditions hold. */
static void plan_delegation(struct plan *p)
{
	bool writable = false;
	uint32_t uid = p->process.uid;

	for (size_t i = 0; i < p->n_mounts; i++)
		if (p->mounts[i].kind == PLAN_MOUNT_FS && strcmp(p->mounts[i].fstype, "cgroup2") == 0)
			writable |= !((p->mounts[i].attr_set | p->mounts[i].rec_set) & 1); /* MOUNT_ATTR_RDONLY */
	if (!writable || p->ns[PLAN_NS_CGROUP].how != PLAN_NS_NEW)
		return;
	/* Its maps are not known here, and the container's number is somebody else's on the host. */
	if (p->ns[PLAN_NS_USER].how == PLAN_NS_JOIN)
		return;
	if (p->ns[PLAN_NS_USER].how == PLAN_NS_NEW && !plan_id_outside(&p->uid_map, uid, &uid))
		return;
	p->cgroup.delegate = uid != 0 && !p->rootless;
	p->cgroup.delegate_uid = uid;
}

/* run.oci.delegate-cgroup: a group below the container's, whose limits it cannot lift, for its root. */
static int plan_leaf(struct arena *arena, const struct oci_config *c, struct plan *p, struct error *err)
{
	static const char at[] = "annotations[\"run.oci.delegate-cgroup\"]";
	const char *path = annotation(c, "run.oci.delegate-cgroup");
	uint32_t uid = 0;

	if (!path || p->cgroup.manager == PLAN_CGROUP_NONE)
		return 0;
	if (p->cgroup.manager == PLAN_CGROUP_SYSTEMD)
		return fail_at(err, 0, at,
			       "a delegated cgroup needs the cgroupfs driver; systemd has run.oci.systemd.subgroup");
	path += strspn(path, "/");
	for (const char *s = path; *s; s += strspn(s, "/")) {
		size_t n = strcspn(s, "/");

		if ((s[0] == '.' && (n == 1 || (n == 2 && s[1] == '.'))) || n > 255)
			return fail_at(err, 0, at, "'%s' is not a path below the container's cgroup", path);
		s += n;
	}
	if (p->ns[PLAN_NS_USER].how == PLAN_NS_NEW && !plan_id_outside(&p->uid_map, 0, &uid))
		return fail_at(err, 0, at, "the container's root is nobody outside: its user namespace does not map 0");
	p->cgroup.leaf = *path ? arena_strdup(arena, path) : NULL;
	p->cgroup.leaf_uid = uid;
	return 0;
}

/* run.vert.unenforceable: what to do about limits that this host or this user cannot enforce. */
static int plan_waivers(const struct oci_config *c, struct plan_cgroup *cgroup, struct error *err)
{
	const char *policy = annotation(c, PLAN_UNENFORCEABLE);

	if (!policy || strcmp(policy, "fail") == 0)
		return 0;
	cgroup->warn_waived = strcmp(policy, "warn") == 0;
	if (!cgroup->warn_waived && strcmp(policy, "ignore") != 0)
		return fail_at(err, 0, "annotations", PLAN_UNENFORCEABLE " is 'fail', 'warn' or 'ignore', not '%s'",
			       policy);
	for (size_t i = 0; i < cgroup->n_writes; i++) {
		struct plan_write *w = &cgroup->writes[i];

		w->waived = !w->optional;
		w->optional = true;
	}
	return 0;
}

static bool needs_cgroup(const struct plan_cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->n_writes; i++)
		if (!cgroup->writes[i].waived)
			return true;
	return false;
}

static int plan_the_cgroup(struct arena *arena, const struct oci_config *c, const struct host *host,
			   enum plan_cgroup_choice choice, struct plan *p, struct error *err)
{
	const struct oci_resources *res = c->linux ? c->linux->resources : NULL;

	if (plan_cgroup_place(arena, c, host, choice, p, err) < 0 ||
	    plan_resources(arena, res, &p->cgroup, 0, err) < 0 || plan_oom_group(arena, c, &p->cgroup, err) < 0 ||
	    plan_waivers(c, &p->cgroup, err) < 0)
		return -1;
	if (p->cgroup.manager == PLAN_CGROUP_NONE) {
		if (needs_cgroup(&p->cgroup) && choice == PLAN_CHOOSE_NONE)
			return fail_at(err, 0, p->cgroup.writes[0].at,
				       "a limit is asked for, and cgroups are disabled by --cgroup-manager");
		return 0;
	}
	if (host->cgroup_controllers && plan_resources_check(&p->cgroup, host->cgroup_controllers, err) < 0)
		return error_hint(err, "the root of this host's hierarchy does not have it: boot with "
				       "systemd.unified_cgroup_hierarchy=1 where it is mounted as version 1, with "
				       "cgroup_enable=NAME where it is off; 'vert doctor' lists what is there");
	if (p->cgroup.manager == PLAN_CGROUP_SYSTEMD && plan_systemd(arena, c, host, p, err) < 0)
		return -1;
	p->cgroup.optional = p->cgroup.manager == PLAN_CGROUP_FS && p->rootless && !needs_cgroup(&p->cgroup);
	plan_delegation(p);
	if (plan_leaf(arena, c, p, err) < 0)
		return -1;
	return plan_devices(arena, res, &p->cgroup, err);
}

/* The socket of NOTIFY_SOCKET is seen by the container in a directory of its own. */
static void add_notify(struct arena *arena, const struct host *host, struct plan *p)
{
	struct plan_mount *v;

	if (!host->notify_socket || !p->has_process || p->ns[PLAN_NS_MOUNT].how != PLAN_NS_NEW)
		return;
	p->notify_socket = arena_strdup(arena, host->notify_socket);
	v = arena_array(arena, p->n_mounts + 1, sizeof(*v));
	if (p->n_mounts)
		memcpy(v, p->mounts, p->n_mounts * sizeof(*v));
	v[p->n_mounts] = (struct plan_mount){
		.kind = PLAN_MOUNT_BIND,
		.source = arena_printf(arena, "%s/%s/notify", p->state_root, p->id),
		.target = arena_strdup(arena, &NOTIFY_CONTAINER_DIR[1]),
		.by_launcher = p->euid == 0,
		.at = "NOTIFY_SOCKET",
	};
	p->mounts = v;
	p->n_mounts++;
	plan_env_set(arena, &p->process, arena_strdup(arena, "NOTIFY_SOCKET=" NOTIFY_CONTAINER_SOCKET));
}

static void add_listen_fds(struct arena *arena, const struct host *host, struct plan *p)
{
	if (!host->listen_fds)
		return;
	p->listen_fds = true;
	p->preserve_fds += host->listen_fds;
	plan_env_set(arena, &p->process, arena_printf(arena, "LISTEN_FDS=%u", host->listen_fds));
	if (host->listen_fdnames)
		plan_env_set(arena, &p->process, arena_printf(arena, "LISTEN_FDNAMES=%s", host->listen_fdnames));
}

/* config.md, Annotations: keys must not be empty.  What a runtime does not know it ignores; what it knows and cannot
 * understand is an error. */
static int check_annotations(const struct oci_config *c, struct error *err)
{
	for (size_t i = 0; i < c->annotations.n; i++)
		if (!c->annotations.v[i].key[0])
			return fail_at(err, 0, "annotations", "an annotation has an empty key");
	return 0;
}

static int plan_the_filter(struct arena *arena, const struct oci_config *c, const struct filter_options *filter,
			   struct plan *p, struct error *err)
{
	const struct oci_seccomp *s = c->linux ? c->linux->seccomp : NULL;

	if (plan_filter(arena, s, filter, &p->process.seccomp, err) < 0)
		return -1;
	if (p->process.seccomp.present && filter_check_execve(&p->process.seccomp, err) < 0)
		return -1;
	return plan_listener_state(arena, s ? s->listener_metadata : NULL, p);
}

int plan_listener_state(struct arena *arena, const char *metadata, struct plan *p)
{
	struct buf b = {0};

	if (!p->process.seccomp.notify)
		return 0;
	buf_puts(&b, "{\"ociVersion\":\"1.3.0\",\"fds\":[\"seccompFd\"]");
	if (metadata) {
		buf_puts(&b, ",\"metadata\":");
		buf_json(&b, metadata);
	}
	p->process.seccomp.listener_state = arena_strdup(arena, b.failed ? "{" : b.s);
	buf_free(&b);
	return 0;
}

int plan_build(struct arena *arena, const struct oci_config *c, const struct host *host,
	       enum plan_cgroup_choice choice, const struct filter_options *filter, struct plan *p,
	       struct error *err)
{
	p->magic = PLAN_MAGIC;
	p->euid = host->euid;
	p->rootless = !host->privileged;
	p->bind_devices = host->in_userns;
	if (!oci_version_supported(c->oci_version)) {
		fail_at(err, 0, "ociVersion", "version '%s' of the specification is not supported", c->oci_version);
		return error_hint(err, "vert reads every version 1.x");
	}
	if (check_annotations(c, err) < 0 || plan_namespaces(arena, c, host, p, err) < 0 ||
	    plan_root(arena, c, p, err) < 0 || plan_id_maps(arena, c, host, p, err) < 0 ||
	    plan_mounts(arena, c, host, p, err) < 0 || plan_device_nodes(arena, c, p, err) < 0 ||
	    plan_sysctls(arena, c, p, err) < 0 || plan_net_devices(arena, c, p, err) < 0 ||
	    plan_the_process(arena, c, host, p, err) < 0 || plan_the_filter(arena, c, filter, p, err) < 0 ||
	    plan_confinement(arena, c, host, &p->process, err) < 0 ||
	    plan_the_cgroup(arena, c, host, choice, p, err) < 0 || plan_hooks(c->hooks, arena, p->hooks, err) < 0 ||
	    plan_rdt_group(arena, c->linux ? c->linux->intel_rdt : NULL, p, err) < 0)
		return -1;
	if (c->linux) {
		if (plan_paths(arena, &c->linux->masked_paths, "linux.maskedPaths", false, &p->masked,
			       &p->n_masked, err) < 0 ||
		    plan_paths(arena, &c->linux->readonly_paths, "linux.readonlyPaths", true, &p->readonly,
			       &p->n_readonly, err) < 0)
			return -1;
		if (c->linux->mount_label && host->selinux)
			p->keyring_label = arena_strdup(arena, c->process && c->process->selinux_label
								       ? c->process->selinux_label
								       : c->linux->mount_label);
	}
	p->hostname = c->hostname ? arena_strdup(arena, c->hostname) : NULL;
	p->domainname = c->domainname ? arena_strdup(arena, c->domainname) : NULL;
	if (annotation(c, "run.oci.hooks.stdout"))
		p->hooks_stdout = arena_strdup(arena, annotation(c, "run.oci.hooks.stdout"));
	if (annotation(c, "run.oci.hooks.stderr"))
		p->hooks_stderr = arena_strdup(arena, annotation(c, "run.oci.hooks.stderr"));
	add_notify(arena, host, p);
	add_listen_fds(arena, host, p);
	return 0;
}
