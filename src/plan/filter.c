/* SPDX-License-Identifier: Apache-2.0 */
/* linux.seccomp: from the cache, or compiled. */
#include "filter.h"

#include "libocispec/ocispec.h"
#include "plan/filter_cache.h"
#include "plan/filter_priv.h"
#include "plan/plan.h"

static int get_program(struct arena *arena, const struct oci_seccomp *s,
		       const struct filter_options *options, struct plan_filter *out,
		       struct error *err)
{
	uint8_t key[DIGEST_SIZE];
	char library[64];

	filter_library(library, sizeof(library));
	if (options->cache_dir < 0 || !filter_cache_key(s, options, library, key))
		return filter_compile(arena, s, options, out, err);
	if (filter_cache_lookup(options->cache_dir, key, arena, out))
		return 0;
	if (filter_compile(arena, s, options, out, err) < 0)
		return -1;
	filter_cache_store(options->cache_dir, key, out);
	return 0;
}

int plan_filter(struct arena *arena, const struct oci_seccomp *s,
		const struct filter_options *options, struct plan_filter *out, struct error *err)
{
	const char *path =
		s && s->listener_path && *s->listener_path ? s->listener_path : options->receiver;

	if (!s && !options->bpf_data)
		return 0;
	if (s && filter_check(s, err) < 0)
		return -1;
	if (options->bpf_data ? filter_decode(arena, options->bpf_data, out, err) < 0
			      : get_program(arena, s, options, out, err) < 0)
		return -1;
	if (options->report && filter_report(arena, options->report, out, err) < 0)
		return -1;
	out->notify = filter_has_notify(out);
	out->flags = filter_flags(s, out->notify);
	if (options->log && filter_log(options->log, &out->flags, err) < 0)
		return -1;
	if (out->report) {
		out->present = true;
		return 0;
	}
	if (out->notify && !path)
		return fail_at(
			err, 0, "linux.seccomp.listenerPath",
			"SCMP_ACT_NOTIFY is used, but nobody listens: listenerPath is missing");
	if (out->notify && path[0] != '/')
		return fail_at(err, 0, "linux.seccomp.listenerPath", "'%s' is not an absolute path",
			       path);
	if (out->notify)
		out->listener_path = arena_strdup(arena, path);
	out->present = true;
	return 0;
}
