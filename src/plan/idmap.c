/* SPDX-License-Identifier: Apache-2.0 */
/* User and group id mappings. */
#include "idmap.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/host.h"

enum {
	MAX_LINES = 340, /* user_namespaces(7): the kernel's limit on lines of a map */
};

static int check_map(const struct plan_id_maps *maps, const char *at, struct error *err)
{
	char where[80];

	if (maps->n > MAX_LINES)
		return fail_at(err, 0, at, "%zu id mappings, the kernel takes at most %d", maps->n, MAX_LINES);
	for (size_t i = 0; i < maps->n; i++) {
		const struct plan_id_map *a = &maps->v[i];

		snprintf(where, sizeof(where), "%s[%zu]", at, i);
		if (a->size == 0)
			return fail_at(err, 0, where, "id mapping has size 0");
		/* The last 32-bit id, (uid_t)-1, stands for "no id". */
		if ((uint64_t)a->inside + a->size > UINT32_MAX || (uint64_t)a->outside + a->size > UINT32_MAX)
			return fail_at(err, 0, where, "id mapping %u:%u:%u goes beyond the last id", a->inside,
				       a->outside, a->size);
		for (size_t j = 0; j < i; j++) {
			const struct plan_id_map *b = &maps->v[j];

			if ((uint64_t)a->inside < (uint64_t)b->inside + b->size &&
			    (uint64_t)b->inside < (uint64_t)a->inside + a->size)
				return fail_at(err, 0, where, "id mapping %u:%u:%u overlaps %u:%u:%u in the container",
					       a->inside, a->outside, a->size, b->inside, b->outside, b->size);
			if ((uint64_t)a->outside < (uint64_t)b->outside + b->size &&
			    (uint64_t)b->outside < (uint64_t)a->outside + a->size)
				return fail_at(err, 0, where, "id mapping %u:%u:%u overlaps %u:%u:%u on the host",
					       a->inside, a->outside, a->size, b->inside, b->outside, b->size);
		}
	}
	return 0;
}

#define COPY_MAPS(arena, to, list)                                                                 \
	do {                                                                                       \
		(to)->n = (list).n;                                                                \
		(to)->v = arena_array(arena, (list).n, sizeof(*(to)->v));                          \
		for (size_t i_ = 0; i_ < (list).n; i_++)                                           \
			(to)->v[i_] = (struct plan_id_map){.inside = (list).v[i_].container_id.v,  \
							   .outside = (list).v[i_].host_id.v,      \
							   .size = (list).v[i_].size.v};           \
	} while (0)

static void copy_host_maps(struct arena *arena, struct plan_id_maps *to, const struct plan_id_maps *from)
{
	uint32_t next = 0;

	*to = (struct plan_id_maps){.n = from->n, .v = arena_array(arena, from->n, sizeof(*to->v))};
	for (size_t i = 0; i < from->n; i++) {
		to->v[i] = (struct plan_id_map){next, from->v[i].outside, from->v[i].size};
		next += from->v[i].size;
	}
}

/* An unprivileged process may write one line, for its own id (user_namespaces(7)). */
static bool can_write_itself(const struct plan_id_maps *maps, uint32_t own)
{
	return maps->n == 1 && maps->v[0].size == 1 && maps->v[0].outside == own;
}

static void settle_writer(const struct host *host, struct plan *plan)
{
	if (host->euid == 0)
		return;
	plan->maps_by_helper = !can_write_itself(&plan->uid_map, host->euid) ||
			       !can_write_itself(&plan->gid_map, host->egid);
	/* Without the helper's privilege a gid map needs setgroups switched off first (CVE-2014-8989). */
	plan->deny_setgroups = !plan->maps_by_helper;
}

int plan_id_maps(struct arena *arena, const struct oci_config *config, const struct host *host, struct plan *plan,
		 struct error *err)
{
	const struct oci_linux *linux_ = config->linux;
	size_t n_uid = linux_ ? linux_->uid_mappings.n : 0, n_gid = linux_ ? linux_->gid_mappings.n : 0;

	if (plan->ns[PLAN_NS_USER].how != PLAN_NS_NEW) {
		/* Those of a namespace that is named by its path are made already. */
		if ((n_uid || n_gid) && plan->ns[PLAN_NS_USER].how == PLAN_NS_INHERIT && !host->named_userns)
			return fail_at(err, 0, n_uid ? "linux.uidMappings" : "linux.gidMappings",
				       "id mappings need a user namespace, and linux.namespaces names none");
		return 0;
	}
	if (n_uid || n_gid || host->euid == 0) {
		if (!n_uid || !n_gid) {
			fail_at(err, 0, n_uid ? "linux.gidMappings" : "linux.uidMappings",
				"a new user namespace needs uidMappings and gidMappings");
			return error_code(err, "IDMAP_MISSING");
		}
		COPY_MAPS(arena, &plan->uid_map, linux_->uid_mappings);
		COPY_MAPS(arena, &plan->gid_map, linux_->gid_mappings);
	} else {
		copy_host_maps(arena, &plan->uid_map, &host->sub_uid);
		copy_host_maps(arena, &plan->gid_map, &host->sub_gid);
	}
	if (check_map(&plan->uid_map, "linux.uidMappings", err) < 0 ||
	    check_map(&plan->gid_map, "linux.gidMappings", err) < 0)
		return -1;
	settle_writer(host, plan);
	return 0;
}

bool plan_id_outside(const struct plan_id_maps *maps, uint32_t inside, uint32_t *ret)
{
	for (size_t i = 0; i < maps->n; i++) {
		const struct plan_id_map *m = &maps->v[i];

		if (inside >= m->inside && inside - m->inside < m->size) {
			*ret = m->outside + (inside - m->inside);
			return true;
		}
	}
	return false;
}

/* "C-H-S", or "@C-H-S" with H relative to the container.  The relative mark is kept in the top bit until the
 * container's maps are known: H is below 2^31 in any real map, larger ones are refused. */
#define RELATIVE UINT32_C(0x80000000)

static bool read_triple(const char *s, size_t n, struct plan_id_map *ret)
{
	char text[48], *first, *second;
	bool relative = n > 0 && *s == '@';

	if (n - relative >= sizeof(text))
		return false;
	memcpy(text, s + relative, n - relative);
	text[n - relative] = '\0';
	first = strchr(text, '-');
	second = first ? strchr(first + 1, '-') : NULL;
	if (!second)
		return false;
	*first++ = *second++ = '\0';
	if (!str_to_u32(text, &ret->inside) || !str_to_u32(first, &ret->outside) || !str_to_u32(second, &ret->size))
		return false;
	if (ret->outside & RELATIVE)
		return false;
	ret->outside |= relative ? RELATIVE : 0;
	return true;
}

static int read_triples(struct arena *arena, const char *s, const char *end, struct plan_id_maps *ret,
			const char *at, struct error *err)
{
	size_t n = 1;

	for (const char *p = s; p < end; p++)
		n += *p == '#';
	ret->v = arena_array(arena, n, sizeof(*ret->v));
	ret->n = 0;
	while (s < end) {
		size_t len = strcspn(s, "#;");

		if (!read_triple(s, len, &ret->v[ret->n++])) {
			fail_at(err, 0, at, "id mapping '%.*s' is not CONTAINER-HOST-SIZE", (int)len, s);
			return error_code(err, "MOUNT_IDMAP_OPTION");
		}
		s += len;
		if (s < end)
			s++;
	}
	return 0;
}

int plan_mount_idmap_option(struct arena *arena, const char *option, struct plan_mount *m, const char *at,
			    struct error *err)
{
	const char *s = strchr(option, '=');

	m->idmap_rec = option[0] == 'r';
	m->idmap = PLAN_IDMAP_CONTAINER; /* plan_mount_idmap() corrects it when the mount has its own */
	if (!s)
		return 0;
	for (s++; *s; s += *s == ';') {
		const char *end = s + strcspn(s, ";");
		bool uids = str_starts(s, "uids="), gids = str_starts(s, "gids=");

		if (!uids && !gids) {
			fail_at(err, 0, at, "mount option '%s': expected uids= or gids= at '%s'", option, s);
			return error_code(err, "MOUNT_IDMAP_OPTION");
		}
		if (read_triples(arena, s + 5, end, uids ? &m->uid_map : &m->gid_map, at, err) < 0)
			return -1;
		s = end;
	}
	m->idmap = PLAN_IDMAP_OWN;
	return 0;
}

static int make_absolute(struct plan_id_maps *maps, const struct plan_id_maps *container, const char *at,
			 struct error *err)
{
	for (size_t i = 0; i < maps->n; i++) {
		struct plan_id_map *m = &maps->v[i];

		if (!(m->outside & RELATIVE))
			continue;
		m->outside &= ~RELATIVE;
		if (!plan_id_outside(container, m->outside, &m->outside))
			return fail_at(err, 0, at, "id %u is not mapped in the container", m->outside);
	}
	return 0;
}

/* Turns host ids into the container's. */
static int make_relative(struct plan_id_maps *maps, const struct plan_id_maps *container, const char *at,
			 struct error *err)
{
	for (size_t i = 0; i < maps->n; i++) {
		struct plan_id_map *m = &maps->v[i];
		bool found = false;

		for (size_t k = 0; k < container->n && !found; k++) {
			const struct plan_id_map *c = &container->v[k];

			found = m->outside >= c->outside && m->outside - c->outside < c->size;
			if (found)
				m->outside = c->inside + (m->outside - c->outside);
		}
		if (!found)
			return fail_at(err, 0, at, "id %u of the host is not mapped in the container", m->outside);
	}
	return 0;
}

/* A file system that the container's user namespace owns can be mapped only by who has power there, so init makes
 * the user namespace of the mount, with numbers as init knows them. */
static int plan_inside(struct plan_mount *m, const struct plan *plan, struct error *err)
{
	if (m->kind != PLAN_MOUNT_FS || plan->ns[PLAN_NS_USER].how != PLAN_NS_NEW)
		return 0;
	m->idmap_inside = true;
	if (make_relative(&m->uid_map, &plan->uid_map, m->at, err) < 0)
		return -1;
	return make_relative(&m->gid_map, &plan->gid_map, m->at, err);
}

int plan_mount_idmap(struct arena *arena, const struct oci_mount *in, const struct plan *plan, struct plan_mount *m,
		     struct error *err)
{
	bool has_uids = in->uid_mappings.n > 0, has_gids = in->gid_mappings.n > 0;
	char at[80];

	if (has_uids != has_gids)
		return fail_at(err, 0, m->at, "mount on '%s' has %s but no %s", in->destination,
			       has_uids ? "uidMappings" : "gidMappings", has_uids ? "gidMappings" : "uidMappings");
	if (has_uids && m->idmap == PLAN_IDMAP_OWN)
		return fail_at(err, 0, m->at, "mount on '%s' has both mappings and an idmap= option",
			       in->destination);
	if (has_uids) {
		COPY_MAPS(arena, &m->uid_map, in->uid_mappings);
		COPY_MAPS(arena, &m->gid_map, in->gid_mappings);
		m->idmap = PLAN_IDMAP_OWN;
	}
	if (m->idmap == PLAN_IDMAP_CONTAINER && plan->ns[PLAN_NS_USER].how == PLAN_NS_INHERIT) {
		fail_at(err, 0, m->at, "mount on '%s': option 'idmap' needs mappings or a user namespace",
			in->destination);
		return error_code(err, "MOUNT_IDMAP_OPTION");
	}
	if (m->idmap != PLAN_IDMAP_NONE && plan->euid != 0) {
		fail_at(err, 0, m->at, "mount on '%s': an id-mapped mount needs privileges over the file system",
			in->destination);
		return error_code(err, "MOUNT_IDMAP_OPTION");
	}
	if (m->idmap != PLAN_IDMAP_OWN)
		return 0;
	if (!m->uid_map.n || !m->gid_map.n)
		return fail_at(err, 0, m->at, "mount on '%s' needs both uid and gid mappings", in->destination);
	if (make_absolute(&m->uid_map, &plan->uid_map, m->at, err) < 0 ||
	    make_absolute(&m->gid_map, &plan->gid_map, m->at, err) < 0)
		return -1;
	snprintf(at, sizeof(at), "%s.uidMappings", m->at);
	if (check_map(&m->uid_map, at, err) < 0)
		return -1;
	snprintf(at, sizeof(at), "%s.gidMappings", m->at);
	if (check_map(&m->gid_map, at, err) < 0)
		return -1;
	return plan_inside(m, plan, err);
}
