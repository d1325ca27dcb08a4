/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock, core scheduling and the OOM killer's group, by annotation: see confine.h. */
#include "confine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "libocispec/ocispec.h"
#include "plan/annotation.h"
#include "plan/host.h"
#include "plan/plan.h"

#define AT_LANDLOCK "annotations[\"" CONFINE_LANDLOCK "\"]"
#define AT_CORE "annotations[\"" CONFINE_CORE_SCHED "\"]"
#define AT_OOM "annotations[\"" CONFINE_OOM_GROUP "\"]"
#define BEST_EFFORT ",best-effort"

/* ---- Landlock --------------------------------------------------------------------------------- */

/* linux/landlock.h, which the build machine may not have in full */
enum {
	FS_READ = 1 << 0 | 1 << 2 | 1 << 3,	   /* execute, read files, read directories */
	FS_ALL_1 = (1 << 13) - 1,		   /* Linux 5.13 */
	FS_REFER = 1 << 13,			   /* 5.19 */
	FS_TRUNCATE = 1 << 14,			   /* 6.2 */
	FS_IOCTL_DEV = 1 << 15,			   /* 6.10 */
	NET_BIND = 1 << 0,			   /* 6.7 */
	NET_CONNECT = 1 << 1,
	ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_NET = 4, ABI_IOCTL_DEV = 5,
};

/* The annotation, whichever way "abi" is said. */
struct landlock_wish {
	unsigned abi;
	bool best_effort;
	const struct oci_landlock_fs *fs;
	const struct oci_landlock_net *net;
};

static int parse_landlock(struct arena *arena, const char *text, struct landlock_wish *ret, struct error *err)
{
	const struct oci_landlock_word *word;
	const struct oci_landlock *number;
	struct oci_error bad, other;

	number = oci_parse(arena, oci_type_landlock(), text, strlen(text), &bad);
	if (number) {
		*ret = (struct landlock_wish){.abi = number->abi.v, .fs = number->fs, .net = number->net};
		if (number->abi.v >= 1 && number->abi.v <= CONFINE_LANDLOCK_ABI)
			return 0;
		return fail_at(err, 0, AT_LANDLOCK, "Landlock's ABI %u is not known: it is 1 to %d, or 'best-effort'",
			       number->abi.v, CONFINE_LANDLOCK_ABI);
	}
	word = strcmp(bad.path, "abi") == 0
		       ? oci_parse(arena, oci_type_landlock_word(), text, strlen(text), &other)
		       : NULL;
	if (!word) {
		char line[sizeof(err->msg)];

		return fail_at(err, 0, AT_LANDLOCK, "%s",
			       oci_error_format(&bad, CONFINE_LANDLOCK, line, sizeof(line)));
	}
	if (strcmp(word->abi, "best-effort") != 0)
		return fail_at(err, 0, AT_LANDLOCK, "'abi' is a number or 'best-effort', not '%s'", word->abi);
	*ret = (struct landlock_wish){.best_effort = true, .fs = word->fs, .net = word->net};
	return 0;
}

static uint64_t fs_rights(unsigned abi)
{
	return FS_ALL_1 | (abi >= ABI_REFER ? FS_REFER : 0) | (abi >= ABI_TRUNCATE ? FS_TRUNCATE : 0) |
	       (abi >= ABI_IOCTL_DEV ? FS_IOCTL_DEV : 0);
}

/* What this kernel cannot refuse is said once, with the version that could. */
static void tell_dropped(unsigned abi, const struct landlock_wish *wish)
{
	static const struct {
		unsigned abi;
		const char *right;
	} rights[] = {{ABI_REFER, "moving files between directories"}, {ABI_TRUNCATE, "truncating files"},
		      {ABI_IOCTL_DEV, "ioctl on devices"}};

	for (size_t i = 0; wish->fs && i < COUNT_OF(rights); i++)
		/* Before ABI 2 it is refused always: nothing is lost. */
		if (abi < rights[i].abi && rights[i].abi != ABI_REFER)
			log_warning(CONFINE_LANDLOCK ": %s is not restricted: the kernel's ABI is %u, it needs %u",
				    rights[i].right, abi, rights[i].abi);
	if (wish->net && abi < ABI_NET)
		log_warning(CONFINE_LANDLOCK ": ports are not restricted: the kernel's ABI is %u, it needs %d", abi,
			    ABI_NET);
}

static int add_paths(struct arena *arena, const struct oci_str_list *list, const char *key, uint64_t access,
		     struct plan_landlock *ret, struct error *err)
{
	for (size_t i = 0; i < list->n; i++) {
		struct plan_landlock_path *p = &ret->paths[ret->n_paths];

		snprintf(p->at, sizeof(p->at), "%s.fs.%s[%zu]", AT_LANDLOCK, key, i);
		if (list->v[i][0] != '/')
			return fail_at(err, 0, p->at, "path '%s' is not absolute", list->v[i]);
		p->path = arena_strdup(arena, list->v[i]);
		p->access = access;
		ret->n_paths++;
	}
	return 0;
}

static int add_ports(const struct oci_u32_list *list, const char *key, uint64_t access, struct plan_landlock *ret,
		     struct error *err)
{
	char at[64];

	if (!list->v)
		return 0;
	ret->net |= access;
	for (size_t i = 0; i < list->n; i++) {
		if (list->v[i] > UINT16_MAX) {
			snprintf(at, sizeof(at), "%s.net.%s[%zu]", AT_LANDLOCK, key, i);
			return fail_at(err, 0, at, "%u is no port", list->v[i]);
		}
		ret->ports[ret->n_ports++] = (struct plan_landlock_port){list->v[i], access};
	}
	return 0;
}

static int fill_landlock(struct arena *arena, const struct landlock_wish *wish, unsigned abi,
			 struct plan_landlock *ret, struct error *err)
{
	const struct oci_landlock_fs *fs = wish->fs;
	const struct oci_landlock_net *net = wish->net;

	if (fs) {
		ret->fs = fs_rights(abi);
		ret->paths = arena_array(arena, fs->ro.n + fs->rw.n + 1, sizeof(*ret->paths));
		if (add_paths(arena, &fs->ro, "ro", FS_READ, ret, err) < 0 ||
		    add_paths(arena, &fs->rw, "rw", ret->fs, ret, err) < 0)
			return -1;
	}
	if (net) {
		ret->ports = arena_array(arena, net->bind.n + net->connect.n + 1, sizeof(*ret->ports));
		if (add_ports(&net->bind, "bind", NET_BIND, ret, err) < 0 ||
		    add_ports(&net->connect, "connect", NET_CONNECT, ret, err) < 0)
			return -1;
		if (abi < ABI_NET)
			ret->net = ret->n_ports = 0;
	}
	ret->present = ret->fs || ret->net;
	return 0;
}

static int plan_landlock(struct arena *arena, const char *text, const struct host *host, struct plan_landlock *ret,
			 struct error *err)
{
	unsigned there = (unsigned)host->landlock_abi;
	struct landlock_wish wish;

	if (parse_landlock(arena, text, &wish, err) < 0)
		return -1;
	if (!wish.best_effort && wish.net && wish.abi < ABI_NET)
		return fail_at(err, 0, AT_LANDLOCK, "rules for ports need ABI %d, 'abi' is %u", ABI_NET, wish.abi);
	if (!wish.best_effort && wish.abi > there) {
		if (there)
			fail_at(err, 0, AT_LANDLOCK, "ABI %u is asked for, this kernel's Landlock has %u", wish.abi,
				there);
		else
			fail_at(err, 0, AT_LANDLOCK, "this kernel has no Landlock");
		return error_hint(err, "\"abi\": \"best-effort\" takes what there is");
	}
	if (wish.best_effort) {
		wish.abi = there < CONFINE_LANDLOCK_ABI ? there : CONFINE_LANDLOCK_ABI;
		if (there == 0) {
			log_warning(CONFINE_LANDLOCK ": nothing is restricted: this kernel has no Landlock");
			return 0;
		}
		tell_dropped(wish.abi, &wish);
	}
	return fill_landlock(arena, &wish, wish.abi, ret, err);
}

/* ---- core scheduling -------------------------------------------------------------------------- */

static bool cut_best_effort(const char *text, size_t *ret_n)
{
	size_t n = strlen(text), suffix = strlen(BEST_EFFORT);
	bool cut = n > suffix && strcmp(text + n - suffix, BEST_EFFORT) == 0;

	*ret_n = cut ? n - suffix : n;
	return cut;
}

const char *plan_core_other(struct arena *arena, const struct oci_config *config)
{
	const char *text = annotation(config, CONFINE_CORE_SCHED);
	size_t n;

	if (!text || !str_starts(text, "join:"))
		return NULL;
	(void)cut_best_effort(text, &n);
	return arena_strndup(arena, text + strlen("join:"), n - strlen("join:"));
}

static int plan_core(struct arena *arena, const struct oci_config *config, const char *text, const struct host *host,
		     struct plan_process *p, struct error *err)
{
	const char *other = plan_core_other(arena, config);
	size_t n;
	bool best_effort = cut_best_effort(text, &n);

	if (!other && (n != strlen("new") || !str_starts(text, "new"))) {
		fail_at(err, 0, AT_CORE, "'%s' is neither 'new' nor 'join:ID'", text);
		return error_hint(err, "either may end in '" BEST_EFFORT "'");
	}
	if (host->core_errno) {
		const char *why = host->core_errno == ENODEV ? "this machine's cores have one thread each"
							     : "this kernel has no core scheduling";

		if (best_effort) {
			log_warning(CONFINE_CORE_SCHED ": left out: %s", why);
			return 0;
		}
		return fail_at(err, 0, AT_CORE, "%s", why);
	}
	p->core = other ? PLAN_CORE_OF : PLAN_CORE_NEW;
	p->core_pid = host->core_pid;
	p->core_start = host->core_start;
	return 0;
}

int plan_confinement(struct arena *arena, const struct oci_config *config, const struct host *host,
		     struct plan_process *p, struct error *err)
{
	const char *landlock = annotation(config, CONFINE_LANDLOCK), *core = annotation(config, CONFINE_CORE_SCHED);

	if (landlock && plan_landlock(arena, landlock, host, &p->landlock, err) < 0)
		return -1;
	return core ? plan_core(arena, config, core, host, p, err) : 0;
}

/* ---- the OOM killer --------------------------------------------------------------------------- */

int plan_oom_group(struct arena *arena, const struct oci_config *config, struct plan_cgroup *cgroup,
		   struct error *err)
{
	const char *value = annotation(config, CONFINE_OOM_GROUP);
	struct plan_write *writes;

	if (!value)
		return 0;
	if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
		return fail_at(err, 0, AT_OOM, "'%s' is neither 0 nor 1", value);
	if (cgroup->manager == PLAN_CGROUP_NONE)
		return fail_at(err, 0, AT_OOM, "the container has no cgroup of its own");
	writes = arena_array(arena, cgroup->n_writes + 1, sizeof(*writes));
	if (cgroup->n_writes)
		memcpy(writes, cgroup->writes, cgroup->n_writes * sizeof(*writes));
	writes[cgroup->n_writes] = (struct plan_write){
		.file = arena_strdup(arena, "memory.oom.group"), /* all of it lives in the plan */
		.value = arena_strdup(arena, value),
		.at = AT_OOM,
	};
	cgroup->writes = writes;
	cgroup->n_writes++;
	return 0;
}
