/* SPDX-License-Identifier: Apache-2.0 */
/* Running hooks: see hooks.h.
 *
 * A hook is the engine's program, but it may hang, flood us, leave processes behind or read nothing: its input
 * is a memfd (no pipe that fills or breaks), its output pipes never block us and are not waited for once
 * the hook itself is dead (a daemon it started may hold them for ever), and its time is bounded if the
 * configuration says so.
 */
#include "hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/blame.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/naive.h"
#include "base/proc.h"
#include "base/sys.h"

#define TAIL_SIZE 4096 /* of what a hook prints is kept */
#define MESSAGE_TAIL 700 /* of that fits into an error */
#define SIGNALS_MS 250 /* between two looks whether we are asked to end */
#define KILL_MS 2000 /* to die after SIGKILL */

/* The last bytes of a stream. */
struct tail {
	int fd; /* our end of the pipe, -1: closed or a file */
	size_t n;
	char s[TAIL_SIZE];
};

/* A hook that runs. */
struct hook_run {
	const struct plan_hook *hook;
	pid_t pid;
	int pidfd;
	int failure; /* where the child says why there was no execve */
	struct tail out, err;
	bool is_waited_for; /* false: poststop, which has to run whatever happens */
	bool killed; /* by us, for one of the next two */
	int signal; /* that asked us to end */
	int status; /* in wait(2)'s form */
};

/* What the child gets. */
struct hook_child {
	int in, out, err, failure;
};

/* ---- the child --------------------------------------------------------------------------------- */

static void default_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)sys_default_action(
			sig); /* refused for KILL and STOP; glibc's posix_spawn() ignores 32, 33 */
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL); /* only fails for a wrong first argument */
}

/* Between clone and execve: system calls only. */
static _Noreturn void become_hook(const struct plan_hook *hook, const struct hook_scene *scene,
				  const struct hook_child *fds)
{
	static const char *const empty[] = {NULL};
	const char *const *env = hook->env.v ? hook->env.v : scene->env ? scene->env : empty;
	const char *path_only[] = {hook->path, NULL};
	const char *const *args = hook->args.n ? hook->args.v : path_only;
	int failure = fds->failure;

	setsid(); /* a group that a timeout can kill, and no terminal that could stop it */
	default_signals();
	(void)umask(022); /* ours is 077 for our own files */
	if (dup2(fds->in, 0) >= 0 && dup2(fds->out, 1) >= 0 && dup2(fds->err, 2) >= 0 &&
	    dup2(failure, 3) >= 0 && (failure = 3, fcntl(3, F_SETFD, FD_CLOEXEC)) >= 0 &&
	    sys_close_range(4, ~0U, 0) >= 0 && chdir(scene->cwd) >= 0)
		(void)execve(hook->path, (char *const *)args, (char *const *)env);
	(void)!write(failure, &errno, sizeof(errno)); /* without it the status tells less */
	_exit(127);
}

/* ---- starting it ------------------------------------------------------------------------------- */

static int open_input(const char *state, int *ret_fd)
{
	autoclose int fd =
		sys_memfd_create("state", 0x0001 | 0x0008 /* MFD_CLOEXEC, MFD_NOEXEC_SEAL */);

	if (fd < 0 &&
	    errno == EINVAL) /* before Linux 6.3; with vm.memfd_noexec the flag is a must */
		fd = sys_memfd_create("state", 0x0001);
	if (fd < 0 || fd_write_all(fd, state, strlen(state)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* One output stream: a file of the annotation, or a pipe whose reading end goes to TAIL. */
static int open_output(const char *path, struct tail *tail, int *ret_fd, struct error *err)
{
	autoclose int fd = -1;
	struct stat st;
	int ends[2];

	if (!path) {
		if (pipe2(ends, O_CLOEXEC) < 0)
			return fail(err, errno, "create pipe for a hook's output");
		tail->fd = ends[0];
		*ret_fd = ends[1];
		if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
			return fail(err, errno, "set up pipe for a hook's output");
		return 0;
	}
	fd = open(path,
		  O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		  0600);
	if (fd < 0)
		return fail(err, errno, "open hook output '%s'", path);
	if (fstat(fd, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISCHR(st.st_mode)))
		return fail(err, 0, "open hook output '%s': neither a file nor a device", path);
	if (fcntl(fd, F_SETFL, O_APPEND) < 0)
		return fail(err, errno, "set up hook output '%s'", path);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int start_hook(struct hook_run *run, const struct hook_scene *scene, struct error *err)
{
	autoclose int in = -1, out = -1, errs = -1, failure = -1;
	struct sys_clone_args args = {.flags = CLONE_PIDFD,
				      .exit_signal = SIGCHLD,
				      .pidfd = (uint64_t)(uintptr_t)&run->pidfd};
	int ends[2];

	if (open_input(scene->state, &in) < 0)
		return fail(err, errno, "create standard input of a hook");
	if (open_output(scene->out, &run->out, &out, err) < 0 ||
	    open_output(scene->err, &run->err, &errs, err) < 0)
		return -1;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return fail(err, errno, "create pipe");
	run->failure = ends[0];
	failure = ends[1];
	run->pid = sys_clone3(&args);
	if (run->pid < 0)
		return fail(err, errno, "create process of hook '%s'", run->hook->path);
	if (run->pid == 0)
		become_hook(run->hook, scene,
			    &(struct hook_child){
				    .in = in, .out = out, .err = errs, .failure = failure});
	return 0;
}

/* ---- waiting for it ---------------------------------------------------------------------------- */

static void keep_tail(struct tail *t, const char *s, size_t n)
{
	size_t keep;

	if (n > TAIL_SIZE) {
		s += n - TAIL_SIZE;
		n = TAIL_SIZE;
	}
	keep = t->n + n > TAIL_SIZE ? TAIL_SIZE - n : t->n;
	memmove(t->s, t->s + t->n - keep, keep);
	memcpy(t->s + keep, s, n);
	t->n = keep + n;
}

/* Takes what is in the pipe, at most ROUNDS pages. */
static void read_tail(struct tail *t, int rounds)
{
	char page[4096];

	while (t->fd >= 0 && rounds-- > 0) {
		ssize_t n = read(t->fd, page, sizeof(page));

		if (n > 0) {
			keep_tail(t, page, (size_t)n);
			continue;
		}
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		fd_close(take_fd(&t->fd));
	}
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Ends the hook and what it started in its session's first group; its zombie keeps the number ours. */
static void kill_hook(struct hook_run *run)
{
	run->killed = true;
	if (!naive("hookgroup"))
		(void)kill(-run->pid, SIGKILL); /* ESRCH: not a group yet */
	(void)sys_pidfd_send_signal(run->pidfd, SIGKILL); /* ESRCH: dead */
}

/* A signal that asks us to end and waits, because we block it (run and create read them from a signalfd), for us to
 * take notice: a hook that hangs must not make us immortal.  It stays pending for who reads it. */
static int pending_end(void)
{
	static const int ends[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
	sigset_t pending;

	if (sigpending(&pending) == 0)
		for (size_t i = 0; i < COUNT_OF(ends); i++)
			if (sigismember(&pending, ends[i]) == 1)
				return ends[i];
	return 0;
}

static int wait_hook(struct hook_run *run, struct error *err)
{
	int64_t end =
		run->hook->timeout > 0 ? now_ms() + (int64_t)run->hook->timeout * 1000 : INT64_MAX;

	for (;;) {
		struct pollfd p[] = {{.fd = run->pidfd, .events = POLLIN},
				     {.fd = run->out.fd, .events = POLLIN},
				     {.fd = run->err.fd, .events = POLLIN}};
		int64_t left = end - now_ms();
		int n = left <= 0 ? 0 : poll(p, 3, left > SIGNALS_MS ? SIGNALS_MS : (int)left);

		if (n < 0 && errno != EINTR)
			return fail(err, errno, "wait for hook '%s'", run->hook->path);
		if (n > 0) {
			read_tail(&run->out, 16);
			read_tail(&run->err, 16);
			if (p[0].revents)
				break;
		}
		if (run->is_waited_for && !run->killed)
			run->signal = pending_end();
		if (now_ms() < end && (!run->signal || run->killed))
			continue;
		if (run->killed) /* twice: even SIGKILL does not end it, init will reap it some day */
			return 0;
		kill_hook(run);
		end = now_ms() + KILL_MS;
	}
	run->status = proc_reap(run->pidfd);
	if (run->status < 0)
		return fail(err, errno, "wait for hook '%s'", run->hook->path);
	return 0;
}

/* ---- what became of it ------------------------------------------------------------------------- */

/* The end of what it printed, as one line. */
static void last_words(const struct tail *t, char *buf, size_t size)
{
	size_t n = t->n, from = 0;

	while (n > 0 && (unsigned char)t->s[n - 1] <= ' ')
		n--;
	if (n >= size)
		from = n - size + 1;
	while (from < n &&
	       ((unsigned char)t->s[from] & 0xc0) == 0x80) /* not in the middle of a character */
		from++;
	memcpy(buf, t->s + from, n - from);
	buf[n - from] = '\0';
	for (char *p = buf; *p; p++)
		if (*p == '\n' || *p == '\r' || *p == '\t')
			*p = ' ';
}

static int judge(const struct hook_run *run, struct error *err)
{
	char words[MESSAGE_TAIL], how[64];
	const char *path = run->hook->path;
	int cause = 0;

	if (run->signal)
		snprintf(how, sizeof(how), "interrupted by signal %d", run->signal);
	else if (run->killed)
		snprintf(how, sizeof(how), "timeout of %d seconds", run->hook->timeout);
	else if (WIFSIGNALED(run->status))
		snprintf(how, sizeof(how), "signal: %d", WTERMSIG(run->status));
	else if (read(run->failure, &cause, sizeof(cause)) == (ssize_t)sizeof(cause)) {
		fail(err, cause, "error executing hook '%s'", path);
		error_op(err, "execve");
		error_code(err, "HOOK_EXEC");
		return error_blame(err, -1, path);
	} else if (WEXITSTATUS(run->status) != 0)
		snprintf(how, sizeof(how), "exit code: %d", WEXITSTATUS(run->status));
	else
		return 0;
	last_words(run->err.n ? &run->err : &run->out, words, sizeof(words));
	fail(err, 0, "error executing hook '%s' (%s)%s%s", path, how, words[0] ? ": " : "", words);
	error_path(err, path);
	if (run->killed)
		error_code(err, "HOOK_TIMEOUT");
	return run->signal ? error_status(err, 128 + run->signal) : -1;
}

static int run_hook(const struct plan_hook *hook, const struct hook_scene *scene, bool wait,
		    struct error *err)
{
	struct hook_run run = {.hook = hook,
			       .is_waited_for = wait,
			       .pidfd = -1,
			       .failure = -1,
			       .out.fd = -1,
			       .err.fd = -1};
	int r;

	r = start_hook(&run, scene, err);
	if (r == 0)
		r = wait_hook(&run, err);
	if (r == 0)
		r = judge(&run, err);
	close_keeping_errno(&run.pidfd);
	close_keeping_errno(&run.failure);
	close_keeping_errno(&run.out.fd);
	close_keeping_errno(&run.err.fd);
	if (r < 0) {
		error_where(err, hook->at);
		error_code(err, "HOOK_FAILED");
	}
	return r;
}

int hooks_run(const struct plan_hooks *hooks, const struct hook_scene *scene, struct error *err)
{
	for (size_t i = 0; i < hooks->n; i++)
		if (run_hook(&hooks->v[i], scene, true, err) < 0)
			return -1;
	return 0;
}

void hooks_run_all(const struct plan_hooks *hooks, const struct hook_scene *scene)
{
	struct error err;

	for (size_t i = 0; i < hooks->n; i++)
		if (run_hook(&hooks->v[i], scene, false, &err) < 0)
			log_warning("%s: %s; the container is removed all the same", err.where,
				    err.msg);
}

void hooks_state(struct buf *b, const char *head, enum plan_hook_kind kind, pid_t pid)
{
	static const char *const status[] = {
		[PLAN_HOOK_PRESTART] = "creating",	   [PLAN_HOOK_CREATE_RUNTIME] = "creating",
		[PLAN_HOOK_CREATE_CONTAINER] = "creating", [PLAN_HOOK_START_CONTAINER] = "created",
		[PLAN_HOOK_POSTSTART] = "running",	   [PLAN_HOOK_POSTSTOP] = "stopped",
	};

	buf_printf(b, "%s,\"status\":\"%s\"", head, status[kind]);
	if (pid > 0)
		buf_printf(b, ",\"pid\":%d", (int)pid);
	buf_puts(b, "}");
}
