/* SPDX-License-Identifier: Apache-2.0 */
/* Parses, plans and applies the rules.
 *
 * What create would refuse is found by planning, as create does it.  That stops at the first error: the guilty part is
 * then taken out of the configuration and the rest is planned again, so that all errors are found.
 */
#include "container/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/complete.h"
#include "base/position.h"
#include "base/str.h"
#include "container/check_priv.h"
#include "container/container.h"
#include "container/host.h"
#include "container/options.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/build.h"
#include "spec/bundle.h"

enum { MAX_ROUNDS = 64 };

void check_add(struct check *c, enum check_severity severity, const char *rule, const char *place,
	       const char *fix, const char *fmt, ...)
{
	char text[1200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (c->n == c->room) {
		size_t size = sizeof(*c->findings);

		c->findings = arena_grow(c->arena, c->findings, c->room * size,
					 (c->room * 2 + 16) * size);
		c->room = c->room * 2 + 16;
	}
	c->findings[c->n++] = (struct check_finding){
		.severity = severity,
		.rule = arena_strdup(c->arena, rule),
		.place = arena_strdup(c->arena, place),
		.line = *place ? position_line(c->text, c->len, place) : 0,
		.message = arena_strdup(c->arena, text),
		.fix = arena_strdup(c->arena, fix),
	};
}

static void add_error(struct check *c, struct error *err)
{
	error_complete(err);
	check_add(c, CHECK_FAILS, err->code, err->where, err->hint, "%s", err->msg);
}

/* ---- taking out what was refused ------------------------------------------------------------------- */

/* A list that becomes empty, or an object that becomes absent: the first row that fits. */
#define LIST_AT(type, member) offsetof(struct type, member.n)
static const struct part {
	const char *place;
	enum { OF_CONFIG, OF_PROCESS, OF_LINUX } of;
	size_t at, size;
} parts[] = {
	{"annotations", OF_CONFIG, LIST_AT(oci_config, annotations), sizeof(size_t)},
	{"hooks", OF_CONFIG, offsetof(struct oci_config, hooks), sizeof(void *)},
	{"hostname", OF_CONFIG, offsetof(struct oci_config, hostname), sizeof(void *)},
	{"domainname", OF_CONFIG, offsetof(struct oci_config, domainname), sizeof(void *)},
	{"process.capabilities", OF_PROCESS, offsetof(struct oci_process, capabilities),
	 sizeof(void *)},
	{"process.rlimits", OF_PROCESS, LIST_AT(oci_process, rlimits), sizeof(size_t)},
	{"process.env", OF_PROCESS, LIST_AT(oci_process, env), sizeof(size_t)},
	{"process.user", OF_PROCESS, offsetof(struct oci_process, user), sizeof(void *)},
	{"process.scheduler", OF_PROCESS, offsetof(struct oci_process, scheduler), sizeof(void *)},
	{"process.ioPriority", OF_PROCESS, offsetof(struct oci_process, io_priority),
	 sizeof(void *)},
	{"process.execCPUAffinity", OF_PROCESS, offsetof(struct oci_process, exec_cpu_affinity),
	 sizeof(void *)},
	{"process.oomScoreAdj", OF_PROCESS, offsetof(struct oci_process, oom_score_adj),
	 sizeof(struct oci_i32)},
	{"process.apparmorProfile", OF_PROCESS, offsetof(struct oci_process, apparmor_profile),
	 sizeof(void *)},
	{"process.selinuxLabel", OF_PROCESS, offsetof(struct oci_process, selinux_label),
	 sizeof(void *)},
	{"process.consoleSize", OF_PROCESS, offsetof(struct oci_process, console_size),
	 sizeof(void *)},
	{"process", OF_CONFIG, offsetof(struct oci_config, process), sizeof(void *)},
	{"linux.devices", OF_LINUX, LIST_AT(oci_linux, devices), sizeof(size_t)},
	{"linux.netDevices", OF_LINUX, LIST_AT(oci_linux, net_devices), sizeof(size_t)},
	{"linux.resources", OF_LINUX, offsetof(struct oci_linux, resources), sizeof(void *)},
	{"linux.cgroupsPath", OF_LINUX, offsetof(struct oci_linux, cgroups_path), sizeof(void *)},
	{"linux.seccomp", OF_LINUX, offsetof(struct oci_linux, seccomp), sizeof(void *)},
	{"linux.maskedPaths", OF_LINUX, LIST_AT(oci_linux, masked_paths), sizeof(size_t)},
	{"linux.readonlyPaths", OF_LINUX, LIST_AT(oci_linux, readonly_paths), sizeof(size_t)},
	{"linux.mountLabel", OF_LINUX, offsetof(struct oci_linux, mount_label), sizeof(void *)},
	{"linux.intelRdt", OF_LINUX, offsetof(struct oci_linux, intel_rdt), sizeof(void *)},
	{"linux.memoryPolicy", OF_LINUX, offsetof(struct oci_linux, memory_policy), sizeof(void *)},
	{"linux.personality", OF_LINUX, offsetof(struct oci_linux, personality), sizeof(void *)},
	{"linux.timeOffsets", OF_LINUX, LIST_AT(oci_linux, time_offsets), sizeof(size_t)},
};

/* The index behind PREFIX in PLACE ("mounts[3].source"); false: there is none. */
static bool index_of(const char *place, const char *prefix, size_t *ret)
{
	char number[12];
	size_t n;
	uint32_t v;

	if (!str_starts(place, prefix) || place[strlen(prefix)] != '[')
		return false;
	place += strlen(prefix) + 1;
	n = strcspn(place, "]");
	if (n >= sizeof(number))
		return false;
	memcpy(number, place, n);
	number[n] = '\0';
	if (!str_to_u32(number, &v))
		return false;
	*ret = v;
	return true;
}

/* The mount becomes one that nothing can be said against, so that the others keep their numbers. */
static bool take_mount(struct oci_config *config, size_t i)
{
	if (i >= config->mounts.n || !config->mounts.v[i].type ||
	    strcmp(config->mounts.v[i].type, "vert-none") == 0)
		return false;
	config->mounts.v[i] =
		(struct oci_mount){.destination = "/.vert-check", .type = "vert-none"};
	return true;
}

static bool take_sysctl(struct oci_config *config, const char *place)
{
	struct oci_str_map *map = &config->linux->sysctl;

	for (size_t i = 0; i < map->n; i++) {
		size_t n = strlen(map->v[i].key);

		if (strncmp(place + strlen("linux.sysctl[\""), map->v[i].key, n) != 0)
			continue;
		map->v[i] = map->v[--map->n];
		return true;
	}
	return false;
}

/* False: there is no plan without PLACE. */
static bool take_out(struct oci_config *config, const char *place)
{
	size_t i;

	if (index_of(place, "mounts", &i))
		return take_mount(config, i);
	if (str_starts(place, "linux.sysctl[\"") && config->linux)
		return take_sysctl(config, place);
	for (i = 0; i < COUNT_OF(parts); i++) {
		char *base = (char *)config;

		if (!str_starts(place, parts[i].place))
			continue;
		if (parts[i].of == OF_PROCESS)
			base = (char *)config->process;
		if (parts[i].of == OF_LINUX)
			base = (char *)config->linux;
		if (!base)
			return false;
		memset(base + parts[i].at, 0, parts[i].size);
		return true;
	}
	return false;
}

/* ---- planning -------------------------------------------------------------------------------------- */

static int plan_once(struct check *c, const struct runtime *rt, const struct oci_config *config,
		     const char *bundle, struct plan *p, struct error *err)
{
	struct filter_options filter;

	*p = (struct plan){.verb = PLAN_CREATE,
			   .id = "check",
			   .bundle = bundle,
			   .state_root = rt->root,
			   .new_keyring = true};
	if (options_filter(rt, config, false, &filter, c->arena, err) < 0 ||
	    plan_build(c->arena, config, c->host, options_cgroup(rt), &filter, p, err) < 0)
		return -1;
	return options_require(p, err);
}

/* The stand-ins of take_mount() are no mounts. */
static void drop_stand_ins(struct plan *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_mounts; i++)
		if (!p->mounts[i].fstype || strcmp(p->mounts[i].fstype, "vert-none") != 0)
			p->mounts[n++] = p->mounts[i];
	p->n_mounts = n;
}

static void plan_all(struct check *c, const struct runtime *rt, struct oci_config *config,
		     const char *bundle)
{
	struct plan *p = arena_alloc(c->arena, sizeof(*p));
	struct error err;

	for (int round = 0; round < MAX_ROUNDS; round++) {
		memset(&err, 0, sizeof(err));
		if (plan_once(c, rt, config, bundle, p, &err) == 0) {
			drop_stand_ins(p);
			c->plan = p;
			c->planned = true;
			return;
		}
		add_error(c, &err);
		if (!take_out(config, err.where))
			return;
	}
}

/* ---- everything ------------------------------------------------------------------------------------ */

static void on_unknown(void *data, const char *place, unsigned int line)
{
	check_unknown_property(data, place, line);
}

static int compare(const void *a, const void *b)
{
	const struct check_finding *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return (int)y->severity - (int)x->severity;
}

static int collect_host(struct check *c, const struct runtime *rt, struct host *host,
			struct error *err)
{
	if (host_collect(c->arena, options_cgroup(rt) == PLAN_CHOOSE_NONE, host, err) < 0)
		return -1;
	if (host->euid != 0)
		host_collect_subids(c->arena, host);
	host->notify_socket = NULL; /* of this moment's caller, not of the bundle */
	host->listen_fds = 0;
	c->host = host;
	return options_rootless(rt, host, err);
}

static int check_bundle(struct check *c, const struct runtime *rt, const char *dir,
			const char *file, struct error *err)
{
	const struct oci_watch watch = {.unknown = on_unknown, .data = c};
	struct oci_config *config;
	struct oci_error bad;
	const char *bundle;
	struct host *host = arena_alloc(c->arena, sizeof(*host)); /* for what is checked later, too */

	if (bundle_path(c->arena, dir, &bundle, err) < 0 || collect_host(c, rt, host, err) < 0)
		return -1;
	if (!file)
		file = "config.json";
	if (document_text(c->arena,
			  file[0] == '/' ? file : arena_printf(c->arena, "%s/%s", bundle, file),
			  &c->text, &c->len, err) < 0)
		return -1;
	config = oci_parse_watch(c->arena, oci_type_config(), c->text, c->len, &watch, &bad);
	if (!config) {
		check_add(c, CHECK_FAILS, "CONFIG_INVALID", bad.path, "", "%s%s%s", bad.path,
			  *bad.path ? ": " : "", bad.msg);
		c->findings[c->n - 1].line = bad.line;
		return 0;
	}
	host_look_at_userns(config, host);
	/* Planning takes parts out of its own copy. */
	c->config = oci_parse(c->arena, oci_type_config(), c->text, c->len, &bad);
	check_words(c);
	plan_all(c, rt, config, bundle);
	if (c->planned) {
		check_mounts(c);
		check_program(c);
	}
	return 0;
}

int container_check(const struct runtime *rt, const char *dir, const char *file,
		    void (*each)(const struct check_finding *, void *), void *data,
		    struct error *err)
{
	struct arena arena = {0};
	struct check c = {.arena = &arena};
	int rc = check_bundle(&c, rt, dir, file, err);

	if (rc == 0 && c.n > 0)
		qsort(c.findings, c.n, sizeof(*c.findings), compare);
	for (size_t i = 0; rc == 0 && i < c.n; i++)
		each(&c.findings[i], data);
	arena_free(&arena);
	return rc;
}
