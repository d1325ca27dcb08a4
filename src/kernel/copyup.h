/* SPDX-License-Identifier: Apache-2.0 */
/* tmpcopyup: a tmpfs that starts with the content of the directory it covers. */
#pragma once

#include "base/error.h"

/* Copies the tree below the directory FROM (an O_PATH descriptor will do) into the empty directory TO: regular
 * files, directories and symbolic links with owner, mode and times; nothing is followed, other kinds
 * are left out, no mount is crossed.  NAME is for messages.  At most 64 levels deep. */
MUST_CHECK int copyup_tree(int from, int to, const char *name, struct error *err);
