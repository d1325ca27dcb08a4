/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a command and says what it cost: `measure [-p N] COMMAND...`
 *
 * One line: wall nanoseconds, user and system microseconds, largest resident set in kB, minor and major page
 * faults, exit status; the command's children are counted where it has waited for them.  With -p N, N copies
 * run at once, a '%' in an argument becomes the copy's number, and the wall time ends with the last of them.
 * Small and static, because a child begins its life with the resident set of who starts it: that of an
 * interpreter would hide every runtime's own.
 */
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_COPIES = 4096, MAX_ARGS = 64 };

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static char *numbered(const char *arg, int number)
{
	const char *at = strchr(arg, '%');
	char *text;

	if (!at)
		return strdup(arg);
	return asprintf(&text, "%.*s%d%s", (int)(at - arg), arg, number, at + 1) < 0 ? NULL : text;
}

static pid_t start(char *const *argv, int number)
{
	char *own[MAX_ARGS + 1] = {0};
	pid_t pid;

	for (int i = 0; argv[i]; i++)
		if (!(own[i] = numbered(argv[i], number)))
			return -1;
	pid = vfork();
	if (pid == 0) {
		execvp(own[0], own);
		_exit(127);
	}
	for (int i = 0; own[i]; i++)
		free(own[i]);
	return pid;
}

static long long us(struct timeval t)
{
	return t.tv_sec * 1000000LL + t.tv_usec;
}

int main(int argc, char **argv)
{
	long long begin, end, user = 0, system = 0;
	long rss = 0, minor = 0, major = 0;
	int copies = 1, worst = 0, n = 0;

	if (argc > 3 && strcmp(argv[1], "-p") == 0) {
		copies = atoi(argv[2]);
		argv += 2;
		argc -= 2;
	}
	if (argc < 2 || argc > MAX_ARGS || copies < 1 || copies > MAX_COPIES) {
		fprintf(stderr, "usage: measure [-p N] COMMAND...\n");
		return 2;
	}
	begin = now();
	for (; n < copies; n++)
		if (start(argv + 1, n) < 0) {
			perror("vfork");
			return 2;
		}
	while (n-- > 0) {
		struct rusage r;
		int status;

		if (wait4(-1, &status, 0, &r) < 0) {
			perror("wait4");
			return 2;
		}
		user += us(r.ru_utime);
		system += us(r.ru_stime);
		rss = r.ru_maxrss > rss ? r.ru_maxrss : rss;
		minor += r.ru_minflt;
		major += r.ru_majflt;
		status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		worst = status > worst ? status : worst;
	}
	end = now();
	printf("%lld %lld %lld %ld %ld %ld %d\n", end - begin, user, system, rss, minor, major, worst);
	return 0;
}
