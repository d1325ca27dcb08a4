/* SPDX-License-Identifier: Apache-2.0 */
/* start, kill, delete, pause, resume: verbs that take an id and, but for a report that is asked for, print nothing. */
#include "cmd/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "cmd/duration.h"
#include "cmd/output.h"
#include "cmd/signals.h"
#include "container/container.h"
#include "lib/lib.h"

enum { OWN_SIGNAL = -1 }; /* what the image says, else TERM */

/* config.md, Annotations: the signal that a runtime should send to kill the container. */
#define STOP_SIGNAL "org.opencontainers.image.stopSignal"

struct control_values {
	bool all, force, regex;
	const char *timeout, *report;
	struct delete_options options; /* of delete, from the above */
};

#define AT(member) offsetof(struct control_values, member)

/* clang-format off */
static const struct cli_option kill_options[] = {
	{ "all", 'a', CLI_FLAG, AT(all), NULL, NULL, NULL,
	  "send the signal to every process of the container" },
	{ "regex", 'r', CLI_FLAG, AT(regex), NULL, NULL, NULL,
	  "ID is an extended regular expression, for every container that it matches" },
};

static const struct cli_option delete_options[] = {
	{ "force", 'f', CLI_FLAG, AT(force), NULL, NULL, NULL,
	  "kill the container first; an id that does not exist is no error" },
	{ "regex", 'r', CLI_FLAG, AT(regex), NULL, NULL, NULL,
	  "ID is an extended regular expression, for every container that it matches" },
	{ "timeout", 't', CLI_STRING, AT(timeout), "DURATION", NULL, "10s",
	  "how long to wait for processes to die, such as 500ms or 1m" },
	{ "report", 0, CLI_STRING, AT(report), "FILE", NULL, NULL,
	  "write what was removed, what is left and what was used as JSON to this file; 'json': to standard output" },
};
/* clang-format on */

/* One verb on one container. */
typedef int verb(const struct cli_call *call, const char *id, int sig, struct error *err);

/* Every container is tried; the first error is returned, later ones are warnings. */
static int try_matching(const struct cli_call *call, char *const *ids, const regex_t *pattern,
			verb *do_it, int sig, struct error *err)
{
	struct error next;
	int r = 0;

	for (; *ids; ids++) {
		if (regexec(pattern, *ids, 0, NULL, 0) != 0)
			continue;
		if (do_it(call, *ids, sig, r ? &next : err) == 0)
			continue;
		if (r)
			log_warning("%s", next.msg);
		r = -1;
	}
	return r;
}

/* For one id, or for all that match it when --regex was given. */
static int for_each(const struct cli_call *call, verb *do_it, int sig, struct error *err)
{
	const struct control_values *v = call->values;
	const char *id = call->args[0];
	char text[128], **ids;
	regex_t pattern;
	int r;

	if (!v->regex)
		return do_it(call, id, sig, err);
	r = regcomp(&pattern, id, REG_EXTENDED | REG_NOSUB);
	if (r != 0) {
		regerror(r, &pattern, text, sizeof(text));
		return cli_misuse(err, "'%s' is no regular expression: %s", id, text);
	}
	r = container_ids(call->runtime, &ids, err);
	if (r == 0) {
		r = try_matching(call, ids, &pattern, do_it, sig, err);
		container_ids_free(ids);
	}
	regfree(&pattern);
	return r;
}

static int kill_one(const struct cli_call *call, const char *id, int sig, struct error *err)
{
	const struct control_values *v = call->values;
	struct vert lib = lib_borrow(call->runtime);
	struct vert_error *why = NULL;
	char own[64];

	if (sig == OWN_SIGNAL) {
		if (container_annotation(call->runtime, id, STOP_SIGNAL, own, sizeof(own), err) < 0)
			return -1;
		if (!signal_parse(own[0] ? own : "TERM", &sig)) {
			log_warning("%s: unknown signal '%s', SIGTERM is sent", STOP_SIGNAL, own);
			sig = SIGTERM;
		}
	}
	return lib_result(vert_kill(&lib, id, sig, v->all ? VERT_ALL : 0, &why), &why, err);
}

static int delete_one(const struct cli_call *call, const char *id, int sig, struct error *err)
{
	const struct control_values *v = call->values;

	(void)sig;
	return container_delete(call->runtime, id, &v->options, err);
}

/* Somebody sits there and wonders. */
static void say_waiting(const char *text, void *arg)
{
	(void)arg;
	fprintf(stderr, "vert: %s\n", text);
}

static int write_report(const char *where, struct buf *b, struct error *err)
{
	autoclose int fd = -1;
	int r = 0;

	if (strcmp(where, "json") == 0)
		return output_write(b, err);
	fd = open(where, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || b->failed || fd_write_all(fd, b->s, b->n) < 0)
		r = fail(err, b->failed ? ENOMEM : errno, "write the report to '%s'", where);
	buf_free(b);
	return r;
}

static int run_kill(const struct cli_call *call, struct error *err)
{
	int sig = OWN_SIGNAL;

	if (call->n_args > 1 && !signal_parse(call->args[1], &sig)) {
		cli_misuse(err, "unknown signal '%s'", call->args[1]);
		return error_hint(err, "signals are numbers from 0 to 64, or names such as KILL, "
				       "SIGUSR1, RTMIN+3");
	}
	return for_each(call, kill_one, sig, err);
}

static int run_delete(const struct cli_call *call, struct error *err)
{
	struct control_values *v = call->values;
	struct error of_report;
	struct buf report = {0};
	int r, written = 0;

	v->options.force = v->force;
	if (v->timeout && !duration_parse(v->timeout, 1, &v->options.timeout_ms)) {
		fail(err, 0, "option '--timeout' wants a duration, not '%s'", v->timeout);
		return error_hint(
			err, "durations are at least a millisecond, such as 500ms, 10s or 1m30s");
	}
	v->options.waiting = isatty(STDERR_FILENO) ? say_waiting : NULL;
	v->options.report = v->report ? &report : NULL;
	r = for_each(call, delete_one, 0, err);
	if (v->report)
		written = write_report(v->report, &report, &of_report);
	if (written < 0 && r == 0)
		*err = of_report;
	return r < 0 || written < 0 ? -1 : 0;
}

/* A verb of libvert on the one id that is given. */
static int run_plain(const struct cli_call *call, int (*plain)(struct vert *, const char *, struct vert_error **),
		     struct error *err)
{
	struct vert lib = lib_borrow(call->runtime);
	struct vert_error *why = NULL;

	return lib_result(plain(&lib, call->args[0], &why), &why, err);
}

static int run_start(const struct cli_call *call, struct error *err)
{
	return run_plain(call, vert_start, err);
}

static int run_pause(const struct cli_call *call, struct error *err)
{
	return run_plain(call, vert_pause, err);
}

static int run_resume(const struct cli_call *call, struct error *err)
{
	return run_plain(call, vert_resume, err);
}

const struct cli_command command_start = {
	.name = "start",
	.summary = "run the process of a created container",
	.operands = "ID",
	.syntax = {.min = 1, .max = 1},
	.run = run_start,
};

const struct cli_command command_kill = {
	.name = "kill",
	.summary = "send a signal to a container",
	.operands = "ID [SIGNAL]",
	.syntax = {kill_options, COUNT_OF(kill_options), sizeof(struct control_values), 1, 2,
		   false},
	.run = run_kill,
};

const struct cli_command command_delete = {
	.name = "delete",
	.summary = "remove a container that has ended",
	.operands = "ID",
	.syntax = {delete_options, COUNT_OF(delete_options), sizeof(struct control_values), 1, 1,
		   false},
	.run = run_delete,
};

const struct cli_command command_pause = {
	.name = "pause",
	.summary = "freeze all processes of a container",
	.operands = "ID",
	.syntax = {.min = 1, .max = 1},
	.run = run_pause,
};

const struct cli_command command_resume = {
	.name = "resume",
	.summary = "let the processes of a paused container go on",
	.operands = "ID",
	.syntax = {.min = 1, .max = 1},
	.run = run_resume,
};
