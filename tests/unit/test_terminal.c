/* SPDX-License-Identifier: Apache-2.0 */
/* Terminals of a devpts beneath a root, hostile ones too; console sockets, good and bad.
 *
 * What needs mounts runs in a process with user and mount namespaces of its own, so that neither
 * root is needed nor anything of the host's touched.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* base/error.h has a function of that name */

#include "base/fd.h"
#include "kernel/terminal.h"

enum { CHILD_OK, CHILD_NO_NAMESPACES = 77 };

/* In the child, where cmocka cannot report: says where, and ends it. */
#define must(condition)                                                                   \
	do {                                                                              \
		if (!(condition)) {                                                       \
			fprintf(stderr, "%s:%d: not true: %s (%s)\n", __FILE__, __LINE__, \
				#condition, e.msg);                                       \
			_exit(1);                                                         \
		}                                                                         \
	} while (0)

static struct error e;

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	must(fd >= 0 && fd_write_all(fd, text, strlen(text)) == 0);
	close(fd);
}

/* A tmpfs with /dev and a devpts at /dev/pts, as root of a user namespace; its O_PATH descriptor. */
static int make_root(void)
{
	unsigned uid = geteuid(), gid = getegid();
	char map[32];
	int root;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		_exit(CHILD_NO_NAMESPACES);
	snprintf(map, sizeof(map), "0 %u 1", uid);
	write_text("/proc/self/uid_map", map);
	write_text("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", gid);
	write_text("/proc/self/gid_map", map);
	must(mount("none", "/tmp", "tmpfs", 0, NULL) == 0);
	must(mkdir("/tmp/dev", 0755) == 0 && mkdir("/tmp/dev/pts", 0755) == 0);
	must(mount("devpts", "/tmp/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0620") ==
	     0);
	root = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(root >= 0);
	return root;
}

/* Runs ACT in a child; skips the test where this system gives an ordinary user no namespaces. */
static void in_namespaces(void (*act)(int root))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(20);
		act(make_root());
		_exit(CHILD_OK);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_NO_NAMESPACES)
		skip();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), CHILD_OK);
}

static void use_terminal(int root)
{
	struct stat console, tty;
	struct winsize size;
	int master = -1, slave = -1;
	char c = 0;

	must(terminal_open(root, &master, &slave, &e) == 0);
	must(fcntl(master, F_GETFD) == FD_CLOEXEC && fcntl(slave, F_GETFD) == FD_CLOEXEC);
	must(fstat(slave, &tty) == 0 && S_ISCHR(tty.st_mode) && major(tty.st_rdev) == 136);
	must(access("/tmp/dev/pts/0", F_OK) == 0); /* of this devpts, not of the host's */

	must(terminal_set_size(master, 40, 132, &e) == 0);
	must(terminal_set_size(master, 0, 100, &e) == 0);
	must(ioctl(slave, TIOCGWINSZ, &size) == 0 && size.ws_row == 40 && size.ws_col == 100);
	must(terminal_set_owner(slave, 0, &e) == 0);
	must(terminal_set_owner(slave, 12345, &e) == -1); /* not mapped */

	must(terminal_bind_console(slave, root, &e) == 0);
	must(stat("/tmp/dev/console", &console) == 0 && console.st_rdev == tty.st_rdev);

	must(setsid() == getpid());
	must(terminal_make_controlling(slave, &e) == 0);
	must(isatty(0) && isatty(1) && isatty(2) && tcgetsid(0) == getpid());
	must(fcntl(0, F_GETFD) == 0 && fcntl(2, F_GETFD) == 0); /* these stay open over execve */
	must(write(1, "x", 1) == 1 && read(master, &c, 1) == 1 && c == 'x');
	must(open("/dev/tty", O_RDWR | O_CLOEXEC) >= 0);
}

static void use_bad_pts(int root)
{
	int master = -1, slave = -1;

	/* something bound over ptmx */
	must(mknod("/tmp/file", S_IFREG | 0600, 0) == 0);
	must(mount("/tmp/file", "/tmp/dev/pts/ptmx", NULL, MS_BIND, NULL) == 0);
	must(terminal_open(root, &master, &slave, &e) == -1 && e.errnum == EXDEV);
	must(umount2("/tmp/dev/pts/ptmx", MNT_DETACH) == 0);
	must(terminal_open(root, &master, &slave, &e) == 0);
	close(take_fd(&master));
	close(take_fd(&slave));

	/* a link to a devpts is none, wherever it is */
	must(mkdir("/tmp/pts", 0755) == 0);
	must(mount("/tmp/dev/pts", "/tmp/pts", NULL, MS_MOVE, NULL) == 0);
	must(rmdir("/tmp/dev/pts") == 0 && symlink("../pts", "/tmp/dev/pts") == 0);
	must(terminal_open(root, &master, &slave, &e) == -1);
	must(unlink("/tmp/dev/pts") == 0 && symlink("/dev/pts", "/tmp/dev/pts") == 0);
	must(terminal_open(root, &master, &slave, &e) == -1);

	/* a directory with a ptmx of its own making; nothing at all */
	must(unlink("/tmp/dev/pts") == 0 && mkdir("/tmp/dev/pts", 0755) == 0);
	must(mkfifo("/tmp/dev/pts/ptmx", 0600) == 0);
	must(terminal_open(root, &master, &slave, &e) == -1 && strstr(e.msg, "is not a devpts"));
	must(unlink("/tmp/dev/pts/ptmx") == 0 && rmdir("/tmp/dev/pts") == 0);
	must(terminal_open(root, &master, &slave, &e) == -1 && e.errnum == ENOENT && e.hint[0]);
	must(master == -1 && slave == -1);
}

static void use_bad_console(int root)
{
	int master = -1, slave = -1;
	struct stat st;

	must(terminal_open(root, &master, &slave, &e) == 0);
	/* outside: what a link on the console must not reach */
	must(mkdir("/tmp/out", 0755) == 0 && mknod("/tmp/out/canary", S_IFREG | 0600, 0) == 0);
	must(symlink("/tmp/out/canary", "/tmp/dev/console") == 0);
	must(terminal_bind_console(slave, root, &e) == -1);
	must(unlink("/tmp/dev/console") == 0 && symlink("../out/missing", "/tmp/dev/console") == 0);
	must(terminal_bind_console(slave, root, &e) == -1);
	must(access("/tmp/out/missing", F_OK) < 0 && errno == ENOENT);
	must(stat("/tmp/out/canary", &st) == 0 && S_ISREG(st.st_mode));
	must(unlink("/tmp/dev/console") == 0 && mkdir("/tmp/dev/console", 0755) == 0);
	must(terminal_bind_console(slave, root, &e) == -1);
	/* a device, a file, even a FIFO is only a place to cover */
	must(rmdir("/tmp/dev/console") == 0 && mkfifo("/tmp/dev/console", 0600) == 0);
	must(terminal_bind_console(slave, root, &e) == 0);
	must(stat("/tmp/dev/console", &st) == 0 && S_ISCHR(st.st_mode));
}

static void test_terminal(void **state)
{
	(void)state;
	in_namespaces(use_terminal);
}

static void test_bad_pts(void **state)
{
	(void)state;
	in_namespaces(use_bad_pts);
}

static void test_bad_console(void **state)
{
	(void)state;
	in_namespaces(use_bad_console);
}

/* ---- console sockets ---- */

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/vert-test-terminal.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

static int new_master(void)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* Binds NAME in the current directory: an address has no room for the paths of this test. */
static int bind_here(const char *name, int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, name);
	assert_int_equal(bind(sock, (struct sockaddr *)&address, sizeof(address)), 0);
	return sock;
}

/* What an engine does: one message, one descriptor. */
static void expect_terminal(int listener, int master)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(4 * sizeof(int))];
	} control;
	char text[4096], name[32];
	struct iovec iov = {.iov_base = text, .iov_len = sizeof(text)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	int sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC), fd;
	unsigned ours, theirs;
	ssize_t n;

	assert_true(sock >= 0);
	n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	assert_true(n > 0 && n < (ssize_t)sizeof(text));
	assert_int_equal(control.head.cmsg_type, SCM_RIGHTS);
	assert_int_equal(control.head.cmsg_len, CMSG_LEN(sizeof(int)));
	memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	assert_int_equal(ioctl(fd, TIOCGPTN, &theirs), 0);
	assert_int_equal(ioctl(master, TIOCGPTN, &ours), 0);
	assert_int_equal(ours, theirs);
	snprintf(name, sizeof(name), "/dev/pts/%u", ours);
	assert_int_equal(n, strlen(name));
	assert_memory_equal(text, name, strlen(name));
	assert_int_equal(recv(sock, text, sizeof(text), 0), 0);
	close(fd);
	close(sock);
}

static void test_socket(void **state)
{
	int master = new_master(), old = open(".", O_PATH | O_CLOEXEC), listener;
	char path[1024];

	(void)state;
	snprintf(path, sizeof(path), "%s", dir);
	assert_int_equal(chdir(dir), 0);
	for (int i = 0; i < 5; i++) { /* far longer than an address */
		char name[101];

		memset(name, 'a' + i, 100);
		name[100] = '\0';
		assert_int_equal(mkdir(name, 0700), 0);
		assert_int_equal(chdir(name), 0);
		snprintf(path + strlen(path), sizeof(path) - strlen(path), "/%s", name);
	}
	listener = bind_here("s", SOCK_STREAM);
	assert_int_equal(listen(listener, 1), 0);
	snprintf(path + strlen(path), sizeof(path) - strlen(path), "/s");
	assert_true(strlen(path) > 500);
	assert_int_equal(fchdir(old), 0);

	assert_int_equal(terminal_send_to_socket(path, master, &e), 0);
	expect_terminal(listener, master);
	close(listener);
	close(master);
	close(old);
}

static void test_bad_sockets(void **state)
{
	static const struct {
		const char *name;
		int errnum;
	} rows[] = {
		{"missing", ENOENT},	{"none/missing", ENOENT}, {"file", ENOTSOCK},
		{"file/x", ENOTDIR},	{".", ENOTSOCK},	  {"datagram", EPROTOTYPE},
		{"packet", EPROTOTYPE}, {"deaf", ECONNREFUSED},	  {"loop", ELOOP},
		{"fifo", ENOTSOCK},
	};
	int master = new_master(), file = open(dir, O_PATH | O_CLOEXEC),
	    old = open(".", O_PATH | O_CLOEXEC);
	struct timespec start, end;

	(void)state;
	assert_int_equal(fchdir(file), 0);
	close(file);
	assert_int_equal(mknod("file", S_IFREG | 0600, 0), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(symlink("loop", "loop"), 0);
	bind_here("datagram", SOCK_DGRAM);
	assert_int_equal(listen(bind_here("packet", SOCK_SEQPACKET), 1), 0);
	bind_here("deaf", SOCK_STREAM);
	assert_int_equal(fchdir(old), 0);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char path[256];

		snprintf(path, sizeof(path), "%s/%s", dir, rows[i].name);
		assert_int_equal(terminal_send_to_socket(path, master, &e), -1);
		assert_int_equal(e.errnum, rows[i].errnum);
		assert_non_null(strstr(e.msg, path));
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true(end.tv_sec - start.tv_sec <= 1);
	close(master);
	close(old);
}

/* A listener that hangs up at once must neither kill us (SIGPIPE) nor hold us up. */
static void test_hang_up(void **state)
{
	int master = new_master(), listener, old = open(".", O_PATH | O_CLOEXEC);
	char path[256];
	pid_t pid;

	(void)state;
	assert_int_equal(chdir(dir), 0);
	listener = bind_here("short", SOCK_STREAM);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(fchdir(old), 0);
	snprintf(path, sizeof(path), "%s/short", dir);
	pid = fork();
	if (pid == 0) {
		alarm(20);
		for (;;)
			close(accept(listener, NULL, NULL));
	}
	for (int i = 0; i < 200; i++)
		if (terminal_send_to_socket(path, master, &e) < 0)
			assert_true(e.errnum == EPIPE || e.errnum == ECONNRESET);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(listener);
	close(master);
	close(old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terminal),    cmocka_unit_test(test_bad_pts),
		cmocka_unit_test(test_bad_console), cmocka_unit_test(test_socket),
		cmocka_unit_test(test_bad_sockets), cmocka_unit_test(test_hang_up),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
