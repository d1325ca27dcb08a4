/* SPDX-License-Identifier: Apache-2.0 */
/* The error object of libvert: a struct error on the heap. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/lib.h"

/* For when there is no memory to say so. */
static const struct vert_error no_memory = {
	.e = {.errnum = ENOMEM, .msg = "cannot allocate memory"}};

int lib_fail(struct vert_error **why, const struct error *err)
{
	struct vert_error *e;

	if (!why)
		return -1;
	e = malloc(sizeof(*e));
	if (e)
		e->e = *err;
	*why = e ? e
		 : (struct vert_error
			    *)&no_memory; /* never written to, and vert_error_free() knows it */
	return -1;
}

int lib_result(int r, struct vert_error **why, struct error *err)
{
	if (r < 0) {
		*err = (*why)->e;
		vert_error_free(*why);
		*why = NULL;
	}
	return r;
}

void vert_error_free(struct vert_error *why)
{
	if (why != &no_memory)
		free(why);
}

const char *vert_error_message(const struct vert_error *why)
{
	return why ? why->e.msg : "";
}

const char *vert_error_code(const struct vert_error *why)
{
	return why ? why->e.code : "";
}

const char *vert_error_place(const struct vert_error *why)
{
	return why ? why->e.where : "";
}

const char *vert_error_step(const struct vert_error *why)
{
	return why ? why->e.step : "";
}

const char *vert_error_hint(const struct vert_error *why)
{
	return why ? why->e.hint : "";
}

int vert_error_errno(const struct vert_error *why)
{
	return why ? why->e.errnum : 0;
}
