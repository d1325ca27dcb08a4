/* SPDX-License-Identifier: Apache-2.0 */
/* vert-init: carries a finished plan out.
 *
 * Executed by vert, from a sealed memfd, as `vert-init FD`: FD is the memfd of the plan.  It links no parser and
 * no library; nothing of the host's file system is behind /proc/self/exe, so nobody in a container can
 * reach the host's vert through it (CVE-2019-5736).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "base/complete.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/naive.h"
#include "base/str.h"
#include "container/graft.h"
#include "container/join.h"
#include "container/launch.h"
#include "container/plan_map.h"
#include "container/timing.h"
#include "plan/plan.h"

#ifndef F_GET_SEALS
#define F_GET_SEALS 1034
#endif
enum { SEALS = 0xf }; /* F_SEAL_SEAL | SHRINK | GROW | WRITE */

/* Recognised by its seals and not by a variable or an argument: those can be forged. */
static int check_own_file(struct error *err)
{
	autoclose int self = openat(AT_FDCWD, "/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (self < 0)
		return fail(err, errno, "open '/proc/self/exe'");
	if (!naive("seal") && (fcntl(self, F_GET_SEALS) & SEALS) != SEALS)
		return fail(err, 0, "vert-init is a part of vert and is run by it alone");
	return 0;
}

static int open_plan(const char *arg, const struct plan **ret, struct error *err)
{
	struct plan_head *head;
	uint32_t fd;
	void *at;

	if (!arg || !str_to_u32(arg, &fd))
		return fail(err, 0, "vert-init is a part of vert and is run by it alone");
	at = mmap((void *)PLAN_ADDRESS, PLAN_ROOM, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED_NOREPLACE, (int)fd, 0);
	fd_close((int)fd);
	if (at != (void *)PLAN_ADDRESS)
		return fail(err, errno, "map the plan");
	head = at;
	if (head->magic != PLAN_MAGIC)
		return fail(err, 0, "the plan was made by another version of vert");
	*ret = head->plan;
	return 0;
}

static int (*const carry_out[])(const struct plan *plan, int *ret_status, struct error *err) = {
	[PLAN_CREATE] = launch, [PLAN_RUN] = launch,   [PLAN_EXEC] = join,
	[PLAN_MOUNT] = graft,	[PLAN_UMOUNT] = graft,
};

static int become_opaque(struct error *err)
{
	if (prctl(PR_SET_DUMPABLE, naive("dumpable")) < 0)
		return fail(err, errno, "become non-dumpable");
	return 0;
}

#ifdef VERT_SANITIZERS
/* Leaks are looked for by a thread that traces this one: where the container's user namespace has been entered it may
 * not, where children go to another pid namespace it does not find it, and both wait for ever. */
static bool has_joined;
int __lsan_is_turned_off(void);

int __lsan_is_turned_off(void)
{
	return has_joined;
}
#endif

int main(int argc, char **argv)
{
	const struct plan *plan = NULL;
	struct error err;
	int status = 0, rc;

	if (become_opaque(&err) < 0 || check_own_file(&err) < 0 ||
	    open_plan(argc == 2 ? argv[1] : NULL, &plan, &err) < 0) {
		log_error(&err);
		return 1;
	}
	log_settings = (struct log_settings){
		.fd = plan->log_fd,
		.json = plan->log_json,
		.level = (enum log_level)plan->log_level,
		.document = plan->document,
		.error_fd = plan->error_fd,
	};
#ifdef VERT_SANITIZERS
	has_joined = plan->verb == PLAN_EXEC || plan->verb == PLAN_MOUNT || plan->verb == PLAN_UMOUNT;
#endif
	rc = timing_open(plan->timing, &err);
	if (rc == 0)
		rc = carry_out[plan->verb](plan, &status, &err);
	if (rc < 0) {
		error_locate(&err, plan->config_text, plan->config_len);
		error_complete(&err);
		if (strcmp(err.code, "REFUSED") != 0)
			/* The cures themselves are in vert: a copy of ours would be made with every start. */
			error_hint(&err, "'vert explain %s' tells cause and cure", err.code);
		log_error(&err);
		return err.status ? err.status : 1;
	}
	return status;
}
