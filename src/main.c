/* SPDX-License-Identifier: Apache-2.0 */
/* Where vert begins and ends: makes the process a safe place, hands over to commands_run(), prints the error.
 *
 * The umask stays the caller's, because a container whose configuration names none gets it; every file that
 * vert creates is created with the mode it needs.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/complete.h"
#include "base/error.h"
#include "base/log.h"
#include "base/naive.h"
#include "base/sys.h"
#include "cmd/codes.h"
#include "cmd/commands.h"

/* A file that we open must never become somebody's standard output because that one was closed. */
static int fill_standard_descriptors(struct error *err)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* all lower ones are open: this one is the number that open() takes; inherited on purpose */
		if (open("/dev/null", O_RDWR) != fd)
			return fail(err, errno, "open '/dev/null' for standard descriptor %d", fd);
	}
	return 0;
}

/* vert opens and creates files that its caller names: with a privilege of its own it would be a gift to every
 * user.  AT_SECURE alone is no proof, a change of SELinux domain sets it too. */
static int refuse_own_privilege(struct error *err)
{
	uint64_t effective = 0, permitted = 0, inheritable = 0;

	if (!getauxval(AT_SECURE) || naive("suid"))
		return 0;
	if (sys_capget(&effective, &permitted, &inheritable) < 0)
		return fail(err, errno, "read own capabilities");
	if (getuid() == geteuid() && getgid() == getegid() && (geteuid() == 0 || permitted == 0))
		return 0;
	fail(err, 0, "refusing to run set-user-ID, set-group-ID or with file capabilities");
	return error_hint(err,
			  "containers of ordinary users work without: chmod u-s,g-s, setcap -r");
}

static int prepare(char *const *argv, struct error *err)
{
	/* A caller that hands over no argv[0] hides who is called, and shifts what follows (CVE-2021-4034). */
	if (!argv[0])
		return fail(err, 0, "called without a program name");
	if (refuse_own_privilege(err) < 0 || fill_standard_descriptors(err) < 0)
		return -1;
	/* Before anything is read: nobody may look into or trace what decides over containers. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail(err, errno, "protect the process from tracing");
	/* A reader that goes away and a file size limit are errors to report, not ways to die half-way. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	/* A caller that ignores it would have us reap nobody; vert-init inherits what is set here. */
	signal(SIGCHLD, SIG_DFL);
	return 0;
}

int main(int argc, char **argv)
{
	struct error err = {0};

	(void)argc;
	if (prepare(argv, &err) == 0 && commands_run(argv, &err) == 0)
		return 0;
	if (!err.msg[0] && err.status) /* output_verdict(): all is said */
		return err.status;
	error_complete(&err);
	codes_hint(&err);
	log_error(&err);
	return err.status ? err.status : 1;
}
