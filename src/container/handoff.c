/* SPDX-License-Identifier: Apache-2.0 */
/* Handing the plan to vert-init.
 *
 * vert-init runs from a sealed memfd: the container never sees a file of the host behind /proc/self/exe, and
 * what it sees cannot be written by anyone (CVE-2019-5736; a copy of the pages, so also Dirty Pipe and its kin).
 */
#include "handoff.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/naive.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/blob.h"
#include "container/plan_map.h"
#include "container/timing.h"

#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

static int check_preserved(unsigned n, int own, int own_too, struct error *err)
{
	for (unsigned fd = 3; fd < 3 + n; fd++) {
		int flags = fcntl((int)fd, F_GETFD);

		if (flags < 0 || (int)fd == log_settings.fd || (int)fd == log_settings.error_fd ||
		    (int)fd == own || (int)fd == own_too) { /* ours may have filled a hole */
			fail(err, 0, "descriptor %u is to be preserved, and is not open", fd);
			return error_hint(err, "--preserve-fds and LISTEN_FDS count descriptors from 3 without a gap");
		}
		if (fcntl((int)fd, F_SETFD, flags & ~FD_CLOEXEC) < 0)
			return fail(err, errno, "preserve descriptor %u", fd);
	}
	return 0;
}

int handoff_begin(struct handoff *h, unsigned preserve, struct error *err)
{
	struct plan_head *head;
	void *at;

	if (check_preserved(preserve, -1, -1, err) < 0)
		return -1;
	h->memfd = sys_memfd_create("vert-plan", MFD_CLOEXEC);
	if (h->memfd < 0 || ftruncate(h->memfd, (off_t)PLAN_ROOM) < 0)
		return fail(err, errno, "make memory for the plan");
	at = mmap((void *)PLAN_ADDRESS, PLAN_ROOM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, h->memfd,
		  0);
	if (at != (void *)PLAN_ADDRESS)
		return fail(err, errno, "map memory for the plan");
	head = at;
	arena_init_fixed(&h->arena, head + 1, PLAN_ROOM - sizeof(*head));
	h->plan = arena_alloc(&h->arena, sizeof(*h->plan));
	*head = (struct plan_head){.magic = PLAN_MAGIC, .plan = h->plan};
	return 0;
}

void handoff_settings(struct handoff *h, const char *timing)
{
	h->plan->log_fd = log_settings.fd;
	h->plan->log_json = log_settings.json;
	h->plan->log_level = (int)log_settings.level;
	h->plan->document = log_settings.document ? arena_strdup(&h->arena, log_settings.document) : NULL;
	h->plan->error_fd = log_settings.error_fd;
	h->plan->timing = timing ? arena_strdup(&h->arena, timing) : NULL;
}

/* A sealed copy of the embedded program. */
static int make_program(int *ret_fd, struct error *err)
{
	size_t size = (size_t)(vert_init_end - vert_init_start);
	autoclose int fd = sys_memfd_create("vert-init", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	/* The last one is as old as MFD_EXEC: nobody can make the file one that cannot be executed. */
	int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE |
		    (fd >= 0 ? F_SEAL_EXEC : 0);

	if (fd < 0 && errno == EINVAL) /* MFD_EXEC is of Linux 6.3; before, every memfd could be executed */
		fd = sys_memfd_create("vert-init", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0) {
		fail(err, errno, "make a sealed copy of vert-init");
		if (err->errnum == EACCES)
			error_hint(err, "executable memfds are forbidden: sysctl vm.memfd_noexec=1 or 0");
		return error_code(err, "MEMFD");
	}
#ifdef VERT_TEST_FAULTS
	if (naive("seal")) { /* a file of the host's in its place */
		fd_close(fd);
		fd = open(getenv("VERT_NAIVE_FILE"), O_RDONLY | O_CLOEXEC);
		*ret_fd = take_fd(&fd);
		return 0;
	}
#endif
	if (fd_write_all(fd, vert_init_start, size) < 0 || fcntl(fd, F_ADD_SEALS, seals) < 0) {
		fail(err, errno, "make a sealed copy of vert-init");
		return error_code(err, "MEMFD");
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

/* Moves FD above the descriptors that are kept for the container. */
static int move_up(int *fd, unsigned preserve)
{
	int moved;

	if (*fd <= 0 || (unsigned)*fd >= 3 + preserve) /* none, or not in the way */
		return 0;
	moved = fcntl(*fd, F_DUPFD_CLOEXEC, (int)(3 + preserve));
	if (moved < 0)
		return -1;
	*fd = moved; /* the old number belongs to the caller's preserved ones, or is closed by them */
	return 0;
}

int handoff_exec(struct handoff *h, struct error *err)
{
	unsigned preserve = h->plan->preserve_fds;
	struct plan *p = h->plan;
	int *const along[] = {&h->memfd, &p->log_fd, &p->error_fd, &p->target_fd, &p->cgroup_fd};
	autoclose int program = -1;
	char number[16];
	char *argv[] = {"vert-init", number, NULL};
	char *no_env[] = {NULL};
	struct timing timing;

	timing_begin(&timing);
	if (make_program(&program, err) < 0)
		return -1;
	/* LISTEN_FDS may have come on top of what handoff_begin() saw. */
	if (check_preserved(preserve, program, h->memfd, err) < 0)
		return -1;
	for (size_t i = 0; i < COUNT_OF(along); i++)
		if (move_up(along[i], preserve) < 0)
			return fail(err, errno, "arrange descriptors");
	if (move_up(&program, preserve) < 0)
		return fail(err, errno, "arrange descriptors");
	if (sys_close_range(3 + preserve, ~0U, SYS_CLOSE_RANGE_CLOEXEC) < 0)
		return fail(err, errno, "close descriptors");
	for (size_t i = 0; i < COUNT_OF(along); i++)
		if (*along[i] > 0 && fcntl(*along[i], F_SETFD, 0) < 0)
			return fail(err, errno, "keep descriptors");
	((struct plan_head *)PLAN_ADDRESS)->used = arena_used(&h->arena);
	snprintf(number, sizeof(number), "%d", h->memfd);
	timing_end(&timing, "vert", "hand over");
#if defined(VERT_TEST_FAULTS) || defined(VERT_SANITIZERS) /* what they are to do is said in the environment */
	sys_execveat(program, "", argv, environ, AT_EMPTY_PATH);
	(void)no_env;
#else
	sys_execveat(program, "", argv, no_env, AT_EMPTY_PATH);
#endif
	fail(err, errno, "execute vert-init");
	if (err->errnum == EACCES)
		error_hint(err, "executable memfds are forbidden: sysctl vm.memfd_noexec=1 or 0");
	return error_code(err, "MEMFD");
}
