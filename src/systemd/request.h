/* SPDX-License-Identifier: Apache-2.0 */
/* The text of properties that plan/systemd.h describes, to D-Bus values. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>

#include "base/error.h"

struct property {
	const char *name, *signature;
	bool optional;
	bool dropped;	/* the manager does not know it */
	size_t n_words;
	char **words;
};
struct request {
	size_t n;
	struct property *v;
};

/* Splits TEXT, which is changed and must live as long as RET. */
MUST_CHECK int request_parse(char *text, struct request *ret, struct error *err);

/* Copes with one that request_parse() did not finish. */
void request_free(struct request *r);

/* Appends those that are not dropped, as "(sv)".  0 or negative. */
int request_append(const struct request *r, sd_bus_message *m);

/* The first optional property that MESSAGE, an error's, names is dropped.  False: there is none. */
bool request_drop(struct request *r, const char *message);
