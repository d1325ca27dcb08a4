/* SPDX-License-Identifier: Apache-2.0 */
/* One way to say what went wrong.
 *
 * A struct error is created once, where the failure is seen, and gains context on its way up.
 * It is plain data: the container's init sends it to its parent as a message.  Nothing below
 * main() prints it.  Functions return 0 or -1 and take `struct error *err` last; on -1 it is filled.
 */
#pragma once

#include <stdarg.h>

struct error {
	int errnum;	/* errno of the cause, 0: none */
	int status;	/* exit status of the program, 0: the verb's default */
	char code[40];	/* stable name, "MOUNT_SOURCE_MISSING"; "": none */
	char where[160];	/* place in config.json, "mounts[3].source"; "": none */
	unsigned line;	/* of that place, from 1; 0: not known */
	char step[64];	/* what the runtime was doing, "mount file systems"; "": none */
	char op[24];	/* the call that was refused, "fsconfig"; "": none */
	char path[256];	/* the file it was about; "": none */
	char denied_at[256];	/* the first part of PATH that is missing or refuses; "": not looked for */
	char hint[320];	/* the cure in one sentence; "": none */
	char msg[1024];
};

/* For buffers of a page or more that are written before they are read: the zeroing of all variables that the
 * build asks for would touch their pages, and a first touch costs as much as several system calls. */
#if defined(__has_attribute)
#if __has_attribute(uninitialized)
#define UNSET __attribute__((uninitialized))
#endif
#endif
#ifndef UNSET
#define UNSET
#endif

#define MUST_CHECK __attribute__((warn_unused_result))

/* Fills ERR with the formatted text and, when ERRNUM is not 0, ": " and its description in lower
 * case (the engines' matchers want "no such process", runc's spelling).  Returns -1. */
__attribute__((format(printf, 3, 4))) int fail(struct error *err, int errnum, const char *fmt, ...);

/* The same, and remembers WHERE in config.json the cause is ("mounts[3].source"). */
__attribute__((format(printf, 4, 5))) int fail_at(struct error *err, int errnum, const char *where,
						   const char *fmt, ...);

/* Puts "text: " before the message.  Returns -1. */
__attribute__((format(printf, 2, 3))) int wrap(struct error *err, const char *fmt, ...);

/* Each sets one field, keeps one that is already set (the innermost knows best), returns -1. */
__attribute__((format(printf, 2, 3))) int error_hint(struct error *err, const char *fmt, ...);
int error_where(struct error *err, const char *where);
int error_code(struct error *err, const char *code);
int error_op(struct error *err, const char *op);
int error_path(struct error *err, const char *path);
int error_step(struct error *err, const char *step);
int error_status(struct error *err, int status);

/* The description of an errno, first letter in lower case.  BUF is used when needed. */
const char *errno_text(int errnum, char *buf, unsigned long size);
