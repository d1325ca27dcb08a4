/* SPDX-License-Identifier: Apache-2.0 */
/* Moving network interfaces between namespaces: see netdev.h. */
#include "kernel/netdev.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/sys.h"
#include "kernel/rtnl.h"

#ifndef IFLA_NEW_IFINDEX
#define IFLA_NEW_IFINDEX 49 /* Linux 5.13 */
#endif

/* Flags of an address that describe what was asked for and not what came of it. */
#define KEPT_FLAGS (IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN)

enum { MAX_ADDRESSES = 1024, INDEX_TRIES = 1000 };

struct address {
	uint8_t family, prefix, size; /* of local and peer */
	bool has_local, has_peer, has_broadcast;
	uint8_t local[16], peer[16], broadcast[4];
	uint32_t flags, metric;
};

struct link {
	int index;
	unsigned flags;
	char name[NETDEV_NAME_SIZE];
};

struct addresses {
	int index;
	size_t n;
	struct address *v;
};

/* One side of a move. */
struct side {
	int sock, netns;
};

static int read_link(const struct nlmsghdr *h, void *arg)
{
	const struct ifinfomsg *info = NLMSG_DATA(h);
	const struct rtattr *table[IFLA_IFNAME + 1];
	struct link *link = arg;

	if (h->nlmsg_type != RTM_NEWLINK || !rtnl_attributes(h, sizeof(*info), table, IFLA_IFNAME) ||
	    !table[IFLA_IFNAME] || RTA_PAYLOAD(table[IFLA_IFNAME]) > sizeof(link->name)) {
		errno = EBADMSG;
		return -1;
	}
	link->index = info->ifi_index;
	link->flags = info->ifi_flags;
	memcpy(link->name, RTA_DATA(table[IFLA_IFNAME]), RTA_PAYLOAD(table[IFLA_IFNAME]));
	link->name[sizeof(link->name) - 1] = '\0';
	return 0;
}

/* By NAME, or by INDEX when it is NULL.  -1 with errno ENODEV: there is none. */
static int find_link(int sock, const char *name, int index, struct link *ret)
{
	struct ifinfomsg info = {.ifi_family = AF_UNSPEC, .ifi_index = index};
	struct rtnl r;

	*ret = (struct link){0};
	rtnl_begin(&r, RTM_GETLINK, 0, &info, sizeof(info));
	if (name)
		rtnl_put_text(&r, IFLA_IFNAME, name);
	return rtnl_ask(sock, &r, read_link, ret);
}

static bool take_bytes(const struct rtattr *a, void *to, size_t size)
{
	if (!a || RTA_PAYLOAD(a) != size)
		return false;
	memcpy(to, RTA_DATA(a), size);
	return true;
}

static int read_address(const struct nlmsghdr *h, void *arg)
{
	const struct ifaddrmsg *info = NLMSG_DATA(h);
	const struct rtattr *table[IFA_RT_PRIORITY + 1];
	struct addresses *list = arg;
	struct address a, *more;

	if (h->nlmsg_type != RTM_NEWADDR || !rtnl_attributes(h, sizeof(*info), table, IFA_RT_PRIORITY)) {
		errno = EBADMSG;
		return -1;
	}
	a = (struct address){.family = info->ifa_family, .prefix = info->ifa_prefixlen, .flags = info->ifa_flags};
	(void)take_bytes(table[IFA_FLAGS], &a.flags, sizeof(a.flags));
	if ((int)info->ifa_index != list->index || info->ifa_scope != RT_SCOPE_UNIVERSE ||
	    !(a.flags & IFA_F_PERMANENT) || (a.family != AF_INET && a.family != AF_INET6))
		return 0;
	a.size = a.family == AF_INET ? 4 : 16;
	a.has_local = take_bytes(table[IFA_LOCAL], a.local, a.size);
	a.has_peer = take_bytes(table[IFA_ADDRESS], a.peer, a.size);
	a.has_broadcast = a.family == AF_INET && take_bytes(table[IFA_BROADCAST], a.broadcast, 4);
	(void)take_bytes(table[IFA_RT_PRIORITY], &a.metric, sizeof(a.metric));
	more = list->n < MAX_ADDRESSES ? realloc(list->v, (list->n + 1) * sizeof(*more)) : NULL;
	if (!more) {
		errno = ENOMEM;
		return -1;
	}
	list->v = more;
	more[list->n++] = a;
	return 0;
}

static int list_addresses(int sock, int index, struct addresses *ret)
{
	struct ifaddrmsg info = {.ifa_family = AF_UNSPEC};
	struct rtnl r;

	*ret = (struct addresses){.index = index};
	rtnl_begin(&r, RTM_GETADDR, NLM_F_DUMP, &info, sizeof(info));
	return rtnl_ask(sock, &r, read_address, ret);
}

static int add_address(int sock, int index, const struct address *a)
{
	struct ifaddrmsg info = {
		.ifa_family = a->family,
		.ifa_prefixlen = a->prefix,
		.ifa_scope = RT_SCOPE_UNIVERSE,
		.ifa_index = (unsigned)index,
	};
	struct rtnl r;

	rtnl_begin(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &info, sizeof(info));
	if (a->has_local)
		rtnl_put(&r, IFA_LOCAL, a->local, a->size);
	if (a->has_peer)
		rtnl_put(&r, IFA_ADDRESS, a->peer, a->size);
	if (a->has_broadcast)
		rtnl_put(&r, IFA_BROADCAST, a->broadcast, 4);
	if (a->flags & KEPT_FLAGS)
		rtnl_put_u32(&r, IFA_FLAGS, a->flags & KEPT_FLAGS);
	if (a->metric)
		rtnl_put_u32(&r, IFA_RT_PRIORITY, a->metric);
	return rtnl_ask(sock, &r, NULL, NULL);
}

static int set_up(int sock, int index)
{
	struct ifinfomsg info = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	struct rtnl r;

	rtnl_begin(&r, RTM_NEWLINK, 0, &info, sizeof(info));
	return rtnl_ask(sock, &r, NULL, NULL);
}

/* Moves and renames at once.  The number the interface gets is chosen by us: it is how we find it again under a
 * name that the kernel makes of a template. */
static int change_namespace(const struct side *from, const struct side *to, const struct link *link,
			    const char *new_name, int *ret_index)
{
	struct ifinfomsg info = {.ifi_index = link->index};
	struct link other;
	struct rtnl r;

	for (int i = 0; i < INDEX_TRIES; i++) {
		int index = link->index + i;

		if (find_link(to->sock, NULL, index, &other) == 0)
			continue;
		rtnl_begin(&r, RTM_SETLINK, 0, &info, sizeof(info));
		rtnl_put_u32(&r, IFLA_NET_NS_FD, (uint32_t)to->netns);
		rtnl_put_u32(&r, IFLA_NEW_IFINDEX, (uint32_t)index);
		rtnl_put_text(&r, IFLA_IFNAME, new_name);
		*ret_index = index;
		if (rtnl_ask(from->sock, &r, NULL, NULL) == 0)
			return 0;
		if (errno != EBUSY)
			return -1;
	}
	errno = EBUSY;
	return -1;
}

static int fail_move(const struct plan_net_device *d, struct error *err)
{
	int saved = errno;

	fail_at(err, saved, d->at, "move network device '%s' to the container", d->host_name);
	error_code(err, "NET_DEVICE");
	if (saved == EPERM)
		return error_hint(err, "it needs CAP_NET_ADMIN in the network namespace that has the device");
	if (saved == EINVAL)
		return error_hint(err, "devices such as bridges and lo belong to their network namespace");
	return -1;
}

/* The move itself.  RET is what it became there. */
static int move(const struct side *from, const struct side *to, const char *name, const char *new_name,
		const struct plan_net_device *d, struct link *ret, struct error *err)
{
	struct addresses list = {0};
	struct link link, other;
	int index = 0, rc = 0;

	*ret = (struct link){0};
	if (find_link(from->sock, name, 0, &link) < 0) {
		fail_at(err, errno, d->at, "find network device '%s'", name);
		return error_code(err, "NET_DEVICE_MISSING");
	}
	if (!strchr(new_name, '%') && find_link(to->sock, new_name, 0, &other) == 0) {
		fail_at(err, EEXIST, d->at, "a network device '%s' is in the container already", new_name);
		error_code(err, "NET_DEVICE_EXISTS");
		return error_hint(err, "choose another name, or a template such as \"eth%%d\"");
	}
	if (list_addresses(from->sock, link.index, &list) < 0)
		rc = fail_at(err, errno, d->at, "read the addresses of network device '%s'", name);
	if (rc == 0 && change_namespace(from, to, &link, new_name, &index) < 0)
		rc = fail_move(d, err);
	/* From here on RET names it, also on failure: it can be taken back. */
	if (rc == 0 && find_link(to->sock, NULL, index, ret) < 0)
		rc = fail_at(err, errno, d->at, "find network device '%s' in the container", name);
	for (size_t i = 0; rc == 0 && i < list.n; i++)
		if (add_address(to->sock, index, &list.v[i]) < 0)
			rc = fail_at(err, errno, d->at, "give network device '%s' its address back", name);
	if (rc == 0 && set_up(to->sock, index) < 0)
		rc = fail_at(err, errno, d->at, "set network device '%s' up", name);
	free(list.v);
	return rc;
}

static int open_sides(int netns, struct side *host, struct side *container, struct error *err)
{
	*host = (struct side){.sock = rtnl_open(-1), .netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
	*container = (struct side){.sock = host->sock < 0 ? -1 : rtnl_open(netns), .netns = netns};
	if (host->netns >= 0 && container->sock >= 0)
		return 0;
	return fail(err, errno, "open rtnetlink sockets to move network devices");
}

static void close_sides(const struct side *host, const struct side *container)
{
	close_keeping_errno(&host->sock);
	close_keeping_errno(&host->netns);
	close_keeping_errno(&container->sock);
}

static void return_some(const struct plan_net_device *devices, size_t n, const struct side *host,
			const struct side *container, char (*names)[NETDEV_NAME_SIZE])
{
	struct error err;
	struct link link;

	for (size_t i = n; i > 0; i--)
		if (move(container, host, names[i - 1], devices[i - 1].host_name, &devices[i - 1], &link, &err) < 0)
			log_warning("network device '%s' could not be taken back: %s", devices[i - 1].host_name,
				    err.msg);
}

int netdev_move_all(const struct plan_net_device *devices, size_t n, int netns, char (*names)[NETDEV_NAME_SIZE],
		    struct error *err)
{
	struct side host, container;
	int rc = open_sides(netns, &host, &container, err);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct link link;

		rc = move(&host, &container, devices[i].host_name, devices[i].name, &devices[i], &link, err);
		memcpy(names[i], link.name, sizeof(link.name));
		if (rc < 0)
			return_some(devices, i + (link.name[0] != 0), &host, &container, names);
	}
	close_sides(&host, &container);
	return rc;
}

void netdev_return_all(const struct plan_net_device *devices, size_t n, int netns, char (*names)[NETDEV_NAME_SIZE])
{
	struct side host, container;
	struct error err;

	if (open_sides(netns, &host, &container, &err) < 0)
		log_warning("%s", err.msg);
	else
		return_some(devices, n, &host, &container, names);
	close_sides(&host, &container);
}
