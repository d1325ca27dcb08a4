/* SPDX-License-Identifier: Apache-2.0 */
/* The last touch to an error before it is printed. */
#pragma once

#include <stddef.h>

#include "error.h"

/* Gives an error that has no code of its own that of its place in config.json, else that of its step, else a general
 * one: every failure has a stable name. */
void error_complete(struct error *err);

/* Looks up the line of the error's place in the LEN bytes of its document; TEXT NULL: nothing is known. */
void error_locate(struct error *err, const char *text, size_t len);
