/* SPDX-License-Identifier: Apache-2.0 */
/* update: new limits for a container, from a JSON document or from one option each. */
#include "cmd/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/blame.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "container/container.h"
#include "libocispec/ocispec.h"

struct update_values {
	const char *resources, *l3_cache_schema, *mem_bw_schema;
	struct limits {
		struct oci_block_io io;
		struct oci_cpu cpu;
		struct oci_memory memory;
		struct oci_pids pids;
	} limits;
};

#define AT(member) offsetof(struct update_values, member)
#define LIMIT(member) offsetof(struct update_values, limits.member)

/* clang-format off */
static const struct cli_option options[] = {
	{ "resources", 'r', CLI_STRING, AT(resources), "FILE", NULL, NULL,
	  "read a linux.resources object from this file, '-' for standard input" },
	{ "memory", 0, CLI_OCI_SIZE, LIMIT(memory.limit), "SIZE", NULL, NULL,
	  "memory limit in bytes or as 512m; -1 for none" },
	{ "memory-reservation", 0, CLI_OCI_SIZE, LIMIT(memory.reservation), "SIZE", NULL, NULL,
	  "memory that is protected from reclaim" },
	{ "memory-swap", 0, CLI_OCI_SIZE, LIMIT(memory.swap), "SIZE", NULL, NULL,
	  "limit of memory and swap together; -1 for none" },
	{ "kernel-memory", 0, CLI_OCI_SIZE, LIMIT(memory.kernel), "SIZE", NULL, NULL,
	  "refused: version 2 cgroups count kernel memory as memory" },
	{ "kernel-memory-tcp", 0, CLI_OCI_SIZE, LIMIT(memory.kernel_tcp), "SIZE", NULL, NULL,
	  "refused, as --kernel-memory" },
	{ "cpu-period", 0, CLI_OCI_U64, LIMIT(cpu.period), "USEC", NULL, NULL,
	  "period over which --cpu-quota is shared out" },
	{ "cpu-quota", 0, CLI_OCI_I64, LIMIT(cpu.quota), "USEC", NULL, NULL,
	  "cpu time within a period; -1 for no limit" },
	{ "cpu-burst", 0, CLI_OCI_U64, LIMIT(cpu.burst), "USEC", NULL, NULL,
	  "unused quota that may be saved for later" },
	{ "cpu-share", 0, CLI_OCI_U64, LIMIT(cpu.shares), "N", NULL, NULL,
	  "weight against other cgroups, 2 to 262144" },
	{ "cpu-idle", 0, CLI_OCI_I64, LIMIT(cpu.idle), "N", NULL, NULL,
	  "1: run only when nobody else wants to, 0: as usual" },
	{ "cpu-rt-period", 0, CLI_OCI_U64, LIMIT(cpu.realtime_period), "USEC", NULL, NULL,
	  "period of realtime scheduling (version 1 cgroups only)" },
	{ "cpu-rt-runtime", 0, CLI_OCI_I64, LIMIT(cpu.realtime_runtime), "USEC", NULL, NULL,
	  "realtime within such a period (version 1 cgroups only)" },
	{ "cpuset-cpus", 0, CLI_STRING, LIMIT(cpu.cpus), "LIST", NULL, NULL,
	  "cpus to run on, such as 0-3,8" },
	{ "cpuset-mems", 0, CLI_STRING, LIMIT(cpu.mems), "LIST", NULL, NULL,
	  "memory nodes to use, such as 0" },
	{ "pids-limit", 0, CLI_OCI_I64, LIMIT(pids.limit), "N", NULL, NULL,
	  "most processes and threads at a time; -1 for no limit" },
	{ "blkio-weight", 0, CLI_OCI_U16, LIMIT(io.weight), "N", NULL, NULL,
	  "weight of disk access, 10 to 1000" },
	{ "l3-cache-schema", 0, CLI_STRING, AT(l3_cache_schema), "SCHEMA", NULL, NULL,
	  "share of the L3 cache, such as L3:0=ff" },
	{ "mem-bw-schema", 0, CLI_STRING, AT(mem_bw_schema), "SCHEMA", NULL, NULL,
	  "share of memory bandwidth, such as MB:0=50" },
};
/* clang-format on */

/* Options are stored into zeroed memory: any byte that is not 0 is an option that was given. */
static bool is_given(const void *p, size_t size)
{
	const char *c = p;

	for (size_t i = 0; i < size; i++)
		if (c[i])
			return true;
	return false;
}

/* The whole of a file, a pipe or standard input: an engine writes the document into a pipe. */
static int read_document(const char *name, struct buf *ret, struct error *err)
{
	bool standard = strcmp(name, "-") == 0;
	autoclose int opened = standard ? -1 : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	const char *what = standard ? "standard input" : name;
	char part[4096];
	ssize_t n = 1;

	if (!standard && opened < 0) {
		fail(err, errno, "open '%s'", name);
		error_blame(err, -1, name);
		error_hint(err, "it is to hold an object like linux.resources of config.json");
		return error_code(err, "CONFIG_READ");
	}
	while (n > 0) {
		n = read(standard ? STDIN_FILENO : opened, part, sizeof(part));
		if (n < 0 && errno != EINTR)
			return fail(err, errno, "read %s", what);
		if (n < 0)
			n = 1;
		else
			buf_add(ret, part, (size_t)n);
		if (ret->n > OCI_MAX_SIZE)
			return fail(err, EFBIG, "read %s", what);
	}
	return ret->failed ? fail(err, ENOMEM, "read %s", what) : 0;
}

static int from_document(const struct cli_call *call, const char *name, struct error *err)
{
	struct oci_resources *res;
	struct oci_error why;
	struct buf text = {0};
	char place[640];
	int r = read_document(name, &text, err);

	if (strcmp(name, "-") == 0)
		name = "standard input";
	log_settings.document = name;
	if (r == 0) {
		res = oci_parse(call->arena, oci_type_resources(), text.s ? text.s : "", text.n,
				&why);
		if (res) {
			r = container_update(call->runtime, call->args[0], res, err);
		} else {
			fail(err, 0, "%s", oci_error_format(&why, name, place, sizeof(place)));
			r = error_code(err, "CONFIG_INVALID");
		}
	}
	buf_free(&text);
	return r;
}

static int run(const struct cli_call *call, struct error *err)
{
	struct update_values *v = call->values;
	struct limits *l = &v->limits;
	struct oci_resources res = {
		.block_io = is_given(&l->io, sizeof(l->io)) ? &l->io : NULL,
		.cpu = is_given(&l->cpu, sizeof(l->cpu)) ? &l->cpu : NULL,
		.memory = is_given(&l->memory, sizeof(l->memory)) ? &l->memory : NULL,
		.pids = is_given(&l->pids, sizeof(l->pids)) ? &l->pids : NULL,
	};
	bool limits = is_given(l, sizeof(*l)), rdt = v->l3_cache_schema || v->mem_bw_schema;

	if (l->memory.kernel.set || l->memory.kernel_tcp.set)
		return cli_misuse(err,
			    "option '%s' cannot be honoured: version 2 cgroups have no limit of "
			    "their own "
			    "for kernel memory",
			    l->memory.kernel.set ? "--kernel-memory" : "--kernel-memory-tcp");
	if (v->resources && (limits || rdt))
		return cli_misuse(err,
			    "option '--resources' cannot be combined with limits in other options");
	if (v->resources)
		return from_document(call, v->resources, err);
	if (!limits && !rdt) {
		cli_misuse(err, "'update' needs at least one limit");
		return error_hint(err, "'vert update --help' lists them");
	}
	log_settings.document = "update";
	if (limits && container_update(call->runtime, call->args[0], &res, err) < 0)
		return -1;
	return rdt ? container_update_rdt(call->runtime, call->args[0], v->l3_cache_schema, v->mem_bw_schema, err)
		   : 0;
}

const struct cli_command command_update = {
	.name = "update",
	.summary = "change the limits of a container",
	.operands = "ID",
	.syntax = {options, COUNT_OF(options), sizeof(struct update_values), 1, 1, false},
	.run = run,
};
