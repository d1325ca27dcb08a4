/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as JSON: the facts of dump.c, for programs.  One function a block; what is not asked for is left out. */
#include "plan/dump.h"

#include <inttypes.h>
#include <sys/mount.h>

#include "base/sys.h"
#include "plan/dump_priv.h"
#include "plan/hooks.h"
#include "plan/process.h"

/* Objects and arrays write their commas themselves: whether one is due is seen from what was written last. */
static void comma(struct buf *b)
{
	char last = b->n ? b->s[b->n - 1] : '{';

	if (!b->failed && last != '{' && last != '[' && last != ':')
		buf_puts(b, ",");
}

static void key(struct buf *b, const char *name)
{
	comma(b);
	buf_json(b, name);
	buf_puts(b, ":");
}

static void open_with(struct buf *b, const char *name, const char *bracket)
{
	if (name)
		key(b, name);
	else
		comma(b);
	buf_puts(b, bracket);
}

static void text(struct buf *b, const char *name, const char *value)
{
	if (!value)
		return;
	key(b, name);
	buf_json(b, value);
}

static void number(struct buf *b, const char *name, uint64_t value)
{
	key(b, name);
	buf_printf(b, "%" PRIu64, value);
}

static void flag(struct buf *b, const char *name, bool value)
{
	if (!value)
		return;
	key(b, name);
	buf_puts(b, "true");
}

static void element(struct buf *b, const char *value)
{
	comma(b);
	buf_json(b, value);
}

static void strings(struct buf *b, const char *name, const struct plan_strings *s)
{
	if (s->n == 0)
		return;
	open_with(b, name, "[");
	for (size_t i = 0; i < s->n; i++)
		element(b, s->v[i]);
	buf_puts(b, "]");
}

static void bits(struct buf *b, const char *name, uint64_t value, const struct dump_bit *names)
{
	if (!value)
		return;
	open_with(b, name, "[");
	for (; names->name; names++)
		if (value & names->bit)
			element(b, names->name);
	buf_puts(b, "]");
}

/* A path inside the root, with the slash that the plan leaves out; NAME NULL: as an element. */
static void slashed(struct buf *b, const char *name, const char *path)
{
	struct buf whole = {0};

	buf_printf(&whole, "/%s", path);
	if (name)
		text(b, name, whole.s);
	else
		element(b, whole.s ? whole.s : "/");
	buf_free(&whole);
}

/* ---- namespaces -------------------------------------------------------------------------------- */

static void maps(struct buf *b, const char *name, const struct plan_id_maps *m)
{
	if (m->n == 0)
		return;
	open_with(b, name, "[");
	for (size_t i = 0; i < m->n; i++) {
		open_with(b, NULL, "{");
		number(b, "inside", m->v[i].inside);
		number(b, "outside", m->v[i].outside);
		number(b, "size", m->v[i].size);
		buf_puts(b, "}");
	}
	buf_puts(b, "]");
}

static void namespaces(struct buf *b, const struct plan *p)
{
	open_with(b, "namespaces", "[");
	for (int i = 0; i < PLAN_NS_COUNT; i++) {
		if (p->ns[i].how == PLAN_NS_INHERIT)
			continue;
		open_with(b, NULL, "{");
		text(b, "type", dump_namespace_names[i]);
		text(b, "how", p->ns[i].how == PLAN_NS_NEW ? "new" : "join");
		text(b, "path", p->ns[i].how == PLAN_NS_JOIN ? p->ns[i].path : NULL);
		buf_puts(b, "}");
	}
	buf_puts(b, "]");
	maps(b, "uidMap", &p->uid_map);
	maps(b, "gidMap", &p->gid_map);
	flag(b, "mapsByHelper", p->maps_by_helper);
	flag(b, "denySetgroups", p->deny_setgroups);
}

/* ---- cgroup ------------------------------------------------------------------------------------- */

static void cgroup(struct buf *b, const struct plan_cgroup *c)
{
	if (c->manager == PLAN_CGROUP_NONE)
		return;
	open_with(b, "cgroup", "{");
	text(b, "manager", c->manager == PLAN_CGROUP_SYSTEMD ? "systemd" : "cgroupfs");
	if (c->manager == PLAN_CGROUP_SYSTEMD) {
		text(b, "unit", c->systemd.unit);
		text(b, "subgroup", c->systemd.subgroup);
	} else {
		text(b, "mount", c->mount);
		text(b, "path", c->path);
	}
	flag(b, "optional", c->optional);
	open_with(b, "writes", "[");
	for (size_t i = 0; i < c->n_writes; i++) {
		open_with(b, NULL, "{");
		text(b, "file", c->writes[i].file);
		text(b, "value", c->writes[i].value);
		flag(b, "optional", c->writes[i].optional);
		flag(b, "waived", c->writes[i].waived);
		text(b, "at", c->writes[i].at);
		buf_puts(b, "}");
	}
	buf_puts(b, "]");
	number(b, "deviceProgramInstructions", c->n_filter);
	if (c->delegate)
		number(b, "delegateTo", c->delegate_uid);
	buf_puts(b, "}");
}

/* ---- root --------------------------------------------------------------------------------------- */

static void put_mount(struct buf *b, const struct plan_mount *m)
{
	open_with(b, NULL, "{");
	text(b, "kind", dump_mount_kinds[m->kind]);
	slashed(b, "target", m->target);
	text(b, "type", m->fstype);
	text(b, "source", m->source);
	flag(b, "recursive", m->recursive);
	strings(b, "superFlags", &m->sb_flags);
	strings(b, "data", &m->data);
	bits(b, "flags", m->attr_set, dump_attributes);
	bits(b, "cleared", m->attr_clr & ~(uint64_t)SYS_MOUNT_ATTR_ATIME_MASK, dump_attributes);
	bits(b, "recursiveFlags", m->rec_set, dump_attributes);
	bits(b, "propagation", m->propagation | (m->propagation_rec ? MS_REC : 0),
	     dump_propagations);
	text(b, "idmap", m->idmap ? dump_idmaps[m->idmap] : NULL);
	flag(b, "tmpcopyup", m->tmpcopyup);
	flag(b, "readonlyAtTheEnd", m->readonly_last);
	text(b, "at", m->at);
	buf_puts(b, "}");
}

static void paths(struct buf *b, const char *name, const struct plan_path *v, size_t n)
{
	if (n == 0)
		return;
	open_with(b, name, "[");
	for (size_t i = 0; i < n; i++)
		slashed(b, NULL, v[i].path);
	buf_puts(b, "]");
}

static void devices(struct buf *b, const struct plan *p)
{
	open_with(b, "devices", "[");
	for (size_t i = 0; i < p->n_devices; i++) {
		const struct plan_device *d = &p->devices[i];

		open_with(b, NULL, "{");
		slashed(b, "path", d->path);
		text(b, "type", (char[]){d->type, '\0'});
		number(b, "major", d->major);
		number(b, "minor", d->minor);
		number(b, "fileMode", d->mode);
		number(b, "uid", d->uid);
		number(b, "gid", d->gid);
		buf_puts(b, "}");
	}
	buf_puts(b, "]");
}

static void root(struct buf *b, const struct plan *p)
{
	open_with(b, "root", "{");
	text(b, "path", p->rootfs);
	flag(b, "readonly", p->root_readonly);
	flag(b, "noPivot", p->no_pivot);
	bits(b, "propagation", p->root_propagation, dump_propagations);
	buf_puts(b, "}");
	open_with(b, "mounts", "[");
	for (size_t i = 0; i < p->n_mounts; i++)
		put_mount(b, &p->mounts[i]);
	buf_puts(b, "]");
	devices(b, p);
	paths(b, "readonlyPaths", p->readonly, p->n_readonly);
	paths(b, "maskedPaths", p->masked, p->n_masked);
	if (p->n_net_devices) {
		open_with(b, "netDevices", "{");
		for (size_t i = 0; i < p->n_net_devices; i++)
			text(b, p->net_devices[i].host_name, p->net_devices[i].name);
		buf_puts(b, "}");
	}
	if (p->n_sysctls) {
		open_with(b, "sysctls", "{");
		for (size_t i = 0; i < p->n_sysctls; i++)
			text(b, p->sysctls[i].path, p->sysctls[i].value);
		buf_puts(b, "}");
	}
	text(b, "hostname", p->hostname);
	text(b, "domainname", p->domainname);
}

/* ---- process ------------------------------------------------------------------------------------ */

static void capabilities(struct buf *b, const struct plan_process *p)
{
	char name[PLAN_CAP_NAME];

	open_with(b, "capabilities", "{");
	for (int set = 0; set < PLAN_CAP_SETS; set++) {
		open_with(b, dump_cap_sets[set], "[");
		for (int i = 0; p->has_caps && i < 64; i++) {
			if (!(p->caps[set] >> i & 1))
				continue;
			plan_capability_name(i, name);
			element(b, name);
		}
		buf_puts(b, "]");
	}
	buf_puts(b, "}");
}

static void seccomp(struct buf *b, const struct plan_filter *f)
{
	if (!f->present)
		return;
	open_with(b, "seccomp", "{");
	number(b, "instructions", f->n);
	number(b, "flags", f->flags);
	flag(b, "listener", f->notify);
	buf_puts(b, "}");
}

static void process(struct buf *b, const struct plan_process *p)
{
	open_with(b, "process", "{");
	strings(b, "args", &p->args);
	text(b, "cwd", p->cwd);
	strings(b, "env", &p->env);
	flag(b, "terminal", p->terminal);
	number(b, "uid", p->uid);
	number(b, "gid", p->gid);
	open_with(b, "groups", "[");
	for (size_t i = 0; i < p->n_groups; i++) {
		comma(b);
		buf_printf(b, "%u", (unsigned)p->groups[i]);
	}
	buf_puts(b, "]");
	if (p->set_umask)
		number(b, "umask", p->umask);
	capabilities(b, p);
	flag(b, "noNewPrivileges", p->no_new_privs);
	open_with(b, "rlimits", "[");
	for (size_t i = 0; i < p->n_rlimits; i++) {
		open_with(b, NULL, "{");
		text(b, "type", p->rlimits[i].name);
		number(b, "soft", p->rlimits[i].soft);
		number(b, "hard", p->rlimits[i].hard);
		buf_puts(b, "}");
	}
	buf_puts(b, "]");
	if (p->set_oom_score) {
		key(b, "oomScoreAdj");
		buf_printf(b, "%d", p->oom_score_adj);
	}
	seccomp(b, &p->seccomp);
	text(b, "apparmor", p->apparmor);
	text(b, "selinux", p->selinux);
	buf_puts(b, "}");
}

static void hooks(struct buf *b, const struct plan *p)
{
	open_with(b, "hooks", "{");
	for (int k = 0; k < PLAN_HOOK_KINDS; k++) {
		if (p->hooks[k].n == 0)
			continue;
		open_with(b, plan_hook_kind_name((enum plan_hook_kind)k), "[");
		for (size_t i = 0; i < p->hooks[k].n; i++) {
			open_with(b, NULL, "{");
			text(b, "path", p->hooks[k].v[i].path);
			strings(b, "args", &p->hooks[k].v[i].args);
			if (p->hooks[k].v[i].timeout)
				number(b, "timeout", (uint64_t)p->hooks[k].v[i].timeout);
			buf_puts(b, "}");
		}
		buf_puts(b, "]");
	}
	buf_puts(b, "}");
}

void plan_dump_json(const struct plan *p, struct buf *b)
{
	open_with(b, NULL, "{");
	text(b, "id", p->id);
	text(b, "bundle", p->bundle);
	flag(b, "rootless", p->rootless);
	namespaces(b, p);
	cgroup(b, &p->cgroup);
	root(b, p);
	if (p->has_process)
		process(b, &p->process);
	hooks(b, p);
}
