/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of libvert: what is behind the types of vert.h, and how a call gets a process of its own.
 *
 * The program uses the same functions through a handle of lib_borrow(): it is a process made for one call already,
 * so nothing is forked and nothing is paid.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "container/container.h"
#include "lib/vert.h"

struct vert {
	struct runtime rt;
	struct log_settings log; /* of the processes that carry calls out */
	bool in_place; /* no process of its own for a call */
};

struct vert_error {
	struct error e;
};

/* A handle of the program's own.  *RT must outlive it. */
struct vert lib_borrow(const struct runtime *rt);

/* Moves what a call of the program's gave into *ERR; returns R. */
MUST_CHECK int lib_result(int r, struct vert_error **why, struct error *err);

/* Makes *WHY (when WHY is not NULL) of ERR.  Returns -1. */
int lib_fail(struct vert_error **why, const struct error *err);

/* Copies a structure of the caller's that begins with its size into KNOWN bytes at TO, zeroed beyond; a member that we
 * do not know yet must be zero. */
MUST_CHECK int lib_copy(void *to, size_t known, const void *from, const char *name,
			struct error *err);

/* One call, carried out elsewhere. */
struct job {
	int (*run)(const struct vert *v, void *request, struct buf *out, struct error *err);
	void *request;
	bool replaces; /* run() replaces its process by another program */
	const int *stdio, *fds; /* for a program that is run; see vert.h */
	size_t n_fds;
	char **ret_text; /* not NULL: what run() wrote to OUT; to free() */
	int *ret_status; /* not NULL: the exit status; else any but 0 is an error */
};
MUST_CHECK int lib_do(const struct vert *v, const struct job *job, struct error *err);

/* Carries JOB out in a child of ours, which writes the text to RESULT: isolate.c.  *RET_STATUS is in wait(2)'s form. */
MUST_CHECK int lib_isolate(const struct vert *v, const struct job *job, int result, int *ret_status,
			   struct error *err);
