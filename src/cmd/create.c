/* SPDX-License-Identifier: Apache-2.0 */
/* create and run: the same options, the same request; run also starts the container and waits for it. */
#include "cmd/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/str.h"
#include "container/container.h"
#include "libocispec/arena.h"

/* The request, and what concerns the command line alone. */
struct create_values {
	struct create_request request;
	bool dry_run;
	unsigned format;
};

static const char *const formats[] = {"text", "json", NULL};

#define AT(member) offsetof(struct create_values, request.member)

/* clang-format off */
#define CREATE_OPTIONS \
	{ "bundle", 'b', CLI_STRING, AT(bundle), "DIR", NULL, ".", \
	  "directory of the bundle: config.json and the root file system" }, \
	{ "config", 'f', CLI_STRING, AT(config), "FILE", NULL, "config.json", \
	  "configuration file, relative to the bundle" }, \
	{ "console-socket", 0, CLI_STRING, AT(console_socket), "SOCKET", NULL, NULL, \
	  "send the terminal's master to this UNIX socket" }, \
	{ "pidfd-socket", 0, CLI_STRING, AT(pidfd_socket), "SOCKET", NULL, NULL, \
	  "send a pidfd of the container's process to this UNIX socket" }, \
	{ "pid-file", 0, CLI_STRING, AT(pid_file), "FILE", NULL, NULL, \
	  "write the pid of the container's process to this file" }, \
	{ "preserve-fds", 0, CLI_U32, AT(preserve_fds), "N", NULL, "0", \
	  "hand descriptors 3 to 2+N on to the container" }, \
	{ "no-pivot", 0, CLI_FLAG, AT(no_pivot), NULL, NULL, NULL, \
	  "move the root file system and chroot, for a host whose root is a ramdisk" }, \
	{ "no-new-keyring", 0, CLI_FLAG, AT(no_new_keyring), NULL, NULL, NULL, \
	  "keep the caller's session keyring" }, \
	{ "dry-run", 0, CLI_FLAG, offsetof(struct create_values, dry_run), NULL, NULL, NULL, \
	  "print what would be done, and do nothing" }, \
	{ "format", 0, CLI_CHOICE, offsetof(struct create_values, format), "FORMAT", formats, "text", \
	  "with --dry-run: text or json" }, \
	{ "no-subreaper", 0, CLI_NOTHING, 0, NULL, NULL, NULL, \
	  "accepted for compatibility, has no effect" }

static const struct cli_option create_options[] = {
	CREATE_OPTIONS,
	{ "detach", 'd', CLI_NOTHING, 0, NULL, NULL, NULL,
	  "accepted for compatibility: create never waits" },
};

static const struct cli_option run_options[] = {
	CREATE_OPTIONS,
	{ "detach", 'd', CLI_FLAG, AT(detach), NULL, NULL, NULL,
	  "do not wait for the container's end" },
	{ "keep", 0, CLI_FLAG, AT(keep), NULL, NULL, NULL,
	  "do not delete the container when it has ended" },
};
/* clang-format on */

/* Hands the request on; returns only on error or after a dry run, whose text it prints. */
static int carry_out(const struct cli_call *call, struct error *err)
{
	struct create_values *v = call->values;
	struct buf plan = {0};
	int rc;

	if (v->format && !v->dry_run)
		return fail(err, 0, "option '--format' is about what --dry-run prints");
	v->request.dry_run = v->dry_run ? &plan : NULL;
	v->request.dry_run_json = v->format == 1;
	rc = container_create(call->runtime, &v->request, err);
	if (rc == 0 && (plan.failed || fd_write_all(STDOUT_FILENO, plan.s, plan.n) < 0))
		rc = fail(err, plan.failed ? ENOMEM : errno, "print the plan");
	buf_free(&plan);
	return rc;
}

static int create(const struct cli_call *call, struct error *err)
{
	struct create_values *v = call->values;

	v->request.id = call->args[0];
	return carry_out(call, err);
}

/* Is DIR a directory in which CONFIG (NULL: config.json) is? */
static bool is_bundle(struct arena *arena, const char *dir, const char *config)
{
	const char *name = config ? config : "config.json";
	const char *path = name[0] == '/' ? name : arena_printf(arena, "%s/%s", dir, name);
	struct stat st;

	return stat(dir, &st) == 0 && S_ISDIR(st.st_mode) && stat(path, &st) == 0 &&
	       S_ISREG(st.st_mode);
}

/* `vert run DIR` names a bundle and leaves the id to us; `vert run ID` is what other runtimes know.  An id
 * can be a directory's name too: the one that holds a configuration is taken for the bundle, and who means
 * the other says --bundle, as engines always do. */
static int run(const struct cli_call *call, struct error *err)
{
	struct create_request *req = &((struct create_values *)call->values)->request;
	const char *word = call->args[0];
	struct stat st;

	req->run = true;
	if (req->bundle) {
		req->id = word;
	} else if (!word) {
		if (!is_bundle(call->arena, ".", req->config)) {
			cli_misuse(err, "no bundle named, and no config.json here");
			return error_hint(err, "usage: vert run [OPTION...] %s",
					  call->command->operands);
		}
		req->bundle = ".";
	} else if (is_bundle(call->arena, word, req->config)) {
		req->bundle = word;
	} else if (strchr(word, '/')) {
		cli_misuse(err, "'%s' is not a bundle: it holds no %s", word,
		     req->config ? req->config : "config.json");
		if (stat(word, &st) == 0 && S_ISREG(st.st_mode))
			return error_hint(err, "it is a file: name the directory that it is in");
		return error_hint(err, "'vert spec --bundle %s' writes one", word);
	} else {
		req->id = word;
	}
	return carry_out(call, err);
}

const struct cli_command command_create = {
	.name = "create",
	.summary = "create a container, which 'start' then runs",
	.operands = "ID",
	.syntax = {create_options, COUNT_OF(create_options), sizeof(struct create_values), 1, 1,
		   false},
	.run = create,
};

const struct cli_command command_run = {
	.name = "run",
	.summary = "create a container, start it and wait for its end",
	.operands = "[DIR|ID]",
	.syntax = {run_options, COUNT_OF(run_options), sizeof(struct create_values), 0, 1, false},
	.run = run,
};
