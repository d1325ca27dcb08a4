/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes: those every container has, and linux.devices (config-linux.md, Devices). */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/build.h"

static const struct {
	const char *path;
	uint32_t major, minor;
} defaults[] = {
	{"dev/null", 1, 3}, {"dev/zero", 1, 5}, {"dev/full", 1, 7},
	{"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0},
};

static int plan_one(struct arena *arena, const struct oci_device *in, size_t i, struct plan_device *ret,
		    struct error *err)
{
	const char *path = in->path;
	char type = in->type[0];

	str_place(ret->at, sizeof(ret->at), "linux.devices", i, "");
	if (!type || in->type[1] || !strchr("cbup", type))
		return fail_at(err, 0, ret->at, "device type '%s' is none of c, b, u, p", in->type);
	if (path[0] != '/')
		return fail_at(err, 0, ret->at, "path '%s' of the device is not absolute", path);
	path += strspn(path, "/");
	if (!*path || path[strlen(path) - 1] == '/')
		return fail_at(err, 0, ret->at, "path '%s' does not name a device", in->path);
	if (type != 'p' && (!in->major.set || !in->minor.set))
		return fail_at(err, 0, ret->at, "device '%s' needs major and minor", in->path);
	if (in->major.v < 0 || in->major.v > 0xfff || in->minor.v < 0 || in->minor.v > 0xfffff)
		return fail_at(err, 0, ret->at, "device number %lld:%lld of '%s' is out of range",
			       (long long)in->major.v, (long long)in->minor.v, in->path);
	if (in->file_mode.set && in->file_mode.v & ~UINT32_C(0177777))
		return fail_at(err, 0, ret->at, "fileMode %u of '%s' is not a mode", in->file_mode.v, in->path);
	if (in->uid.v == UINT32_MAX || in->gid.v == UINT32_MAX)
		return fail_at(err, 0, ret->at, "the owner of '%s' is %u, which stands for \"no id\"", in->path,
			       UINT32_MAX);
	ret->type = type == 'u' ? 'c' : type;
	ret->path = arena_strdup(arena, path);
	ret->major = (uint32_t)in->major.v;
	ret->minor = (uint32_t)in->minor.v;
	ret->mode = in->file_mode.set ? in->file_mode.v & 07777 : 0666;
	ret->uid = in->uid.v;
	ret->gid = in->gid.v;
	return 0;
}

int plan_device_nodes(struct arena *arena, const struct oci_config *config, struct plan *plan, struct error *err)
{
	size_t n = config->linux ? config->linux->devices.n : 0;
	struct plan_device *v = arena_array(arena, n + COUNT_OF(defaults), sizeof(*v));

	plan->devices = v;
	for (size_t i = 0; i < n; i++) {
		if (plan_one(arena, &config->linux->devices.v[i], i, &v[plan->n_devices], err) < 0)
			return -1;
		/* A bind of the host's /dev has the host's nodes; ours would be made on the host. */
		if (!(plan->dev_is_host && str_starts(v[plan->n_devices].path, "dev/")))
			plan->n_devices++;
	}
	for (size_t i = 0; !plan->dev_is_host && i < COUNT_OF(defaults); i++) {
		bool given = false;

		for (size_t k = 0; k < n && !given; k++)
			given = strcmp(config->linux->devices.v[k].path + 1, defaults[i].path) == 0;
		if (given)
			continue;
		v[plan->n_devices] = (struct plan_device){
			.type = 'c',
			.path = arena_strdup(arena, defaults[i].path),
			.major = defaults[i].major,
			.minor = defaults[i].minor,
			.mode = 0666,
			.optional = true,
			.at = "linux.devices",
		};
		plan->n_devices++;
	}
	return 0;
}
