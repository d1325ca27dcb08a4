/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a JSON text a place like "mounts[3].source" stands.
 *
 * Only after a failure: errors name places, people want lines.  The text has been parsed before, so this is no
 * parser: it trusts brackets and quotes to match, and stops where they do not.
 */
#pragma once

#include <stddef.h>

/* The line, from 1, of PLACE in the LEN bytes at TEXT.  What is missing there has the line of the object or list in
 * which it would be; 0 when not even the first part is there. */
unsigned position_line(const char *text, size_t len, const char *place);
