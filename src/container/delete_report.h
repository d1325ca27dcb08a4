/* SPDX-License-Identifier: Apache-2.0 */
/* What `delete --report` tells: what was removed, what is left and who holds it, what the container used. */
#pragma once

#include "base/error.h"
#include "base/str.h"
#include "container/container.h"
#include "container/record.h"

struct removal_done;

struct delete_report {
	const struct delete_options *options;
	const struct removal_done *done;
	struct buf facts;	/* of the cgroup: a JSON object, NULL when there was none to look at */
};

/* For struct removal_watch; ARG is the report. */
void delete_report_waiting(void *arg, int cgroup);
void delete_report_look(void *arg, int cgroup);

/* Appends the line to the report of the options.  C is as removal left it; FAILED: why not all is gone, NULL. */
void delete_report_print(struct delete_report *report, struct container *c, const struct error *failed);
