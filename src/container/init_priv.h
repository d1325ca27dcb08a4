/* SPDX-License-Identifier: Apache-2.0 */
/* What init.c and init_wait.c share: the state of the container's first process, and its half of the conversation. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "container/become.h"
#include "container/init.h"
#include "container/proto.h"
#include "plan/plan.h"

struct child {
	struct init *init;
	const struct plan *plan;
	int rootfd;
	int slave; /* of the terminal, -1 */
	bool recorded, networked; /* these messages have come */
	struct become become;
};

/* Waits for a word of the launcher's; its end is our end.  MSG_NETWORK and MSG_RECORDED may come before any other;
 * the former is acted on at once. */
MUST_CHECK int init_wait_for(struct child *c, enum msg_kind kind, struct error *err);

/* Waits until we are in the network namespace that the launcher makes, if that is how it is made. */
MUST_CHECK int init_join_network(struct child *c, struct error *err);

/* create: someone connects to the start socket and says MSG_GO; who hangs up without a word did not mean it. */
MUST_CHECK int init_wait_for_start(struct child *c, struct error *err);
