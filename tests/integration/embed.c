/* SPDX-License-Identifier: Apache-2.0 */
/* A program that embeds libvert, as its users write them: only vert.h and the shared library.
 *
 *	embed SCENE ROOT BUNDLE ID		prints "ok" or what was not as promised, status 1
 *
 * Every scene also holds the library to what it promises about the caller's process: signals, umask, directory,
 * descriptors and children are afterwards as they were before.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vert.h"

static const char *root, *bundle, *id;

static void give_up(const char *what, const struct vert_error *why)
{
	printf("%s: %s [code '%s', place '%s', step '%s', errno %d]\n", what, vert_error_message(why),
	       vert_error_code(why), vert_error_place(why), vert_error_step(why), vert_error_errno(why));
	exit(1);
}

#define MUST(call)                                \
	do {                                      \
		struct vert_error *why = NULL;    \
		if ((call) < 0)                   \
			give_up(#call, why);      \
	} while (0)
#define HOLDS(condition)                                     \
	do {                                                 \
		if (!(condition)) {                          \
			printf("not so: %s\n", #condition);  \
			exit(1);                             \
		}                                            \
	} while (0)

/* ---- what belongs to the caller ---------------------------------------------------------------- */

static void on_signal(int sig)
{
	(void)sig;
}

struct ours {
	int descriptors;
	char cwd[4096];
};

static int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void prepare(struct ours *o)
{
	sigset_t set;

	signal(SIGCHLD, on_signal);
	signal(SIGUSR1, on_signal);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_SETMASK, &set, NULL);
	umask(027);
	o->descriptors = count_descriptors();
	HOLDS(getcwd(o->cwd, sizeof(o->cwd)));
}

static bool has_handler(int sig, void (*handler)(int))
{
	struct sigaction a;

	return sigaction(sig, NULL, &a) == 0 && a.sa_handler == handler;
}

static void check(const struct ours *o)
{
	char cwd[4096];
	sigset_t set;

	HOLDS(sigprocmask(SIG_SETMASK, NULL, &set) == 0);
	for (int sig = 1; sig < 32; sig++)
		HOLDS(sigismember(&set, sig) == (sig == SIGUSR2));
	HOLDS(has_handler(SIGCHLD, on_signal) && has_handler(SIGUSR1, on_signal) && has_handler(SIGPIPE, SIG_DFL));
	HOLDS(umask(0) == 027);
	HOLDS(count_descriptors() == o->descriptors);
	HOLDS(getcwd(cwd, sizeof(cwd)) && strcmp(cwd, o->cwd) == 0);
	HOLDS(waitpid(-1, NULL, WNOHANG | __WALL) == -1 && errno == ECHILD);
}

/* ---- scenes ------------------------------------------------------------------------------------ */

static struct vert *open_root(void)
{
	struct vert *v = NULL;

	MUST(vert_open(&(struct vert_options){.size = sizeof(struct vert_options), .root = root}, &v, &why));
	return v;
}

static bool is(struct vert *v, const char *status)
{
	char want[64], *json = NULL;
	bool found;

	snprintf(want, sizeof(want), "\"status\": \"%s\"", status);
	MUST(vert_state(v, id, &json, &why));
	found = strstr(json, want) != NULL;
	vert_free(json);
	return found;
}

static void wait_until(struct vert *v, const char *status)
{
	for (int i = 0; i < 250; i++) {
		if (is(v, status))
			return;
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	}
	printf("it does not become %s\n", status);
	exit(1);
}

/* The bundle's program writes what it reads from descriptor 3, then a word to standard error. */
static void create(struct vert *v)
{
	int out = open("out", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int three[2], stdio[] = {null, out, out};

	HOLDS(out >= 0 && null >= 0 && pipe2(three, O_CLOEXEC) == 0 && write(three[1], "from three\n", 11) == 11);
	close(three[1]);
	MUST(vert_create(v, id,
			 &(struct vert_create){.size = sizeof(struct vert_create),
					       .bundle = bundle,
					       .pid_file = "pid",
					       .stdio = stdio,
					       .fds = three,
					       .n_fds = 1},
			 &why));
	close(three[0]);
	close(out);
	close(null);
}

static bool wrote(const char *text)
{
	char got[256] = "";
	int fd = open("out", O_RDONLY | O_CLOEXEC);

	HOLDS(fd >= 0 && read(fd, got, sizeof(got) - 1) >= 0);
	close(fd);
	return strcmp(got, text) == 0;
}

static int exec(struct vert *v, const char *command)
{
	char process[512];
	int status = -1;

	snprintf(process, sizeof(process),
		 "{\"cwd\": \"/\", \"args\": [\"/bin/sh\", \"-c\", \"%s\"], \"env\": [\"PATH=/bin\"], "
		 "\"user\": {\"uid\": 0, \"gid\": 0}}",
		 command);
	MUST(vert_exec(v, id, &(struct vert_exec){.size = sizeof(struct vert_exec), .process = process}, &status,
		       &why));
	return status;
}

static void life(void)
{
	struct vert *v = open_root();
	char *json = NULL;

	create(v);
	HOLDS(is(v, "created") && access("pid", F_OK) == 0);
	MUST(vert_start(v, id, &why));
	HOLDS(is(v, "running"));
	HOLDS(exec(v, "exit 7") == 7);
	HOLDS(exec(v, "kill -9 $$") == 128 + SIGKILL);
	MUST(vert_list(v, &json, &why));
	HOLDS(json[0] == '[' && strstr(json, id));
	vert_free(json);
	for (int i = 0; i < 250 && !wrote("from three\nerror\n"); i++)
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	HOLDS(wrote("from three\nerror\n"));
	MUST(vert_kill(v, id, SIGKILL, 0, &why));
	wait_until(v, "stopped");
	MUST(vert_delete(v, id, 0, &why));
	MUST(vert_list(v, &json, &why));
	HOLDS(strcmp(json, "[]\n") == 0);
	vert_free(json);
	vert_close(v);
}

static void freeze(void)
{
	struct vert *v = open_root();

	create(v);
	MUST(vert_start(v, id, &why));
	MUST(vert_pause(v, id, &why));
	HOLDS(is(v, "paused"));
	MUST(vert_resume(v, id, &why));
	HOLDS(is(v, "running"));
	MUST(vert_update(v, id, "{}", &why));
	MUST(vert_delete(v, id, VERT_FORCE, &why));
	MUST(vert_delete(v, id, VERT_FORCE, &why)); /* gone already */
	vert_close(v);
}

/* Expects an error with that code, which says TEXT. */
static void refused(int r, struct vert_error **why, const char *code, const char *text)
{
	HOLDS(r == -1 && *why);
	if (strcmp(vert_error_code(*why), code) != 0 || !strstr(vert_error_message(*why), text))
		give_up("another error was expected", *why);
	vert_error_free(*why);
	*why = NULL;
}

static void errors(void)
{
	struct vert *v = open_root();
	struct vert_error *why = NULL;
	struct vert_create more[2] = {{.size = sizeof(more), .bundle = bundle}, {.flags = 1}};
	char *json = NULL;

	refused(vert_state(v, id, &json, &why), &why, "CONTAINER_NOT_FOUND", "does not exist");
	refused(vert_start(v, "../x", &why), &why, "CONTAINER_ID_INVALID", "../x");
	refused(vert_kill(v, id, 9, 1 << 30, &why), &why, "", "unknown flags");
	refused(vert_create(v, id, &(struct vert_create){.size = sizeof(struct vert_create), .bundle = "/nonexistent"}, &why),
		&why, "BUNDLE_MISSING", "/nonexistent");
	refused(vert_create(v, id, &(struct vert_create){.bundle = bundle}, &why), &why, "", "without its size");
	refused(vert_create(v, id, more, &why), &why, "", "does not know");
	HOLDS(vert_start(v, id, NULL) == -1); /* who does not want to know why */
	create(v);
	MUST(vert_start(v, id, &why));
	refused(vert_update(v, id, "{\"pids\": 5}", &why), &why, "CONFIG_INVALID", "pids");
	refused(vert_delete(v, id, 0, &why), &why, "CONTAINER_NOT_STOPPED", "is not stopped");
	/* found out inside of the container, by vert-init: it comes back whole */
	HOLDS(vert_exec(v, id,
			&(struct vert_exec){.size = sizeof(struct vert_exec),
					    .process = "{\"cwd\": \"/\", \"args\": [\"/nowhere\"]}"},
			NULL, &why) == -1);
	HOLDS(strstr(vert_error_message(why), "/nowhere") && vert_error_errno(why) == ENOENT);
	vert_error_free(why);
	MUST(vert_delete(v, id, VERT_FORCE, &why));
	vert_close(v);
}

/* The error of a create whose configuration is wrong tells the place in it. */
static void place(void)
{
	struct vert *v = open_root();
	struct vert_error *why = NULL;

	HOLDS(vert_create(v, id, &(struct vert_create){.size = sizeof(struct vert_create), .bundle = bundle}, &why) == -1);
	printf("code=%s place=%s step=%s message=%s\n", vert_error_code(why), vert_error_place(why),
	       vert_error_step(why), vert_error_message(why));
	vert_error_free(why);
	vert_close(v);
}

static void *list_often(void *arg)
{
	char *json;

	for (int i = 0; i < 25; i++) {
		free(malloc(1000 + (size_t)i)); /* the heap's lock is busy while others fork */
		MUST(vert_list(arg, &json, &why));
		HOLDS(json[0] == '[');
		vert_free(json);
	}
	return NULL;
}

static void threads(void)
{
	struct vert *v = open_root();
	pthread_t t[4];

	for (int i = 0; i < 4; i++)
		HOLDS(pthread_create(&t[i], NULL, list_often, v) == 0);
	create(v);
	MUST(vert_start(v, id, &why));
	HOLDS(exec(v, "exit 3") == 3);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	MUST(vert_delete(v, id, VERT_FORCE, &why));
	vert_close(v);
}

/* A caller that ignores SIGCHLD has no status of any child; the answer is the same. */
static void deaf(void)
{
	struct vert *v = open_root();
	struct vert_error *why = NULL;

	signal(SIGCHLD, SIG_IGN);
	create(v);
	MUST(vert_start(v, id, &why));
	HOLDS(exec(v, "exit 5") == 5);
	refused(vert_start(v, id, &why), &why, "CONTAINER_NOT_CREATED", id);
	MUST(vert_delete(v, id, VERT_FORCE, &why));
	vert_close(v);
	signal(SIGCHLD, on_signal);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*play)(void);
	} scenes[] = {{"life", life},	{"freeze", freeze},   {"errors", errors},
		      {"place", place}, {"threads", threads}, {"deaf", deaf}};
	struct ours ours;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; argc == 5 && i < sizeof(scenes) / sizeof(scenes[0]); i++)
		if (strcmp(argv[1], scenes[i].name) == 0) {
			root = argv[2], bundle = argv[3], id = argv[4];
			prepare(&ours);
			scenes[i].play();
			check(&ours);
			puts("ok");
			return 0;
		}
	fprintf(stderr, "usage: embed SCENE ROOT BUNDLE ID\n");
	return 2;
}
