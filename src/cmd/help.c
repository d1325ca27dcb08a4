/* SPDX-License-Identifier: Apache-2.0 */
/* `--help` and `--version`: aligned text from the command tables. */
#include "cmd/help.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cmd/abilities.h"
#include "cmd/commands.h"

enum { LEFT = 30, WIDTH = 80 };

/* TEXT at column LEFT, broken at blanks so that lines stay within WIDTH; N columns are used already. */
static void add_text(struct buf *b, size_t n, const char *text)
{
	size_t left = n;

	if (n >= LEFT) {
		buf_puts(b, "\n");
		left = 0;
	}
	buf_printf(b, "%*s", (int)(LEFT - left), "");
	left = LEFT;
	while (*text) {
		size_t word = strcspn(text, " ");

		if (left > LEFT && left + 1 + word > WIDTH) {
			buf_printf(b, "\n%*s", LEFT, "");
			left = LEFT;
		} else if (left > LEFT) {
			buf_puts(b, " ");
			left++;
		}
		buf_add(b, text, word);
		left += word;
		text += word + strspn(text + word, " ");
	}
	buf_puts(b, "\n");
}

static void add_option(struct buf *b, const struct cli_option *o)
{
	char left[64], text[256], letter[5] = "    ";
	int n;

	if (!o->help)
		return;
	if (o->letter)
		snprintf(letter, sizeof(letter), "-%c, ", o->letter);
	n = snprintf(left, sizeof(left), "  %s--%s%s%s", letter, o->name, o->arg ? " " : "",
		     o->arg ? o->arg : "");
	if (o->preset)
		snprintf(text, sizeof(text), "%s (default: %s)", o->help, o->preset);
	else
		snprintf(text, sizeof(text), "%s", o->help);
	buf_puts(b, left);
	add_text(b, (size_t)n + 2 > LEFT ? LEFT : (size_t)n, text);
}

static void add_options(struct buf *b, const char *title, const struct cli_syntax *syntax)
{
	static const struct cli_option help = {
		.name = "help", .letter = 'h', .help = "print this text"};

	buf_printf(b, "\n%s:\n", title);
	for (size_t i = 0; i < syntax->n_options; i++)
		add_option(b, &syntax->options[i]);
	add_option(b, &help);
}

void help_program(struct buf *b)
{
	buf_puts(b, "Usage: vert [GLOBAL OPTION...] COMMAND [OPTION...] [ARGUMENT...]\n"
		    "\nRun containers as the OCI runtime specification describes them.\n"
		    "\nCommands:\n");
	for (size_t i = 0; commands[i]; i++)
		buf_printf(b, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	add_options(b, "Global options", &globals_syntax);
	buf_puts(b, "\n'vert COMMAND --help' tells more, and so do vert(1) and vert-COMMAND(1).\n");
}

void help_command(struct buf *b, const struct cli_command *command)
{
	buf_printf(b, "Usage: vert [GLOBAL OPTION...] %s [OPTION...]%s%s\n\n", command->name,
		   *command->operands ? " " : "", command->operands);
	buf_printf(b, "%c%s.\n", toupper((unsigned char)command->summary[0]), command->summary + 1);
	add_options(b, "Options", &command->syntax);
}

void help_version(struct buf *b)
{
	buf_printf(b, "vert version %s\n", PACKAGE_VERSION);
	buf_printf(b, "commit: %s\n", *GIT_COMMIT ? GIT_COMMIT : "unknown");
	buf_printf(b, "spec: %s\n", SPEC_VERSION);
	for (size_t i = 0; abilities[i].word; i++)
		if (abilities[i].have)
			buf_printf(b, "%s+%s", i == 0 ? "" : " ", abilities[i].word);
	buf_puts(b, "\n");
}
