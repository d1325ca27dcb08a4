/* SPDX-License-Identifier: Apache-2.0 */
/* Names of signals: what kill(1) calls them, strictly; nothing is guessed from a prefix. */
#include "cmd/signals.h"

#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

/* The kernel's limits as programs of glibc see them.  Another libc in the container may reserve one signal
 * more, but engines and image authors count from these. */
enum { FIRST_REALTIME = 34, LAST_REALTIME = 64 };

/* clang-format off */
static const struct { const char *name; int number; } signals[] = {
	{ "HUP", SIGHUP },       { "INT", SIGINT },   { "QUIT", SIGQUIT }, { "ILL", SIGILL },
	{ "TRAP", SIGTRAP },     { "ABRT", SIGABRT }, { "IOT", SIGIOT },   { "BUS", SIGBUS },
	{ "FPE", SIGFPE },       { "KILL", SIGKILL }, { "USR1", SIGUSR1 }, { "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 },     { "PIPE", SIGPIPE }, { "ALRM", SIGALRM }, { "TERM", SIGTERM },
	{ "STKFLT", SIGSTKFLT }, { "CHLD", SIGCHLD }, { "CLD", SIGCHLD },  { "CONT", SIGCONT },
	{ "STOP", SIGSTOP },     { "TSTP", SIGTSTP }, { "TTIN", SIGTTIN }, { "TTOU", SIGTTOU },
	{ "URG", SIGURG },       { "XCPU", SIGXCPU }, { "XFSZ", SIGXFSZ }, { "VTALRM", SIGVTALRM },
	{ "PROF", SIGPROF },     { "WINCH", SIGWINCH }, { "IO", SIGIO },   { "POLL", SIGPOLL },
	{ "PWR", SIGPWR },       { "SYS", SIGSYS },
};
/* clang-format on */

/* "RTMIN", "RTMIN+n", "RTMAX", "RTMAX-n" */
static bool parse_realtime(const char *s, int *ret)
{
	bool from_first = strncasecmp(s, "RTMIN", 5) == 0;
	uint32_t n = 0;

	if (!from_first && strncasecmp(s, "RTMAX", 5) != 0)
		return false;
	if (s[5] && (s[5] != (from_first ? '+' : '-') || !str_to_u32(s + 6, &n)))
		return false;
	if (n > LAST_REALTIME - FIRST_REALTIME)
		return false;
	*ret = from_first ? FIRST_REALTIME + (int)n : LAST_REALTIME - (int)n;
	return true;
}

bool signal_parse(const char *s, int *ret)
{
	uint32_t number;

	if (str_to_u32(s, &number)) {
		if (number > LAST_REALTIME)
			return false;
		*ret = (int)number;
		return true;
	}
	if (strncasecmp(s, "SIG", 3) == 0)
		s += 3;
	for (size_t i = 0; i < COUNT_OF(signals); i++)
		if (strcasecmp(signals[i].name, s) == 0) {
			*ret = signals[i].number;
			return true;
		}
	return parse_realtime(s, ret);
}
