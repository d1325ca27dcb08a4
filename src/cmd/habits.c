/* SPDX-License-Identifier: Apache-2.0 */
/* Words of container engines and of other programs: a runtime has no images, volumes and networks, and what an engine
 * takes from its command line stands in config.json here.  "Did you mean 'top'?" would be no answer to 'stop'.
 */
#include "cmd/habits.h"

#include <stddef.h>
#include <string.h>

#include "base/str.h"

#define IMAGES "vert runs bundles and knows no images: engines unpack those, as in 'podman --runtime vert run IMAGE'"
#define NETWORK "vert sets no network up: an engine does, or a hook; linux.netDevices in config.json moves an interface"
#define RIGHTS "rights are process.capabilities, linux.maskedPaths and linux.resources.devices in config.json"

/* clang-format off */
static const struct {
	const char *names, *hint;
} commands[] = {
	{ "stop",
	  "'vert kill ID TERM' asks it to end, 'vert delete ID' removes it then" },
	{ "rm remove",
	  "'vert delete ID' removes a container that has ended" },
	{ "ls",
	  "'vert list' lists the containers" },
	{ "inspect",
	  "'vert state ID' tells what is known of a container" },
	{ "stats",
	  "'vert top' shows what containers use, 'vert events --stats ID' all figures of one" },
	{ "unpause thaw",
	  "'vert resume ID' lets the processes go on" },
	{ "freeze",
	  "'vert pause ID' freezes the processes" },
	{ "logs",
	  "vert keeps no output: it went to the standard output of 'run' or 'create'" },
	{ "attach",
	  "'vert exec --tty ID CMD' runs one more process; the first one's terminal belongs to who created it" },
	{ "restart",
	  "a container starts once: 'vert delete ID', then 'vert run' again" },
	{ "wait",
	  "'vert run' waits for the end, 'vert events --follow ID' tells of it" },
	{ "info",
	  "'vert doctor' tells about this host, 'vert features' about this build" },
	{ "version",
	  "'vert --version' prints it" },
	{ "images image pull push build login rmi tag import load save",
	  IMAGES },
	{ "network port",
	  NETWORK },
	{ "volume",
	  "volumes are entries of mounts in config.json" },
};

static const struct {
	const char *commands, *options, *hint;
} options[] = {
	{ "run create", "-i -it -ti -t --interactive --tty",
	  "process.terminal in config.json asks for a terminal; standard input is always the container's" },
	{ "run create", "--rm",
	  "'run' removes the container when it has ended, unless --keep is given" },
	{ "run create", "-v --volume --mount --tmpfs --volumes-from",
	  "volumes are entries of mounts in config.json" },
	{ "run create", "-p -P --publish --net --network --dns --link",
	  NETWORK },
	{ "run create", "-e --env --env-file",
	  "the environment is process.env in config.json" },
	{ "run create", "-u --user",
	  "the user is process.user in config.json" },
	{ "run create", "-w --workdir --cwd",
	  "the working directory is process.cwd in config.json" },
	{ "run create", "-h --hostname",
	  "the host name is hostname in config.json" },
	{ "run create", "-m --memory",
	  "the limit is linux.resources.memory.limit in config.json; 'vert update' changes it" },
	{ "run create", "--cpus --cpu-shares --cpuset-cpus -c",
	  "the limits are linux.resources.cpu in config.json; 'vert update' changes them" },
	{ "run create", "--pids-limit",
	  "the limit is linux.resources.pids.limit in config.json; 'vert update' changes it" },
	{ "run create", "--name",
	  "the name is the last argument, as in 'vert run --bundle DIR NAME'" },
	{ "run create", "--privileged --cap-add --cap-drop --device",
	  RIGHTS },
	{ "run create", "--read-only",
	  "it is root.readonly in config.json" },
	{ "run create", "--entrypoint",
	  "the program and its arguments are process.args in config.json" },
	{ "run create", "--security-opt",
	  "these are process.apparmorProfile, process.selinuxLabel and linux.seccomp in config.json" },
	{ "run create", "--restart",
	  "vert is gone when the container runs: what watches it starts it again" },
	{ "exec", "-i -it -ti --interactive",
	  "standard input is always handed on; '-t' gives a terminal" },
	{ "exec", "-w --workdir",
	  "'--cwd DIR' sets the working directory" },
	{ "kill", "-s --signal",
	  "the signal is the second argument, as in 'vert kill ID TERM'" },
	{ "kill", "-9 -15 -KILL -TERM -HUP -INT",
	  "the signal stands behind the id, as in 'vert kill ID KILL'" },
	{ "list", "-a --all",
	  "all containers are listed, also those that have ended" },
	{ "update", "-m",
	  "'--memory SIZE' sets the limit" },
	{ "update", "--cpus",
	  "two processors are '--cpu-period 100000 --cpu-quota 200000'" },
};
/* clang-format on */

/* WORD is one of the blank-separated LIST. */
static bool is_one_of(const char *word, const char *list)
{
	size_t len = strlen(word);

	while (*list) {
		size_t n = strcspn(list, " ");

		if (n == len && memcmp(word, list, n) == 0)
			return true;
		list += n;
		list += strspn(list, " ");
	}
	return false;
}

static void replace_hint(struct error *err, const char *hint)
{
	err->hint[0] = '\0'; /* the name that is spelled alike is not what was meant */
	error_hint(err, "%s", hint);
}

bool habits_command(const char *name, struct error *err)
{
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (is_one_of(name, commands[i].names)) {
			replace_hint(err, commands[i].hint);
			return true;
		}
	return false;
}

bool habits_option(const char *command, const char *option, struct error *err)
{
	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (is_one_of(command, options[i].commands) && is_one_of(option, options[i].options)) {
			replace_hint(err, options[i].hint);
			return true;
		}
	return false;
}
