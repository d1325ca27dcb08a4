/* SPDX-License-Identifier: Apache-2.0 */
/* netdevice(7): one ioctl that reads the flags and one that sets them. */
#include "loopback.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/fd.h"

int loopback_up(struct error *err)
{
	autoclose int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = {0};

	memcpy(lo.ifr_name, "lo", sizeof("lo"));
	if (sock < 0 && errno == EAFNOSUPPORT) /* a kernel without IPv4 */
		return 0;
	if (sock < 0 || ioctl(sock, SIOCGIFFLAGS, &lo) < 0)
		return fail(err, errno, "look at the loopback interface");
	lo.ifr_flags |= IFF_UP | IFF_RUNNING;
	if (ioctl(sock, SIOCSIFFLAGS, &lo) < 0)
		return fail(err, errno, "set the loopback interface up");
	return 0;
}
