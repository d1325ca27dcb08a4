/* SPDX-License-Identifier: Apache-2.0 */
/* Giving up privileges: see privilege.h for what each function promises and when it may be called. */
#include "privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/procfile.h"

enum { PERSONALITY_QUERY = -1, PERSONALITY_DOMAIN = 0xff, MAX_CAPS = 64 };

int privilege_clear_pdeathsig(struct error *err)
{
	if (prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0)
		return fail(err, errno, "clear the parent-death signal");
	return 0;
}

int privilege_reset_inherited(struct error *err)
{
	unsigned long domain;
	sigset_t none;

	for (int sig = 1; sig < _NSIG; sig++)
		if (sys_default_action(sig) < 0 &&
		    errno != EINVAL) /* SIGKILL and SIGSTOP have no other */
			return fail(err, errno, "reset the action of signal %d", sig);
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return fail(err, errno, "unblock signals");
	if (prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) > 0 && prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0) < 0)
		return fail(err, errno, "allow transparent huge pages");
	domain = (unsigned long)personality((unsigned long)PERSONALITY_QUERY);
	if ((domain & ~(unsigned long)PERSONALITY_DOMAIN) &&
	    personality(domain & PERSONALITY_DOMAIN) < 0)
		return fail(err, errno, "reset the personality");
	return privilege_clear_pdeathsig(err);
}

int privilege_no_new_privs(struct error *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(err, errno, "set no_new_privs");
	return 0;
}

int privilege_drop_bounding(uint64_t keep, struct error *err)
{
	for (unsigned cap = 0; cap < MAX_CAPS; cap++) {
		int saved, now;

		if (keep >> cap & 1 || prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		saved = errno;
		now = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
		if (now < 0) /* behind the last one of this kernel */
			break;
		if (now > 0)
			return fail(err, saved, "drop capability %u from the bounding set", cap);
	}
	return 0;
}

int privilege_reset_securebits(struct error *err)
{
	int bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);

	if (bits > 0 && prctl(PR_SET_SECUREBITS, 0, 0, 0, 0) < 0)
		return fail(err, errno, "clear the securebits 0x%x inherited from the caller",
			    (unsigned)bits);
	return 0;
}

/* EPERM has two causes: no CAP_SETGID, or a user namespace with "deny" in its setgroups file.  Without any wish about
 * groups both leave the ones we have, which the container cannot use for more than we could. */
static int set_groups(const gid_t *groups, size_t n, struct error *err)
{
	if (sys_setgroups(n, groups) == 0 || (errno == EPERM && n == 0))
		return 0;
	if (errno == EPERM) {
		fail(err, errno, "set %zu additional groups", n);
		return error_hint(
			err,
			"the user namespace may deny setgroups: without newgidmap, remove "
			"user.additionalGids or set the annotation run.oci.keep_original_groups=1");
	}
	return fail(err, errno, "set %zu additional groups%s", n,
		    errno == EINVAL ? ", one of which is not mapped in the user namespace" : "");
}

int privilege_set_ids(uid_t uid, gid_t gid, const gid_t *groups, size_t n, bool keep_groups,
		      struct error *err)
{
	static const char unmapped[] = ", which is not mapped in the user namespace";

	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return fail(err, errno, "keep capabilities over the change of user");
	if (!keep_groups && set_groups(groups, n, err) < 0)
		return -1;
	if (sys_setresgid(gid) < 0)
		return fail(err, errno, "change to group %u%s", gid,
			    errno == EINVAL ? unmapped : "");
	if (sys_setresuid(uid) < 0)
		return fail(err, errno, "change to user %u%s", uid,
			    errno == EINVAL ? unmapped : "");
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return fail(err, errno, "stop keeping capabilities");
	return 0;
}

/* Of INHERITABLE, what capset(2) would take: what we have already, and what the bounding set allows. */
static uint64_t allowed_inheritable(uint64_t inheritable, uint64_t held)
{
	for (unsigned cap = 0; cap < MAX_CAPS; cap++)
		if ((inheritable & ~held) >> cap & 1 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != 1)
			inheritable &= ~(UINT64_C(1) << cap);
	return inheritable;
}

static int set_ambient(uint64_t wanted, uint64_t *lost, struct error *err)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return fail(err, errno, "clear ambient capabilities");
	for (unsigned cap = 0; cap < MAX_CAPS; cap++)
		if (wanted >> cap & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			*lost |= UINT64_C(1) << cap;
	return 0;
}

int privilege_set_caps(const uint64_t caps[PLAN_CAP_SETS], uint64_t *ret_lost, struct error *err)
{
	uint64_t effective, permitted, inheritable, e, p, i, lost;

	if (sys_capget(&e, &p, &i) < 0)
		return fail(err, errno, "read capabilities");
	permitted = caps[PLAN_CAP_PERMITTED] & p;
	effective = caps[PLAN_CAP_EFFECTIVE] & permitted;
	inheritable = allowed_inheritable(caps[PLAN_CAP_INHERITABLE] & (p | i), i);
	lost = (caps[PLAN_CAP_PERMITTED] & ~permitted) | (caps[PLAN_CAP_EFFECTIVE] & ~effective) |
	       (caps[PLAN_CAP_INHERITABLE] & ~inheritable);
	if (sys_capset(effective, permitted, inheritable) < 0)
		return fail(err, errno, "set capabilities");
	if (sys_capget(&e, &p, &i) < 0)
		return fail(err, errno, "read capabilities");
	if (e != effective || p != permitted || i != inheritable)
		return fail(err, 0, "the kernel has set other capabilities than asked for");
	if (set_ambient(caps[PLAN_CAP_AMBIENT], &lost, err) < 0)
		return -1;
	*ret_lost = lost;
	return 0;
}

static const char *limit_text(rlim_t value, char *buf, size_t size)
{
	if (value == RLIM_INFINITY)
		return "unlimited";
	snprintf(buf, size, "%llu", (unsigned long long)value);
	return buf;
}

static int limit_failed(const struct plan_rlimit *l, int errnum, struct error *err)
{
	char soft[24], hard[24], now[24];
	struct rlimit present;

	if (errnum != EPERM || prlimit(0, l->resource, NULL, &present) < 0)
		return fail_at(err, errnum, l->at, "set %s to %s:%s", l->name,
			       limit_text(l->soft, soft, sizeof(soft)),
			       limit_text(l->hard, hard, sizeof(hard)));
	fail_at(err, errnum, l->at, "set %s to %s:%s while the hard limit is %s", l->name,
		limit_text(l->soft, soft, sizeof(soft)), limit_text(l->hard, hard, sizeof(hard)),
		limit_text(present.rlim_max, now, sizeof(now)));
	error_op(err, "prlimit");
	return error_hint(
		err,
		"raising a hard limit needs CAP_SYS_RESOURCE on the host%s: ask for no more than "
		"the present one, or raise it for the service that starts containers",
		l->resource == RLIMIT_NOFILE ? ", and never goes above fs.nr_open" : "");
}

int privilege_set_rlimits(const struct plan_rlimit *limits, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		struct rlimit value = {.rlim_cur = limits[i].soft, .rlim_max = limits[i].hard};

		if (prlimit(0, limits[i].resource, &value, NULL) < 0)
			return limit_failed(&limits[i], errno, err);
	}
	return 0;
}

static int read_oom_score(int procfd, const char *path, int *ret)
{
	autoclose int fd = procfile_open(procfd, path, O_RDONLY);
	char text[24];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	int64_t value;

	if (n < 0)
		return -1;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (!str_to_i64(text, &value)) {
		errno = EPROTO;
		return -1;
	}
	*ret = (int)value;
	return 0;
}

int privilege_set_oom_score(int procfd, pid_t pid, int adj, bool rootless, int *ret_adj,
			    struct error *err)
{
	char path[48], text[16];
	int len = snprintf(text, sizeof(text), "%d", adj), now, saved;

	if (pid > 0)
		snprintf(path, sizeof(path), "%d/oom_score_adj", (int)pid);
	else
		snprintf(path, sizeof(path), "self/oom_score_adj");
	if (procfile_write(procfd, path, text, (size_t)len) == 0) {
		if (ret_adj)
			*ret_adj = adj;
		return 0;
	}
	saved = errno;
	if (saved != EACCES || read_oom_score(procfd, path, &now) < 0)
		return fail_at(err, saved, "process.oomScoreAdj", "write %d to '/proc/%s'", adj,
			       path);
	if (now != adj && !(rootless && now > adj))
		return fail_at(err, saved, "process.oomScoreAdj",
			       "change oom_score_adj from %d to %d", now, adj);
	if (ret_adj)
		*ret_adj = now;
	return 0;
}

/* What the kernel's answer means; it has one errno for several causes. */
static int filter_refused(const struct plan_filter *filter, int errnum, struct error *err)
{
	fail(err, errnum, "load the seccomp filter of %u instructions with flags 0x%x", filter->n,
	     filter->flags);
	if (errnum == EACCES)
		return error_hint(
			err,
			"it needs process.noNewPrivileges, or CAP_SYS_ADMIN in the user namespace");
	if (errnum == EBUSY)
		return error_hint(
			err, "a filter with a notification listener is already in force: only one "
			     "process up the line can have SCMP_ACT_NOTIFY");
	if (errnum == EINVAL)
		return error_hint(
			err,
			"the kernel does not know one of linux.seccomp.flags (WAIT_KILLABLE_RECV "
			"came with Linux 5.19) or refuses the program");
	return -1;
}

int privilege_load_filter(const struct plan_filter *filter, int *ret_listener, struct error *err)
{
	struct sock_fprog program = {
		.len = filter->n,
		.filter = (struct sock_filter *)filter->insns, /* the kernel only reads it */
	};
	unsigned flags = filter->flags;
	int rc;

	if (filter->notify)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER; /* the descriptor is O_CLOEXEC */
	rc = sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, &program);
	if (rc < 0)
		return filter_refused(filter, errno, err);
	*ret_listener = filter->notify ? rc : -1;
	return 0;
}
