/* SPDX-License-Identifier: Apache-2.0 */
/* What the archives of yajl, libseccomp and libcap call when their distribution built them for glibc, and musl does not
 * have: with _FORTIFY_SOURCE the same functions, with the size of what they write to (a copy that does not fit ends
 * the program, as in glibc); with glibc 2.38 and large files (Debian 13) names of their own for two more.  Only the
 * vert that is linked with musl has this file.
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
unsigned long __isoc23_strtoul(const char *s, char **end, int base);
#undef fopen64 /* a macro of musl's before 1.2.4 */
FILE *fopen64(const char *path, const char *mode);

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

/* C23's knows "0b1" as well: no capability has such a number. */
unsigned long __isoc23_strtoul(const char *s, char **end, int base)
{
	return strtoul(s, end, base);
}

FILE *fopen64(const char *path, const char *mode)
{
	return fopen(path, mode);
}
