/* SPDX-License-Identifier: Apache-2.0 */
/* Durations on the command line, as Go writes them, since that is what the users of other runtimes type. */
#pragma once

#include <stdbool.h>

/* Numbers with units, one after the other ("1m30s", "500ms"); a number alone is seconds.  False: it is none, or less
 * than LEAST milliseconds, or more than an int holds. */
bool duration_parse(const char *s, unsigned least, unsigned *ret_ms);
