/* SPDX-License-Identifier: Apache-2.0 */
/* Words that nobody knows, with the one that was meant. */
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/str.h"
#include "container/check_priv.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/filter_info.h"
#include "plan/mounts.h"
#include "plan/process.h"

/* The field of TYPE that the LEN bytes at NAME are. */
static const struct oci_field *find_field(const struct oci_type *type, const char *name, size_t len)
{
	for (size_t i = 0; type && i < type->n; i++)
		if (type->fields[i].key_len == len && memcmp(type->fields[i].key, name, len) == 0)
			return &type->fields[i];
	return NULL;
}

/* The type of the object that holds the last part of PLACE, which becomes *RET_NAME. */
static const struct oci_type *find_parent(const char *place, const char **ret_name)
{
	const struct oci_type *type = oci_type_config();

	for (;;) {
		size_t n = strcspn(place, ".[");
		const struct oci_field *f;

		if (!place[n]) {
			*ret_name = place;
			return type;
		}
		f = find_field(type, place, n);
		if (!f || f->kind != OCI_OBJ)
			return NULL;
		type = f->type();
		place += n;
		while (*place ==
		       '[') { /* an element: numbers, or keys in quotes, which may hold anything */
			const char *end = strstr(place, place[1] == '"' ? "\"]" : "]");

			if (!end)
				return NULL;
			place = end + (place[1] == '"' ? 2 : 1);
		}
		place += *place == '.';
	}
}

void check_unknown_property(struct check *c, const char *place, unsigned line)
{
	const char *name = place, *fix = "remove it: it has no effect";
	const struct oci_type *type = find_parent(place, &name);
	struct nearest n = {.wanted = name};

	for (size_t i = 0; type && i < type->n; i++)
		nearest_consider(&n, type->fields[i].key);
	if (n.best)
		fix = arena_printf(c->arena, "did you mean '%s'?", n.best);
	/* Without a near name it may be of a later version of the specification, or of another platform. */
	check_add(c, n.best ? CHECK_WARNING : CHECK_INFO, "CHECK_PROPERTY", place, fix,
		  "unknown property '%s' is ignored", name);
	c->findings[c->n - 1].line = line;
}

/* ---- words of lists ------------------------------------------------------------------------------- */

static void check_capabilities(struct check *c)
{
	const struct oci_capabilities *caps =
		c->config->process ? c->config->process->capabilities : NULL;
	char near[64], place[96];

	if (!caps)
		return;
	const struct {
		const char *name;
		const struct oci_str_list *list;
	} sets[] = {
		{"bounding", &caps->bounding},	 {"permitted", &caps->permitted},
		{"effective", &caps->effective}, {"inheritable", &caps->inheritable},
		{"ambient", &caps->ambient},
	};

	for (size_t s = 0; s < COUNT_OF(sets); s++)
		for (size_t i = 0; i < sets[s].list->n; i++) {
			const char *name = sets[s].list->v[i];

			if (plan_capability_known(name, near, sizeof(near)))
				continue;
			snprintf(place, sizeof(place), "process.capabilities.%s[%zu]", sets[s].name,
				 i);
			check_add(c, CHECK_WARNING, "CHECK_CAPABILITY", place,
				  near[0] ? arena_printf(c->arena, "did you mean '%s'?", near)
					  : "remove it",
				  "there is no capability '%s': it is left out", name);
		}
}

static void check_syscalls(struct check *c)
{
	const struct oci_seccomp *s = c->config->linux ? c->config->linux->seccomp : NULL;
	char near[64], place[96];

	for (size_t r = 0; s && r < s->syscalls.n; r++)
		for (size_t i = 0; i < s->syscalls.v[r].names.n; i++) {
			const char *name = s->syscalls.v[r].names.v[i];

			if (filter_syscall_known(name, near, sizeof(near)))
				continue;
			snprintf(place, sizeof(place), "linux.seccomp.syscalls[%zu].names[%zu]", r,
				 i);
			/* Profiles name calls of newer kernels, which the library may not know yet. */
			check_add(c, near[0] ? CHECK_WARNING : CHECK_INFO, "CHECK_SYSCALL", place,
				  near[0] ? arena_printf(c->arena, "did you mean '%s'?", near) : "",
				  "system call '%s' is not known to the seccomp library: it is not "
				  "filtered",
				  name);
		}
}

/* A word that is nearly one of ours is passed to the file system, which then refuses it or, worse, does not. */
static void check_mount_options(struct check *c)
{
	size_t n;
	const char *const *names = mount_option_names(&n);

	for (size_t m = 0; m < c->config->mounts.n; m++) {
		const struct oci_mount *mount = &c->config->mounts.v[m];

		for (size_t i = 0; i < mount->options.n; i++) {
			const char *option = mount->options.v[i];
			struct nearest near = {.wanted = option};
			bool known = strchr(option, '=') != NULL, list = false;
			char place[64];

			for (size_t k = 0; k < n; k++) {
				known |= strcmp(names[k], option) == 0;
				if (strlen(option) > 2)
					nearest_consider(&near, names[k]);
			}
			list |= strchr(option, ',') != NULL; /* as mount(8) takes them */
			if (known || !(near.best || list))
				continue;
			snprintf(place, sizeof(place), "mounts[%zu].options[%zu]", m, i);
			check_add(c, CHECK_WARNING, "CHECK_MOUNT_OPTION", place,
				  list ? "write each option as an element of its own"
				       : arena_printf(c->arena, "did you mean '%s'?", near.best),
				  "option '%s' of the mount on '%s' is not known", option,
				  mount->destination);
		}
	}
}

void check_words(struct check *c)
{
	check_capabilities(c);
	check_syscalls(c);
	check_mount_options(c);
}
