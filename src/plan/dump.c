/* SPDX-License-Identifier: Apache-2.0 */
/* Printing a plan.  One function a block; names are those of config.json and of the man pages. */
#include "dump.h"

#include <inttypes.h>
#include <string.h>
#include <sys/mount.h>

#include "base/sys.h"
#include "plan/dump_priv.h"

static void bits(struct buf *b, uint64_t value, const struct dump_bit *names)
{
	for (; names->name; names++)
		if (value & names->bit)
			buf_printf(b, " %s", names->name);
}

const struct dump_bit dump_attributes[] = {
	{SYS_MOUNT_ATTR_RDONLY, "ro"},	       {SYS_MOUNT_ATTR_NOSUID, "nosuid"},
	{SYS_MOUNT_ATTR_NODEV, "nodev"},       {SYS_MOUNT_ATTR_NOEXEC, "noexec"},
	{SYS_MOUNT_ATTR_NOATIME, "noatime"},   {SYS_MOUNT_ATTR_STRICTATIME, "strictatime"},
	{SYS_MOUNT_ATTR_NODIRATIME, "nodiratime"}, {SYS_MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow"},
	{0, NULL},
};

const struct dump_bit dump_propagations[] = {
	{MS_SHARED, "shared"}, {MS_SLAVE, "slave"}, {MS_PRIVATE, "private"}, {MS_UNBINDABLE, "unbindable"},
	{MS_REC, "recursive"}, {0, NULL},
};

const char *const dump_namespace_names[PLAN_NS_COUNT] = {
	[PLAN_NS_USER] = "user", [PLAN_NS_PID] = "pid",	      [PLAN_NS_NET] = "network", [PLAN_NS_IPC] = "ipc",
	[PLAN_NS_UTS] = "uts",	 [PLAN_NS_CGROUP] = "cgroup", [PLAN_NS_TIME] = "time",	 [PLAN_NS_MOUNT] = "mount",
};

const char *const dump_mount_kinds[] = {
	[PLAN_MOUNT_BIND] = "bind",
	[PLAN_MOUNT_FS] = "mount",
	[PLAN_MOUNT_CGROUP] = "bind-cgroup",
	[PLAN_MOUNT_REMOUNT] = "remount",
};

const char *const dump_idmaps[] = {NULL, "container", "own"};

const char *const dump_cap_sets[PLAN_CAP_SETS] = {"bounding", "effective", "permitted", "inheritable", "ambient"};

static void dump_maps(struct buf *b, const char *what, const struct plan_id_maps *maps)
{
	for (size_t i = 0; i < maps->n; i++)
		buf_printf(b, "%s %u %u %u\n", what, maps->v[i].inside, maps->v[i].outside, maps->v[i].size);
}

static void dump_namespaces(const struct plan *p, struct buf *b)
{
	for (int i = 0; i < PLAN_NS_COUNT; i++) {
		if (p->ns[i].how == PLAN_NS_NEW)
			buf_printf(b, "namespace %s new\n", dump_namespace_names[i]);
		else if (p->ns[i].how == PLAN_NS_JOIN)
			buf_printf(b, "namespace %s join %s\n", dump_namespace_names[i], p->ns[i].path);
	}
	dump_maps(b, "uid-map", &p->uid_map);
	dump_maps(b, "gid-map", &p->gid_map);
	if (p->maps_by_helper)
		buf_puts(b, "id-maps by newuidmap and newgidmap\n");
	if (p->deny_setgroups)
		buf_puts(b, "setgroups deny\n");
	if (p->set_time_offsets)
		buf_printf(b, "time-offsets monotonic %" PRId64 ".%09u boottime %" PRId64 ".%09u\n", p->monotonic_secs,
			   p->monotonic_nsecs, p->boottime_secs, p->boottime_nsecs);
}

static void dump_cgroup(const struct plan_cgroup *c, struct buf *b)
{
	if (c->manager == PLAN_CGROUP_NONE)
		return;
	if (c->manager == PLAN_CGROUP_SYSTEMD)
		buf_printf(b, "cgroup systemd %s %s\n", c->systemd.unit, c->systemd.subgroup);
	else
		buf_printf(b, "cgroup %s%s%s\n", c->mount, c->path, c->optional ? " (if it can be made)" : "");
	for (size_t i = 0; i < c->n_writes; i++)
		buf_printf(b, "write %s %s%s\n", c->writes[i].file, c->writes[i].value,
			   c->writes[i].waived	   ? " (if it can be enforced)"
			   : c->writes[i].optional ? " (if it is there)"
						   : "");
	if (c->n_filter)
		buf_printf(b, "device-program %zu instructions\n", c->n_filter);
	if (c->delegate)
		buf_printf(b, "delegate to uid %u\n", c->delegate_uid);
}

static void dump_strings(struct buf *b, const struct plan_strings *s)
{
	for (size_t i = 0; i < s->n; i++) {
		buf_puts(b, " ");
		buf_puts(b, s->v[i]);
	}
}

static void dump_mount(const struct plan_mount *m, struct buf *b)
{
	buf_printf(b, "%s%s /%s", m->recursive ? "r" : "", dump_mount_kinds[m->kind], m->target);
	if (m->fstype)
		buf_printf(b, " type=%s", m->fstype);
	if (m->source)
		buf_printf(b, " source=%s", m->source);
	dump_strings(b, &m->sb_flags);
	dump_strings(b, &m->data);
	bits(b, m->attr_set, dump_attributes);
	if (m->rec_set)
		buf_puts(b, " whole-tree:");
	bits(b, m->rec_set, dump_attributes);
	bits(b, m->propagation | (m->propagation_rec ? MS_REC : 0), dump_propagations);
	if (m->idmap)
		buf_printf(b, " idmap=%s%s", m->idmap_rec ? "r" : "", dump_idmaps[m->idmap]);
	if (m->tmpcopyup)
		buf_puts(b, " tmpcopyup");
	if (m->readonly_last)
		buf_puts(b, " ro at the end");
	buf_puts(b, "\n");
}

static void dump_root(const struct plan *p, struct buf *b)
{
	buf_printf(b, "root %s%s\n", p->rootfs, p->no_pivot ? " without pivot_root" : "");
	buf_puts(b, "propagation of the host's tree:");
	bits(b, p->root_propagation, dump_propagations);
	buf_puts(b, "\n");
	for (size_t i = 0; i < p->n_mounts; i++)
		dump_mount(&p->mounts[i], b);
	for (size_t i = 0; i < p->n_devices; i++) {
		const struct plan_device *d = &p->devices[i];

		buf_printf(b, "device /%s %c %u:%u mode %04o owner %u:%u\n", d->path, d->type, d->major, d->minor,
			   d->mode, d->uid, d->gid);
	}
	for (size_t i = 0; i < p->n_readonly; i++)
		buf_printf(b, "readonly /%s\n", p->readonly[i].path);
	for (size_t i = 0; i < p->n_masked; i++)
		buf_printf(b, "mask /%s\n", p->masked[i].path);
	if (p->root_readonly)
		buf_puts(b, "root is made read-only\n");
	for (size_t i = 0; i < p->n_net_devices; i++)
		buf_printf(b, "network-device %s as %s\n", p->net_devices[i].host_name, p->net_devices[i].name);
	for (size_t i = 0; i < p->n_sysctls; i++)
		buf_printf(b, "sysctl %s %s\n", p->sysctls[i].path, p->sysctls[i].value);
	if (p->hostname)
		buf_printf(b, "hostname %s\n", p->hostname);
	if (p->domainname)
		buf_printf(b, "domainname %s\n", p->domainname);
}

static void dump_identity(const struct plan_process *p, struct buf *b)
{
	buf_printf(b, "user %u:%u", p->uid, p->gid);
	for (size_t i = 0; i < p->n_groups; i++)
		buf_printf(b, " %u", (unsigned)p->groups[i]);
	buf_puts(b, "\n");
	if (p->set_umask)
		buf_printf(b, "umask %04o\n", p->umask);
	for (int i = 0; i < PLAN_CAP_SETS; i++)
		buf_printf(b, "capabilities %s %016" PRIx64 "\n", dump_cap_sets[i], p->has_caps ? p->caps[i] : 0);
	if (p->no_new_privs)
		buf_puts(b, "no_new_privs\n");
	if (p->seccomp.present)
		buf_printf(b, "seccomp %u instructions, flags %#x%s\n", p->seccomp.n, p->seccomp.flags,
			   p->seccomp.report   ? ", with a report"
			   : p->seccomp.notify ? ", with a listener"
					       : "");
	if (p->landlock.present)
		buf_printf(b, "landlock fs %#" PRIx64 " net %#" PRIx64 "\n", p->landlock.fs, p->landlock.net);
	for (size_t i = 0; i < p->landlock.n_paths; i++)
		buf_printf(b, "landlock path %s %#" PRIx64 "\n", p->landlock.paths[i].path,
			   p->landlock.paths[i].access);
	for (size_t i = 0; i < p->landlock.n_ports; i++)
		buf_printf(b, "landlock port %" PRIu64 " %#" PRIx64 "\n", p->landlock.ports[i].port,
			   p->landlock.ports[i].access);
	if (p->core)
		buf_puts(b, p->core == PLAN_CORE_NEW ? "core scheduling: a cookie of its own\n"
						     : "core scheduling: the cookie of another container\n");
	if (p->apparmor)
		buf_printf(b, "apparmor %s\n", p->apparmor);
	if (p->selinux)
		buf_printf(b, "selinux %s\n", p->selinux);
}

static void dump_process(const struct plan *plan, struct buf *b)
{
	const struct plan_process *p = &plan->process;

	if (!plan->has_process)
		return;
	buf_puts(b, "args");
	for (size_t i = 0; i < p->args.n; i++) {
		buf_puts(b, " ");
		buf_json(b, p->args.v[i]);
	}
	buf_printf(b, "\ncwd %s\n", p->cwd);
	for (size_t i = 0; i < p->env.n; i++) {
		buf_puts(b, "env ");
		buf_json(b, p->env.v[i]);
		buf_puts(b, "\n");
	}
	if (p->set_home)
		buf_puts(b, "env HOME from the container's /etc/passwd\n");
	if (p->terminal)
		buf_printf(b, "terminal %u x %u\n", p->rows, p->columns);
	for (size_t i = 0; i < p->n_rlimits; i++)
		buf_printf(b, "rlimit %s %" PRIu64 " %" PRIu64 "\n", p->rlimits[i].name, p->rlimits[i].soft,
			   p->rlimits[i].hard);
	if (p->set_oom_score)
		buf_printf(b, "oom_score_adj %d\n", p->oom_score_adj);
	dump_identity(p, b);
}

static void dump_hooks(const struct plan *p, struct buf *b)
{
	static const char *const kinds[PLAN_HOOK_KINDS] = {"prestart",	      "createRuntime", "createContainer",
							   "startContainer", "poststart",     "poststop"};

	for (int k = 0; k < PLAN_HOOK_KINDS; k++)
		for (size_t i = 0; i < p->hooks[k].n; i++) {
			buf_printf(b, "hook %s %s", kinds[k], p->hooks[k].v[i].path);
			if (p->hooks[k].v[i].timeout)
				buf_printf(b, " within %d s", p->hooks[k].v[i].timeout);
			buf_puts(b, "\n");
		}
}

void plan_dump(const struct plan *p, struct buf *b)
{
	buf_printf(b, "container %s\nbundle %s\n", p->id, p->bundle);
	dump_namespaces(p, b);
	dump_cgroup(&p->cgroup, b);
	dump_root(p, b);
	dump_process(p, b);
	dump_hooks(p, b);
}
