/* SPDX-License-Identifier: Apache-2.0 */
/* rtnetlink: one request, its answer. */
#include "kernel/rtnl.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

enum { ANSWER_SIZE = 32768, PATIENCE_SECONDS = 10 };

static int open_socket(void)
{
	const struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (sock >= 0)
		(void)setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return sock;
}

int rtnl_open(int netns)
{
	autoclose int own = -1;
	int sock, saved;

	if (netns < 0)
		return open_socket();
	own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (own < 0 || setns(netns, CLONE_NEWNET) < 0)
		return -1;
	sock = open_socket(); /* it stays in the namespace it was made in */
	saved = errno;
	if (setns(own, CLONE_NEWNET) < 0)
		abort();
	errno = saved;
	return sock;
}

void rtnl_begin(struct rtnl *r, uint16_t type, uint16_t flags, const void *fixed, size_t size)
{
	*r = (struct rtnl){0};
	r->head.nlmsg_type = type;
	r->head.nlmsg_flags = NLM_F_REQUEST | flags;
	r->head.nlmsg_seq = 1;
	r->head.nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
	memcpy(NLMSG_DATA(&r->head), fixed, size);
}

void rtnl_put(struct rtnl *r, uint16_t attribute, const void *data, size_t size)
{
	size_t at = NLMSG_ALIGN(r->head.nlmsg_len);
	struct rtattr *a = (struct rtattr *)(void *)(r->bytes + at);

	if (r->full || size > sizeof(r->bytes) || at + RTA_SPACE(size) > sizeof(r->bytes)) {
		r->full = true;
		return;
	}
	a->rta_type = attribute;
	a->rta_len = (unsigned short)RTA_LENGTH(size);
	memcpy(RTA_DATA(a), data, size);
	r->head.nlmsg_len = (uint32_t)(at + RTA_LENGTH(size));
}

void rtnl_put_u32(struct rtnl *r, uint16_t attribute, uint32_t value)
{
	rtnl_put(r, attribute, &value, sizeof(value));
}

void rtnl_put_text(struct rtnl *r, uint16_t attribute, const char *text)
{
	rtnl_put(r, attribute, text, strlen(text) + 1);
}

/* The next message or attribute, with LEFT bytes from this one of LEN on; 0: there is none.  Not by NLMSG_NEXT() and
 * RTA_NEXT(): a last one that is not aligned would leave less than nothing, and LEFT has no sign. */
static size_t step_over(size_t len, size_t *left)
{
	size_t step = NLMSG_ALIGN(len); /* RTA_ALIGN() is the same */

	if (step >= *left)
		return 0;
	*left -= step;
	return step;
}

/* 1: more is to come; 0: done; -1 with errno. */
static int take_part(char *bytes, size_t n, rtnl_each *each, void *arg)
{
	size_t step = 1;
	bool parts = false;

	for (const struct nlmsghdr *h = (void *)bytes; step && NLMSG_OK(h, n); h = (void *)bytes) {
		if (h->nlmsg_type == NLMSG_DONE)
			return 0;
		if (h->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *e = NLMSG_DATA(h);

			if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*e))) {
				errno = EBADMSG;
				return -1;
			}
			errno = e->error < 0 && e->error > -4096 ? -e->error : EBADMSG;
			return e->error ? -1 : 0;
		}
		parts = true;
		if (each && each(h, arg) < 0)
			return -1;
		step = step_over(h->nlmsg_len, &n);
		bytes += step;
	}
	return parts;
}

int rtnl_ask(int sock, struct rtnl *r, rtnl_each *each, void *arg)
{
	autofree char *answer = malloc(ANSWER_SIZE);
	int more = 1;

	if (r->full || !answer) {
		errno = r->full ? EMSGSIZE : ENOMEM;
		return -1;
	}
	/* Both bits: one of them alone is NLM_F_REPLACE. */
	if ((r->head.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		r->head.nlmsg_flags |= NLM_F_ACK;
	if (send(sock, r->bytes, r->head.nlmsg_len, 0) < 0)
		return -1;
	while (more > 0) {
		ssize_t n = recv(sock, answer, ANSWER_SIZE, MSG_TRUNC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || n > ANSWER_SIZE) {
			errno = n < 0 ? errno : EBADMSG;
			return -1;
		}
		more = take_part(answer, (size_t)n, each, arg);
	}
	return more;
}

bool rtnl_attributes(const struct nlmsghdr *message, size_t size, const struct rtattr **table, size_t max)
{
	const struct rtattr *a;
	size_t left, step = 1;

	memset(table, 0, (max + 1) * sizeof(*table));
	if (message->nlmsg_len < NLMSG_LENGTH(size))
		return false;
	left = message->nlmsg_len - NLMSG_LENGTH(size);
	a = (const struct rtattr *)(const void *)((const char *)NLMSG_DATA(message) + NLMSG_ALIGN(size));
	for (; step && RTA_OK(a, left); a = (const void *)((const char *)a + step)) {
		if (a->rta_type <= max)
			table[a->rta_type] = a;
		step = step_over(a->rta_len, &left);
	}
	return true;
}
