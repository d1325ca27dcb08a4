/* SPDX-License-Identifier: Apache-2.0 */
/* mounts: add mounts to a container that lives, or remove them. */
#include "cmd/commands.h"

#include <string.h>

#include "base/log.h"
#include "container/container.h"

static int run(const struct cli_call *call, struct error *err)
{
	const char *what = call->args[0];

	if (strcmp(what, "add") != 0 && strcmp(what, "remove") != 0) {
		cli_misuse(err, "'mounts' can 'add' and 'remove', not '%s'", what);
		return error_hint(err, "usage: vert mounts %s", call->command->operands);
	}
	log_settings.document = call->args[2];
	return container_mounts(call->runtime, call->args[1], call->args[2], what[0] == 'a', err);
}

const struct cli_command command_mounts = {
	.name = "mounts",
	.summary = "add mounts to a running container, or remove them",
	.operands = "add|remove ID FILE",
	.syntax = {.min = 3, .max = 3},
	.run = run,
};
