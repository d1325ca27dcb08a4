/* SPDX-License-Identifier: Apache-2.0 */
/* The state directory: ids, its root, locks, claims, the record and its link, the start socket, removal.
 * All in a directory of our own, as any user.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* base/error.h has a function of that name */

#include "base/fd.h"
#include "container/proto.h"
#include "container/state.h"

static char root[64];

static int make_root(void **state)
{
	(void)state;
	strcpy(root, "/tmp/test_state.XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int unlink_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int remove_root(void **state)
{
	(void)state;
	return nftw(root, unlink_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* The root and a container in it. */
struct place {
	int rootfd, dirfd;
};

static struct place make_place(const char *id)
{
	struct place p;
	struct error err;

	assert_int_equal(state_open_root(root, false, &p.rootfd, &err), 0);
	assert_int_equal(state_make(p.rootfd, id, &p.dirfd, &err), 0);
	return p;
}

static void close_place(struct place *p)
{
	close(p->rootfd);
	close(p->dirfd);
}

static void test_ids(void **state)
{
	static const char *const good[] = {"a", "-x", "_", "+", "A.b-c_d+9", "0", "a.."};
	static const char *const bad[] = {"",	 ".",	"..",	    ".x",  "a/b", "/",
					  "a b", "a\n", "\xc3\xa4", "a:b", "a*"};
	char id[STATE_ID_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(state_id_is_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(state_id_is_valid(bad[i]));
	memset(id, 'a', sizeof(id));
	id[STATE_ID_MAX] = '\0';
	assert_true(state_id_is_valid(id));
	id[STATE_ID_MAX] = 'a';
	id[STATE_ID_MAX + 1] = '\0';
	assert_false(state_id_is_valid(id));
}

static void test_root(void **state)
{
	char path[128], link[128];
	struct error err;
	struct stat st;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/a/b", root);
	assert_int_equal(state_open_root(path, false, &fd, &err), -1);
	assert_int_equal(err.errnum, ENOENT);
	assert_int_equal(state_open_root(path, true, &fd, &err), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	close(fd);

	snprintf(link, sizeof(link), "%s/link", root);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(state_open_root(link, false, &fd, &err), -1);

	assert_int_equal(chmod(path, 0720), 0);
	assert_int_equal(state_open_root(path, true, &fd, &err), -1);
	assert_non_null(strstr(err.msg, "may be written by others (mode 0720)"));
	assert_int_equal(chmod(path, 0702), 0);
	assert_int_equal(state_open_root(path, true, &fd, &err), -1);
	assert_int_equal(chmod(path, 0755), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 12345, 0), 0);
		assert_int_equal(state_open_root(path, true, &fd, &err), -1);
		assert_non_null(strstr(err.msg, "belongs to user 12345"));
	}
}

static void test_make_and_open(void **state)
{
	struct place p = make_place("c1");
	struct error err;
	struct stat st;
	int fd;

	(void)state;
	assert_int_equal(fstat(p.dirfd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(state_make(p.rootfd, "c1", &fd, &err), -1);
	assert_string_equal(err.msg, "container 'c1' already exists");
	assert_int_equal(state_make(p.rootfd, "..", &fd, &err), -1);
	assert_non_null(strstr(err.msg, "invalid container ID"));
	assert_int_equal(state_open(p.rootfd, "../c1", &fd, &err), -1);
	assert_non_null(strstr(err.msg, "invalid container ID"));
	assert_int_equal(state_open(p.rootfd, "c2", &fd, &err), -1);
	assert_string_equal(err.msg, "container does not exist: 'c2'");
	assert_int_equal(symlinkat("c1", p.rootfd, "c3"), 0);
	assert_int_equal(state_open(p.rootfd, "c3", &fd, &err), -1);
	assert_int_equal(state_open(p.rootfd, "c1", &fd, &err), 0);
	close(fd);
	close_place(&p);
}

static void test_lock(void **state)
{
	struct place p = make_place("c1");
	struct error err;
	int other;

	(void)state;
	assert_int_equal(state_open(p.rootfd, "c1", &other, &err), 0);
	assert_int_equal(state_lock(p.dirfd, "c1", 0, &err), 0);
	assert_int_equal(state_lock(other, "c1", 20, &err), -1);
	assert_non_null(strstr(err.msg, "'c1' is in use"));
	state_unlock(p.dirfd);
	assert_int_equal(state_lock(other, "c1", 0, &err), 0);
	state_unlock(other);

	assert_int_equal(state_remove(p.rootfd, p.dirfd, "c1", &err), 0);
	assert_int_equal(state_lock(other, "c1", 0, &err), -1);
	assert_string_equal(err.msg, "container does not exist: 'c1'");
	close(other);
	close_place(&p);
}

/* Runs FUNCTION in a child that exits with its result. */
static int in_child(int (*function)(int dirfd), int dirfd)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(function(dirfd));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int claimed_by_parent(int dirfd)
{
	struct error err;
	int fd;

	return state_claimed_by(dirfd) == getppid() &&
	       state_claim(dirfd, "c1", 20, &fd, &err) < 0 &&
	       strstr(err.msg, "is being created or removed by process");
}

static int claimed_by_nobody(int dirfd)
{
	return state_claimed_by(dirfd) == 0;
}

static int can_claim(int dirfd)
{
	struct error err;
	int fd;

	return state_claim(dirfd, "c1", 0, &fd, &err) == 0; /* and die with it */
}

static void test_claim(void **state)
{
	struct place p = make_place("c1");
	struct error err;
	int fd;

	(void)state;
	assert_int_equal(in_child(claimed_by_nobody, p.dirfd), 1);
	assert_int_equal(state_claim(p.dirfd, "c1", 0, &fd, &err), 0);
	assert_int_equal(in_child(claimed_by_parent, p.dirfd), 1);
	close(fd);
	assert_int_equal(in_child(claimed_by_nobody, p.dirfd), 1);
	assert_int_equal(in_child(can_claim, p.dirfd), 1);
	assert_int_equal(in_child(claimed_by_nobody, p.dirfd), 1);

	assert_int_equal(state_remove(p.rootfd, p.dirfd, "c1", &err), 0);
	assert_int_equal(state_claim(p.dirfd, "c1", 0, &fd, &err), -1);
	assert_string_equal(err.msg, "container does not exist: 'c1'");
	close_place(&p);
}

static void test_write(void **state)
{
	struct place p = make_place("c1");
	struct state_facts back, f = {.phase = "created",
				      .pid = 42,
				      .start_time = 1234567890123,
				      .cgroup = "/sys/fs/cgroup/a:b/\"c",
				      .cgroup_id = UINT64_MAX,
				      .scope = "x.scope"};
	char buf[4096], boot[STATE_BOOT_ID_SIZE];
	char *text;
	size_t len;
	struct error err;
	struct stat st;

	(void)state;
	assert_int_equal(state_boot_id(boot), 0);
	for (int i = 0; i < 2; i++) { /* the second replaces the first */
		assert_int_equal(state_write(p.dirfd, "{\"id\":\"c1\"", &f, &err), 0);
		assert_int_equal(fd_read_file(p.dirfd, STATE_FILE, 4096, &text, &len, &err), 0);
		assert_string_equal(text,
				    "{\"id\":\"c1\",\"phase\":\"created\",\"pid\":42,\"startTime\":"
				    "1234567890123,"
				    "\"cgroup\":\"/sys/fs/cgroup/a:b/\\\"c\","
				    "\"cgroupId\":18446744073709551615,\"scope\":\"x.scope\"}\n");
		free(text);
		assert_int_equal(state_read_facts(p.dirfd, buf, sizeof(buf), &back), 1);
		assert_int_equal(back.pid, 42);
		assert_true(back.start_time == f.start_time && back.cgroup_id == f.cgroup_id);
		assert_string_equal(back.cgroup, f.cgroup);
		assert_non_null(back.boot_id); /* what is read is whole, as what is written */
		assert_string_equal(back.boot_id, boot);
	}
	assert_int_equal(fstatat(p.dirfd, STATE_FILE, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	close_place(&p);
}

static void test_damaged_facts(void **state)
{
	char boot[STATE_BOOT_ID_SIZE], good[128], buf[4096];
	const char *const links[] = {"",
				     "1",
				     "1:2:3",
				     "1:2:3:none-such-boot:/x",
				     ":2:3:BOOT:/x",
				     "-1:2:3:BOOT:/x",
				     "1x:2:3:BOOT:/x",
				     "1:2:3:4",
				     "4294967295:2:3:BOOT:/x",
				     "1:99999999999999999999999:3:BOOT:/x"};
	struct place p = make_place("c1");
	struct state_facts f;

	(void)state;
	assert_int_equal(state_boot_id(boot), 0);
	assert_int_equal(state_read_facts(p.dirfd, buf, sizeof(buf), &f), 0);
	snprintf(good, sizeof(good), "1:2:3:%s:", boot);
	assert_int_equal(symlinkat(good, p.dirfd, STATE_FACTS), 0);
	assert_int_equal(state_read_facts(p.dirfd, buf, sizeof(buf), &f), 1);
	assert_string_equal(f.cgroup, "");
	for (size_t i = 1; i < sizeof(links) / sizeof(links[0]); i++) {
		char text[256];
		const char *at = strstr(links[i], "BOOT");

		snprintf(text, sizeof(text), "%.*s%s%s",
			 (int)(at ? at - links[i] : (long)strlen(links[i])), links[i],
			 at ? boot : "", at ? at + 4 : "");
		assert_int_equal(unlinkat(p.dirfd, STATE_FACTS, 0), 0);
		assert_int_equal(symlinkat(text, p.dirfd, STATE_FACTS), 0);
		assert_int_equal(state_read_facts(p.dirfd, buf, sizeof(buf), &f), 0);
	}
	close_place(&p);
}

static void test_start_socket(void **state)
{
	char deep[256];
	struct error err;
	struct msg m;
	int rootfd, dirfd, listener, client, server;

	(void)state;
	/* longer than sun_path */
	snprintf(deep, sizeof(deep), "%s/%0100d/%0100d", root, 1, 2);
	assert_int_equal(state_open_root(deep, true, &rootfd, &err), 0);
	assert_int_equal(state_make(rootfd, "c1", &dirfd, &err), 0);
	assert_int_equal(state_is_waiting(dirfd), 0);
	assert_int_equal(state_connect(dirfd, &client), -1);
	assert_int_equal(errno, ENOENT);

	assert_int_equal(state_listen(dirfd, &listener, &err), 0);
	assert_int_equal(state_is_waiting(dirfd), 1);
	assert_int_equal(state_connect(dirfd, &client), 0);
	assert_int_equal(proto_send_kind(client, MSG_GO), 0);
	state_hide_socket(dirfd);
	assert_int_equal(state_is_waiting(dirfd), 1);
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(server >= 0); /* nothing came of the looks */
	assert_int_equal(proto_recv(server, &m, NULL), 1);
	assert_int_equal(m.kind, MSG_GO);
	close(server);
	assert_int_equal(proto_recv(client, &m, NULL), 0);
	close(client);
	assert_int_equal(state_connect(dirfd, &client), -1);
	assert_int_equal(errno, ENOENT);
	close(listener);
	assert_int_equal(state_is_waiting(dirfd), 0);
	assert_int_equal(state_remove(rootfd, dirfd, "c1", &err), 0);
	close(dirfd);
	close(rootfd);
}

/* A second start whose message nobody reads is told so, and not that all went well. */
static void test_second_start(void **state)
{
	struct place p = make_place("c1");
	struct error err;
	struct msg m;
	int listener, first, second, server;

	(void)state;
	assert_int_equal(state_listen(p.dirfd, &listener, &err), 0);
	assert_int_equal(state_connect(p.dirfd, &first), 0);
	assert_int_equal(state_connect(p.dirfd, &second), 0);
	assert_int_equal(proto_send_kind(first, MSG_GO), 0);
	assert_int_equal(proto_send_kind(second, MSG_GO), 0);
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_int_equal(proto_recv(server, &m, NULL), 1);
	close(listener); /* what execve does */
	close(server);
	assert_int_equal(proto_recv(first, &m, NULL), 0);
	assert_int_equal(proto_recv(second, &m, NULL), -1);
	assert_int_equal(errno, ECONNRESET);
	close(first);
	close(second);
	close_place(&p);
}

static void make_file(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static void test_remove(void **state)
{
	struct state_facts f = {.phase = "created", .cgroup = "", .scope = ""};
	struct place p = make_place("c1");
	struct error err;
	int victim, fd;

	(void)state;
	assert_int_equal(mkdirat(p.rootfd, "victim", 0700), 0);
	victim = openat(p.rootfd, "victim", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	make_file(victim, "file");

	assert_int_equal(state_write(p.dirfd, "{\"id\":\"c1\"", &f, &err), 0);
	make_file(p.dirfd, STATE_CONFIG);
	make_file(p.dirfd, ".state.json.123");
	assert_int_equal(mkdirat(p.dirfd, STATE_NOTIFY_DIR, 0755), 0);
	assert_int_equal(mkdirat(p.dirfd, STATE_NOTIFY_DIR "/a", 0755), 0);
	make_file(p.dirfd, STATE_NOTIFY_DIR "/a/file");
	assert_int_equal(symlinkat("../../victim", p.dirfd, STATE_NOTIFY_DIR "/link"), 0);
	assert_int_equal(symlinkat("../../../victim", p.dirfd, STATE_NOTIFY_DIR "/a/link"), 0);
	assert_int_equal(state_claim(p.dirfd, "c1", 0, &fd, &err), 0);
	assert_int_equal(state_remove(p.rootfd, p.dirfd, "c1", &err), 0);
	close(fd);
	assert_int_equal(faccessat(p.rootfd, "c1", F_OK, 0), -1);
	assert_int_equal(faccessat(victim, "file", F_OK, 0), 0);
	assert_int_equal(state_remove(p.rootfd, p.dirfd, "c1", &err), 0); /* again */

	/* a new container of that name is not the one that was removed */
	assert_int_equal(state_make(p.rootfd, "c1", &fd, &err), 0);
	assert_int_equal(state_remove(p.rootfd, p.dirfd, "c1", &err), 0);
	assert_int_equal(faccessat(p.rootfd, "c1", F_OK, 0), 0);
	close(fd);
	close(victim);
	close_place(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
		cmocka_unit_test_setup_teardown(test_root, make_root, remove_root),
		cmocka_unit_test_setup_teardown(test_make_and_open, make_root, remove_root),
		cmocka_unit_test_setup_teardown(test_lock, make_root, remove_root),
		cmocka_unit_test_setup_teardown(test_claim, make_root, remove_root),
		cmocka_unit_test_setup_teardown(test_write, make_root, remove_root),
		cmocka_unit_test_setup_teardown(test_damaged_facts, make_root, remove_root),
		cmocka_unit_test_setup_teardown(test_start_socket, make_root, remove_root),
		cmocka_unit_test_setup_teardown(test_second_start, make_root, remove_root),
		cmocka_unit_test_setup_teardown(test_remove, make_root, remove_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
