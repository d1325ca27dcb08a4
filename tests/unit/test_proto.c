/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between the processes: kinds, descriptors, errors, and packets that are none. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* base/error.h has a function of that name */

#include "container/proto.h"

static void test_messages(void **state)
{
	struct msg m = {.kind = MSG_CONSOLE, .value = 7}, back;
	int ends[2], fd = -1;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(proto_send(ends[0], &m, ends[0]), 0);
	assert_int_equal(proto_recv(ends[1], &back, &fd), 1);
	assert_true(back.kind == MSG_CONSOLE && back.value == 7 && fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	assert_int_equal(proto_send(ends[0], &m, ends[0]), 0);
	assert_int_equal(proto_recv(ends[1], &back, NULL), 1);

	m.kind = MSG_ERROR;
	fail(&m.error, ENOENT, "exec '%s'", "/x");
	memset(m.error.hint, 'h', sizeof(m.error.hint)); /* no end */
	assert_int_equal(proto_send(ends[0], &m, -1), 0);
	assert_int_equal(proto_recv(ends[1], &back, &fd), 1);
	assert_int_equal(fd, -1);
	assert_string_equal(back.error.msg, "exec '/x': no such file or directory");
	assert_int_equal(strlen(back.error.hint), sizeof(back.error.hint) - 1);

	assert_int_equal(send(ends[0], "x", 1, 0), 1);
	assert_int_equal(proto_recv(ends[1], &back, NULL), -1);
	assert_int_equal(errno, EBADMSG);
	m.kind = (enum msg_kind)99;
	assert_int_equal(proto_send(ends[0], &m, -1), 0);
	assert_int_equal(proto_recv(ends[1], &back, NULL), -1);
	assert_int_equal(errno, EBADMSG);

	close(ends[0]);
	assert_int_equal(proto_recv(ends[1], &back, NULL), 0);
	assert_int_equal(proto_send_kind(ends[1], MSG_GO), -1);
	assert_int_equal(errno, EPIPE);
	close(ends[1]);
}

/* An error that was sent before the peer closed is heard, also when it left a message of ours unread. */
static void test_last_words(void **state)
{
	struct msg m = {.kind = MSG_ERROR}, back;
	int ends[2];

	(void)state;
	for (int words = 0; words < 2; words++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
		assert_int_equal(proto_send_kind(ends[0], MSG_GO), 0);
		fail(&m.error, 0, "last words");
		if (words)
			assert_int_equal(proto_send(ends[1], &m, -1), 0);
		close(ends[1]);
		if (words) {
			assert_int_equal(proto_recv(ends[0], &back, NULL), 1);
			assert_string_equal(back.error.msg, "last words");
			assert_int_equal(proto_recv(ends[0], &back, NULL), 0);
		} else {
			assert_int_equal(proto_recv(ends[0], &back, NULL), -1);
			assert_int_equal(errno, ECONNRESET);
		}
		close(ends[0]);
	}
}

static int lowest_free(void)
{
	int fd = dup(STDIN_FILENO);

	close(fd);
	return fd;
}

/* A descriptor that comes with an empty packet, behind a reset too, does not stay with us. */
static void test_empty_packet_with_descriptor(void **state)
{
	struct msg back;
	int ends[2], before;

	(void)state;
	for (int reset = 0; reset < 2; reset++) {
		_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
		struct iovec part = {.iov_base = control, .iov_len = 0};
		struct msghdr h = {.msg_iov = &part,
				   .msg_iovlen = 1,
				   .msg_control = control,
				   .msg_controllen = sizeof(control)};
		struct cmsghdr *c = CMSG_FIRSTHDR(&h);

		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
		if (reset)
			assert_int_equal(proto_send_kind(ends[0], MSG_GO), 0);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &(int){STDERR_FILENO}, sizeof(int));
		assert_int_equal(sendmsg(ends[1], &h, 0), 0);
		if (reset)
			close(ends[1]); /* with MSG_GO unread */
		before = lowest_free();
		assert_int_equal(proto_recv(ends[0], &back, NULL), -1);
		assert_int_equal(lowest_free(), before);
		close(ends[0]);
		if (!reset)
			close(ends[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_messages), cmocka_unit_test(test_last_words),
					   cmocka_unit_test(test_empty_packet_with_descriptor)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
