/* SPDX-License-Identifier: Apache-2.0 */
/* A group inside the container's own, for a container that divides its resources itself. */
#include "kernel/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/log.h"
#include "kernel/cgroup_priv.h"

/* "cpu memory" of cgroup.controllers as "+cpu +memory" to cgroup.subtree_control, one at a time: what the machine
 * cannot give there is no reason to fail. */
static void enable_all(int dirfd)
{
	char controllers[512], word[68], *save = NULL;

	if (cgroup_read(dirfd, "cgroup.controllers", controllers, sizeof(controllers)) < 0)
		return;
	for (char *c = strtok_r(controllers, " \n", &save); c; c = strtok_r(NULL, " \n", &save)) {
		int n = snprintf(word, sizeof(word), "+%.64s", c);

		if (fd_write_at(dirfd, "cgroup.subtree_control", word, (size_t)n) < 0)
			log_debug("controller '%s' is not for the delegated cgroup", c);
	}
}

int cgroup_make_leaf(int dirfd, const char *path, uid_t uid, int *ret_fd, struct error *err)
{
	autoclose int fd = cgroup_open_dir(dirfd, ".", O_RDONLY);
	char name[256];

	while (fd >= 0 && *path) {
		size_t n = strcspn(path, "/");
		int next;

		snprintf(name, sizeof(name), "%.*s", (int)n, path);
		path += n + strspn(path + n, "/");
		enable_all(fd);
		if (mkdirat(fd, name, 0755) < 0 && errno != EEXIST)
			return fail(err, errno, "make the delegated cgroup '%s'", name);
		next = cgroup_open_dir(fd, name, O_RDONLY);
		fd_close(fd);
		fd = next;
	}
	if (fd < 0)
		return fail(err, errno, "open the delegated cgroup");
	if (cgroup_delegate(fd, uid, (gid_t)-1, err) < 0)
		return -1;
	*ret_fd = take_fd(&fd);
	return 0;
}
