/* SPDX-License-Identifier: Apache-2.0 */
/* Mount options and mounts: one table, one pass. */
#include "mounts.h"

#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "base/log.h"
#include "base/naive.h"
#include "base/str.h"
#include "base/sys.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/annotation.h"
#include "plan/host.h"
#include "plan/idmap.h"

/* What an option does. */
enum effect {
	ON_MOUNT,	/* SET and CLEAR attributes of this mount */
	ON_TREE,	/* of this mount and all below it */
	ON_SUPER,	/* the parameter NAME of the file system; CLEAR: forget parameter OTHER */
	ON_CLASSIC,	/* SET MS_* flags that only mount(2) knows; CLEAR them */
	PROPAGATION,	/* SET is MS_* */
	BIND,
	SPECIAL,
	NOTHING,
};

#define RDONLY SYS_MOUNT_ATTR_RDONLY
#define NOSUID SYS_MOUNT_ATTR_NOSUID
#define NODEV SYS_MOUNT_ATTR_NODEV
#define NOEXEC SYS_MOUNT_ATTR_NOEXEC
#define NODIRATIME SYS_MOUNT_ATTR_NODIRATIME
#define NOSYMFOLLOW SYS_MOUNT_ATTR_NOSYMFOLLOW
#define ATIME_MASK SYS_MOUNT_ATTR_ATIME_MASK
#define NOATIME SYS_MOUNT_ATTR_NOATIME
#define STRICTATIME SYS_MOUNT_ATTR_STRICTATIME
#define RELATIME SYS_MOUNT_ATTR_RELATIME

/* The kernel's default is relatime, so switching noatime or strictatime off means relatime; mount_setattr(2)
 * wants the whole mask cleared whenever one of the three is chosen. */
static const struct mount_option {
	const char *name;
	enum effect effect;
	uint64_t set, clear;
} options[] = {
	{"async", ON_SUPER, 0, MS_SYNCHRONOUS},
	{"atime", ON_MOUNT, RELATIME, ATIME_MASK},
	{"bind", BIND, 0, 0},
	{"copy-symlink", SPECIAL, 0, 0},
	{"defaults", NOTHING, 0, 0},
	{"dest-nofollow", SPECIAL, 0, 0},
	{"dev", ON_MOUNT, 0, NODEV},
	{"diratime", ON_MOUNT, 0, NODIRATIME},
	{"dirsync", ON_SUPER, MS_DIRSYNC, 0},
	{"exec", ON_MOUNT, 0, NOEXEC},
	{"idmap", SPECIAL, 0, 0},
	{"iversion", ON_CLASSIC, MS_I_VERSION, 0},
	{"lazytime", ON_SUPER, MS_LAZYTIME, 0},
	{"loud", ON_CLASSIC, 0, MS_SILENT},
	{"mand", ON_SUPER, MS_MANDLOCK, 0},
	{"noatime", ON_MOUNT, NOATIME, ATIME_MASK},
	{"nodev", ON_MOUNT, NODEV, 0},
	{"nodiratime", ON_MOUNT, NODIRATIME, 0},
	{"noexec", ON_MOUNT, NOEXEC, 0},
	{"noiversion", ON_CLASSIC, 0, MS_I_VERSION},
	{"nolazytime", ON_SUPER, 0, MS_LAZYTIME},
	{"nomand", ON_SUPER, 0, MS_MANDLOCK},
	{"norelatime", ON_MOUNT, RELATIME, ATIME_MASK},
	{"nostrictatime", ON_MOUNT, RELATIME, ATIME_MASK},
	{"nosuid", ON_MOUNT, NOSUID, 0},
	{"nosymfollow", ON_MOUNT, NOSYMFOLLOW, 0},
	{"private", PROPAGATION, MS_PRIVATE, 0},
	{"rasync", ON_SUPER, 0, MS_SYNCHRONOUS}, /* this and the like are crun's: a file system has no tree */
	{"ratime", ON_TREE, RELATIME, ATIME_MASK},
	{"rbind", BIND, MS_REC, 0},
	{"rdev", ON_TREE, 0, NODEV},
	{"rdiratime", ON_TREE, 0, NODIRATIME},
	{"rdirsync", ON_SUPER, MS_DIRSYNC, 0},
	{"relatime", ON_MOUNT, RELATIME, ATIME_MASK},
	{"remount", SPECIAL, 0, 0},
	{"rexec", ON_TREE, 0, NOEXEC},
	{"ridmap", SPECIAL, 0, 0},
	{"rmand", ON_SUPER, MS_MANDLOCK, 0},
	{"rnoatime", ON_TREE, NOATIME, ATIME_MASK},
	{"rnodev", ON_TREE, NODEV, 0},
	{"rnodiratime", ON_TREE, NODIRATIME, 0},
	{"rnoexec", ON_TREE, NOEXEC, 0},
	{"rnomand", ON_SUPER, 0, MS_MANDLOCK},
	{"rnorelatime", ON_TREE, RELATIME, ATIME_MASK},
	{"rnostrictatime", ON_TREE, RELATIME, ATIME_MASK},
	{"rnosuid", ON_TREE, NOSUID, 0},
	{"rnosymfollow", ON_TREE, NOSYMFOLLOW, 0},
	{"ro", ON_MOUNT, RDONLY, 0},
	{"rprivate", PROPAGATION, MS_PRIVATE | MS_REC, 0},
	{"rrelatime", ON_TREE, RELATIME, ATIME_MASK},
	{"rro", ON_TREE, RDONLY, 0},
	{"rrw", ON_TREE, 0, RDONLY},
	{"rshared", PROPAGATION, MS_SHARED | MS_REC, 0},
	{"rslave", PROPAGATION, MS_SLAVE | MS_REC, 0},
	{"rstrictatime", ON_TREE, STRICTATIME, ATIME_MASK},
	{"rsuid", ON_TREE, 0, NOSUID},
	{"rsymfollow", ON_TREE, 0, NOSYMFOLLOW},
	{"rsync", ON_SUPER, MS_SYNCHRONOUS, 0},
	{"runbindable", PROPAGATION, MS_UNBINDABLE | MS_REC, 0},
	{"rw", ON_MOUNT, 0, RDONLY},
	{"shared", PROPAGATION, MS_SHARED, 0},
	{"silent", ON_CLASSIC, MS_SILENT, 0},
	{"slave", PROPAGATION, MS_SLAVE, 0},
	{"src-nofollow", SPECIAL, 0, 0},
	{"strictatime", ON_MOUNT, STRICTATIME, ATIME_MASK},
	{"suid", ON_MOUNT, 0, NOSUID},
	{"symfollow", ON_MOUNT, 0, NOSYMFOLLOW},
	{"sync", ON_SUPER, MS_SYNCHRONOUS, 0},
	{"tmpcopyup", SPECIAL, 0, 0},
	{"unbindable", PROPAGATION, MS_UNBINDABLE, 0},
};

/* The names of the super block's flags as fsconfig(2) takes them. */
static const struct {
	unsigned long flag;
	const char *name;
} super_flags[] = {
	{MS_RDONLY, "ro"}, {MS_SYNCHRONOUS, "sync"}, {MS_DIRSYNC, "dirsync"}, {MS_LAZYTIME, "lazytime"},
	{MS_MANDLOCK, "mand"},
};

const char *const *mount_option_names(size_t *ret_n)
{
	static const char *names[COUNT_OF(options)];

	for (size_t i = 0; i < COUNT_OF(options); i++)
		names[i] = options[i].name;
	*ret_n = COUNT_OF(options);
	return names;
}

static const struct mount_option *find_option(const char *name)
{
	size_t low = 0, high = COUNT_OF(options);

	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = strcmp(name, options[mid].name);

		if (c == 0)
			return &options[mid];
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

/* What is known about a mount while its options are read. */
struct draft {
	struct arena *arena;
	struct plan_mount *m;
	const char *at;
	bool bind, remount;
	unsigned long super; /* MS_* */
	size_t room;
};

static void apply(uint64_t *set, uint64_t *clear, const struct mount_option *o)
{
	*set = (*set & ~(o->clear)) | o->set;
	*clear = (*clear & ~o->set) | o->clear;
}

static int special(struct draft *d, const char *option, struct error *err)
{
	struct plan_mount *m = d->m;

	if (strcmp(option, "remount") == 0)
		d->remount = true;
	else if (strcmp(option, "tmpcopyup") == 0)
		m->tmpcopyup = true;
	else if (strcmp(option, "copy-symlink") == 0)
		m->copy_symlink = true;
	else if (strcmp(option, "src-nofollow") == 0)
		m->src_nofollow = true;
	else if (strcmp(option, "dest-nofollow") == 0)
		m->dest_nofollow = true;
	else
		return plan_mount_idmap_option(d->arena, option, m, d->at, err);
	return 0;
}

static void add_data(struct draft *d, const char *item, size_t len)
{
	struct plan_strings *data = &d->m->data;

	if (len == 0)
		return;
	if (data->n + 1 >= d->room) {
		size_t room = d->room ? d->room * 2 : 4;

		data->v = arena_grow(d->arena, data->v, d->room * sizeof(char *), room * sizeof(char *));
		d->room = room;
	}
	data->v[data->n++] = arena_strndup(d->arena, item, len);
	/* fsconfig(2) refuses a longer value; mount(2) takes it. */
	if (len > 255)
		d->m->classic = true;
}

/* One string of the options may hold several parameters, as in mount(8): "size=1m,mode=755".  Commas inside
 * quotes and after a backslash belong to the value (SELinux contexts, overlay's lowerdir). */
static void split_data(struct draft *d, const char *s)
{
	const char *start = s;
	bool quoted = false;

	for (; *s; s++) {
		if (*s == '\\' && s[1])
			s++;
		else if (*s == '"')
			quoted = !quoted;
		else if (*s == ',' && !quoted) {
			add_data(d, start, (size_t)(s - start));
			start = s + 1;
		}
	}
	add_data(d, start, (size_t)(s - start));
}

static int read_option(struct draft *d, const char *name, struct error *err)
{
	const struct mount_option *o = find_option(name);
	struct plan_mount *m = d->m;

	if (!o && (str_starts(name, "idmap=") || str_starts(name, "ridmap=")))
		return special(d, name, err);
	if (!o) {
		split_data(d, name);
		return 0;
	}
	switch (o->effect) {
	case ON_MOUNT:
		apply(&m->attr_set, &m->attr_clr, o);
		break;
	case ON_TREE:
		apply(&m->rec_set, &m->rec_clr, o);
		break;
	case ON_SUPER:
		d->super = (d->super & ~o->clear) | o->set;
		break;
	case ON_CLASSIC:
		m->classic_flags = (m->classic_flags & ~o->clear) | o->set;
		break;
	case PROPAGATION:
		m->propagation = o->set & ~(uint64_t)MS_REC;
		m->propagation_rec = o->set & MS_REC;
		break;
	case BIND:
		d->bind = true;
		m->recursive = o->set & MS_REC;
		break;
	case SPECIAL:
		return special(d, name, err);
	case NOTHING:
		break;
	}
	return 0;
}

/* File systems whose super block other mounts share, or that must take files first: "ro" is then a matter of
 * this mount alone. */
static bool read_only_by_mount(const char *fstype)
{
	static const char *const types[] = {"proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup2"};

	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (strcmp(types[i], fstype) == 0)
			return true;
	return false;
}

/* A new file system has nothing below it: what is asked for the whole tree is asked for this mount. */
static void fold_recursive(struct plan_mount *m)
{
	m->attr_set |= m->rec_set & ~m->attr_clr;
	m->attr_clr |= m->rec_clr & ~m->attr_set;
	m->rec_set = m->rec_clr = 0;
}

static int finish_fs(struct draft *d, const struct oci_mount *in, const struct plan *plan, struct error *err)
{
	struct plan_mount *m = d->m;
	size_t n = 0;

	if (!in->type || !in->type[0]) {
		fail_at(err, 0, d->at, "mount on '%s' has no type and no 'bind' option", in->destination);
		return error_hint(err, "add \"type\", or \"bind\" or \"rbind\" to its options");
	}
	m->kind = PLAN_MOUNT_FS;
	m->fstype = arena_strdup(d->arena, in->type);
	if (strcmp(in->type, "cgroup") == 0 || strcmp(in->type, "cgroup2") == 0) {
		m->fstype = "cgroup2";
		m->fstype = arena_strdup(d->arena, m->fstype);
		/* Without a cgroup namespace a fresh mount would show the whole hierarchy (CVE-2023-25809). */
		if (plan->ns[PLAN_NS_CGROUP].how == PLAN_NS_INHERIT && !naive("cgroupview"))
			m->kind = PLAN_MOUNT_CGROUP;
	}
	if (m->kind == PLAN_MOUNT_FS)
		fold_recursive(m);
	if ((m->attr_set & RDONLY) && !read_only_by_mount(m->fstype))
		d->super |= MS_RDONLY;
	/* Empty as it is, nothing could be put into it: devices and links, places for other mounts. */
	m->readonly_last = (m->attr_set & RDONLY) && strcmp(m->fstype, "tmpfs") == 0;
	m->attr_set &= ~(m->readonly_last ? RDONLY : 0);
	m->classic |= m->classic_flags != 0;
	m->sb_flags.v = arena_array(d->arena, COUNT_OF(super_flags) + 1, sizeof(char *));
	for (size_t i = 0; i < COUNT_OF(super_flags); i++)
		if (d->super & super_flags[i].flag)
			m->sb_flags.v[n++] = arena_strdup(d->arena, super_flags[i].name);
	m->sb_flags.n = n;
	m->classic_flags |= m->classic ? d->super : 0;
	m->source = in->source && in->source[0] ? arena_strdup(d->arena, in->source) : NULL;
	if (m->tmpcopyup && strcmp(m->fstype, "tmpfs") != 0)
		return fail_at(err, 0, d->at, "option 'tmpcopyup' needs a tmpfs, '%s' is '%s'", in->destination,
			       m->fstype);
	return 0;
}

/* config.md, Linux mount options: what is unknown is the file system's, for the fifth argument of mount(2), where the
 * kernel ignores it for a bind mount.  So is a value, NAME=VALUE; a bare word is an error: it may be a restriction with
 * a letter wrong, and a mount without it would have more rights than was meant. */
static int drop_data(struct draft *d, const struct oci_mount *in, struct error *err)
{
	struct plan_mount *m = d->m;

	for (size_t i = 0; i < m->data.n; i++) {
		if (!strchr(m->data.v[i], '=') && !naive("mountword")) {
			fail_at(err, 0, d->at, "unknown option '%s' of the bind mount on '%s'", m->data.v[i],
				in->destination);
			return error_code(err, "MOUNT_OPTION");
		}
		log_warning("%s: '%s' is a file system's option: it has no effect on the bind mount on '%s'", d->at,
			    m->data.v[i], in->destination);
	}
	m->data.n = 0;
	return 0;
}

static int finish_bind(struct draft *d, const struct oci_mount *in, const struct plan *plan, struct error *err)
{
	struct plan_mount *m = d->m;

	m->kind = PLAN_MOUNT_BIND;
	if (!in->source || !in->source[0])
		return fail_at(err, 0, d->at, "bind mount on '%s' has no source", in->destination);
	if (drop_data(d, in, err) < 0)
		return -1;
	if (m->tmpcopyup)
		return fail_at(err, 0, d->at, "option 'tmpcopyup' needs a tmpfs, '%s' is a bind mount",
			       in->destination);
	if (m->copy_symlink && (m->src_nofollow || m->dest_nofollow))
		return fail_at(err, 0, d->at, "option 'copy-symlink' excludes 'src-nofollow' and 'dest-nofollow'");
	if (in->source[0] == '/')
		m->source = arena_strdup(d->arena, in->source);
	else
		m->source = arena_printf(d->arena, "%s/%s", plan->bundle, in->source);
	/* The container's root may not be able to reach the source that its creator may use (crun#1745); a creator
	 * without privileges can only bind inside the new user namespace. */
	m->by_launcher = plan->ns[PLAN_NS_USER].how != PLAN_NS_INHERIT && plan->euid == 0;
	return 0;
}

int plan_mount(struct arena *arena, const struct oci_mount *in, const struct plan *plan, const char *at,
	       struct plan_mount *ret, struct error *err)
{
	struct draft d = {.arena = arena, .m = ret, .at = at};
	const char *target = in->destination;

	snprintf(ret->at, sizeof(ret->at), "%s", at);
	if (!target[0])
		return fail_at(err, 0, at, "mount has an empty destination");
	d.bind = in->type && strcmp(in->type, "bind") == 0;
	for (size_t i = 0; i < in->options.n; i++)
		if (read_option(&d, in->options.v[i], err) < 0)
			return -1;
	while (*target == '/') /* config.md: a relative destination is relative to "/" */
		target++;
	ret->target = arena_strdup(arena, target);
	if (d.remount) {
		ret->kind = PLAN_MOUNT_REMOUNT;
		ret->classic_flags |= d.super;
		return 0;
	}
	if ((d.bind ? finish_bind : finish_fs)(&d, in, plan, err) < 0)
		return -1;
	return plan_mount_idmap(arena, in, plan, ret, err);
}

/* Which of SELinux's mount options carries the label. */
static int check_context_type(const char *kind, struct error *err)
{
	static const char *const kinds[] = {"context", "fscontext", "defcontext", "rootcontext"};

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (!kind || strcmp(kind, kinds[i]) == 0)
			return 0;
	fail_at(err, 0, "annotations[\"run.oci.mount_context_type\"]", "'%s' is no kind of SELinux mount context",
		kind);
	return error_hint(err, "context, fscontext, defcontext and rootcontext are");
}

/* linux.mountLabel goes to the file systems that can carry an SELinux context as a mount option. */
static void add_label(struct arena *arena, const struct oci_config *config, struct plan_mount *m)
{
	const char *kind = annotation(config, "run.oci.mount_context_type");
	struct draft d = {.arena = arena, .m = m};
	char *item;

	if (m->kind != PLAN_MOUNT_FS || strcmp(m->fstype, "proc") == 0 || strcmp(m->fstype, "sysfs") == 0 ||
	    strcmp(m->fstype, "mqueue") == 0 || strcmp(m->fstype, "cgroup2") == 0)
		return;
	d.room = m->data.n; /* full: the next one makes room */
	item = arena_printf(arena, "%s=%s", kind ? kind : "context", config->linux->mount_label);
	add_data(&d, item, strlen(item));
}

int plan_mounts(struct arena *arena, const struct oci_config *config, const struct host *host,
		struct plan *plan, struct error *err)
{
	if (check_context_type(annotation(config, "run.oci.mount_context_type"), err) < 0)
		return -1;
	plan->n_mounts = config->mounts.n;
	plan->mounts = arena_array(arena, plan->n_mounts, sizeof(*plan->mounts));
	for (size_t i = 0; i < plan->n_mounts; i++) {
		struct plan_mount *m = &plan->mounts[i];
		char at[32];

		str_place(at, sizeof(at), "mounts", i, "");
		if (plan_mount(arena, &config->mounts.v[i], plan, at, m, err) < 0)
			return -1;
		if (host->selinux && config->linux && config->linux->mount_label)
			add_label(arena, config, m);
		/* A bind of the host's /dev brings its nodes along; ours must not be made in it. */
		if (m->kind == PLAN_MOUNT_BIND && (strcmp(m->target, "dev") == 0 || strcmp(m->target, "dev/") == 0))
			plan->dev_is_host = true;
	}
	return 0;
}
