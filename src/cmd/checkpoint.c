/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint and restore: the processes of a container into files and back, by CRIU. */
#include "cmd/commands.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "container/container.h"
#include "libocispec/arena.h"
#include "plan/criu.h"

struct checkpoint_values {
	struct criu_options criu;
	unsigned cgroups, lock;
	struct create_request request; /* restore */
};

static const char *const cgroup_modes[] = {"ignore", "soft", "full", "strict", NULL};
static const char *const locks[] = {"iptables", "nftables", "skip", NULL};

#define CRIU(member) offsetof(struct checkpoint_values, criu.member)
#define REQUEST(member) offsetof(struct checkpoint_values, request.member)

/* clang-format off */
#define COMMON_OPTIONS \
	{ "image-path", 0, CLI_STRING, CRIU(image_path), "DIR", NULL, "./checkpoint", \
	  "directory of the image" }, \
	{ "work-path", 0, CLI_STRING, CRIU(work_path), "DIR", NULL, NULL, \
	  "directory of CRIU's log and working files, default: the image's" }, \
	{ "tcp-established", 0, CLI_FLAG, CRIU(tcp_established), NULL, NULL, NULL, \
	  "allow open TCP connections" }, \
	{ "ext-unix-sk", 0, CLI_FLAG, CRIU(ext_unix_sk), NULL, NULL, NULL, \
	  "allow UNIX sockets whose other end is outside" }, \
	{ "shell-job", 0, CLI_FLAG, CRIU(shell_job), NULL, NULL, NULL, \
	  "allow processes whose session leader is outside" }, \
	{ "file-locks", 0, CLI_FLAG, CRIU(file_locks), NULL, NULL, NULL, \
	  "allow file locks" }, \
	{ "lazy-pages", 0, CLI_FLAG, CRIU(lazy_pages), NULL, NULL, NULL, \
	  "transfer memory when it is used, by way of userfaultfd" }, \
	{ "auto-dedup", 0, CLI_FLAG, CRIU(auto_dedup), NULL, NULL, NULL, \
	  "remove pages from earlier images that this one replaces" }, \
	{ "empty-ns", 0, CLI_LIST, CRIU(empty_ns), "NAMESPACE", NULL, NULL, \
	  "make the namespace, and leave its contents out: network" }, \
	{ "manage-cgroups-mode", 0, CLI_CHOICE, offsetof(struct checkpoint_values, cgroups), "MODE", cgroup_modes, \
	  "ignore", "what CRIU does about control groups: ignore (vert makes them), soft, full or strict" }, \
	{ "network-lock", 0, CLI_CHOICE, offsetof(struct checkpoint_values, lock), "METHOD", locks, "iptables", \
	  "how connections are kept still meanwhile: iptables, nftables or skip" }

static const struct cli_option checkpoint_options[] = {
	COMMON_OPTIONS,
	{ "parent-path", 0, CLI_STRING, CRIU(parent_path), "DIR", NULL, NULL,
	  "image of an earlier pre-dump, relative to the image's directory" },
	{ "pre-dump", 0, CLI_FLAG, CRIU(pre_dump), NULL, NULL, NULL,
	  "dump the memory only, and let the container run on" },
	{ "leave-running", 0, CLI_FLAG, CRIU(leave_running), NULL, NULL, NULL,
	  "let the container run on" },
	{ "tcp-skip-in-flight", 0, CLI_FLAG, CRIU(tcp_skip_in_flight), NULL, NULL, NULL,
	  "leave out TCP connections that are not established yet" },
	{ "link-remap", 0, CLI_FLAG, CRIU(link_remap), NULL, NULL, NULL,
	  "allow open files that are unlinked" },
	{ "page-server", 0, CLI_STRING, CRIU(page_server), "ADDRESS:PORT", NULL, NULL,
	  "send the memory to a CRIU page server" },
	{ "status-fd", 0, CLI_U32, CRIU(status_fd), "FD", NULL, NULL,
	  "descriptor to which CRIU writes a zero byte when it is ready" },
};

static const struct cli_option restore_options[] = {
	COMMON_OPTIONS,
	{ "bundle", 'b', CLI_STRING, REQUEST(bundle), "DIR", NULL, ".",
	  "directory of the bundle: config.json and the root file system" },
	{ "config", 'f', CLI_STRING, REQUEST(config), "FILE", NULL, "config.json",
	  "configuration file, relative to the bundle" },
	{ "pid-file", 0, CLI_STRING, REQUEST(pid_file), "FILE", NULL, NULL,
	  "write the pid of the container's process to this file" },
	{ "pidfd-socket", 0, CLI_STRING, REQUEST(pidfd_socket), "SOCKET", NULL, NULL,
	  "send a pidfd of the container's process to this UNIX socket" },
	{ "console-socket", 0, CLI_STRING, REQUEST(console_socket), "SOCKET", NULL, NULL,
	  "as for create; containers with a terminal cannot be restored" },
	{ "detach", 'd', CLI_FLAG, REQUEST(detach), NULL, NULL, NULL,
	  "do not wait for the container's end" },
	{ "keep", 0, CLI_FLAG, REQUEST(keep), NULL, NULL, NULL,
	  "do not delete the container when it has ended" },
	{ "tcp-close", 0, CLI_FLAG, CRIU(tcp_close), NULL, NULL, NULL,
	  "restore TCP connections as closed" },
	{ "lsm-profile", 0, CLI_STRING, CRIU(lsm_profile), "TYPE:NAME", NULL, NULL,
	  "another profile of a security module: apparmor:NAME or selinux:LABEL" },
	{ "lsm-mount-context", 0, CLI_STRING, CRIU(lsm_mount_context), "LABEL", NULL, NULL,
	  "another SELinux context for mounts" },
	{ "no-pivot", 0, CLI_NOTHING, 0, NULL, NULL, NULL,
	  "accepted for compatibility, has no effect" },
	{ "no-subreaper", 0, CLI_NOTHING, 0, NULL, NULL, NULL,
	  "accepted for compatibility, has no effect" },
};
/* clang-format on */

/* CRIU changes its directory: paths are made absolute.  The last component may not exist yet. */
static const char *absolute(struct arena *arena, const char *path)
{
	char cwd[PATH_MAX];

	if (path[0] == '/' || !getcwd(cwd, sizeof(cwd)))
		return path;
	while (path[0] == '.' && path[1] == '/')
		path += 2;
	return arena_printf(arena, "%s/%s", cwd, path);
}

static struct criu_options *options(const struct cli_call *call)
{
	struct checkpoint_values *v = call->values;
	struct criu_options *o = &v->criu;

	o->image_path = absolute(call->arena, o->image_path ? o->image_path : "checkpoint");
	o->work_path = o->work_path ? absolute(call->arena, o->work_path) : o->image_path;
	o->manage_cgroups = cgroup_modes[v->cgroups];
	o->network_lock = v->lock ? locks[v->lock] : NULL; /* CRIU before 3.18 knows no other and not the option */
	return o;
}

static int checkpoint(const struct cli_call *call, struct error *err)
{
	return container_checkpoint(call->runtime, call->args[0], options(call), err);
}

static int restore(const struct cli_call *call, struct error *err)
{
	struct create_request *req = &((struct checkpoint_values *)call->values)->request;

	req->id = call->args[0];
	req->run = true;
	req->restore = options(call);
	return container_create(call->runtime, req, err);
}

const struct cli_command command_checkpoint = {
	.name = "checkpoint",
	.summary = "dump the processes of a running container",
	.operands = "ID",
	.syntax = {checkpoint_options, COUNT_OF(checkpoint_options), sizeof(struct checkpoint_values), 1, 1, false},
	.run = checkpoint,
};

const struct cli_command command_restore = {
	.name = "restore",
	.summary = "create a container whose processes come from a dump",
	.operands = "ID",
	.syntax = {restore_options, COUNT_OF(restore_options), sizeof(struct checkpoint_values), 1, 1, false},
	.run = restore,
};
