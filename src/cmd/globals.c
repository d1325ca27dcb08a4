/* SPDX-License-Identifier: Apache-2.0 */
/* The global options, which stand before the command, and what they set up: the log and struct runtime. */
#include "cmd/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blame.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "container/container.h"
#include "libocispec/arena.h"

/* Each list is in the order of the enum that its index becomes. */
static const char *const log_formats[] = {"text", "json", NULL};
static const char *const log_levels[] = {"error", "warning", "debug", NULL};
static const char *const cgroup_managers[] = {"cgroupfs", "systemd", "disabled", NULL};
static const char *const rootless_modes[] = {"auto", "true", "false", NULL};
_Static_assert(LOG_LEVEL_ERROR == 0 && LOG_LEVEL_WARNING == 1 && LOG_LEVEL_DEBUG == 2, "order");
_Static_assert(CGROUP_MANAGER_CGROUPFS == 0 && CGROUP_MANAGER_SYSTEMD == 1 &&
		       CGROUP_MANAGER_DISABLED == 2,
	       "order");
_Static_assert(ROOTLESS_AUTO == 0 && ROOTLESS_TRUE == 1 && ROOTLESS_FALSE == 2, "order");

#define AT(member) offsetof(struct globals, member)

/* clang-format off */
static const struct cli_option options[] = {
	{ "root", 0, CLI_STRING, AT(root), "DIR", NULL, "$XDG_RUNTIME_DIR/vert, else /run/vert",
	  "where the state of containers is kept" },
	{ "log", 0, CLI_STRING, AT(log), "FILE", NULL, NULL,
	  "append messages to this file" },
	{ "log-format", 0, CLI_CHOICE, AT(log_format), "FORMAT", log_formats, "text",
	  "form of the log file: text or json" },
	{ "log-level", 0, CLI_CHOICE, AT(log_level), "LEVEL", log_levels, "error",
	  "least severe message to log: error, warning or debug" },
	{ "debug", 0, CLI_FLAG, AT(debug), NULL, NULL, NULL,
	  "the same as --log-level debug" },
	{ "cgroup-manager", 0, CLI_CHOICE, AT(cgroup_manager), "NAME", cgroup_managers, "cgroupfs",
	  "who makes cgroups: cgroupfs, systemd, or disabled for none" },
	{ "systemd-cgroup", 0, CLI_FLAG, AT(systemd_cgroup), NULL, NULL, NULL,
	  "the same as --cgroup-manager systemd" },
	{ "systemd-timeout", 0, CLI_U32, AT(systemd_timeout), "SECONDS", NULL, "25",
	  "how long systemd may take for a request" },
	{ "rootless", 0, CLI_CHOICE, AT(rootless), "MODE", rootless_modes, "auto",
	  "tolerate what only root may do: true, false or auto" },
	{ "timing", 0, CLI_STRING, AT(timing), "FILE", NULL, NULL,
	  "write how long each step took to this file" },
	{ "version", 'v', CLI_FLAG, AT(version), NULL, NULL, NULL,
	  "print the version and what this build can do" },
	{ "version", 'V', CLI_FLAG, AT(version), NULL, NULL, NULL, NULL },
	{ "print-man", 0, CLI_STRING, AT(print_man), "COMMAND", NULL, NULL, NULL },
	{ "print-completion", 0, CLI_STRING, AT(print_completion), "SHELL", NULL, NULL, NULL },
};
/* clang-format on */

const struct cli_syntax globals_syntax = {
	.options = options,
	.n_options = COUNT_OF(options),
	.size = sizeof(struct globals),
	.max = CLI_ANY,
	.in_order = true,
};

/* A path, perhaps as crun writes it.  The other forms that crun knows are refused by name: a file called
 * "journald:vert" would swallow the messages without anybody noticing. */
static int log_path(const char *log, const char **ret_path, struct error *err)
{
	if (str_starts(log, "journald:") || str_starts(log, "syslog:"))
		return cli_misuse(err, "option '--log' cannot write to '%s': name a file", log);
	*ret_path = str_starts(log, "file:") ? log + strlen("file:") : log;
	if (!**ret_path)
		return cli_misuse(err, "option '--log' names no file");
	return 0;
}

int globals_open_log(const struct globals *values, struct error *err)
{
	const char *path = NULL;
	int fd;

	log_settings.json = values->log_format == 1;
	log_settings.level = values->debug ? LOG_LEVEL_DEBUG : (enum log_level)values->log_level;
	if (!values->log)
		return 0;
	if (log_path(values->log, &path, err) < 0)
		return -1;
	/* runc's default, which some callers spell out; a symbolic link, so O_NOFOLLOW would refuse it */
	if (strcmp(path, "/dev/stderr") == 0)
		fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY,
			  0644);
	if (fd < 0) {
		fail(err, errno, "open log file '%s'", path);
		error_code(err, "LOG_FILE");
		return error_blame(err, -1, path);
	}
	log_settings.fd = fd;
	return 0;
}

int globals_runtime(const struct globals *values, struct arena *arena, struct runtime *ret,
		    struct error *err)
{
	/* For root too, as crun does: podman hands nothing but this variable to all of its calls. */
	const char *run = getenv("XDG_RUNTIME_DIR");

	if (values->root && !*values->root)
		return cli_misuse(err, "option '--root' names no directory");
	if (values->systemd_timeout > 3600)
		return cli_misuse(err, "option '--systemd-timeout' is more than an hour");
	*ret = (struct runtime){
		.root = values->root,
		.cgroup_manager = values->systemd_cgroup
					  ? CGROUP_MANAGER_SYSTEMD
					  : (enum cgroup_manager)values->cgroup_manager,
		.rootless = (enum rootless_mode)values->rootless,
		.systemd_timeout = values->systemd_timeout,
		.timing = values->timing,
	};
	if (!ret->root)
		ret->root = run && *run ? arena_printf(arena, "%s/vert", run) : "/run/vert";
	return 0;
}
