/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks: from config.json into the plan, and running them.  The hooks are /bin/sh with a script; they hang, flood,
 * leave daemons and die in every way.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* base/error.h has a function of that name */

#include "base/fd.h"
#include "base/proc.h"
#include "container/hooks.h"
#include "plan/hooks.h"

static char dir[64], out_file[96];
static struct error err;

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/test_hooks.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(out_file, sizeof(out_file), "%s/out", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(out_file);
	return rmdir(dir);
}

static const struct hook_scene *plain_scene(void)
{
	static struct hook_scene scene;

	scene = (struct hook_scene){.state = "{\"id\":\"c1\"}", .cwd = dir};
	return &scene;
}

/* Runs one hook: /bin/sh -c SCRIPT. */
static int run_script(const char *script, int timeout, const struct hook_scene *scene)
{
	const char *argv[] = {"sh", "-c", script, NULL};
	struct plan_hook hook = {.path = "/bin/sh",
				 .args = {.n = 3, .v = argv},
				 .timeout = timeout,
				 .at = "hooks.poststart[0]"};
	struct plan_hooks hooks = {.n = 1, .v = &hook};

	memset(&err, 0, sizeof(err));
	return hooks_run(&hooks, scene, &err);
}

/* What the hook wrote to ./out. */
static const char *out(void)
{
	static char text[8192];

	if (fd_read_small(-1, out_file, text, sizeof(text)) < 0)
		return "(none)";
	unlink(out_file);
	return text;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void test_success(void **state)
{
	(void)state;
	assert_int_equal(run_script("exit 0", 0, plain_scene()), 0);
	assert_int_equal(run_script("echo to stdout; echo to stderr >&2", 0, plain_scene()), 0);
}

static void test_surroundings(void **state)
{
	const char *env[] = {"A=1", "PATH=/nowhere", NULL};
	struct hook_scene scene = *plain_scene();

	(void)state;
	setenv("SECRET", "of the caller", 1);
	assert_int_equal(run_script("/bin/cat >out", 0, plain_scene()), 0);
	assert_string_equal(out(), "{\"id\":\"c1\"}");
	assert_int_equal(run_script("pwd -P >out", 0, plain_scene()), 0);
	assert_string_equal(out(), dir);
	assert_int_equal(run_script("/usr/bin/tr '\\0' '\\n' </proc/self/environ >out", 0,
				    plain_scene()),
			 0);
	assert_null(strstr(out(), "SECRET"));
	scene.env = env; /* of startContainer hooks without an env of their own */
	assert_int_equal(run_script("echo $A $PATH >out", 0, &scene), 0);
	assert_string_equal(out(), "1 /nowhere");
	/* own session, no descriptor of ours, no signal ignored or blocked */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(run_script("i=3; while [ $i -lt 40 ]; do [ ! -e /proc/$$/fd/$i ] || exit "
				    "1; i=$((i+1)); "
				    "done",
				    0, plain_scene()),
			 0);
	assert_int_equal(run_script("read a b c d e f g </proc/$$/stat; [ $f = $$ ] && [ $e = $$ ]",
				    0, plain_scene()),
			 0);
	assert_int_equal(
		run_script(
			"/bin/grep -E '^Sig(Ign|Blk)' /proc/self/status | /usr/bin/tr -dc 1-9 >out",
			0, plain_scene()),
		0);
	assert_string_equal(out(), "");
}

static void test_own_env(void **state)
{
	const char *env[] = {"A=own", NULL}, *other[] = {"A=other", NULL}, *none[] = {NULL};
	const char *argv[] = {"name", "-c", "echo $0 ${A-unset} >out", NULL};
	struct plan_hook hook = {
		.path = "/bin/sh", .args = {.n = 3, .v = argv}, .env = {.n = 1, .v = env}};
	struct plan_hooks hooks = {.n = 1, .v = &hook};
	struct hook_scene scene = *plain_scene();

	(void)state;
	scene.env = other;
	assert_int_equal(hooks_run(&hooks, &scene, &err), 0);
	assert_string_equal(out(), "name own");
	hook.env = (struct plan_strings){.n = 0, .v = none}; /* empty is not absent */
	assert_int_equal(hooks_run(&hooks, &scene, &err), 0);
	assert_string_equal(out(), "name unset");
}

static void test_failures(void **state)
{
	const char *none[] = {NULL};
	struct plan_hook hook = {
		.path = "/nowhere/hook", .args = {.n = 0, .v = none}, .at = "hooks.prestart[3]"};
	struct plan_hooks hooks = {.n = 1, .v = &hook};
	struct hook_scene scene = *plain_scene();

	(void)state;
	assert_int_equal(run_script("exit 3", 0, plain_scene()), -1);
	assert_string_equal(err.msg, "error executing hook '/bin/sh' (exit code: 3)");
	assert_string_equal(err.where, "hooks.poststart[0]");
	assert_string_equal(err.code, "HOOK_FAILED");
	assert_int_equal(
		run_script("echo out; echo one >&2; echo two >&2; exit 1", 0, plain_scene()), -1);
	assert_string_equal(err.msg, "error executing hook '/bin/sh' (exit code: 1): one two");
	assert_int_equal(run_script("echo out; exit 1", 0, plain_scene()), -1);
	assert_string_equal(err.msg, "error executing hook '/bin/sh' (exit code: 1): out");
	assert_int_equal(run_script("kill -9 $$", 0, plain_scene()), -1);
	assert_string_equal(err.msg, "error executing hook '/bin/sh' (signal: 9)");
	assert_int_equal(hooks_run(&hooks, &scene, &err), -1);
	assert_string_equal(err.msg,
			    "error executing hook '/nowhere/hook': no such file or directory");
	assert_string_equal(err.where, "hooks.prestart[3]");
	scene.cwd = "/nowhere";
	assert_int_equal(run_script("exit 0", 0, &scene), -1);
	assert_int_equal(err.errnum, ENOENT);
}

static void test_order(void **state)
{
	const char *first[] = {"sh", "-c", "echo 1 >>out", NULL};
	const char *second[] = {"sh", "-c", "echo 2 >>out; exit 5", NULL};
	const char *third[] = {"sh", "-c", "echo 3 >>out", NULL};
	struct plan_hook v[] = {{.path = "/bin/sh", .args = {.n = 3, .v = first}},
				{.path = "/bin/sh", .args = {.n = 3, .v = second}},
				{.path = "/bin/sh", .args = {.n = 3, .v = third}}};
	struct plan_hooks hooks = {.n = 3, .v = v}, none = {0};

	(void)state;
	assert_int_equal(hooks_run(&none, plain_scene(), &err), 0);
	assert_int_equal(hooks_run(&hooks, plain_scene(), &err), -1);
	assert_string_equal(out(), "1\n2");
	hooks_run_all(&hooks, plain_scene());
	assert_string_equal(out(), "1\n2\n3");
}

/* Or a zombie that nobody has reaped yet. */
static bool is_dead(pid_t pid)
{
	char process_state = 0;

	return proc_start_time(pid, &process_state) == 0 || process_state == 'Z';
}

/* A second is the shortest time there is. */
static void test_timeout(void **state)
{
	int64_t begin = now_ms();

	(void)state;
	/* what the shell started dies with it, although it ignores what can be ignored */
	assert_int_equal(
		run_script(
			"trap '' TERM INT HUP; /bin/sleep 30 & echo $! >out; echo last >&2; wait",
			1, plain_scene()),
		-1);
	assert_string_equal(err.msg, "error executing hook '/bin/sh' (timeout of 1 seconds): last");
	assert_true(now_ms() - begin < 3000);
	usleep(100000);
	assert_true(is_dead((pid_t)strtol(out(), NULL, 10)));
	assert_int_equal(run_script("exit 0", 1, plain_scene()), 0);
}

/* By a signal that we block, as a foreground run does; it is not eaten. */
static void test_interrupted(void **state)
{
	int64_t begin = now_ms();
	sigset_t term, before;

	(void)state;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &term, &before), 0);
	assert_int_equal(raise(SIGTERM), 0);
	assert_int_equal(run_script("/bin/sleep 30", 0, plain_scene()), -1);
	assert_string_equal(err.msg, "error executing hook '/bin/sh' (interrupted by signal 15)");
	assert_int_equal(err.status, 128 + SIGTERM);
	assert_true(now_ms() - begin < 3000);
	assert_int_equal(sigtimedwait(&term, NULL, &(struct timespec){0}), SIGTERM);
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
}

/* A daemon keeps the pipes; nobody waits for it. */
static void test_daemon(void **state)
{
	int64_t begin = now_ms();
	pid_t daemon;

	(void)state;
	assert_int_equal(run_script("/bin/sleep 30 & echo $! >out; exit 0", 0, plain_scene()), 0);
	assert_true(now_ms() - begin < 2000);
	daemon = (pid_t)strtol(out(), NULL, 10);
	assert_int_equal(kill(daemon, SIGKILL), 0);
	assert_int_equal(run_script("/usr/bin/yes >&2 & echo $! >out; echo x; exit 4", 0,
				    plain_scene()),
			 -1);
	assert_true(now_ms() - begin < 4000);
	(void)kill((pid_t)strtol(out(), NULL, 10), SIGKILL); /* it may have died of SIGPIPE */
}

static void test_flood(void **state)
{
	(void)state;
	assert_int_equal(run_script("i=0; while [ $i -lt 3000 ]; do echo "
				    "0123456789012345678901234567890123456789; "
				    "i=$((i+1)); done >&2; echo the end >&2; exit 2",
				    0, plain_scene()),
			 -1);
	assert_int_equal(strlen(err.msg),
			 strlen("error executing hook '/bin/sh' (exit code: 2): ") + 699);
	assert_string_equal(err.msg + strlen(err.msg) - 8, " the end");
}

static void test_output_files(void **state)
{
	struct hook_scene scene = *plain_scene();
	char link[96];
	struct stat st;

	(void)state;
	snprintf(link, sizeof(link), "%s/link", dir);
	scene.out = out_file;
	scene.err = out_file;
	assert_int_equal(run_script("echo a", 0, &scene), 0);
	assert_int_equal(stat(out_file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(run_script("echo b >&2; exit 1", 0, &scene), -1);
	assert_string_equal(err.msg, "error executing hook '/bin/sh' (exit code: 1)");
	assert_string_equal(out(), "a\nb");

	assert_int_equal(symlink("out", link), 0);
	scene.out = link;
	assert_int_equal(run_script("exit 0", 0, &scene), -1);
	assert_int_equal(err.errnum, ELOOP);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(mkfifo(link, 0600), 0);
	assert_int_equal(run_script("exit 0", 0, &scene), -1); /* and does not hang */
	assert_int_equal(unlink(link), 0);
	scene.out = "/dev/null";
	assert_int_equal(run_script("echo a", 0, &scene), 0);
}

static void test_state(void **state)
{
	struct buf b = {0};

	(void)state;
	hooks_state(&b, "{\"id\":\"c1\"", PLAN_HOOK_CREATE_RUNTIME, 12);
	assert_string_equal(b.s, "{\"id\":\"c1\",\"status\":\"creating\",\"pid\":12}");
	b.n = 0;
	hooks_state(&b, "{\"id\":\"c1\"", PLAN_HOOK_POSTSTOP, 0);
	assert_string_equal(b.s, "{\"id\":\"c1\",\"status\":\"stopped\"}");
	buf_free(&b);
}

static int plan_text(const char *text, struct arena *arena, struct plan_hooks *ret)
{
	struct oci_error parse_error;
	struct oci_hooks *hooks =
		oci_parse(arena, oci_type_hooks(), text, strlen(text), &parse_error);

	assert_non_null(hooks);
	memset(&err, 0, sizeof(err));
	return plan_hooks(hooks, arena, ret, &err);
}

static void test_plan(void **state)
{
	struct plan_hooks hooks[PLAN_HOOK_KINDS];
	struct arena arena = {0};

	(void)state;
	assert_int_equal(plan_hooks(NULL, &arena, hooks, &err), 0);
	for (int i = 0; i < PLAN_HOOK_KINDS; i++)
		assert_int_equal(hooks[i].n, 0);
	assert_int_equal(plan_text("{\"poststart\": [{\"path\": \"/a\"}, {\"path\": \"/b\", "
				   "\"args\": [\"x\", \"y\"], "
				   "\"env\": [\"A=1\"], \"timeout\": 7}], \"startContainer\": "
				   "[{\"path\": \"/c\", "
				   "\"env\": [], \"args\": []}]}",
				   &arena, hooks),
			 0);
	assert_int_equal(hooks[PLAN_HOOK_PRESTART].n, 0);
	assert_int_equal(hooks[PLAN_HOOK_POSTSTART].n, 2);
	assert_string_equal(hooks[PLAN_HOOK_POSTSTART].v[0].args.v[0], "/a");
	assert_null(hooks[PLAN_HOOK_POSTSTART].v[0].args.v[1]);
	assert_null(hooks[PLAN_HOOK_POSTSTART].v[0].env.v);
	assert_int_equal(hooks[PLAN_HOOK_POSTSTART].v[0].timeout, 0);
	assert_string_equal(hooks[PLAN_HOOK_POSTSTART].v[1].at, "hooks.poststart[1]");
	assert_string_equal(hooks[PLAN_HOOK_POSTSTART].v[1].args.v[1], "y");
	assert_string_equal(hooks[PLAN_HOOK_POSTSTART].v[1].env.v[0], "A=1");
	assert_int_equal(hooks[PLAN_HOOK_POSTSTART].v[1].timeout, 7);
	assert_string_equal(hooks[PLAN_HOOK_START_CONTAINER].v[0].args.v[0], "/c");
	assert_non_null(hooks[PLAN_HOOK_START_CONTAINER].v[0].env.v);
	arena_free(&arena);
}

static void test_plan_errors(void **state)
{
	static const struct {
		const char *text, *msg, *where;
	} bad[] = {
		{"{\"poststop\": [{\"path\": \"/a\"}, {\"path\": \"a\"}]}",
		 "hook path 'a' is not absolute", "hooks.poststop[1].path"},
		{"{\"poststop\": [{\"path\": \"/a\"}, {\"path\": \"\"}]}",
		 "hook path '' is not absolute", "hooks.poststop[1].path"},
		{"{\"poststop\": [{\"path\": \"/a\"}, {\"path\": \"/a\", \"timeout\": 0}]}",
		 "hook timeout 0 is not positive", "hooks.poststop[1].timeout"},
		{"{\"poststop\": [{\"path\": \"/a\"}, {\"path\": \"/a\", \"timeout\": -1}]}",
		 "hook timeout -1 is not positive", "hooks.poststop[1].timeout"},
	};
	struct plan_hooks hooks[PLAN_HOOK_KINDS];
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(plan_text(bad[i].text, &arena, hooks), -1);
		assert_non_null(strstr(err.msg, bad[i].msg));
		assert_string_equal(err.where, bad[i].where);
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_success),	    cmocka_unit_test(test_surroundings),
		cmocka_unit_test(test_own_env),	    cmocka_unit_test(test_failures),
		cmocka_unit_test(test_order),	    cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_interrupted), cmocka_unit_test(test_daemon),
		cmocka_unit_test(test_flood),	    cmocka_unit_test(test_output_files),
		cmocka_unit_test(test_state),	    cmocka_unit_test(test_plan),
		cmocka_unit_test(test_plan_errors),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
