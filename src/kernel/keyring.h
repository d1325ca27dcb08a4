/* SPDX-License-Identifier: Apache-2.0 */
/* A session keyring of the container's own, so that it does not share its starter's. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* Joins "_ses.ID", making it when there is none (exec finds init's).  Searching is allowed to others inside a user
 * namespace (USERNS), to the owner elsewhere: the payload may change its user.  A kernel without keyrings is
 * no error. */
MUST_CHECK int keyring_join(const char *id, bool userns, struct error *err);
