/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of the man pages that repeat the command tables.  man/update puts them into the pages; a
 * test fails when a page and its table differ. */
#include "cmd/help.h"

#include <string.h>

#include "cmd/commands.h"

/* Text with what man(7) would take for its own escaped. */
static void add_text(struct buf *b, const char *s)
{
	for (; *s; s++)
		if (*s == '-')
			buf_puts(b, "\\-");
		else if (*s == '\\')
			buf_puts(b, "\\e");
		else
			buf_add(b, s, 1);
}

static void add_words(struct buf *b, const char *font, const char *s)
{
	buf_printf(b, "\\f%s", font);
	add_text(b, s);
	buf_puts(b, "\\fR");
}

static void add_option(struct buf *b, const struct cli_option *o)
{
	char letter[] = {'-', o->letter, '\0'};

	buf_puts(b, ".TP\n");
	if (o->letter) {
		add_words(b, "B", letter);
		buf_puts(b, ", ");
	}
	buf_puts(b, "\\fB\\-\\-");
	add_text(b, o->name);
	buf_puts(b, "\\fR");
	if (o->arg) {
		buf_puts(b, " ");
		add_words(b, "I", o->arg);
	}
	buf_puts(b, "\n");
	add_text(b, o->help);
	if (o->preset) {
		buf_puts(b, " (default: ");
		add_text(b, o->preset);
		buf_puts(b, ")");
	}
	buf_puts(b, ".\n");
}

static void add_options(struct buf *b, const struct cli_syntax *syntax)
{
	static const struct cli_option help = {
		.name = "help", .letter = 'h', .help = "print a short help"};

	buf_puts(b, ".SH OPTIONS\n");
	for (size_t i = 0; i < syntax->n_options; i++)
		if (syntax->options[i].help)
			add_option(b, &syntax->options[i]);
	add_option(b, &help);
}

/* "ID [SIGNAL]": the words in italics, what is around them in roman. */
static void add_operands(struct buf *b, const char *operands)
{
	static const char around[] = " []|.";

	while (*operands) {
		size_t n = strcspn(operands, around);

		if (n > 0) {
			buf_puts(b, "\\fI");
			buf_add(b, operands, n);
			buf_puts(b, "\\fR");
		}
		operands += n;
		n = strspn(operands, around);
		buf_add(b, operands, n);
		operands += n;
	}
}

void manual_print(struct buf *b, const struct cli_command *command)
{
	buf_puts(b, ".SH SYNOPSIS\n\\fBvert\\fR [\\fIglobal option\\fR...] ");
	if (command) {
		buf_printf(b, "\\fB%s\\fR [\\fIoption\\fR...] ", command->name);
		add_operands(b, command->operands);
		buf_puts(b, "\n");
		add_options(b, &command->syntax);
		return;
	}
	buf_puts(b, "\\fIcommand\\fR [\\fIoption\\fR...] [\\fIargument\\fR...]\n.SH COMMANDS\n");
	for (size_t i = 0; commands[i]; i++) {
		buf_printf(b, ".TP\n\\fBvert\\-%s\\fR(1)\n", commands[i]->name);
		add_text(b, commands[i]->summary);
		buf_puts(b, ".\n");
	}
	add_options(b, &globals_syntax);
}
