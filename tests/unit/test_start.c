/* SPDX-License-Identifier: Apache-2.0 */
/* start and delete of invented containers: hooks, the service manager, many at once. */
#include <fcntl.h>
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
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* base/error.h has a function of that name */

#include "base/fd.h"
#include "container/record.h"
#include "container/state.h"
#include "invented.h"

/* ---- start ------------------------------------------------------------------------------------- */

static void test_start(void **state)
{
	(void)state;
	close(make_waiting("c1", NULL, NULL, NULL, NULL));
	assert_int_equal(status_of("c1"), STATUS_CREATED);
	assert_int_equal(container_start(&rt, "c1", &err), 0);
	assert_int_equal(status_of("c1"), STATUS_RUNNING);
	assert_int_equal(container_start(&rt, "c1", &err), -1);
	assert_string_equal(err.msg, "cannot start an already running container: 'c1'");
}

static void test_start_fails(void **state)
{
	(void)state;
	close(make_waiting("c1", NULL, NULL, "executable file not found in $PATH: 'x'", NULL));
	assert_int_equal(container_start(&rt, "c1", &err), -1);
	assert_string_equal(err.msg, "executable file not found in $PATH: 'x'");
	assert_int_equal(waitpid(child, NULL, 0), child);
	child = 0;
	assert_int_equal(container_start(&rt, "c1", &err), -1);
	assert_string_equal(err.msg, "cannot start a container that has stopped: 'c1'");
}

static void test_start_without_process(void **state)
{
	int dirfd = make_waiting("c1", NULL, NULL, NULL, NULL);
	size_t len;
	char *text, *other;

	(void)state;
	assert_int_equal(fd_read_file(dirfd, STATE_FILE, 4096, &text, &len, &err), 0);
	other = edit(text, "\"hasProcess\":true", "\"hasProcess\":false");
	replace_record(dirfd, other);
	assert_int_equal(container_start(&rt, "c1", &err), -1);
	assert_non_null(strstr(err.msg, "'c1' has no process to start"));
	free(text);
	free(other);
	close(dirfd);
}

/* Many at once: one starts it, the others are refused, the hook runs once. */
static void test_parallel_start(void **state)
{
	enum { N = 20 };
	pid_t pids[N];
	int good = 0;

	(void)state;
	close(make_waiting("c1", "poststart", "echo started >>out", NULL, NULL));
	for (int i = 0; i < N; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(container_start(&rt, "c1", &err) < 0);
	}
	for (int i = 0; i < N; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		good += status == 0;
	}
	assert_int_equal(good, 1);
	assert_string_equal(read_out(), "started");
}

static void test_poststart(void **state)
{
	char want[256];

	(void)state;
	close(make_waiting("c1", "poststart", "cat >out; pwd -P >>out", NULL, NULL));
	setenv("PATH", "/nowhere", 1); /* the shell's default: hooks have no PATH of ours */
	assert_int_equal(container_start(&rt, "c1", &err), 0);
	snprintf(want, sizeof(want),
		 "{\"ociVersion\":\"1.2.0\",\"id\":\"c1\",\"bundle\":\"%s\",\"root\":\"/nowhere/"
		 "rootfs\","
		 "\"annotations\":{\"k\":\"v\\n\\\"w\\\"\"},\"status\":\"running\",\"pid\":%d}%s",
		 root, (int)child, root);
	assert_string_equal(read_out(), want);
}

/* runtime.md: the container is stopped and destroyed when a poststart hook fails */
static void test_poststart_fails(void **state)
{
	(void)state;
	close(make_waiting("c1", "poststart", "exit 7", NULL, NULL));
	assert_int_equal(container_start(&rt, "c1", &err), -1);
	assert_string_equal(err.msg, "error executing hook '/bin/sh' (exit code: 7)");
	assert_string_equal(err.where, "hooks.poststart[0]");
	assert_false(is_alive(child));
	assert_false(exists("c1"));
}

static void test_notify(void **state)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct msghdr h = {0};
	struct iovec part;
	_Alignas(struct cmsghdr) char control[64];
	char host[128], text[256], want[64];
	int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), dirfd, status, fd;
	pid_t starter;
	ssize_t n;

	(void)state;
	snprintf(host, sizeof(host), "%s/host", root);
	strcpy(addr.sun_path, host);
	assert_int_equal(bind(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	setenv("NOTIFY_SOCKET", host, 1);
	assert_int_equal(mkdirat(rootfd, "dir", 0700), 0);
	dirfd = make_waiting("c1", NULL, NULL, NULL, "FDNAME=x\nREADY=1\nMAINPID=1");
	assert_int_equal(mkdirat(dirfd, STATE_NOTIFY_DIR, 0755), 0);
	starter = fork();
	assert_true(starter >= 0);
	if (starter == 0)
		_exit(container_start(&rt, "c1", &err) < 0);
	unsetenv("NOTIFY_SOCKET");
	n = recv(sock, text, sizeof(text) - 1, 0);
	assert_true(n > 0);
	text[n] = '\0';
	snprintf(want, sizeof(want), "READY=1\nMAINPID=%d\n", (int)child);
	assert_string_equal(text, want);
	/* and it waits until we close what came with the barrier */
	part = (struct iovec){.iov_base = text, .iov_len = sizeof(text) - 1};
	h = (struct msghdr){.msg_iov = &part,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control)};
	n = recvmsg(sock, &h, 0);
	assert_true(n == 9 && memcmp(text, "BARRIER=1", 9) == 0 && CMSG_FIRSTHDR(&h));
	usleep(50000);
	assert_int_equal(waitpid(starter, &status, WNOHANG), 0);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&h)), sizeof(fd));
	close(fd);
	assert_int_equal(waitpid(starter, &status, 0), starter);
	assert_int_equal(status, 0);
	close(sock);
	close(dirfd);
}

/* A container that dies without a word does not leave `start` waiting. */
static void test_notify_of_the_dead(void **state)
{
	pid_t starter;
	int dirfd, status;

	(void)state;
	dirfd = make_waiting("c1", NULL, NULL, NULL, "READY=0");
	assert_int_equal(mkdirat(dirfd, STATE_NOTIFY_DIR, 0755), 0);
	setenv("NOTIFY_SOCKET", "@nobody", 1);
	starter = fork();
	assert_true(starter >= 0);
	if (starter == 0)
		_exit(container_start(&rt, "c1", &err) < 0);
	unsetenv("NOTIFY_SOCKET");
	usleep(100000);
	assert_int_equal(waitpid(starter, &status, WNOHANG), 0);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(starter, &status, 0), starter);
	assert_int_equal(status, 0);
	close(dirfd);
}

/* ---- delete ------------------------------------------------------------------------------------ */

static void test_delete(void **state)
{
	struct runtime nowhere = {.root = "/nowhere/root"};

	(void)state;
	assert_int_equal(container_delete(&rt, "c1", &(struct delete_options){.force = false}, &err), -1);
	assert_string_equal(err.msg, "container does not exist: 'c1'");
	assert_int_equal(container_delete(&nowhere, "c1", &(struct delete_options){.force = false}, &err), -1);
	assert_string_equal(err.msg, "container does not exist: 'c1'");
	assert_int_equal(container_delete(&rt, "c1", &(struct delete_options){.force = true}, &err), 0);
	assert_int_equal(container_delete(&nowhere, "c1", &(struct delete_options){.force = true}, &err), 0);
	assert_int_equal(container_delete(&nowhere, "..", &(struct delete_options){.force = true}, &err), -1);

	make_process();
	close(make_container("c1", PHASE_RUNNING, child, "poststop", "cat >out; exit 1"));
	assert_int_equal(container_delete(&rt, "c1", &(struct delete_options){.force = false}, &err), -1);
	assert_string_equal(err.msg, "container 'c1' is not stopped: it is running");
	assert_true(is_alive(child));
	assert_int_equal(container_delete(&rt, "c1", &(struct delete_options){.force = true}, &err), 0);
	assert_false(is_alive(child) || exists("c1"));
	assert_non_null(strstr(read_out(), "\"status\":\"stopped\"}"));
	assert_int_equal(waitpid(child, NULL, 0), child);

	close(make_waiting("c2", NULL, NULL, NULL, NULL));
	assert_int_equal(container_delete(&rt, "c2", &(struct delete_options){.force = false}, &err), 0);
	assert_false(is_alive(child) || exists("c2"));
}

/* Many at once: all succeed with force, the hook runs once. */
static void test_parallel_delete(void **state)
{
	enum { N = 20 };
	pid_t pids[N];

	(void)state;
	make_process();
	close(make_container("c1", PHASE_RUNNING, child, "poststop",
			     "echo stopped >>out; sleep 0.1"));
	for (int i = 0; i < N; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(container_delete(&rt, "c1", &(struct delete_options){.force = true}, &err) < 0);
	}
	for (int i = 0; i < N; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_string_equal(read_out(), "stopped");
	assert_false(is_alive(child) || exists("c1"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_start),
		TEST(test_start_fails),
		TEST(test_start_without_process),
		TEST(test_parallel_start),
		TEST(test_poststart),
		TEST(test_poststart_fails),
		TEST(test_notify),
		TEST(test_notify_of_the_dead),
		TEST(test_delete),
		TEST(test_parallel_delete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
