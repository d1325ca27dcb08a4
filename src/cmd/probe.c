/* SPDX-License-Identifier: Apache-2.0 */
/* probe: a health check, an exec that has an end whatever its command does. */
#include "cmd/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cmd/duration.h"
#include "container/container.h"
#include "container/probe.h"

enum { MAX_OUTPUT = 1 << 20 };

static const char *const formats[] = {"text", "json", NULL};

struct probe_values {
	struct exec_request req;
	const char *timeout;
	uint32_t max_output;
	unsigned format;
};

#define AT(member) offsetof(struct probe_values, member)

/* clang-format off */
static const struct cli_option options[] = {
	{ "timeout", 0, CLI_STRING, AT(timeout), "DURATION", NULL, "2s",
	  "kill the command and its children after this time" },
	{ "format", 'f', CLI_CHOICE, AT(format), "FORMAT", formats, "text",
	  "text: the command's own output; json: the outcome" },
	{ "max-output", 0, CLI_U32, AT(max_output), "BYTES", NULL, "4096",
	  "json: as much of the output is told" },
	{ "env", 'e', CLI_LIST, AT(req.env), "KEY=VALUE", NULL, NULL,
	  "set an environment variable; may be repeated" },
	{ "user", 'u', CLI_STRING, AT(req.user), "UID[:GID]", NULL, NULL,
	  "ids of the process, numbers only" },
	{ "cwd", 0, CLI_STRING, AT(req.cwd), "DIR", NULL, NULL,
	  "working directory in the container" },
};
/* clang-format on */

static int use_null_as_input(struct error *err)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : dup2(fd, STDIN_FILENO);

	if (fd > STDIN_FILENO)
		fd_close(fd);
	return rc < 0 ? fail(err, errno, "open '/dev/null'") : 0;
}

static int probe(const struct cli_call *call, struct error *err)
{
	struct probe_values *v = call->values;
	const char *const *args = call->args + 1;

	if (*args && strcmp(*args, "--") == 0)
		args++;
	if (!*args) {
		fail(err, 0, "'probe' needs CMD");
		return error_hint(err, "usage: vert probe [OPTION...] %s", call->command->operands);
	}
	v->req.probe_ms = 2000;
	if (v->timeout && !duration_parse(v->timeout, 1, &v->req.probe_ms)) {
		fail(err, 0, "option '--timeout' wants a duration, not '%s'", v->timeout);
		return error_hint(err, "durations are at least a millisecond, such as 500ms, 2s or 1m30s");
	}
	if (v->max_output > MAX_OUTPUT)
		return fail(err, 0, "option '--max-output' is at most %d", MAX_OUTPUT);
	v->req.id = call->args[0];
	v->req.args = args;
	v->req.probe_json = v->format == 1;
	v->req.probe_output = v->max_output ? v->max_output : 4096;
	if (use_null_as_input(err) < 0)
		return -1;
	return container_exec(call->runtime, &v->req, err);
}

static int run(const struct cli_call *call, struct error *err)
{
	return probe(call, err) < 0 ? error_status(err, PROBE_FAILED) : 0;
}

const struct cli_command command_probe = {
	.name = "probe",
	.summary = "run a health check in a container, within a time",
	.operands = "ID CMD [ARG...]",
	.syntax = {options, COUNT_OF(options), sizeof(struct probe_values), 1, CLI_ANY, true},
	.run = run,
};
