/* SPDX-License-Identifier: Apache-2.0 */
/* Running vert-systemd, the program that speaks to a systemd manager, and reading its answer.
 *
 * It has a deadline of its own; one that is late all the same is killed.
 */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

#define SYSTEMD_NO_SIGNALS (-1)

/* `vert-systemd VERB SOCKET DIRECT MS UNIT [FIRST [SECOND]]` with S->request on its standard input.  SIGNALS: a
 * signalfd; a signal that asks us to end ends the wait with an error.  FIRST and SECOND may be NULL. */
MUST_CHECK int systemd_call(const struct plan_systemd *s, const char *verb, const char *first, const char *second,
			    int signals, struct error *err);
