/* SPDX-License-Identifier: Apache-2.0 */
/* ps: the processes of a container, as numbers or in the columns of the host's ps(1).
 *
 * The container's own ps would show names and numbers that the container chose; the host's, run by us and
 * filtered by the pids of the cgroup, cannot be lied to.
 */
#include "cmd/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/str.h"
#include "cmd/output.h"
#include "container/container.h"
#include "libocispec/arena.h"

static const char *const formats[] = {"table", "json", NULL};

struct ps_values {
	unsigned format;
};

/* clang-format off */
static const struct cli_option options[] = {
	{ "format", 'f', CLI_CHOICE, offsetof(struct ps_values, format), "FORMAT", formats, "table",
	  "table, or json for the process numbers alone" },
};
/* clang-format on */

struct pids {
	pid_t *v;
	size_t n;
};

static int print_numbers(const struct pids *pids, struct error *err)
{
	struct buf b = {0};

	buf_puts(&b, "[");
	for (size_t i = 0; i < pids->n; i++)
		buf_printf(&b, "%s%d", i ? "," : "", (int)pids->v[i]);
	buf_puts(&b, "]\n");
	return output_write(&b, err);
}

/* ---- the host's ps ------------------------------------------------------------------------------ */

/* "ps" and its arguments.  go-runc hands all of them over as one word ("-eo pid,args"). */
static char **ps_arguments(const struct cli_call *call)
{
	const char *const *args = call->args + 1;
	size_t n = 0, room = 3;
	char **argv, *save = NULL;

	if (*args && strcmp(*args, "--") == 0)
		args++;
	for (size_t i = 0; args[i]; i++)
		room += strlen(args[i]) + 1;
	argv = arena_array(call->arena, room, sizeof(*argv));
	argv[n++] = arena_strdup(call->arena, "ps");
	if (!args[0])
		argv[n++] = arena_strdup(call->arena, "-ef");
	for (size_t i = 0; args[i] && args[1]; i++)
		argv[n++] = arena_strdup(call->arena, args[i]);
	if (args[0] && !args[1])
		for (char *w = strtok_r(arena_strdup(call->arena, args[0]), " \t", &save); w;
		     w = strtok_r(NULL, " \t", &save))
			argv[n++] = w;
	return argv;
}

/* Starts ps with OUTPUT as its standard output.  Signals that we ignore are back to normal in it. */
static int spawn_ps(char *const *argv, int output, pid_t *ret_pid, struct error *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t normal;
	int r;

	sigemptyset(&normal);
	sigaddset(&normal, SIGPIPE);
	sigaddset(&normal, SIGXFSZ);
	if (posix_spawn_file_actions_init(&actions) != 0)
		return fail(err, ENOMEM, "run ps");
	if (posix_spawnattr_init(&attr) != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return fail(err, ENOMEM, "run ps");
	}
	r = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(&attr, &normal);
	if (r == 0)
		r = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	if (r == 0)
		r = posix_spawnp(ret_pid, "ps", &actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	if (r != 0) {
		fail(err, r, "run ps");
		return error_hint(err, "install procps, or use '--format json'");
	}
	return 0;
}

/* Everything that ps prints; -1 too when it ends with an error, which it has then told itself. */
static int read_ps(char *const *argv, struct buf *ret, struct error *err)
{
	autoclose int from = -1, to = -1;
	int ends[2], status = 0;
	char part[4096];
	ssize_t n;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(err, errno, "make a pipe for ps");
	from = ends[0];
	to = ends[1];
	if (spawn_ps(argv, to, &pid, err) < 0)
		return -1;
	fd_close(take_fd(&to)); /* else we would wait for ourselves */
	while ((n = read(from, part, sizeof(part))) != 0) {
		if (n > 0)
			buf_add(ret, part, (size_t)n);
		else if (errno != EINTR)
			break;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail(err, errno, "wait for ps");
	if (n < 0 || ret->failed)
		return fail(err, ret->failed ? ENOMEM : EIO, "read what ps prints");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return fail(err, 0, "ps ended with an error");
	return 0;
}

/* Word number COLUMN of a line of LEN bytes; its length in *RET_LEN, 0: the line has fewer. */
static const char *word_at(const char *line, size_t len, size_t column, size_t *ret_len)
{
	const char *end = line + len, *start = line;

	*ret_len = 0;
	for (size_t i = 0; i <= column; i++) {
		start += *ret_len;
		while (start < end && (*start == ' ' || *start == '\t'))
			start++;
		for (*ret_len = 0; start + *ret_len < end; ++*ret_len)
			if (start[*ret_len] == ' ' || start[*ret_len] == '\t')
				break;
	}
	return start;
}

static int find_pid_column(const char *header, size_t len, size_t *ret, struct error *err)
{
	size_t n;

	for (size_t i = 0;; i++) {
		const char *word = word_at(header, len, i, &n);

		if (n == 0)
			break;
		if (n == 3 && strncmp(word, "PID", 3) == 0) {
			*ret = i;
			return 0;
		}
	}
	fail(err, 0, "ps prints no PID column with these arguments");
	return error_hint(err, "add 'pid' to the columns that you ask ps for");
}

static bool is_ours(const struct pids *pids, const char *line, size_t len, size_t column)
{
	char text[16] = "";
	uint32_t pid;
	size_t n;
	const char *word = word_at(line, len, column, &n);

	if (n == 0 || n >= sizeof(text))
		return false;
	memcpy(text, word, n);
	if (!str_to_u32(text, &pid))
		return false;
	for (size_t i = 0; i < pids->n; i++)
		if ((uint32_t)pids->v[i] == pid)
			return true;
	return false;
}

/* The header of TEXT and its lines about PIDS. */
static int filter(const char *text, const struct pids *pids, struct buf *ret, struct error *err)
{
	size_t column = 0, len = strcspn(text, "\n");

	if (find_pid_column(text, len, &column, err) < 0)
		return -1;
	buf_add(ret, text, len);
	buf_puts(ret, "\n");
	for (text += len + (text[len] == '\n'); *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		if (!is_ours(pids, text, len, column))
			continue;
		buf_add(ret, text, len);
		buf_puts(ret, "\n");
	}
	return 0;
}

static int print_table(const struct cli_call *call, const struct pids *pids, struct error *err)
{
	struct buf all = {0}, ours = {0};
	int r = read_ps(ps_arguments(call), &all, err);

	if (r == 0)
		r = filter(all.s ? all.s : "", pids, &ours, err);
	if (r == 0)
		r = output_write(&ours, err);
	buf_free(&all);
	buf_free(&ours);
	return r;
}

static int run(const struct cli_call *call, struct error *err)
{
	const struct ps_values *v = call->values;
	struct pids pids = {0};
	int r;

	if (container_pids(call->runtime, call->args[0], &pids.v, &pids.n, err) < 0)
		return -1;
	r = v->format == 1 ? print_numbers(&pids, err) : print_table(call, &pids, err);
	free(pids.v);
	return r;
}

const struct cli_command command_ps = {
	.name = "ps",
	.summary = "show the processes of a container",
	.operands = "ID [PS-ARG...]",
	.syntax = {options, COUNT_OF(options), sizeof(struct ps_values), 1, CLI_ANY, true},
	.run = run,
};
