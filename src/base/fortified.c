/* SPDX-License-Identifier: Apache-2.0 */
/* What the archives of yajl, libseccomp and libcap call when their distribution built them for glibc with
 * _FORTIFY_SOURCE, and musl does not have: the same functions, with the size of what they write to.  Only the
 * vert that is linked with musl has this file; a copy that does not fit ends the program, as in glibc.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__memcpy_chk(void *to, const void *from, size_t n, size_t room);
int __snprintf_chk(char *to, size_t n, int flag, size_t room, const char *format, ...);
int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...);
int __fprintf_chk(FILE *to, int flag, const char *format, ...);
int __asprintf_chk(char **ret, int flag, const char *format, ...);

void *__memcpy_chk(void *to, const void *from, size_t n, size_t room)
{
	if (n > room)
		abort();
	return memcpy(to, from, n);
}

int __snprintf_chk(char *to, size_t n, int flag, size_t room, const char *format, ...)
{
	va_list args;
	int len;

	(void)flag;
	if (n > room)
		abort();
	va_start(args, format);
	len = vsnprintf(to, n, format, args);
	va_end(args);
	return len;
}

int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...)
{
	va_list args;
	int len;

	(void)flag;
	va_start(args, format);
	len = vsnprintf(to, room, format, args);
	va_end(args);
	if (len >= 0 && (size_t)len >= room)
		abort();
	return len;
}

int __fprintf_chk(FILE *to, int flag, const char *format, ...)
{
	va_list args;
	int len;

	(void)flag;
	va_start(args, format);
	len = vfprintf(to, format, args);
	va_end(args);
	return len;
}

int __asprintf_chk(char **ret, int flag, const char *format, ...)
{
	va_list args;
	int len;

	(void)flag;
	va_start(args, format);
	len = vasprintf(ret, format, args);
	va_end(args);
	return len;
}
