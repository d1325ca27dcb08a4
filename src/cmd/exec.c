/* SPDX-License-Identifier: Apache-2.0 */
/* exec: one more process in a running container. */
#include "cmd/commands.h"

#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "container/container.h"
#include "libocispec/arena.h"

struct exec_values {
	struct exec_request req;
	const char *const *gids;
};

#define AT(member) offsetof(struct exec_values, req.member)

/* clang-format off */
static const struct cli_option options[] = {
	{ "process", 'p', CLI_STRING, AT(process_file), "FILE", NULL, NULL,
	  "take the whole process object from this JSON file" },
	{ "cwd", 0, CLI_STRING, AT(cwd), "DIR", NULL, NULL,
	  "working directory in the container" },
	{ "env", 'e', CLI_LIST, AT(env), "KEY=VALUE", NULL, NULL,
	  "set an environment variable; may be repeated" },
	{ "tty", 't', CLI_FLAG, AT(tty), NULL, NULL, NULL,
	  "give the process a terminal" },
	{ "user", 'u', CLI_STRING, AT(user), "UID[:GID]", NULL, NULL,
	  "ids of the process, numbers only" },
	{ "additional-gids", 'g', CLI_LIST, offsetof(struct exec_values, gids), "GID", NULL, NULL,
	  "one more group; may be repeated" },
	{ "cap", 'c', CLI_LIST, AT(caps), "CAP", NULL, NULL,
	  "one more capability; may be repeated" },
	{ "no-new-privs", 0, CLI_FLAG, AT(no_new_privs), NULL, NULL, NULL,
	  "set no_new_privs" },
	{ "apparmor", 0, CLI_STRING, AT(apparmor), "PROFILE", NULL, NULL,
	  "AppArmor profile of the process" },
	{ "process-label", 0, CLI_STRING, AT(process_label), "LABEL", NULL, NULL,
	  "SELinux label of the process" },
	{ "cgroup", 0, CLI_STRING, AT(cgroup), "PATH", NULL, NULL,
	  "cgroup below the container's, / for its own" },
	{ "detach", 'd', CLI_FLAG, AT(detach), NULL, NULL, NULL,
	  "do not wait for the process's end" },
	{ "create", 0, CLI_FLAG, AT(create), NULL, NULL, NULL,
	  "stop before the program, until 'exec-start'" },
	{ "exec-id", 0, CLI_STRING, AT(exec_id), "NAME", NULL, NULL,
	  "with --create: a name for 'exec-start' in place of the pid" },
	{ "pid-file", 0, CLI_STRING, AT(pid_file), "FILE", NULL, NULL,
	  "write the pid of the process to this file" },
	{ "console-socket", 0, CLI_STRING, AT(console_socket), "SOCKET", NULL, NULL,
	  "send the terminal's master to this UNIX socket" },
	{ "pidfd-socket", 0, CLI_STRING, AT(pidfd_socket), "SOCKET", NULL, NULL,
	  "send a pidfd of the process to this UNIX socket" },
	{ "preserve-fds", 0, CLI_U32, AT(preserve_fds), "N", NULL, "0",
	  "hand descriptors 3 to 2+N on to the process" },
	{ "ignore-paused", 0, CLI_FLAG, AT(ignore_paused), NULL, NULL, NULL,
	  "allow it in a paused container, where the process waits for 'resume'" },
	{ "no-subreaper", 0, CLI_NOTHING, 0, NULL, NULL, NULL,
	  "accepted for compatibility, has no effect" },
};
/* clang-format on */

static int read_gids(struct exec_values *v, struct arena *arena, struct error *err)
{
	uint32_t *gids;
	size_t n = 0;

	while (v->gids && v->gids[n])
		n++;
	gids = arena_array(arena, n + 1, sizeof(*gids));
	for (size_t i = 0; i < n; i++)
		if (!str_to_u32(v->gids[i], &gids[i]))
			return cli_misuse(err, "option '--additional-gids' wants a number, not '%s'",
				    v->gids[i]);
	v->req.gids = gids;
	v->req.n_gids = n;
	return 0;
}

static int exec(const struct cli_call *call, struct error *err)
{
	struct exec_values *v = call->values;
	const char *const *args = call->args + 1;

	/* "exec ID -- CMD" is a habit from other tools; no program is called "--" */
	if (*args && strcmp(*args, "--") == 0)
		args++;
	if (v->req.process_file && *args)
		return cli_misuse(err,
			    "the command stands in the file of '--process': '%s' is too much",
			    *args);
	if (!v->req.process_file && !*args) {
		cli_misuse(err, "'exec' needs CMD or the option '--process'");
		return error_hint(err, "usage: vert exec [OPTION...] %s", call->command->operands);
	}
	if (v->req.exec_id && !v->req.create)
		return fail(err, 0, "option '--exec-id' needs '--create'");
	if (read_gids(v, call->arena, err) < 0)
		return -1;
	log_settings.document = v->req.process_file ? v->req.process_file : "exec";
	v->req.id = call->args[0];
	v->req.args = args;
	return container_exec(call->runtime, &v->req, err);
}

const struct cli_command command_exec = {
	.name = "exec",
	.summary = "run one more process in a running container",
	.operands = "ID CMD [ARG...]",
	.syntax = {options, COUNT_OF(options), sizeof(struct exec_values), 1, CLI_ANY, true},
	.run = exec,
};

static int exec_start(const struct cli_call *call, struct error *err)
{
	return container_exec_start(call->runtime, call->args[0], call->args[1], err);
}

const struct cli_command command_exec_start = {
	.name = "exec-start",
	.summary = "run the program of a process that 'exec --create' made",
	.operands = "ID NAME",
	.syntax = {.min = 2, .max = 2},
	.run = exec_start,
};
