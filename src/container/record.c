/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a container: written from plain values, read back with suspicion.
 *
 * Its head is made here and completed by state_write(), which is shared with vert-init and knows no JSON
 * library; the whole goes through libocispec's table on the way back.
 */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/fd.h"
#include "base/sys.h"
#include "base/utc.h"
#include "container/state.h"
#include "kernel/cgroup.h"
#include "plan/hooks.h"

/* The text of an object that is to be continued. */
static const char *open_ended(char *json)
{
	char *brace = strrchr(json, '}');

	if (brace)
		*brace = '\0';
	return json;
}

const char *record_head(struct arena *arena, struct oci_record *r, struct error *err)
{
	char boot[STATE_BOOT_ID_SIZE];
	struct timespec now;
	struct utc t;

	sys_clock_gettime(CLOCK_REALTIME, &now);
	t = utc_from_seconds(now.tv_sec);
	/* A record of no boot would count as stopped, with its container running. */
	if (state_boot_id(boot) < 0) {
		fail(err, errno, "read the kernel's boot id");
		return NULL;
	}
	r->version = (struct oci_u32){.v = RECORD_VERSION, .set = true};
	r->boot_id = arena_strdup(arena, boot);
	r->created = arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d.%09ldZ", (int)t.year,
				  t.month, t.day, t.hour, t.minute, t.second, now.tv_nsec);
	return open_ended(oci_print(arena, oci_type_record(), r, false));
}

const char *state_head(struct arena *arena, const char *oci_version, const char *id,
		       const char *bundle, const char *rootfs,
		       const struct oci_str_map *annotations)
{
	struct oci_state s = {
		.oci_version = oci_version, .id = id, .bundle = bundle, .root = rootfs};

	if (annotations)
		s.annotations = *annotations;
	if (!s.annotations.v) /* hooks look into it without asking */
		s.annotations.v = arena_array(arena, 1, sizeof(*s.annotations.v));
	return open_ended(oci_print(arena, oci_type_state(), &s, false));
}

static int damaged(const char *id, const char *why, struct error *err)
{
	fail(err, 0, "state of container '%s' is damaged: %s", id, why);
	error_hint(err, "delete --force removes it, with what the kernel knows of it");
	return error_code(err, "STATE_DAMAGED");
}

/* The file, or the reason why there is none. */
static int read_text(int dirfd, const char *id, char **ret_text, size_t *ret_len, struct error *err)
{
	struct stat st;

	if (fd_read_file(dirfd, STATE_FILE, OCI_MAX_SIZE, ret_text, ret_len, err) == 0)
		return 0;
	if (err->errnum != ENOENT)
		return -1;
	if (fstat(dirfd, &st) == 0 && st.st_nlink == 0) /* removed since we opened it */
		return state_no_container(id, err);
	return damaged(id, STATE_FILE " is missing", err);
}

int record_read(int dirfd, const char *id, struct arena *arena, struct oci_record **ret,
		struct error *err)
{
	autofree char *text = NULL;
	struct oci_error parse_error;
	struct oci_record *r;
	char why[768];
	size_t len;

	if (read_text(dirfd, id, &text, &len, err) < 0)
		return -1;
	r = oci_parse(arena, oci_type_record(), text, len, &parse_error);
	if (!r)
		return damaged(id, oci_error_format(&parse_error, STATE_FILE, why, sizeof(why)),
			       err);
	if (r->version.v > RECORD_VERSION) {
		fail(err, 0, "state of container '%s' has format %u, this version knows up to %u",
		     id, r->version.v, RECORD_VERSION);
		return error_code(err, "STATE_DAMAGED");
	}
	if (strcmp(r->id, id) != 0)
		return damaged(id, "it is the state of another container", err);
	*ret = r;
	return 0;
}

void record_set_hooks(struct oci_record *r, struct arena *arena, const struct plan_hooks *hooks)
{
	r->hooks.n = 0;
	r->hooks.v = arena_array(arena, PLAN_HOOK_KINDS + 1, sizeof(*r->hooks.v));
	for (int kind = 0; kind < PLAN_HOOK_KINDS; kind++)
		if (hooks[kind].n > 0)
			r->hooks.v[r->hooks.n++] = plan_hook_kind_name((enum plan_hook_kind)kind);
}

bool record_has_hooks(const struct oci_record *r, enum plan_hook_kind kind)
{
	if (!r->hooks.v)
		return true; /* it does not say: the configuration has to be read */
	for (size_t i = 0; i < r->hooks.n; i++)
		if (strcmp(r->hooks.v[i], plan_hook_kind_name(kind)) == 0)
			return true;
	return false;
}

const char *record_annotation(const struct oci_record *r, const char *key)
{
	for (size_t i = 0; i < r->annotations.n; i++)
		if (strcmp(r->annotations.v[i].key, key) == 0)
			return r->annotations.v[i].v;
	return NULL;
}

bool record_cgroup_place(const char *directory, struct cgroup_place *ret)
{
	bool hybrid;
	size_t n;

	if (!directory[0] || cgroup_find_mount(ret->mount, sizeof(ret->mount), &hybrid) < 0)
		return false;
	n = strlen(ret->mount);
	if (strncmp(directory, ret->mount, n) != 0 || directory[n] != '/' || !directory[n + 1])
		return false;
	ret->path = directory + n;
	return true;
}
