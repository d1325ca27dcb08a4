/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for a foreground container: see supervise.h.
 *
 * One poll over the signals, the process and the three ends of the relay.  Nothing in the loop blocks, so
 * a signal is always passed on, whatever the reader of our output does.
 */
#include "supervise.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/sys.h"
#include "container/notify.h"
#include "container/timing.h"
#include "relay.h"

enum {
	POLL_SIGNALS = RELAY_POLLS,
	POLL_PROCESS,
	POLL_NOTIFY,
	POLLS,
	/* More than the kernel keeps of what a terminal's writers wrote (64 KiB and a line buffer). */
	DRAIN_MAX = 128 * 1024,
};

/* Sent by the processor to the thread that made the mistake: blocked, they would kill without a trace. */
static const int own_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};

int supervise_block_signals(int *ret_signals, struct error *err)
{
	sigset_t set;
	int fd;

	sigfillset(&set);
	for (size_t i = 0; i < sizeof(own_signals) / sizeof(own_signals[0]); i++)
		sigdelset(&set, own_signals[i]);
	if (sigprocmask(SIG_SETMASK, &set, NULL) < 0)
		return fail(err, errno, "block signals");
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return fail(err, errno, "make a signalfd");
	*ret_signals = fd;
	return 0;
}

void supervise_unblock_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL); /* cannot fail with these arguments */
}

int supervise_next_signal(int signals)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		/* Ours: a write of the relay found no reader, which its result says as well. */
		if (info.ssi_signo == SIGPIPE && info.ssi_pid == (uint32_t)getpid())
			continue;
		return (int)info.ssi_signo;
	}
	return 0;
}

/* nohup: the hang-up is not to end the command. */
static bool is_ignored(int sig)
{
	struct sigaction action;

	return sigaction(sig, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* Lets the signal do to us what it does by default: stop, unless nobody is there to continue us (an
 * orphaned process group). */
static void stop_self(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	(void)raise(sig); /* pending until it is unblocked */
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL); /* we stand still in here */
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

static void handle_signal(const struct supervise *s, struct relay *relay, int sig)
{
	if (sig == SIGCHLD)
		return;
	if (sig == SIGWINCH && s->master >= 0) {
		relay_resize(relay);
		return;
	}
	if (sig != SIGHUP || !is_ignored(sig))
		(void)sys_pidfd_send_signal(s->pidfd,
					    sig); /* ESRCH: it has ended, the pidfd says so too */
	if (sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU) {
		relay_suspend(relay);
		stop_self(sig);
		relay_resume(relay);
	}
	if (sig == SIGCONT)
		relay_resume(relay);
}

/* *SOCK is -1 afterwards: ready is said once. */
static void pass_on_ready(int *sock, const char *host)
{
	struct error err;

	if (!notify_is_ready(*sock))
		return;
	*sock = -1;
	if (notify_send_ready(host, 0, &err) < 0)
		log_warning("%s", err.msg); /* the container runs all the same */
}

/* One turn of the loop.  1: the process has ended. */
static int wait_once(const struct supervise *s, struct relay *relay, int *notify, struct error *err)
{
	struct pollfd polls[POLLS];
	int sig;

	relay_prepare(relay, polls);
	polls[POLL_SIGNALS] = (struct pollfd){.fd = s->signals, .events = POLLIN};
	polls[POLL_PROCESS] = (struct pollfd){.fd = s->pidfd, .events = POLLIN};
	polls[POLL_NOTIFY] = (struct pollfd){.fd = *notify, .events = POLLIN};
	if (poll(polls, POLLS, -1) < 0)
		return errno == EINTR ? 0 : fail(err, errno, "wait for the container's process");
	if (polls[POLL_SIGNALS].revents)
		while ((sig = supervise_next_signal(s->signals)) != 0)
			handle_signal(s, relay, sig);
	relay_move(relay, polls);
	if (polls[POLL_NOTIFY].revents)
		pass_on_ready(notify, s->notify_host);
	return polls[POLL_PROCESS].revents != 0;
}

/* The last output.  A reader that never comes back keeps us, as it would keep any program that writes; the
 * signals that end a program then end us, there is nobody left to pass them on to. */
static int deliver_rest(const struct supervise *s, struct relay *relay, struct error *err)
{
	size_t budget = DRAIN_MAX;
	int sig;

	while (relay->master >= 0 && relay_drain(relay, &budget)) {
		struct pollfd polls[] = {
			{.fd = s->signals, .events = POLLIN},
			{.fd = relay->out.fd, .events = POLLOUT},
		};

		if (poll(polls, 2, -1) < 0 && errno != EINTR)
			return fail(err, errno, "wait for the reader of the container's output");
		while ((sig = supervise_next_signal(s->signals)) != 0) {
			if (sig == SIGTERM || sig == SIGINT || sig == SIGQUIT || sig == SIGHUP)
				return 0;
			handle_signal(s, relay, sig);
		}
	}
	return 0;
}

int supervise_wait(const struct supervise *s, int *ret_status, struct error *err)
{
	__attribute__((cleanup(relay_done))) UNSET struct relay relay;
	int ended = 0, status, notify = s->notify_host ? s->notify : -1;
	struct timing timing;

	timing_begin(&timing);
	relay_none(&relay);
	if (s->master >= 0 && relay_init(&relay, s->master, err) < 0)
		return -1;
	while (!ended)
		ended = wait_once(s, &relay, &notify, err);
	if (ended < 0 || deliver_rest(s, &relay, err) < 0)
		return -1;
	status = proc_reap(s->pidfd);
	if (status < 0)
		return fail(err, errno, "wait for the container's process");
	timing_end(&timing, "supervise", "wait for the process");
	*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}
