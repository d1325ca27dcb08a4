/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines described by tables.
 *
 * A command is a row: its name, its operands, its options and the function that carries it out.  From the
 * same rows come the parser (cli.c), `--help` (help.c), the OPTIONS sections of the man pages (manual.c) and
 * the shell completions (complete.c).  Nothing here knows what a container is.
 *
 * What is accepted: --name VALUE, --name=VALUE, -x VALUE, -xVALUE, -x=VALUE, several flags in one word
 * (-dt), long names after one dash (-no-pivot), flags with a value (--tty=false), the same option again (the
 * last one counts, lists grow), "--" as the end of the options.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct arena;
struct runtime;

/* What an option stores at its offset in the command's structure. */
enum cli_kind {
	CLI_FLAG,	/* bool */
	CLI_NOTHING,	/* nothing: a flag that is accepted and has no effect */
	CLI_STRING,	/* const char * */
	CLI_CHOICE,	/* unsigned: index into .choices */
	CLI_LIST,	/* const char *const *: NULL-terminated; NULL when never given */
	CLI_U32,	/* uint32_t */
	CLI_OCI_U16,	/* struct oci_u16 */
	CLI_OCI_U64,	/* struct oci_u64 */
	CLI_OCI_I64,	/* struct oci_i64 */
	CLI_OCI_SIZE,	/* struct oci_i64 from "512m"; -1: no limit */
};

struct cli_option {
	const char *name;		/* "pid-file" */
	char letter;			/* 'p'; 0: none */
	enum cli_kind kind;
	size_t at;			/* offset in the command's structure */
	const char *arg;		/* what the value is: "FILE"; see complete.c for the words it knows */
	const char *const *choices;	/* CLI_CHOICE: NULL-terminated */
	const char *preset;		/* what holds when it is not given, for people; NULL: nothing to tell */
	const char *help;		/* half a sentence; NULL: hidden */
};

/* One level of a command line: the options that are legal there and how many operands may follow. */
struct cli_syntax {
	const struct cli_option *options;
	size_t n_options;
	size_t size;			/* of the structure they are stored in */
	unsigned min, max;		/* operands; max CLI_ANY: no limit */
	bool in_order;			/* options end at the first operand; the rest is not ours */
};
#define CLI_ANY (~0u)

struct cli_command;

/* What a command's function gets. */
struct cli_call {
	const struct runtime *runtime;
	const struct cli_command *command;
	struct arena *arena;		/* lives until the program ends */
	void *values;			/* the command's structure, filled */
	const char *const *args;	/* operands, NULL-terminated */
	size_t n_args;
};

struct cli_command {
	const char *name;
	const char *summary;		/* "send a signal to a container" */
	const char *operands;		/* "ID [SIGNAL]" */
	struct cli_syntax syntax;
	int (*run)(const struct cli_call *call, struct error *err);
};

/* The words that are no options, and whether help was asked for (which beats every error). */
struct cli_words {
	const char **v;			/* NULL-terminated */
	size_t n;
	bool help;
	const char *unknown;	/* the option that the error is about, as "--name"; NULL: about something else */
};

/* Parses ARGV (without the program's or command's name) into VALUES.  An error does not stop it: the first
 * one is reported, what follows is still stored, so that --log behind a wrong option is known.  OUTER, when
 * not NULL, are the options that stand before the command: an error tells when one of them is misplaced. */
MUST_CHECK int cli_parse(const struct cli_syntax *syntax, const struct cli_syntax *outer, char *const *argv,
			 struct arena *arena, void *values, struct cli_words *ret_words, struct error *err);

/* An error of the command line itself.  Returns -1. */
__attribute__((format(printf, 2, 3))) int cli_misuse(struct error *err, const char *fmt, ...);

/* Refuses a number of operands that COMMAND does not take. */
MUST_CHECK int cli_check_operands(const struct cli_command *command, const struct cli_words *words,
				  struct error *err);

/* True when the option is followed by a value of its own. */
bool cli_takes_value(const struct cli_option *option);

/* The option of that name, which ends at '=' or at the end; NULL: none. */
const struct cli_option *cli_find(const struct cli_syntax *syntax, const char *name);
