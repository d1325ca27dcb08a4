/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odd WHAT... -- COMMAND...: executes COMMAND from a process in a state that no shell would hand over.
 *
 *	fds DIR N	descriptors 3 to 2+N open on DIR, without close-on-exec
 *	signals		every signal ignored or blocked, timers running
 *	scheduling	nice, one CPU, batch class, idle I/O, slow timers, no address randomisation
 *	groups G,G	additional groups
 *	keyring NAME	a session keyring of that name
 *	noargv		an empty argument list for COMMAND
 *	closed		standard descriptors closed
 */
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

static void odd_fds(const char *dir, int n)
{
	int fd;

	syscall(SYS_close_range, 3, ~0U, 0); /* what the test's own shell has open */
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	for (int to = 3; to < 3 + n; to++)
		if (fd != to && dup2(fd, to) < 0)
			exit(95);
}

static void odd_signals(void)
{
	const struct itimerval soon = {.it_value.tv_sec = 30};
	sigset_t all;

	for (int sig = 1; sig < 65; sig++)
		if (sig != SIGCHLD) /* who ignores it must not expect the status of a child */
			signal(sig, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	setitimer(ITIMER_VIRTUAL, &soon, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	umask(0);
}

static void odd_scheduling(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	prctl(PR_SET_TIMERSLACK, 1000000);
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	personality(ADDR_NO_RANDOMIZE);
}

static void odd_groups(char *list)
{
	gid_t groups[32];
	size_t n = 0;

	for (char *g = strtok(list, ","); g && n < 32; g = strtok(NULL, ","))
		groups[n++] = (gid_t)atoi(g);
	if (setgroups(n, groups) < 0)
		exit(96);
}

int main(int argc, char **argv)
{
	static char *none[] = {NULL};
	int i = 1, noargv = 0;

	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const char *what = argv[i];

		if (strcmp(what, "fds") == 0 && i + 2 < argc) {
			odd_fds(argv[i + 1], atoi(argv[i + 2]));
			i += 2;
		} else if (strcmp(what, "signals") == 0) {
			odd_signals();
		} else if (strcmp(what, "scheduling") == 0) {
			odd_scheduling();
		} else if (strcmp(what, "groups") == 0 && i + 1 < argc) {
			odd_groups(argv[++i]);
		} else if (strcmp(what, "keyring") == 0 && i + 1 < argc) {
			syscall(SYS_keyctl, 1L /* JOIN_SESSION_KEYRING */, argv[++i]);
		} else if (strcmp(what, "noargv") == 0) {
			noargv = 1;
		} else if (strcmp(what, "closed") == 0) {
			close(0), close(1), close(2);
		} else {
			return 94;
		}
	}
	if (i + 1 >= argc)
		return 93;
	execvp(argv[i + 1], noargv ? none : argv + i + 1);
	return 92;
}
