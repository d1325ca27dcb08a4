/* SPDX-License-Identifier: Apache-2.0 */
/* What the fingers of people who know other programs type, and what they find here. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* For a command that there is not: sets ERR's hint and returns true, when it is one of another program's. */
bool habits_command(const char *name, struct error *err);

/* For an option that COMMAND does not have, with its dashes. */
bool habits_option(const char *command, const char *option, struct error *err);
