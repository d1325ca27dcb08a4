/* SPDX-License-Identifier: Apache-2.0 */
/* state and list as JSON: the specification's state object, with what crun and runc add to it. */
#include <string.h>

#include "base/str.h"
#include "lib/lib.h"
#include "lib/report.h"
#include "libocispec/arena.h"

static struct oci_str_map copy_annotations(struct arena *arena, const struct container_info *info)
{
	struct oci_str_map map = {.n = info->n_annotations};

	if (map.n == 0)
		return map;
	map.v = arena_array(arena, map.n + 1, sizeof(*map.v));
	for (size_t i = 0; i < map.n; i++) {
		map.v[i].key = arena_strdup(arena, info->annotations[i].key);
		map.v[i].v = arena_strdup(arena, info->annotations[i].value);
	}
	return map;
}

static const char *copy(struct arena *arena, const char *s)
{
	return s ? arena_strdup(arena, s) : NULL;
}

static struct oci_state to_state(struct arena *arena, const struct container_info *info)
{
	const char *status = container_status_name(info->status);

	return (struct oci_state){
		.oci_version = copy(arena, info->oci_version),
		.id = copy(arena, info->id),
		.pid = {.v = (int32_t)info->pid, .set = true},
		.status = (enum oci_status)oci_choice_value(oci_type_status(), status,
							    strlen(status)),
		.bundle = copy(arena, info->bundle),
		.rootfs = copy(arena, info->rootfs),
		.created = copy(arena, info->created),
		.owner = copy(arena, info->owner),
		.systemd_scope = info->scope && *info->scope ? copy(arena, info->scope) : NULL,
		.annotations = copy_annotations(arena, info),
	};
}

static void collect(const struct container_info *info, void *arg)
{
	struct collection *c = arg;
	size_t size = sizeof(*c->v);

	if (c->n == c->room) {
		c->v = arena_grow(c->arena, c->v, c->room * size, (c->room * 2 + 16) * size);
		c->room = c->room * 2 + 16;
	}
	c->v[c->n++] = to_state(c->arena, info);
}

int lib_collect(const struct vert *v, struct collection *c, struct error *err)
{
	return container_list(&v->rt, collect, c, err);
}

/* A document ends like a line of text. */
static void add_document(struct buf *out, const char *text)
{
	size_t n = strlen(text);

	buf_puts(out, text);
	if (n == 0 || text[n - 1] != '\n')
		buf_puts(out, "\n");
}

static int do_state(const struct vert *v, void *id, struct buf *out, struct error *err)
{
	struct container_info info = {0};
	struct arena arena = {0};
	struct oci_state state;

	if (container_info(&v->rt, id, &info, err) < 0)
		return -1;
	state = to_state(&arena, &info);
	container_info_free(&info);
	add_document(out, oci_print(&arena, oci_type_state(), &state, true));
	arena_free(&arena);
	return 0;
}

static int do_list(const struct vert *v, void *nothing, struct buf *out, struct error *err)
{
	struct arena arena = {0};
	struct collection all = {.arena = &arena};
	int r;

	(void)nothing;
	r = lib_collect(v, &all, err);
	if (r == 0)
		add_document(out, oci_print_list(&arena, oci_type_state(), all.v, all.n, true));
	arena_free(&arena);
	return r;
}

int vert_state(struct vert *v, const char *id, char **ret_json, struct vert_error **why)
{
	struct error err;

	/* run() takes its request as it is: nobody writes to the id */
	if (lib_do(v, &(struct job){.run = do_state, .request = (void *)id, .ret_text = ret_json},
		   &err) < 0)
		return lib_fail(why, &err);
	return 0;
}

int vert_list(struct vert *v, char **ret_json, struct vert_error **why)
{
	struct error err;

	if (lib_do(v, &(struct job){.run = do_list, .ret_text = ret_json}, &err) < 0)
		return lib_fail(why, &err);
	return 0;
}
