/* SPDX-License-Identifier: Apache-2.0 */
/* linux.netDevices: which interfaces of the host go to the container, and what they are called there. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/build.h"

enum { NAME_MAX_LEN = 15 }; /* IFNAMSIZ without its NUL */

/* The kernel's own rule (dev_valid_name() in net/core/dev.c). */
static bool is_name(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= NAME_MAX_LEN && strcmp(s, ".") != 0 && strcmp(s, "..") != 0 &&
	       !s[strcspn(s, "/: \t\n\v\f\r")];
}

/* A '%' stands for a template, and a template has one "%d" and nothing else after a '%'. */
static bool is_template(const char *s)
{
	const char *percent = strchr(s, '%');

	return percent && percent[1] == 'd' && !strchr(percent + 1, '%');
}

static int check_names(const struct plan_net_device *d, struct error *err)
{
	if (!is_name(d->host_name) || strchr(d->host_name, '%'))
		return fail_at(err, 0, d->at, "'%s' is not the name of a network device", d->host_name);
	if (!is_name(d->name) || (strchr(d->name, '%') && !is_template(d->name))) {
		fail_at(err, 0, d->at, "'%s' cannot be the name of a network device", d->name);
		return error_hint(err, "a name has 1 to 15 characters, no blank, '/' or ':', and '%%' only as \"%%d\"");
	}
	return 0;
}

int plan_net_devices(struct arena *arena, const struct oci_config *config, struct plan *plan, struct error *err)
{
	size_t n = config->linux ? config->linux->net_devices.n : 0;

	if (n == 0)
		return 0;
	if (plan->ns[PLAN_NS_NET].how == PLAN_NS_INHERIT) {
		fail_at(err, 0, "linux.netDevices", "network devices need a network namespace of the container's own");
		return error_hint(err, "add {\"type\": \"network\"} to linux.namespaces");
	}
	plan->net_devices = arena_array(arena, n, sizeof(*plan->net_devices));
	for (size_t i = 0; i < n; i++) {
		const struct oci_net_device *in = config->linux->net_devices.v[i].v;
		struct plan_net_device *d = &plan->net_devices[i];

		d->host_name = arena_strdup(arena, config->linux->net_devices.v[i].key);
		d->name = in && in->name && in->name[0] ? arena_strdup(arena, in->name) : d->host_name;
		snprintf(d->at, sizeof(d->at), "linux.netDevices[\"%.40s\"]", d->host_name);
		if (check_names(d, err) < 0)
			return -1;
		for (size_t k = 0; k < i; k++)
			if (strcmp(plan->net_devices[k].name, d->name) == 0 && !is_template(d->name))
				return fail_at(err, 0, d->at, "two devices are to be called '%s'", d->name);
	}
	plan->n_net_devices = n;
	return 0;
}
