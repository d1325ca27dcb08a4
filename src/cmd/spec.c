/* SPDX-License-Identifier: Apache-2.0 */
/* spec: writes a configuration to start from.
 *
 * A program in its own namespaces, with few privileges, on a read-only root file system; what it holds is
 * the tables below.  --rootless makes the variant that an ordinary user can run.
 */
#include "cmd/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cmd/abilities.h"
#include "cmd/output.h"
#include "libocispec/ocispec.h"

struct spec_values {
	const char *bundle, *file;
	bool rootless;
};

#define AT(member) offsetof(struct spec_values, member)

/* clang-format off */
static const struct cli_option options[] = {
	{ "bundle", 'b', CLI_STRING, AT(bundle), "DIR", NULL, ".",
	  "directory to write config.json to, which must not be there yet" },
	{ "file", 'f', CLI_STRING, AT(file), "FILE", NULL, NULL,
	  "write to this file instead and replace it, '-' for standard output" },
	{ "rootless", 0, CLI_FLAG, AT(rootless), NULL, NULL, NULL,
	  "for a caller who is not root: a user namespace with the caller's ids" },
};

/* Options of --rootless are fewer: gid 5 is not mapped there. */
static const struct {
	const char *destination, *type, *source, *options, *rootless_options;
} mounts[] = {
	{ "/proc", "proc", "proc", "nosuid noexec nodev", NULL },
	{ "/dev", "tmpfs", "tmpfs", "nosuid noexec strictatime mode=755 size=65536k", NULL },
	{ "/dev/pts", "devpts", "devpts", "nosuid noexec newinstance ptmxmode=0666 mode=0620 gid=5",
	  "nosuid noexec newinstance ptmxmode=0666 mode=0620" },
	{ "/dev/shm", "tmpfs", "shm", "nosuid noexec nodev mode=1777 size=65536k", NULL },
	{ "/dev/mqueue", "mqueue", "mqueue", "nosuid noexec nodev", NULL },
	{ "/sys", "sysfs", "sysfs", "nosuid noexec nodev ro", NULL },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", "nosuid noexec nodev relatime ro", NULL },
};
/* clang-format on */

/* sysfs belongs to a network namespace, and that one stays the caller's: the host's tree is all there is. */
static const char rootless_sys_options[] = "rbind nosuid noexec nodev ro";

/* Files that tell about the host or let its hardware be watched; what runc, containerd and Docker hide. */
static const char masked_paths[] =
	"/proc/acpi /proc/asound /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats "
	"/proc/sched_debug "
	"/proc/scsi /proc/timer_list /proc/timer_stats /sys/devices/virtual/powercap /sys/firmware";
static const char readonly_paths[] = "/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger";

static const char capability_names[] = "CAP_AUDIT_WRITE CAP_KILL CAP_NET_BIND_SERVICE";

/* The words of TEXT. */
static struct oci_str_list words(struct arena *arena, const char *text)
{
	char *save = NULL, *copy = arena_strdup(arena, text);
	struct oci_str_list list = {0};

	list.v = arena_array(arena, strlen(text) / 2 + 2, sizeof(*list.v));
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		list.v[list.n++] = w;
	return list;
}

static struct oci_process *make_process(struct arena *arena)
{
	struct oci_process *p = arena_alloc(arena, sizeof(*p));

	p->terminal = (struct oci_bool){.v = true, .set = true};
	p->user = arena_alloc(arena, sizeof(*p->user));
	p->user->uid = p->user->gid = (struct oci_u32){.v = 0, .set = true};
	p->args = words(arena, "sh");
	p->env = words(
		arena,
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=xterm");
	p->cwd = "/";
	p->capabilities = arena_alloc(arena, sizeof(*p->capabilities));
	p->capabilities->bounding = words(arena, capability_names);
	p->capabilities->effective = words(arena, capability_names);
	p->capabilities->permitted = words(arena, capability_names);
	p->rlimits.n = 1;
	p->rlimits.v = arena_array(arena, 2, sizeof(*p->rlimits.v));
	p->rlimits.v[0].type = "RLIMIT_NOFILE";
	p->rlimits.v[0].soft = p->rlimits.v[0].hard = (struct oci_u64){.v = 1024, .set = true};
	p->no_new_privileges = (struct oci_bool){.v = true, .set = true};
	return p;
}

static struct oci_mount_list make_mounts(struct arena *arena, bool rootless)
{
	struct oci_mount_list list = {0};

	list.v = arena_array(arena, COUNT_OF(mounts) + 1, sizeof(*list.v));
	for (size_t i = 0; i < COUNT_OF(mounts); i++) {
		struct oci_mount *m = &list.v[list.n];
		const char *opts = mounts[i].options;

		m->destination = mounts[i].destination;
		m->type = mounts[i].type;
		m->source = mounts[i].source;
		if (rootless && mounts[i].rootless_options)
			opts = mounts[i].rootless_options;
		if (rootless && strcmp(m->destination, "/sys/fs/cgroup") == 0)
			continue; /* comes with /sys */
		if (rootless && strcmp(m->destination, "/sys") == 0) {
			m->type = "none";
			m->source = "/sys";
			opts = rootless_sys_options;
		}
		m->options = words(arena, opts);
		list.n++;
	}
	return list;
}

/* What a cpu tells about its heat is another way to watch the neighbours; the directories are there on real
 * machines only, and their number is the machine's. */
static struct oci_str_list make_masked(struct arena *arena)
{
	struct oci_str_list list = words(arena, masked_paths);

	for (unsigned cpu = 0;; cpu++) {
		const char *dir = arena_printf(arena, "/sys/devices/system/cpu/cpu%u", cpu);
		const char *path = arena_printf(arena, "%s/thermal_throttle", dir);

		if (access(dir, F_OK) < 0)
			break;
		if (access(path, F_OK) < 0)
			continue;
		list.v = arena_grow(arena, list.v, (list.n + 1) * sizeof(*list.v),
				    (list.n + 2) * sizeof(*list.v));
		list.v[list.n++] = path;
	}
	return list;
}

static struct oci_id_mapping_list make_map(struct arena *arena, uint32_t outside)
{
	struct oci_id_mapping_list list = {.n = 1, .v = arena_array(arena, 2, sizeof(*list.v))};

	list.v[0].container_id = (struct oci_u32){.v = 0, .set = true};
	list.v[0].host_id = (struct oci_u32){.v = outside, .set = true};
	list.v[0].size = (struct oci_u32){.v = 1, .set = true};
	return list;
}

/* All devices are forbidden; the runtime adds those that the specification promises. */
static struct oci_resources *make_resources(struct arena *arena)
{
	struct oci_resources *r = arena_alloc(arena, sizeof(*r));

	r->devices.n = 1;
	r->devices.v = arena_array(arena, 2, sizeof(*r->devices.v));
	r->devices.v[0].allow = (struct oci_bool){.v = false, .set = true};
	r->devices.v[0].access = "rwm";
	return r;
}

static struct oci_linux *make_linux(struct arena *arena, bool rootless)
{
	static const enum oci_namespace_type as_root[] = {
		OCI_NS_PID, OCI_NS_NETWORK, OCI_NS_IPC, OCI_NS_UTS, OCI_NS_MOUNT, OCI_NS_CGROUP};
	static const enum oci_namespace_type as_user[] = {OCI_NS_PID,	OCI_NS_IPC,    OCI_NS_UTS,
							  OCI_NS_MOUNT, OCI_NS_CGROUP, OCI_NS_USER};
	struct oci_linux *l = arena_alloc(arena, sizeof(*l));

	_Static_assert(COUNT_OF(as_root) == COUNT_OF(as_user), "one loop for both");
	l->namespaces.v = arena_array(arena, COUNT_OF(as_root) + 1, sizeof(*l->namespaces.v));
	for (size_t i = 0; i < COUNT_OF(as_root); i++)
		l->namespaces.v[l->namespaces.n++].type = rootless ? as_user[i] : as_root[i];
	if (rootless) {
		l->uid_mappings = make_map(arena, geteuid());
		l->gid_mappings = make_map(arena, getegid());
	} else {
		l->resources = make_resources(arena);
	}
	l->masked_paths = make_masked(arena);
	l->readonly_paths = words(arena, readonly_paths);
	return l;
}

static const char *make_config(struct arena *arena, bool rootless)
{
	struct oci_config *c = arena_alloc(arena, sizeof(*c));

	c->oci_version = SPEC_VERSION;
	c->process = make_process(arena);
	c->root = arena_alloc(arena, sizeof(*c->root));
	c->root->path = "rootfs";
	c->root->readonly = (struct oci_bool){.v = true, .set = true};
	c->hostname = "vert";
	c->mounts = make_mounts(arena, rootless);
	c->linux = make_linux(arena, rootless);
	return oci_print(arena, oci_type_config(), c, true);
}

/* A file of that name may be somebody's work: it is never replaced without being asked for by name. */
static int write_new(const char *path, const char *text, struct error *err)
{
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0 && errno == EEXIST) {
		fail(err, 0, "'%s' already exists", path);
		return error_hint(err, "'--file %s' replaces it", path);
	}
	if (fd < 0)
		return fail(err, errno, "create '%s'", path);
	if (fd_write_all(fd, text, strlen(text)) < 0) {
		fail(err, errno, "write '%s'", path);
		(void)unlink(path); /* ours, and no use to anybody */
		return -1;
	}
	return 0;
}

static int run(const struct cli_call *call, struct error *err)
{
	const struct spec_values *v = call->values;
	const char *text = make_config(call->arena, v->rootless);

	if (v->file && strcmp(v->file, "-") == 0)
		return output_text(text, err);
	if (v->file && v->file[0] != '/' && v->bundle)
		return fd_put_file(arena_printf(call->arena, "%s/%s", v->bundle, v->file), 0666,
				   text, strlen(text), err);
	if (v->file)
		return fd_put_file(v->file, 0666, text, strlen(text), err);
	return write_new(v->bundle ? arena_printf(call->arena, "%s/config.json", v->bundle)
				   : "config.json",
			 text, err);
}

const struct cli_command command_spec = {
	.name = "spec",
	.summary = "write a configuration to start from",
	.operands = "",
	.syntax = {options, COUNT_OF(options), sizeof(struct spec_values), 0, 0, false},
	.run = run,
};
