/* SPDX-License-Identifier: Apache-2.0 */
/* From argv to a command's function. */
#include "cmd/commands.h"

#include <string.h>

#include "base/log.h"
#include "base/nearest.h"
#include "cmd/habits.h"
#include "cmd/help.h"
#include "cmd/output.h"
#include "container/container.h"
#include "container/timing.h"
#include "libocispec/arena.h"

const struct cli_command *const commands[] = {
	/* clang-format off: a row for each purpose */
	&command_run, &command_create, &command_start, &command_exec, &command_exec_start,
	&command_kill, &command_delete, &command_gc,
	&command_state, &command_list, &command_ps, &command_top, &command_events, &command_probe,
	&command_pause, &command_resume, &command_update, &command_mounts,
	&command_checkpoint, &command_restore,
	&command_spec, &command_features, &command_check, &command_doctor, &command_seccomp, &command_explain,
	/* clang-format on */
	NULL,
};

const struct cli_command *commands_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int unknown_command(const char *name, struct error *err)
{
	const char *nearest = NULL;
	unsigned best = 99;

	for (size_t i = 0; commands[i]; i++) {
		unsigned distance = nearest_distance(name, commands[i]->name);

		if (distance < best) {
			best = distance;
			nearest = commands[i]->name;
		}
	}
	cli_misuse(err, "unknown command '%s'", name);
	if (habits_command(name, err))
		return -1;
	if (nearest)
		return error_hint(err, "did you mean '%s'?", nearest);
	return error_hint(err, "'vert --help' lists the commands");
}

/* Help for the command NAME; NULL: for the program. */
static int print_help(const char *name, struct error *err)
{
	const struct cli_command *command = name ? commands_find(name) : NULL;
	struct buf b = {0};

	if (name && !command)
		return unknown_command(name, err);
	if (command)
		help_command(&b, command);
	else
		help_program(&b);
	return output_write(&b, err);
}

static int print_version(struct error *err)
{
	struct buf b = {0};

	help_version(&b);
	return output_write(&b, err);
}

static int print_man(const char *name, struct error *err)
{
	const struct cli_command *command = commands_find(name);
	struct buf b = {0};

	if (!command && strcmp(name, "vert") != 0)
		return unknown_command(name, err);
	manual_print(&b, command);
	return output_write(&b, err);
}

static int print_completion(const char *shell, struct error *err)
{
	struct buf b = {0};

	if (!complete_print(&b, shell))
		return cli_misuse(err, "no completion for the shell '%s': bash, zsh and fish have one",
			    shell);
	return output_write(&b, err);
}

/* Parses what belongs to COMMAND and calls it.  ARGV starts behind the command's name. */
static int run_command(const struct cli_command *command, const struct globals *globals,
		       char *const *argv, struct arena *arena, struct error *err)
{
	struct cli_call call = {.command = command, .arena = arena};
	struct cli_words words;
	struct runtime runtime;
	struct timing timing;
	int r;

	call.values = arena_alloc(arena, command->syntax.size + 1);
	if (cli_parse(&command->syntax, &globals_syntax, argv, arena, call.values, &words, err) < 0) {
		if (words.unknown)
			habits_option(command->name, words.unknown, err);
		return error_hint(err, "'vert %s --help' lists the options", command->name);
	}
	if (words.help)
		return print_help(command->name, err);
	if (cli_check_operands(command, &words, err) < 0 ||
	    globals_runtime(globals, arena, &runtime, err) < 0)
		return -1;
	call.runtime = &runtime;
	call.args = words.v;
	call.n_args = words.n;
	if (timing_open(runtime.timing, err) < 0)
		return -1;
	timing_begin(&timing);
	r = command->run(&call, err);
	timing_end(&timing, "vert", command->name);
	return r;
}

/* What the words that are no options ask for. */
static int dispatch(const struct globals *globals, const struct cli_words *words, char *const *rest,
		    struct arena *arena, struct error *err)
{
	const struct cli_command *command;

	if (globals->print_man)
		return print_man(globals->print_man, err);
	if (globals->print_completion)
		return print_completion(globals->print_completion, err);
	if (words->help)
		return print_help(words->v[0], err);
	if (globals->version)
		return print_version(err);
	if (words->n == 0) {
		cli_misuse(err, "no command given");
		return error_hint(err, "'vert --help' lists the commands");
	}
	if (strcmp(words->v[0], "help") == 0)
		return print_help(words->v[1], err);
	command = commands_find(words->v[0]);
	if (!command)
		return unknown_command(words->v[0], err);
	return run_command(command, globals, rest, arena, err);
}

int commands_run(char *const *argv, struct error *err)
{
	struct globals globals = {0};
	struct arena arena = {0};
	struct cli_words words;
	struct error
		second; /* of the log; the first error is the one to tell, the log is where to tell it */
	int parsed, r;

	parsed = cli_parse(&globals_syntax, NULL, argv + 1, &arena, &globals, &words, err);
	r = globals_open_log(&globals, parsed == 0 ? err : &second);
	if (parsed < 0)
		r = -1;
	if (r == 0) {
		char *const *rest = argv + 1;

		while (*rest)
			rest++;
		r = dispatch(&globals, &words, words.n ? rest - words.n + 1 : rest, &arena, err);
	}
	arena_free(&arena);
	return r;
}
