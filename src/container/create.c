/* SPDX-License-Identifier: Apache-2.0 */
/* create and run: read, plan, hand over. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/complete.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "container/confine.h"
#include "container/container.h"
#include "container/criu.h"
#include "container/handoff.h"
#include "container/host.h"
#include "container/options.h"
#include "container/record.h"
#include "container/state.h"
#include "container/timing.h"
#include "container/unit.h"
#include "kernel/lsm.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "plan/annotation.h"
#include "plan/build.h"
#include "plan/criu.h"
#include "plan/dump.h"
#include "spec/bundle.h"
#include "step_names.h" /* made of launch.c and init.c by the Makefile */

/* An id nobody chose: 12 hexadecimal digits. */
static const char *make_up_id(struct arena *arena)
{
	unsigned char bytes[6] = {0};

	if (getrandom(bytes, sizeof(bytes), GRND_NONBLOCK) < 0)
		memcpy(bytes, &(pid_t){getpid()}, sizeof(pid_t));
	return arena_printf(arena, "%02x%02x%02x%02x%02x%02x", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4],
			    bytes[5]);
}

/* What the command line alone can tell is wrong. */
static int check_request(const struct create_request *req, const struct oci_config *config, struct error *err)
{
	bool terminal = config->process && config->process->terminal.v;
	bool waits = req->run && !req->detach;

	if (req->run && !config->process)
		return fail_at(err, 0, "process", "the configuration has no process to run");
	if (req->run && !config->process->args.n)
		return fail_at(err, 0, "process.args", "the configuration has no program to run");
	if (terminal && !req->console_socket && !waits) {
		fail_at(err, 0, "process.terminal", "a terminal without a foreground needs a console socket");
		return error_hint(err, "use --console-socket, or run without --detach");
	}
	if (!terminal && req->console_socket)
		return fail_at(err, 0, "process.terminal",
			       "--console-socket is given, and the configuration asks for no terminal");
	return 0;
}

/* The state root must be absolute in the plan: vert-init may change its directory, mounts need it. */
static const char *absolute(struct arena *arena, const char *path)
{
	UNSET char cwd[PATH_MAX];

	if (!path)
		return NULL;
	if (path[0] == '/' || !getcwd(cwd, sizeof(cwd)))
		return arena_strdup(arena, path);
	return arena_printf(arena, "%s/%s", cwd, path);
}

static void fill_from_request(struct handoff *h, const struct runtime *rt, const struct create_request *req)
{
	struct plan *p = h->plan;

	p->verb = req->run ? PLAN_RUN : PLAN_CREATE;
	p->id = req->id ? arena_strdup(&h->arena, req->id) : make_up_id(&h->arena);
	p->state_root = absolute(&h->arena, rt->root);
	p->pid_file = absolute(&h->arena, req->pid_file);
	p->console_socket = absolute(&h->arena, req->console_socket);
	p->pidfd_socket = absolute(&h->arena, req->pidfd_socket);
	p->preserve_fds = req->preserve_fds;
	p->no_pivot = req->no_pivot;
	p->new_keyring = !req->no_new_keyring;
	p->detach = req->run && req->detach;
	p->keep = req->keep;
	handoff_settings(h, rt->timing);
}

static const char *record_manager(const struct plan *p)
{
	static const char *const names[] = {
		[PLAN_CGROUP_NONE] = "disabled", [PLAN_CGROUP_FS] = "cgroupfs", [PLAN_CGROUP_SYSTEMD] = "systemd"};

	return names[p->cgroup.manager];
}

static int fill_records(struct handoff *h, const struct oci_config *config, struct error *err)
{
	struct plan *p = h->plan;
	struct oci_record r = {
		.oci_version = config->oci_version,
		.id = p->id,
		.bundle = p->bundle,
		.rootfs = p->rootfs,
		.owner = {.v = p->euid, .set = true},
		.cgroup_manager = record_manager(p),
		.systemd_bus = p->cgroup.systemd.socket,
		.rootless = {.v = p->rootless, .set = true},
		.private_pid = {.v = p->ns[PLAN_NS_PID].how != PLAN_NS_INHERIT, .set = true},
		.has_process = {.v = p->has_process && p->process.args.n > 0, .set = true},
		.intel_rdt = p->rdt.present && p->rdt.remove[0] ? p->rdt.remove : NULL,
		.annotations = config->annotations,
	};

	record_set_hooks(&r, &h->arena, p->hooks);
	p->record_head = record_head(&h->arena, &r, err);
	if (!p->record_head)
		return -1;
	p->boot_id = r.boot_id;
	if (r.hooks.n > 0 || p->process.seccomp.notify) /* nobody else reads it, and annotations can be long */
		p->state_head = state_head(&h->arena, config->oci_version, p->id, p->bundle, p->rootfs,
					   &config->annotations);
	return 0;
}

/* What the dump says its standard streams were, in the file that other runtimes' images have too: ["pipe:[1]","",...].
 * Nothing in it is ever escaped, and what is not given again by name ("/dev/null") is left out. */
static int read_streams(const char *path, char streams[3][128], struct error *err)
{
	static const char *const kinds[] = {"pipe:[", "socket:[", "file["};
	char text[512], *next = text;

	if (fd_read_small(-1, path, text, sizeof(text)) <= 0)
		return fail(err, errno, "read '%s': is it the image of a checkpoint?", path);
	for (int i = 0; i < 3; i++) {
		char *open = strchr(next, '"'), *close = open ? strchr(open + 1, '"') : NULL;

		if (!close || close - open > 128)
			return fail(err, 0, "'%s' does not name the three standard streams", path);
		*close = '\0';
		next = close + 1;
		for (size_t k = 0; k < COUNT_OF(kinds); k++)
			if (str_starts(open + 1, kinds[k]))
				memcpy(streams[i], open + 1, (size_t)(close - open));
	}
	return 0;
}

static int plan_restore(struct handoff *h, const struct create_request *req, const struct oci_config *config,
			struct error *err)
{
	struct criu_options o = *req->restore;
	const char *path = arena_printf(&h->arena, "%s/" CRIU_DESCRIPTORS, o.image_path);
	char streams[3][128] = {""}, program[PATH_MAX];
	const char *const names[3] = {streams[0], streams[1], streams[2]};

	if (h->plan->euid != 0) {
		fail(err, EPERM, "restore of container '%s'", h->plan->id);
		return error_hint(err, "restoring processes needs root");
	}
	if (criu_check_directory(o.image_path, err) < 0 || criu_check_directory(o.work_path, err) < 0 ||
	    read_streams(path, streams, err) < 0 || criu_find(program, sizeof(program), err) < 0)
		return -1;
	o.config = annotation(config, "org.criu.config");
	h->plan->criu.program = arena_strdup(&h->arena, program);
	h->plan->criu.path = arena_printf(&h->arena, "PATH=%s", getenv("PATH") ? getenv("PATH") : CRIU_PATH);
	return plan_criu_restore(&h->arena, &o, names, h->plan, err);
}

static int prepare_plan(struct handoff *h, const struct runtime *rt, const struct create_request *req,
			struct arena *arena, struct error *err)
{
	struct plan *p = h->plan;
	const char *file = req->config ? req->config : "config.json", *text;
	struct oci_config *config;
	struct filter_options filter;
	struct timing timing;
	struct host host;

	timing_begin(&timing);
	log_settings.document = req->config;
	fill_from_request(h, rt, req);
	if (state_check_id(p->id, err) < 0 || bundle_path(&h->arena, req->bundle, &p->bundle, err) < 0)
		return -1;
	if (document_read(arena, &h->arena, file[0] == '/' ? file : arena_printf(arena, "%s/%s", p->bundle, file),
			  oci_type_config(), (void **)&config, &text, &p->config_len, err) < 0)
		return -1;
	if (!p->pidfd_socket) /* how crun spells --pidfd-socket */
		p->pidfd_socket = absolute(&h->arena, annotation(config, "run.oci.pidfd_receiver"));
	p->config_text = text;
	timing_next(&timing, "vert", "read configuration");
	if (check_request(req, config, err) < 0 ||
	    host_collect(&h->arena, options_cgroup(rt) == PLAN_CHOOSE_NONE, &host, err) < 0)
		return -1;
	host.selinux = config->linux && config->linux->mount_label && *config->linux->mount_label;
	if (host.selinux && lsm_require_selinux("linux.mountLabel", config->linux->mount_label, err) < 0)
		return -1;
	if (host.euid != 0)
		host_collect_subids(&h->arena, &host);
	host_look_at_userns(config, &host);
	timing_next(&timing, "vert", "look at the host");
	if (confine_look(rt, config, arena, &host, err) < 0 || options_rootless(rt, &host, err) < 0 ||
	    options_filter(rt, config, !req->dry_run, &filter, arena, err) < 0)
		return -1;
	if (plan_build(&h->arena, config, &host, options_cgroup(rt), &filter, p, err) < 0)
		return -1;
	if (options_require(p, err) < 0 || (req->restore && plan_restore(h, req, config, err) < 0))
		return -1;
	if (!p->console_socket)
		options_terminal_size(&p->process);
	if (p->cgroup.manager == PLAN_CGROUP_SYSTEMD && unit_settings(&h->arena, rt, &p->cgroup.systemd, err) < 0)
		return -1;
	if (fill_records(h, config, err) < 0)
		return -1;
	timing_end(&timing, "vert", "plan");
	return 0;
}

static void print_steps(struct buf *b, const char *who, const char *const *names, size_t n)
{
	buf_printf(b, "\"%s\":[", who);
	for (size_t i = 0; i < n; i++) {
		buf_puts(b, i ? "," : "");
		buf_json(b, names[i]);
	}
	buf_puts(b, "]");
}

/* The plan, and who would carry it out in which order. */
static void print_json(const struct plan *plan, struct buf *b)
{
	static const char *const launcher[] = {STEPS_OF_LAUNCH};
	static const char *const init[] = {STEPS_OF_INIT};

	plan_dump_json(plan, b);
	buf_puts(b, ",\"steps\":{");
	print_steps(b, "launcher", launcher, COUNT_OF(launcher));
	buf_puts(b, ",");
	print_steps(b, "init", init, COUNT_OF(init));
	buf_puts(b, "}}\n");
}

int container_create(const struct runtime *rt, const struct create_request *req, struct error *err)
{
	struct arena arena = {0}; /* ends with the process, whichever way */
	struct handoff h;

	if (handoff_begin(&h, req->preserve_fds, err) < 0)
		return -1;
	if (prepare_plan(&h, rt, req, &arena, err) < 0) {
		error_locate(err, h.plan->config_text, h.plan->config_len);
		arena_free(&arena);
		return -1;
	}
	if (req->dry_run) {
		if (req->dry_run_json)
			print_json(h.plan, req->dry_run);
		else
			plan_dump(h.plan, req->dry_run);
		arena_free(&arena);
		return 0;
	}
	return handoff_exec(&h, err);
}
