/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands print: documents are read back by libocispec, texts are held against the command tables,
 * man pages and completions of the tree against what the tables make of them. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "cmd/abilities.h"
#include "cmd/commands.h"
#include "cmd/help.h"
#include "cmd/output.h"
#include "container_double.h"
#include "libocispec/ocispec.h"

#include <cmocka.h> /* last: it has a macro fail() */

/* The standard output of a line that must succeed. */
static char *output_of(const char *line)
{
	struct outcome got;

	run_vert(line, &got);
	if (got.r != 0)
		fail_msg("vert %s: %s", line, got.msg);
	return got.output;
}

static void expect_output(const char *line, const char *want)
{
	char *got = output_of(line);

	assert_string_equal(got, want);
	free(got);
}

static void *parse(struct arena *arena, const struct oci_type *type, const char *text)
{
	struct oci_error err;
	void *object = oci_parse(arena, type, text, strlen(text), &err);
	char place[640];

	if (!object)
		fail_msg("%s\n%s", oci_error_format(&err, "output", place, sizeof(place)), text);
	return object;
}

static bool has_word(const struct oci_str_list *list, const char *word)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i], word) == 0)
			return true;
	return false;
}

static void test_version(void **state)
{
	char *got = output_of("--version");

	(void)state;
	assert_true(str_starts(got, "vert version " PACKAGE_VERSION "\ncommit: "));
	assert_non_null(strstr(got, "\nspec: 1.3.0\n+"));
	assert_non_null(strstr(got, "+SECCOMP"));
	expect_output("-v", got);
	expect_output("-V", got);
	expect_output("--root /x --log-format json --version", got);
	free(got);
}

/* Every option that is not hidden is in the help; no line is longer than a terminal is wide. */
static void expect_help(const char *text, const struct cli_syntax *syntax)
{
	char name[80];

	for (size_t i = 0; i < syntax->n_options; i++) {
		snprintf(name, sizeof(name), " --%s", syntax->options[i].name);
		if (syntax->options[i].help)
			assert_non_null(strstr(text, name));
	}
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 80);
}

static void test_help(void **state)
{
	char *program = output_of("--help");

	(void)state;
	expect_help(program, &globals_syntax);
	for (size_t i = 0; commands[i]; i++) {
		char line[80], *got;

		snprintf(line, sizeof(line), "%s --help", commands[i]->name);
		got = output_of(line);
		expect_help(got, &commands[i]->syntax);
		assert_non_null(strstr(program, commands[i]->summary));
		snprintf(line, sizeof(line), "help %s", commands[i]->name);
		expect_output(line, got);
		snprintf(line, sizeof(line), "--help %s", commands[i]->name);
		expect_output(line, got);
		/* help beats a mistake beside it */
		snprintf(line, sizeof(line), "%s --frob -h", commands[i]->name);
		expect_output(line, got);
		free(got);
	}
	expect_output("-h", program);
	expect_output("help", program);
	free(program);
}

static void test_state(void **state)
{
	struct arena arena = {0};
	struct oci_state *got;
	struct outcome missing;
	char *text = output_of("state beta");

	(void)state;
	assert_true(str_starts(
		text, "{\n  \"ociVersion\": \"1.0.2\",\n  \"id\": \"beta\",\n  \"pid\": 0,\n"));
	assert_true(text[strlen(text) - 1] == '\n');
	got = parse(&arena, oci_type_state(), text);
	assert_int_equal(got->status, OCI_STATUS_STOPPED);
	assert_string_equal(got->bundle, "/b/\033[31m");
	assert_string_equal(got->systemd_scope, "vert-beta.scope");
	free(text);
	text = output_of("state alpha");
	got = parse(&arena, oci_type_state(), text);
	assert_null(got->systemd_scope);
	assert_int_equal(got->pid.v, 1);
	free(text);
	run_vert("state gamma", &missing);
	assert_int_equal(missing.r, -1);
	assert_string_equal(missing.output, "");
	free(missing.output);
	arena_free(&arena);
}

static void test_list(void **state)
{
	struct arena arena = {0};
	struct oci_error err;
	struct oci_state *v;
	size_t n;
	char *text = output_of("list --format=json");

	(void)state;
	v = oci_parse_list(&arena, oci_type_state(), text, strlen(text), &n, &err);
	assert_non_null(v);
	assert_int_equal(n, 2);
	assert_string_equal(v[1].owner, "somebody");
	free(text);
	expect_output("list -q", "alpha\nbeta\n");
	expect_output("list",
		      "ID     PID  STATUS   BUNDLE       CREATED               OWNER\n"
		      "alpha  1    running  /b/alpha     2026-01-01T00:00:00Z  root\n"
		      "beta   0    stopped  /b/\\x1b[31m  2026-01-01T00:00:01Z  somebody\n");
	text = output_of("--root /empty list -f json");
	assert_int_equal(strspn(text, "[] \n"), strlen(text)); /* never null */
	free(text);
	arena_free(&arena);
}

static void test_ps(void **state)
{
	char want[64], *got;
	struct outcome wrong;

	(void)state;
	snprintf(want, sizeof(want), "[%d,1]\n", (int)getpid());
	expect_output("ps --format json alpha", want);
	expect_output("ps -f json beta", "[]\n");
	snprintf(want, sizeof(want), "%d", (int)getpid());
	got = output_of("ps alpha");
	assert_true(str_starts(got, "UID"));
	assert_non_null(strstr(got, want));
	free(got);
	got = output_of("ps alpha -eo~pid,comm"); /* one word with a blank, as go-runc gives it */
	assert_non_null(strstr(got, "PID COMMAND\n"));
	assert_non_null(strstr(got, " test_cli_output"));
	free(got);
	got = output_of("ps beta -- -e -o pid"); /* no process: the header alone */
	assert_string_equal(got + strspn(got, " "), "PID\n");
	free(got);
	run_vert("ps alpha -eo comm", &wrong);
	assert_string_equal(wrong.msg, "ps prints no PID column with these arguments");
	free(wrong.output);
}

static void test_features(void **state)
{
	struct arena arena = {0};
	char *text = output_of("features");
	const struct oci_features *f = parse(&arena, oci_type_features(), text);

	(void)state;
	assert_string_equal(f->oci_version_min, "1.0.0");
	assert_string_equal(f->oci_version_max, "1.3.0");
	assert_int_equal(f->hooks.n, 6);
	assert_true(has_word(&f->mount_options, "rro"));
	assert_int_equal(f->linux->namespaces.n, 8);
	assert_true(has_word(&f->linux->capabilities, "CAP_CHECKPOINT_RESTORE"));
	assert_true(f->linux->cgroup->v2.v && !f->linux->cgroup->v1.v && f->linux->cgroup->v1.set);
	assert_int_equal(f->linux->cgroup->systemd.v, CAN_SYSTEMD);
	assert_true(has_word(&f->linux->seccomp->actions, "SCMP_ACT_NOTIFY"));
	assert_true(has_word(&f->linux->seccomp->operators, "SCMP_CMP_MASKED_EQ"));
	assert_true(has_word(&f->linux->seccomp->archs, "SCMP_ARCH_X86_64"));
	assert_true(has_word(&f->linux->seccomp->supported_flags, "SECCOMP_FILTER_FLAG_LOG"));
	assert_true(has_word(&f->linux->memory_policy->modes, "MPOL_INTERLEAVE"));
	assert_true(f->linux->mount_extensions->idmap->enabled.v);
	assert_true(has_word(&f->unsafe_annotations, "run.oci."));
	free(text);
	arena_free(&arena);
}

static void test_spec(void **state)
{
	struct arena arena = {0};
	char *text = output_of("spec --file -");
	const struct oci_config *c = parse(&arena, oci_type_config(), text);

	(void)state;
	assert_string_equal(c->oci_version, "1.3.0");
	assert_string_equal(c->process->args.v[0], "sh");
	assert_true(c->process->terminal.v && c->process->no_new_privileges.v &&
		    c->root->readonly.v);
	assert_int_equal(c->mounts.n, 7);
	assert_int_equal(c->linux->namespaces.n, 6);
	assert_true(has_word(&c->linux->masked_paths, "/proc/interrupts"));
	assert_true(has_word(&c->linux->readonly_paths, "/proc/sys"));
	assert_null(c->linux->uid_mappings.v);
	free(text);
	text = output_of("spec --rootless -f -");
	c = parse(&arena, oci_type_config(), text);
	assert_int_equal(c->mounts.n, 6);
	assert_int_equal(c->linux->uid_mappings.v[0].host_id.v, geteuid());
	for (size_t i = 0; i < c->linux->namespaces.n; i++)
		assert_int_not_equal(c->linux->namespaces.v[i].type, OCI_NS_NETWORK);
	for (size_t i = 0; i < c->mounts.n; i++)
		assert_false(has_word(&c->mounts.v[i].options, "gid=5"));
	free(text);
	arena_free(&arena);
}

static void test_spec_keeps_files(void **state)
{
	char dir[] = "/tmp/vert-test-XXXXXX";
	int here = open(".", O_RDONLY | O_DIRECTORY);
	struct outcome got;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	close(open("config.json", O_WRONLY | O_CREAT, 0600));
	run_vert("spec", &got);
	assert_string_equal(got.msg, "'config.json' already exists");
	assert_true(stat("config.json", &st) == 0 && st.st_size == 0);
	free(got.output);
	expect_output("spec --file config.json", "");
	assert_true(stat("config.json", &st) == 0 && st.st_size > 1000);
	expect_output("spec --bundle . -f other.json --rootless", "");
	assert_true(unlink("config.json") == 0 && unlink("other.json") == 0);
	assert_true(fchdir(here) == 0 && rmdir(dir) == 0);
	close(here);
}

/* `update` reads a file and standard input; a wrong document is an error with its place. */
static void test_update_document(void **state)
{
	static const char document[] = "{\"memory\":{\"limit\":5}}";
	static const char *const lines[] = {"update --resources=- c1", "update --resources - c1",
					    "update -r - c1", "update -r /dev/stdin c1"};
	int ends[2], saved = dup(STDIN_FILENO);
	struct outcome got;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lines) + 1; i++) {
		assert_int_equal(pipe(ends), 0);
		assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
		assert_int_equal(fd_write_all(ends[1], document,
					      strlen(document) - (i == COUNT_OF(lines))),
				 0);
		close(ends[0]);
		close(ends[1]);
		run_vert(lines[i % COUNT_OF(lines)], &got);
		free(got.output);
		if (i < COUNT_OF(lines))
			assert_string_equal(noted, "update c1 {\"memory\":{\"limit\":5}}; ");
		else
			assert_true(str_starts(got.msg, "standard input:1:"));
	}
	assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
	close(saved);
}

/* The last line of the log, whatever the order of the options. */
static void test_log(void **state)
{
	static const char *const lines[] = {
		"--log %s --log-format json frobnicate",
		"--log=file:%s --log-format=json create --frobnicate c1",
		"--frobnicate --log-format json --log %s list",
		"--log %s --log-format json create",
		"--log-level loud --log %s --log-format json list",
	};
	char path[] = "/tmp/vert-test-XXXXXX", line[128], text[8192];
	struct outcome got;
	int fd = mkstemp(path), saved = dup(STDERR_FILENO);

	(void)state;
	assert_true(fd >= 0 && saved >= 0);
	close(fd);
	fd = open("/dev/null", O_WRONLY);
	dup2(fd, STDERR_FILENO);
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		snprintf(line, sizeof(line), lines[i], path);
		run_vert(line, &got);
		free(got.output);
	}
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fd);
	assert_true(fd_read_small(-1, path, text, sizeof(text)) > 0);
	for (const char *p = text; *p; p += strcspn(p, "\n") + (*strchrnul(p, '\n') == '\n'))
		assert_true(str_starts(p, "{\"msg\":\""));
	assert_non_null(strstr(text, "unknown command 'frobnicate'\",\"level\":\"error\""));
	assert_non_null(strstr(text, "wants error, warning or debug"));
	assert_int_equal(unlink(path), 0);
}

/* ---- files made from the tables ------------------------------------------------------------------ */

static char *read_tree(const char *name)
{
	const char *dir = getenv("srcdir");
	struct error err;
	char path[4096], *text = NULL;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", dir ? dir : ".", name);
	if (fd_read_file(AT_FDCWD, path, 1 << 20, &text, &len, &err) < 0)
		fail_msg("%s", err.msg);
	return text;
}

/* Each section that the tables make stands in the page as it is. */
static void expect_page(const char *file, const struct cli_command *command)
{
	char *page = read_tree(file);
	struct buf made = {0};
	char *section, *next;

	manual_print(&made, command);
	for (section = made.s; section; section = next) {
		next = strstr(section + 1, "\n.SH ");
		if (next)
			*next++ = '\0';
		if (!strstr(page, section))
			fail_msg("%s does not match the command table: run man/update\n%s", file,
				 section);
	}
	buf_free(&made);
	free(page);
}

static void test_man_pages(void **state)
{
	char file[80];

	(void)state;
	expect_page("man/vert.1", NULL);
	for (size_t i = 0; commands[i]; i++) {
		snprintf(file, sizeof(file), "man/vert-%s.1", commands[i]->name);
		expect_page(file, commands[i]);
	}
}

static void test_completions(void **state)
{
	static const char *const files[][2] = {{"bash", "contrib/completions/vert.bash"},
					       {"zsh", "contrib/completions/_vert"},
					       {"fish", "contrib/completions/vert.fish"}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		char *have = read_tree(files[i][1]);
		struct buf made = {0};

		assert_true(complete_print(&made, files[i][0]));
		if (strcmp(have, made.s) != 0)
			fail_msg("%s does not match the command table: run man/update",
				 files[i][1]);
		buf_free(&made);
		free(have);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_ps),
		cmocka_unit_test(test_features),
		cmocka_unit_test(test_spec),
		cmocka_unit_test(test_spec_keeps_files),
		cmocka_unit_test(test_update_document),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_man_pages),
		cmocka_unit_test(test_completions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
