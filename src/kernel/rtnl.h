/* SPDX-License-Identifier: Apache-2.0 */
/* rtnetlink(7) requests and answers, each attribute checked for room on the way out and for its length on the
 * way in (CVE-2021-43784: a length that overflowed its 16 bits). */
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A request under construction. */
struct rtnl {
	union {
		struct nlmsghdr head;
		char bytes[1024];
	};
	bool full; /* something did not fit: rtnl_send() refuses */
};

/* A socket in the network namespace NETNS (-1: ours).  -1 with errno; when we cannot come back from NETNS the
 * process is ended: it must not go on in the container's network. */
int rtnl_open(int netns);

/* Begins a request with its fixed part (struct ifinfomsg, struct ifaddrmsg). */
void rtnl_begin(struct rtnl *r, uint16_t type, uint16_t flags, const void *fixed, size_t size);
void rtnl_put(struct rtnl *r, uint16_t attribute, const void *data, size_t size);
void rtnl_put_u32(struct rtnl *r, uint16_t attribute, uint32_t value);
void rtnl_put_text(struct rtnl *r, uint16_t attribute, const char *text);

/* Sends R and reads the answer.  Each message of it that is data is given to EACH, which returns -1 with errno to
 * give up.  0, or -1 with errno: the kernel's own answer. */
typedef int rtnl_each(const struct nlmsghdr *message, void *arg);
int rtnl_ask(int sock, struct rtnl *r, rtnl_each *each, void *arg);

/* Sorts the attributes behind a message's fixed part of SIZE bytes into TABLE (0 .. MAX), NULL where there is
 * none. False: the message is not well-formed. */
bool rtnl_attributes(const struct nlmsghdr *message, size_t size, const struct rtattr **table, size_t max);
