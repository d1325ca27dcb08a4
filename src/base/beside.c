/* SPDX-License-Identifier: Apache-2.0 */
/* See beside.h. */
#include "beside.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "sys.h"

void beside_begin(struct beside *ret, int (*work)(void *context, int fd), void *context)
{
	autoclose int fd = sys_memfd_create("beside", 1 /* MFD_CLOEXEC */);
	pid_t pid = fd < 0 ? -1 : fork();

	*ret = (struct beside){.fd = -1};
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG,
			    SIGKILL); /* without us nobody waits for it: it would only end later */
		_exit(work(context, fd) < 0);
	}
	if (pid < 0)
		return;
	ret->pid = pid;
	ret->fd = take_fd(&fd);
}

int beside_end(struct beside *b)
{
	autoclose int fd = take_fd(&b->fd);
	int status = -1;

	if (b->pid <= 0)
		return -1;
	while (waitpid(b->pid, &status, 0) < 0 && errno == EINTR)
		;
	b->pid = 0;
	return status == 0 ? take_fd(&fd) : -1;
}
