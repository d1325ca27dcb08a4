/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: one row for each rule of parsing, each option, each way to get it wrong.  The calls end in
 * the stand-ins of container_double.c, which note what was asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/nearest.h"
#include "cmd/commands.h"
#include "cmd/signals.h"
#include "container/container.h"
#include "container_double.h"
#include "libocispec/arena.h"

#include <cmocka.h> /* last: it has a macro fail() */

/* clang-format off */
static const struct { const char *line, *want; } good[] = {
	/* forms of an option */
	{ "create --bundle /b c1", "create id=c1 bundle=/b; " },
	{ "create --bundle=/b c1", "create id=c1 bundle=/b; " },
	{ "create -b /b c1", "create id=c1 bundle=/b; " },
	{ "create -b/b c1", "create id=c1 bundle=/b; " },
	{ "create -b=/b c1", "create id=c1 bundle=/b; " },
	{ "create -bundle /b c1", "create id=c1 bundle=/b; " },
	{ "create -bundle=/b c1", "create id=c1 bundle=/b; " },
	{ "create -no-pivot -no-subreaper c1", "create id=c1 no-pivot; " },
	{ "create c1 --bundle /b", "create id=c1 bundle=/b; " },
	{ "create --bundle /a --bundle /b c1", "create id=c1 bundle=/b; " },
	{ "create --bundle --no-pivot c1", "create id=c1 bundle=--no-pivot; " },
	{ "create --bundle= c1", "create id=c1 bundle=; " },
	{ "create --no-pivot --no-pivot c1", "create id=c1 no-pivot; " },
	{ "create --no-pivot --no-pivot=false c1", "create id=c1; " },
	{ "create -- --odd", "create id=--odd; " },
	{ "create -", "create id=-; " },
	{ "create ''", "create id=; " },
	{ "exec -td c1 sh", "exec id=c1 arg=sh tty detach; " },
	{ "exec -tdu5 c1 sh", "exec id=c1 arg=sh user=5 tty detach; " },
	{ "exec -tu 5:6 c1 sh", "exec id=c1 arg=sh user=5:6 tty; " },
	{ "exec --tty=false c1 sh", "exec id=c1 arg=sh; " },
	{ "exec --tty=no c1 sh", "exec id=c1 arg=sh; " },
	{ "exec -t=true c1 sh", "exec id=c1 arg=sh tty; " },
	{ "exec --tty=yes --tty=0 c1 sh", "exec id=c1 arg=sh; " },
	/* global options */
	{ "--root /r --debug --log-format json --log-level warning start c1", "start c1; " },
	{ "-- start c1", "start c1; " },
	{ "--systemd-cgroup create c1", "create systemd id=c1; " },
	{ "--cgroup-manager=systemd create c1", "create systemd id=c1; " },
	{ "--cgroup-manager disabled create c1", "create disabled id=c1; " },
	{ "--rootless=true create c1", "create rootless=true id=c1; " },
	{ "--rootless false create c1", "create rootless=false id=c1; " },
	{ "--rootless=auto create c1", "create id=c1; " },
	{ "--timing /t create c1", "create timing=/t id=c1; " },
	/* create and run, with what engines send (go-runc, conmon) */
	{ "--log-format=json create --bundle /b --pid-file /p --no-pivot --no-new-keyring --preserve-fds 2 "
	  "--console-socket /s c1", "create id=c1 bundle=/b pid-file=/p console=/s fds=2 no-pivot no-keyring; " },
	{ "create --pidfd-socket /s --config /c --detach c1", "create id=c1 config=/c pidfd=/s; " },
	{ "run --bundle /b --detach --keep c1", "run id=c1 bundle=/b detach keep; " },
	{ "run -d -b /b -f c.json c1", "run id=c1 bundle=/b config=c.json detach; " },
	{ "run c1", "run id=c1; " },
	/* exec */
	{ "exec --process /p --detach --pid-file /f --pidfd-socket /s --console-socket /c c1",
	  "exec id=c1 process=/p pid-file=/f console=/c pidfd=/s detach; " },
	{ "exec -p /p c1", "exec id=c1 process=/p; " },
	{ "exec c1 ls -l --tty -- x", "exec id=c1 arg=ls arg=-l arg=--tty arg=-- arg=x; " },
	{ "exec c1 -- ls", "exec id=c1 arg=ls; " },
	{ "exec c1 --help", "exec id=c1 arg=--help; " },
	{ "exec --cwd /d -e A=1 --env B=2 -eC=3 c1 env", "exec id=c1 arg=env env=A=1 env=B=2 env=C=3 cwd=/d; " },
	{ "exec -c CAP_KILL --cap=CAP_CHOWN c1 sh", "exec id=c1 arg=sh cap=CAP_KILL cap=CAP_CHOWN; " },
	{ "exec -g 1 --additional-gids 2 -u 3 c1 sh", "exec id=c1 arg=sh gid=1 gid=2 user=3; " },
	{ "exec --apparmor p --process-label l --no-new-privs --cgroup x --preserve-fds=1 --ignore-paused c1 sh",
	  "exec id=c1 arg=sh apparmor=p label=l no-new-privs cgroup=x fds=1 ignore-paused; " },
	/* the verbs of one id */
	{ "start c1", "start c1; " },
	{ "pause c1", "pause c1; " },
	{ "resume c1", "resume c1; " },
	{ "delete c1", "delete c1; " },
	{ "delete --force c1", "delete c1 force; " },
	{ "delete -f c1", "delete c1 force; " },
	{ "delete --regex --force ^al", "delete alpha force; " },
	{ "delete -r a$", "delete alpha; delete beta; " },
	{ "delete -r zzz", "" },
	{ "delete --timeout 1m30s -f c1", "delete c1 force 90000ms; " },
	{ "delete -t 5 c1", "delete c1 5000ms; " },
	{ "kill c1", "kill c1 15; " },
	{ "kill c2", "kill c2 12; " },
	{ "kill c1 9", "kill c1 9; " },
	{ "kill --all c1 KILL", "kill c1 9 all; " },
	{ "kill -a c1 SIGUSR1", "kill c1 10 all; " },
	{ "kill -r al|zz 9", "kill alpha 9; " },
	/* update */
	{ "update --memory 512m c1", "update c1 {\"memory\":{\"limit\":536870912}}; " },
	{ "update --memory -1 --memory-swap=-1 --memory-reservation 1g c1",
	  "update c1 {\"memory\":{\"limit\":-1,\"reservation\":1073741824,\"swap\":-1}}; " },
	{ "update --cpu-period 100000 --cpu-quota -1 --cpu-share 512 --cpu-burst 0 --cpu-idle 1 c1",
	  "update c1 {\"cpu\":{\"shares\":512,\"period\":100000,\"quota\":-1,\"burst\":0,\"idle\":1}}; " },
	{ "update --cpu-rt-period 5 --cpu-rt-runtime 4 --cpuset-cpus 0-3 --cpuset-mems 0 c1",
	  "update c1 {\"cpu\":{\"cpus\":\"0-3\",\"mems\":\"0\",\"realtimePeriod\":5,\"realtimeRuntime\":4}}; " },
	{ "update --pids-limit -1 --blkio-weight 10 c1",
	  "update c1 {\"pids\":{\"limit\":-1},\"blockIO\":{\"weight\":10}}; " },
	{ "update --pids-limit 0 c1", "update c1 {\"pids\":{\"limit\":0}}; " },
};

static const struct { const char *line, *msg, *hint; } bad[] = {
	{ "", "no command given", "--help" },
	{ "frobnicate", "unknown command 'frobnicate'", "--help" },
	{ "strat c1", "unknown command 'strat'", "did you mean 'start'?" },
	{ "freeze --help", "unknown command 'freeze'", "'vert pause ID'" },
	{ "stop c1", "unknown command 'stop'", "'vert kill ID TERM'" }, /* what engines call it, not 'top' */
	{ "rm -f c1", "unknown command 'rm'", "'vert delete ID'" },
	{ "pull alpine", "unknown command 'pull'", "knows no images" },
	{ "run --rm -it alpine sh", "unknown option '--rm'", "unless --keep" },
	{ "run -it alpine sh", "unknown option '-it'", "process.terminal in config.json" },
	{ "run -v /a:/b c1", "unknown option '-v'", "mounts in config.json" },
	{ "run --env=A=B c1", "unknown option '--env'", "process.env in config.json" },
	{ "create --name c1", "unknown option '--name'", "the last argument" },
	{ "exec -it c1 sh", "unknown option '-it'", "'-t' gives a terminal" },
	{ "exec --rm c1 sh", "unknown option '--rm'", "'vert exec --help'" }, /* no habit there */
	{ "kill -9 c1", "unknown option '-9'", "'vert kill ID KILL'" },
	{ "kill -s KILL c1", "unknown option '-s'", "'vert kill ID TERM'" },
	{ "update --cpus 2 c1", "unknown option '--cpus'", "--cpu-period 100000 --cpu-quota 200000" },
	{ "update -m 1g c1", "unknown option '-m'", "'--memory SIZE'" },
	{ "--frob start c1", "unknown option '--frob'", "" },
	{ "--rot /x start c1", "unknown option '--rot'", "did you mean '--root'?" },
	{ "create --bundel=/b c1", "unknown option '--bundel'", "did you mean '--bundle'?" },
	{ "run -detahc c1", "unknown option '-detahc'", "did you mean '--detach'?" },
	{ "create --zzz c1", "unknown option '--zzz'", "'vert create --help'" },
	{ "create --debug c1", "unknown option '--debug'", "is a global option" },
	{ "create -X c1", "unknown option '-X'", "" },
	{ "create --= c1", "unknown option '--'", "" },
	{ "create --bundle", "option '--bundle' requires an argument", "" },
	{ "create -b", "option '-b' requires an argument", "" },
	{ "create -bundle", "option '--bundle' requires an argument", "" },
	{ "--root", "option '--root' requires an argument", "" },
	{ "--root= list", "option '--root' names no directory", "" },
	{ "create --no-pivot=maybe c1", "option '--no-pivot' wants true or false, not 'maybe'", "" },
	{ "create --no-subreaper=maybe c1", "option '--no-subreaper' wants true or false, not 'maybe'", "" },
	{ "create --preserve-fds x c1", "option '--preserve-fds' wants a number", "" },
	{ "create --preserve-fds -1 c1", "option '--preserve-fds' wants a number", "" },
	{ "create --preserve-fds 4294967296 c1", "option '--preserve-fds' wants a number", "" },
	{ "--cgroup-manager x list", "option '--cgroup-manager' wants cgroupfs, systemd or disabled, not 'x'", "" },
	{ "--log-format xml list", "option '--log-format' wants text or json, not 'xml'", "" },
	{ "--log-level loud list", "option '--log-level' wants error, warning or debug, not 'loud'", "" },
	{ "--rootless maybe list", "option '--rootless' wants auto, true or false, not 'maybe'", "" },
	{ "--log journald:x list", "option '--log' cannot write to 'journald:x'", "" },
	{ "--log syslog:x list", "option '--log' cannot write to 'syslog:x'", "" },
	{ "--log= list", "option '--log' names no file", "" },
	{ "--log /nonexistent/dir/log list", "open log file '/nonexistent/dir/log': no such file or directory", "" },
	{ "create", "'create' needs ID", "usage: vert create [OPTION...] ID" },
	{ "kill", "'kill' needs ID", "ID [SIGNAL]" },
	{ "create a b", "'create' does not take the argument 'b'", "usage" },
	{ "kill a 9 b", "'kill' does not take the argument 'b'", "usage" },
	{ "list x", "'list' does not take the argument 'x'", "usage" },
	{ "kill c1 FROB", "unknown signal 'FROB'", "RTMIN" },
	{ "kill c1 65", "unknown signal '65'", "" },
	{ "kill -r [ 9", "'[' is no regular expression", "" },
	{ "kill -r a$ 9", "container not running: 'beta': no such process", "" },
	{ "exec c1", "'exec' needs CMD", "usage: vert exec" },
	{ "exec", "'exec' needs ID", "usage: vert exec" },
	{ "exec -p /p c1 ls", "the command stands in the file", "" },
	{ "exec -g x c1 ls", "option '--additional-gids' wants a number, not 'x'", "" },
	{ "run no/such/dir", "'no/such/dir' is not a bundle: it holds no config.json", "vert spec" },
	{ "update c1", "'update' needs at least one limit", "" },
	{ "update --memory much c1", "option '--memory' wants bytes, a size", "" },
	{ "update --memory=12x c1", "option '--memory' wants bytes, a size", "" },
	{ "update --blkio-weight 65536 c1", "option '--blkio-weight' wants a number from 0 to 65535", "" },
	{ "update --cpu-period -5 c1", "option '--cpu-period' wants a number that is not negative", "" },
	{ "update --cpu-quota x c1", "option '--cpu-quota' wants a number, not 'x'", "" },
	{ "update --kernel-memory 1m c1", "option '--kernel-memory' cannot be honoured", "" },
	{ "update --kernel-memory-tcp 1m c1", "option '--kernel-memory-tcp' cannot be honoured", "" },
	{ "update -r /dev/null --memory 1m c1", "option '--resources' cannot be combined", "" },
	{ "update -r /nonexistent c1", "open '/nonexistent': no such file or directory", "" },
	{ "update -r /dev/null c1", "/dev/null:1:1:", "" },
	{ "list -f xml", "option '-f' wants table or json, not 'xml'", "" },
	{ "help frob", "unknown command 'frob'", "" },
	{ "--print-man frob", "unknown command 'frob'", "" },
	{ "--print-completion csh", "no completion for the shell 'csh'", "" },
};

static const struct { const char *name; int number; } signals[] = {
	{ "9", 9 }, { "0", 0 }, { "64", 64 }, { "KILL", 9 }, { "SIGKILL", 9 }, { "kill", 9 }, { "sigterm", 15 },
	{ "HUP", 1 }, { "CLD", 17 }, { "POLL", 29 }, { "RTMIN", 34 }, { "SIGRTMIN+3", 37 }, { "RTMIN+30", 64 },
	{ "RTMAX", 64 }, { "rtmax-1", 63 }, { "SIGRTMAX-30", 34 },
	{ "65", -1 }, { "-9", -1 }, { "+9", -1 }, { " 9", -1 }, { "9x", -1 }, { "", -1 }, { "SIG", -1 },
	{ "KIL", -1 }, { "KILLS", -1 }, { "SIGSIGKILL", -1 }, { "RTMIN+31", -1 }, { "RTMAX-31", -1 },
	{ "RTMIN-1", -1 }, { "RTMAX+1", -1 }, { "RTMIN+", -1 }, { "RTMIN3", -1 }, { "99999999999", -1 },
};
/* clang-format on */

static void test_good_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		struct outcome got;

		run_vert(good[i].line, &got);
		if (got.r != 0 || strcmp(noted, good[i].want) != 0)
			fail_msg("vert %s\n  got:  %s%s\n  want: %s", good[i].line, noted, got.msg,
				 good[i].want);
		assert_string_equal(got.output, "");
		free(got.output);
	}
}

static void test_bad_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct outcome got;

		run_vert(bad[i].line, &got);
		if (got.r == 0 || !str_starts(got.msg, bad[i].msg) ||
		    !strstr(got.hint, bad[i].hint))
			fail_msg("vert %s\n  got:  %s (%s)\n  want: %s (%s)", bad[i].line, got.msg,
				 got.hint, bad[i].msg, bad[i].hint);
		assert_string_equal(got.output, "");
		free(got.output);
	}
}

static void test_signals(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(signals); i++) {
		int number = -1;

		assert_int_equal(signal_parse(signals[i].name, &number), signals[i].number >= 0);
		assert_int_equal(number, signals[i].number);
	}
}

static void test_distance(void **state)
{
	(void)state;
	assert_int_equal(nearest_distance("start", "start"), 0);
	assert_int_equal(nearest_distance("strat", "start"), 2);
	assert_int_equal(nearest_distance("bundl", "bundle"), 1);
	assert_int_equal(nearest_distance("ps", "rm"), 99);
	assert_int_equal(nearest_distance("", "run"), 99);
	assert_int_equal(nearest_distance("a-word-that-is-much-too-long-for-a-slip", "run"), 99);
}

/* The state root is a fact of the environment, for root too. */
static void test_default_root(void **state)
{
	static const char *const rows[][2] = {
		{"/x", "/x/vert"}, {"", "/run/vert"}, {NULL, "/run/vert"}};
	struct globals values = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct arena arena = {0};
		struct runtime rt;
		struct error err;

		if (rows[i][0])
			setenv("XDG_RUNTIME_DIR", rows[i][0], 1);
		else
			unsetenv("XDG_RUNTIME_DIR");
		assert_int_equal(globals_runtime(&values, &arena, &rt, &err), 0);
		assert_string_equal(rt.root, rows[i][1]);
		arena_free(&arena);
	}
}

/* `vert run DIR`: a directory with a configuration is a bundle, unless one is named. */
static void test_run_directory(void **state)
{
	static const char *const rows[][2] = {
		{"run", "run bundle=.; "},
		{"run full", "run bundle=full; "},
		{"run full/", "run bundle=full/; "},
		{"run ./full", "run bundle=./full; "},
		{"run --config other.json full", "run id=full config=other.json; "},
		{"run --bundle . full", "run id=full bundle=.; "},
		{"run empty", "run id=empty; "},
	};
	char dir[] = "/tmp/vert-test-XXXXXX";
	struct outcome got;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	assert_true(mkdir("full", 0700) == 0 && mkdir("empty", 0700) == 0);
	run_vert("run", &got);
	assert_string_equal(got.msg, "no bundle named, and no config.json here");
	free(got.output);
	assert_true(symlink("/dev/null", "full/config.json") == 0); /* no regular file */
	run_vert("run full", &got);
	assert_string_equal(noted, "run id=full; ");
	free(got.output);
	assert_true(unlink("full/config.json") == 0);
	run_vert("spec -b full", &got);
	free(got.output);
	run_vert("spec", &got);
	free(got.output);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		run_vert(rows[i][0], &got);
		assert_string_equal(noted, rows[i][1]);
		free(got.output);
	}
	assert_true(unlink("config.json") == 0 && unlink("full/config.json") == 0);
	assert_true(rmdir("full") == 0 && rmdir("empty") == 0 && chdir("/") == 0 &&
		    rmdir(dir) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_lines),   cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_signals),	     cmocka_unit_test(test_distance),
		cmocka_unit_test(test_default_root), cmocka_unit_test(test_run_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
