/* SPDX-License-Identifier: Apache-2.0 */
/* From our process to the user's program. */
#include "become.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/blame.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/naive.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/exec_error.h"
#include "container/proto.h"
#include "container/step.h"
#include "container/timing.h"
#include "kernel/coresched.h"
#include "kernel/device.h"
#include "kernel/keyring.h"
#include "kernel/landlock.h"
#include "kernel/lsm.h"
#include "kernel/passwd.h"
#include "kernel/privilege.h"
#include "kernel/sched.h"

static const char *env_get(const struct plan_process *p, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = p->env.n; i > 0; i--)
		if (strncmp(p->env.v[i - 1], key, len) == 0 && p->env.v[i - 1][len] == '=')
			return p->env.v[i - 1] + len + 1;
	return NULL;
}

/* From here on nothing of the host's is open but what the caller handed over: not while the container's other
 * processes may look at us, and above all not when the kernel resolves what the image wants executed or as its
 * working directory (CVE-2024-21626: /proc/self/fd/N).  execve(2) looks the program up before it closes anything. */
static int close_host_files(void *context, struct error *err)
{
	struct become *b = context;
	int keep[] = {b->sock, b->gate, b->procfd, b->witness, timing_fd_number()};

	if (naive("fds"))
		return 0;
	log_settings.fd = -1;
	if (fd_close_from(3 + b->plan->preserve_fds, keep, COUNT_OF(keep)) < 0)
		return fail(err, errno, "close descriptors");
	return 0;
}

static int own_stdio(void *context, struct error *err)
{
	const struct plan_process *p = &((struct become *)context)->plan->process;

	(void)err;
	/* Pipes of the engine were made by its user: the container's must be able to reopen them through
	 * /proc/self/fd.  Never a device (CVE-2026-88265: a host's /dev/null changed its owner). */
	for (int fd = 0; p->uid != 0 && fd < 3; fd++) {
		struct stat st;

		if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && st.st_uid != p->uid)
			(void)!fchown(fd, p->uid, (gid_t)-1); /* a convenience: what fails stays as it is */
	}
	return 0;
}

/* The engine's /dev/null is the host's inode: a container's root could take the rights to it from everybody. */
static int use_own_null(void *context, struct error *err)
{
	const struct become *b = context;
	bool userns = b->plan->verb == PLAN_EXEC ? b->plan->target_ns & CLONE_NEWUSER
						 : b->plan->ns[PLAN_NS_USER].how != PLAN_NS_INHERIT;

	return userns || naive("stdnull") ? 0 : device_replace_null(err);
}

static int join_keyring(void *context, struct error *err)
{
	const struct plan *plan = ((struct become *)context)->plan;
	struct become *b = context;
	int rc;

	if (!plan->new_keyring || naive("keyring"))
		return 0;
	if (plan->keyring_label && lsm_set_selinux_key(b->procfd, plan->keyring_label, err) < 0)
		return -1;
	rc = keyring_join(plan->id, plan->ns[PLAN_NS_USER].how != PLAN_NS_INHERIT, err);
	if (rc == 0 && plan->keyring_label)
		rc = lsm_set_selinux_key(b->procfd, NULL, err);
	return rc;
}

static int set_scheduling(void *context, struct error *err)
{
	const struct plan_process *p = &((struct become *)context)->plan->process;

	if (!naive("inherited") && sched_reset_inherited(err) < 0)
		return -1;
	if (p->scheduler.present && sched_set_policy(&p->scheduler, err) < 0)
		return -1;
	if (p->core == PLAN_CORE_NEW && coresched_new(err) < 0)
		return error_where(err, "annotations[\"run.vert.core_sched\"]");
	if (p->set_ioprio && sched_set_ioprio(p->ioprio, err) < 0)
		return -1;
	if (p->set_personality && sched_set_personality(p->personality, err) < 0)
		return -1;
	if (p->set_mempolicy &&
	    sched_set_mempolicy(p->mempolicy_mode, p->mempolicy_nodes, p->mempolicy_bits, err) < 0)
		return -1;
	return 0;
}

static int set_limits(void *context, struct error *err)
{
	const struct plan_process *p = &((struct become *)context)->plan->process;

	return privilege_set_rlimits(p->rlimits, p->n_rlimits, err);
}

/* With our privileges first: a directory that only they may enter can still be the working directory. */
static int try_cwd(void *context, struct error *err)
{
	struct become *b = context;

	(void)err;
	b->cwd_kept = chdir(b->plan->process.cwd) == 0;
	return 0;
}

static int drop_bounding(void *context, struct error *err)
{
	const struct plan_process *p = &((struct become *)context)->plan->process;

	if (naive("bounding"))
		return 0;
	if (privilege_reset_securebits(err) < 0)
		return -1;
	return privilege_drop_bounding(p->has_caps ? p->caps[PLAN_CAP_BOUNDING] : 0, err);
}

static int set_ids(void *context, struct error *err)
{
	const struct become *b = context;
	const struct plan_process *p = &b->plan->process;

	if (privilege_set_ids(p->uid, p->gid, p->groups, p->n_groups, p->keep_groups || naive("groups"), err) < 0)
		return -1;
	/* A change of ids leaves it at fs.suid_dumpable, which an administrator may have set to 1. */
	if (prctl(PR_SET_DUMPABLE, naive("dumpable")) < 0)
		return fail(err, errno, "become non-dumpable");
	if (p->set_umask || b->umask >= 0)
		(void)umask((mode_t)(p->set_umask ? p->umask : (uint32_t)b->umask));
	return 0;
}

/* CVE-2024-21626: a working directory outside the root, reached through a descriptor of ours, shows itself by
 * the kernel's answer, which is then not an absolute path. */
static int enter_cwd(void *context, struct error *err)
{
	struct become *b = context;
	const struct plan_process *p = &b->plan->process;
	UNSET char path[4096 + 1];
	int n;

	if (chdir(p->cwd) < 0 && !b->cwd_kept) {
		fail_at(err, errno, "process.cwd", "change to the working directory '%s'", p->cwd);
		error_op(err, "chdir");
		error_blame(err, -1, p->cwd);
		return error_code(err, "CWD");
	}
	n = sys_getcwd(path, sizeof(path));
	if (!naive("getcwd") && (n < 0 || path[0] != '/')) {
		fail_at(err, 0, "process.cwd", "the working directory '%s' is not inside the container's root",
			p->cwd);
		return error_code(err, "CWD_ESCAPE");
	}
	return 0;
}

static void add_env(struct plan_process *p, const char *entry)
{
	p->env.v[p->env.n++] = entry;
	p->env.v[p->env.n] = NULL;
}

static int add_environment(void *context, struct error *err)
{
	struct become *b = context;
	/* The mapping of the plan is private to this process, so its lists may be extended in place; the
	 * planner left room (PLAN_ENV_ROOM). */
	struct plan_process *p = (struct plan_process *)&b->plan->process;
	static char home[4096], listen_pid[32];
	autoclose int root = -1;

	if (b->plan->listen_fds) { /* sd_listen_fds(3): the number the program will see */
		snprintf(listen_pid, sizeof(listen_pid), "LISTEN_PID=%d", (int)getpid());
		add_env(p, listen_pid);
	}
	if (!p->set_home)
		return 0;
	root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return fail(err, errno, "open '/'");
	memcpy(home, "HOME=", sizeof("HOME="));
	passwd_home(root, p->uid, home + 5, sizeof(home) - 5);
	add_env(p, home);
	return 0;
}

/* execvp(3)'s search, with the container's PATH and as the container's user. */
static int find_program(void *context, struct error *err)
{
	struct become *b = context;
	const struct plan_process *p = &b->plan->process;
	const char *name = p->args.n ? p->args.v[0] : NULL, *path = env_get(p, "PATH");
	bool denied = false;

	if (!name)
		return 0; /* create without a program: start refuses */
	if (strchr(name, '/')) {
		if ((size_t)snprintf(b->exe, sizeof(b->exe), "%s", name) >= sizeof(b->exe))
			return fail_at(err, ENAMETOOLONG, "process.args[0]", "program");
		return exec_check(b->exe, name, err);
	}
	for (const char *s = path ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"; s;) {
		size_t len = strcspn(s, ":");
		bool fits = (size_t)snprintf(b->exe, sizeof(b->exe), "%.*s%s%s", (int)len, s, len ? "/" : "./",
					     name) < sizeof(b->exe);
		struct stat st;

		if (fits && stat(b->exe, &st) < 0) {
			denied |= errno == EACCES;
		} else if (fits && S_ISREG(st.st_mode)) {
			if (access(b->exe, X_OK) == 0)
				return 0;
			denied = true;
		}
		s = s[len] ? s + len + 1 : NULL;
	}
	return exec_not_found(name, path, denied, err);
}

int become_prepare(struct become *b, struct error *err)
{
	static const struct step steps[] = {
		{"close the host's files", close_host_files}, /* before any path of the image's is looked up */
		{"own standard streams", own_stdio},	      /* while we may change owners */
		{"use own null device", use_own_null},
		{"join session keyring", join_keyring}, /* before ids change: the key's owner is the creator */
		{"set scheduling", set_scheduling},	/* priorities need CAP_SYS_NICE */
		{"set resource limits", set_limits},	/* hard limits need CAP_SYS_RESOURCE; all files are open */
		{"try working directory", try_cwd},
		{"drop bounding capabilities", drop_bounding}, /* needs CAP_SETPCAP */
		{"set user and groups", set_ids},	       /* needs CAP_SETUID, CAP_SETGID */
		{"enter working directory", enter_cwd},	       /* as the user, and after the last descriptor closed */
		{"complete environment", add_environment},
		{"find program", find_program}, /* as the user: what he may not execute is an error now */
	};

	b->listener = -1;
	return steps_run("become", steps, COUNT_OF(steps), b, err);
}

static int set_labels(void *context, struct error *err)
{
	struct become *b = context;
	const struct plan_process *p = &b->plan->process;

	if (p->apparmor && lsm_set_apparmor(b->procfd, p->apparmor, err) < 0)
		return error_where(err, "process.apparmorProfile");
	if (p->selinux && lsm_set_selinux(b->procfd, p->selinux, err) < 0)
		return error_where(err, "process.selinuxLabel");
	if (b->procfd >= 0) /* the last thing of the host's: see close_host_files() */
		fd_close(take_fd(&b->procfd));
	return 0;
}

/* seccomp(2) and Landlock want CAP_SYS_ADMIN of a process that does not have no_new_privs; it is still permitted, and
 * becomes effective until set_capabilities(). */
static int raise_capabilities(const char *what, struct error *err)
{
	uint64_t effective, permitted, inheritable;

	if (sys_capget(&effective, &permitted, &inheritable) < 0 || sys_capset(permitted, permitted, inheritable) < 0)
		return fail(err, errno, "raise CAP_SYS_ADMIN to %s", what);
	return 0;
}

static int restrict_files(void *context, struct error *err)
{
	const struct plan_process *p = &((struct become *)context)->plan->process;

	if (!p->landlock.present)
		return 0;
	/* The paths are the container's, not the user's to reach: with privileges, whatever no_new_privs says. */
	if (raise_capabilities("restrict the process with Landlock", err) < 0 ||
	    (p->no_new_privs && privilege_no_new_privs(err) < 0) || landlock_restrict(&p->landlock, err) < 0)
		return error_where(err, "annotations[\"run.vert.landlock\"]");
	return 0;
}

static int load_filter(struct become *b, struct error *err)
{
	const struct plan_process *p = &b->plan->process;

	if (!p->seccomp.present || b->filter_loaded || naive("seccomp"))
		return 0;
	if (!p->no_new_privs && raise_capabilities("load the seccomp filter", err) < 0)
		return -1;
	b->filter_loaded = true;
	if (privilege_load_filter(&p->seccomp, &b->listener, err) < 0)
		return error_where(err, "linux.seccomp");
	return 0;
}

static int load_filter_early(void *context, struct error *err)
{
	struct become *b = context;

	return b->plan->process.no_new_privs ? 0 : load_filter(b, err);
}

static int set_capabilities(void *context, struct error *err)
{
	static const uint64_t none[PLAN_CAP_SETS];
	struct become *b = context;
	const struct plan_process *p = &b->plan->process;
	uint64_t lost = 0; /* the planner has warned of what the caller does not have itself */

	if (naive("caps"))
		return 0;
	return privilege_set_caps(p->has_caps ? p->caps : none, &lost, err);
}

static int set_no_new_privs(void *context, struct error *err)
{
	struct become *b = context;

	return b->plan->process.no_new_privs && !naive("nnp") ? privilege_no_new_privs(err) : 0;
}

static int load_filter_late(void *context, struct error *err)
{
	return load_filter(context, err);
}

/* Everything but stdio and what the caller asked to keep goes at execve, SOCK too. */
static int mark_descriptors(void *context, struct error *err)
{
	const struct become *b = context;

	if (!naive("startsocket") && sys_close_range(3 + b->plan->preserve_fds, ~0U, SYS_CLOSE_RANGE_CLOEXEC) < 0)
		return fail(err, errno, "close descriptors");
	return 0;
}

static int execute(void *context, struct error *err)
{
	struct become *b = context;
	const struct plan_process *p = &b->plan->process;

	execve(b->exe, (char **)p->args.v, (char **)p->env.v);
	return exec_failed(b->exe, p->args.v[0], errno, err);
}

int become_exec(struct become *b, struct error *err)
{
	static const struct step steps[] = {
		{"set security labels", set_labels}, /* after the hooks, which would run under them */
		/* after labels, which are files; the filter may forbid it */
		{"restrict files and ports", restrict_files},
		{"mark descriptors", mark_descriptors}, /* profiles older than Linux 5.9 do not know close_range(2) */
		{"load seccomp filter", load_filter_early}, /* without NNP, which needs CAP_SYS_ADMIN: before it goes */
		{"set capabilities", set_capabilities},	    /* after ids and the last change of user namespace */
		{"set no_new_privs", set_no_new_privs},	    /* after labels: AppArmor refuses a change under NNP */
		{"load seccomp filter late", load_filter_late}, /* with NNP: as late as can be, it binds us too */
		{"execute", execute},
	};

	if (!b->plan->process.args.n)
		return fail_at(err, 0, "process.args", "the container has no program to start");
	return steps_run("exec", steps, COUNT_OF(steps), b, err);
}

int become_send_listener(struct become *b, struct error *err)
{
	struct msg m = {.kind = MSG_SECCOMP};
	const struct plan_process *p = &b->plan->process;

	if (!p->seccomp.notify)
		return 0;
	/* An unprivileged launcher may take the descriptor only from a process that is dumpable. */
	if (b->plan->euid != 0 && prctl(PR_SET_DUMPABLE, 1) < 0)
		return fail(err, errno, "become dumpable");
	if (p->no_new_privs && privilege_no_new_privs(err) < 0)
		return -1;
	if (load_filter(b, err) < 0)
		return -1;
	m.value = b->listener;
	/* The filter is in force: a call that it hands to the agent would wait for the very listener it brings. */
	if (proto_ask_plainly(b->sock, &m, MSG_GO) < 0)
		return fail(err, errno, "hand over the seccomp listener");
	/* The filter may forbid it; what could be reached through us is closed already. */
	if (b->plan->euid != 0)
		(void)prctl(PR_SET_DUMPABLE, 0);
	fd_close(b->listener);
	b->listener = -1;
	return 0;
}
