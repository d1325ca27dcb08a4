/* SPDX-License-Identifier: Apache-2.0 */
/* What people read, made from the command tables: help, the version, the OPTIONS of man pages, completions. */
#pragma once

#include <stdbool.h>

#include "base/str.h"

struct cli_command;

/* `vert --help` and `vert COMMAND --help`. */
void help_program(struct buf *b);
void help_command(struct buf *b, const struct cli_command *command);

/* `vert --version`. */
void help_version(struct buf *b);

/* The SYNOPSIS and OPTIONS sections of vert-COMMAND(1) in man(7) language; NULL: of vert(1), with its COMMANDS. */
void manual_print(struct buf *b, const struct cli_command *command);

/* The completion file of "bash", "zsh" or "fish".  False: no such shell. */
bool complete_print(struct buf *b, const char *shell);
