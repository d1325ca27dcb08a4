/* SPDX-License-Identifier: Apache-2.0 */
/* The loopback interface of a new network namespace. */
#pragma once

#include "base/error.h"

/* Sets "lo" of our network namespace up, as every runtime does: programs expect 127.0.0.1.  Needs CAP_NET_ADMIN
 * there. */
MUST_CHECK int loopback_up(struct error *err);
