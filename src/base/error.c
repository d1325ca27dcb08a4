/* SPDX-License-Identifier: Apache-2.0 */
/* Building error messages: no allocation, no output, safe between clone and execve. */
#include "error.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const char *errno_text(int errnum, char *buf, unsigned long size)
{
	const char *text = strerror(errnum);

	snprintf(buf, size, "%s", text);
	if (size > 1 && isupper((unsigned char)buf[0]) && islower((unsigned char)buf[1]))
		buf[0] = (char)tolower((unsigned char)buf[0]);
	return buf;
}

__attribute__((format(printf, 4, 0))) static int vfail(struct error *err, int errnum, const char *where,
						       const char *fmt, va_list ap)
{
	char text[128];
	int n;

	memset(err, 0, sizeof(*err));
	err->errnum = errnum;
	if (where)
		snprintf(err->where, sizeof(err->where), "%s", where);
	n = vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	if (errnum && n >= 0 && (size_t)n < sizeof(err->msg))
		snprintf(err->msg + n, sizeof(err->msg) - (size_t)n, ": %s",
			 errno_text(errnum, text, sizeof(text)));
	return -1;
}

int fail(struct error *err, int errnum, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfail(err, errnum, NULL, fmt, ap);
	va_end(ap);
	return -1;
}

int fail_at(struct error *err, int errnum, const char *where, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfail(err, errnum, where, fmt, ap);
	va_end(ap);
	return -1;
}

int wrap(struct error *err, const char *fmt, ...)
{
	char old[sizeof(err->msg)];
	va_list ap;
	int n;

	memcpy(old, err->msg, sizeof(old));
	va_start(ap, fmt);
	n = vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(err->msg))
		snprintf(err->msg + n, sizeof(err->msg) - (size_t)n, ": %s", old);
	return -1;
}

int error_hint(struct error *err, const char *fmt, ...)
{
	va_list ap;

	if (err->hint[0])
		return -1;
	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
	return -1;
}

/* Keeps what is there: the innermost knows best. */
static int set_once(char *field, size_t size, const char *value)
{
	if (!field[0])
		snprintf(field, size, "%s", value);
	return -1;
}

int error_where(struct error *err, const char *where)
{
	return set_once(err->where, sizeof(err->where), where);
}

int error_code(struct error *err, const char *code)
{
	return set_once(err->code, sizeof(err->code), code);
}

int error_step(struct error *err, const char *step)
{
	return set_once(err->step, sizeof(err->step), step);
}

int error_op(struct error *err, const char *op)
{
	return set_once(err->op, sizeof(err->op), op);
}

int error_path(struct error *err, const char *path)
{
	return set_once(err->path, sizeof(err->path), path);
}

int error_status(struct error *err, int status)
{
	if (!err->status)
		err->status = status;
	return -1;
}
