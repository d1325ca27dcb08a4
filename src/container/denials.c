/* SPDX-License-Identifier: Apache-2.0 */
/* Answers and counts denied system calls: see denials.h. */
#include "container/denials.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <linux/seccomp.h>

#include "base/bpf.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/supervise.h"

enum { MAX_ROWS = 1024, QUIET_MS = 50 };

struct row {
	int nr, error;
	uint32_t arch;
	pid_t pid;
	uint64_t count;
};

struct denials {
	const struct plan *plan;
	int listener;
	size_t n;
	struct row rows[MAX_ROWS];
	uint64_t lost; /* calls that found no row */
	bool changed;
};

static void put_row(const struct plan_filter *f, struct buf *b, const struct row *r)
{
	bool named = r->arch == f->arch && r->nr >= 0 && (size_t)r->nr < f->n_names && f->names[r->nr];

	buf_puts(b, "{\"syscall\":");
	if (named)
		buf_json(b, f->names[r->nr]);
	else
		buf_puts(b, "null");
	buf_printf(b, ",\"number\":%d,\"arch\":%" PRIu32 ",\"errno\":%d,\"pid\":%d,\"count\":%" PRIu64 "}", r->nr,
		   r->arch, r->error, (int)r->pid, r->count);
}

/* The report is whole at any time: it is replaced. */
static void write_report(struct denials *d)
{
	const struct plan_filter *f = &d->plan->process.seccomp;
	struct buf b = {0};
	struct error err;

	buf_puts(&b, "{\"container\":");
	buf_json(&b, d->plan->id);
	buf_puts(&b, ",\"denied\":[");
	for (size_t i = 0; i < d->n; i++) {
		buf_puts(&b, i ? ",\n" : "\n");
		put_row(f, &b, &d->rows[i]);
	}
	buf_printf(&b, "],\"notListed\":%" PRIu64 "}\n", d->lost);
	if (!b.failed)
		(void)!fd_put_file(f->report, 0600, b.s, b.n, &err); /* nobody is there to be told */
	buf_free(&b);
	d->changed = false;
}

/* True: a call that was not in the report yet. */
static bool count(struct denials *d, const struct seccomp_notif *call, int error)
{
	size_t i = 0;

	d->changed = true;
	while (i < d->n && (d->rows[i].nr != call->data.nr || d->rows[i].arch != call->data.arch ||
			    d->rows[i].pid != (pid_t)call->pid || d->rows[i].error != error))
		i++;
	if (i == MAX_ROWS) {
		d->lost++;
		return false;
	}
	if (i == d->n)
		d->rows[d->n++] = (struct row){call->data.nr, error, call->data.arch, (pid_t)call->pid, 0};
	d->rows[i].count++;
	return d->rows[i].count == 1;
}

/* The kernel may know more members than we do, and wants the whole zeroed. */
union packet {
	struct seccomp_notif call;
	struct seccomp_notif_resp answer;
	char room[512];
};

static void answer_one(struct denials *d)
{
	const struct plan_filter *f = &d->plan->process.seccomp;
	union packet in, out;
	uint64_t value;

	memset(&in, 0, sizeof(in));
	memset(&out, 0, sizeof(out));
	if (ioctl(d->listener, SECCOMP_IOCTL_NOTIF_RECV, &in) < 0)
		return; /* it was interrupted, or has died */
	value = bpf_run(f->original, f->n, &in.call.data);
	out.answer.id = in.call.id;
	if ((value & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
		out.answer.error = -(int)(value & SECCOMP_RET_DATA);
	else
		out.answer.error = -ENOSYS; /* cannot be: only such answers were replaced */
	if (count(d, &in.call, -out.answer.error))
		write_report(d);
	(void)ioctl(d->listener, SECCOMP_IOCTL_NOTIF_SEND, &out); /* ENOENT: it has died meanwhile */
}

_Noreturn static void serve(struct denials *d)
{
	for (;;) {
		struct pollfd p = {.fd = d->listener, .events = POLLIN};
		int n = poll(&p, 1, d->changed ? QUIET_MS : -1);

		if (n < 0 && errno != EINTR)
			_exit(1);
		if (n > 0 && (p.revents & POLLIN)) {
			answer_one(d);
			continue;
		}
		if (d->changed)
			write_report(d);
		if (n > 0 && (p.revents & (POLLHUP | POLLERR))) /* nobody has the filter any more */
			_exit(0);
	}
}

/* In the child: nothing of the caller's stays open, who waits for the end of its streams must not wait for us. */
_Noreturn static void serve_apart(const struct plan *plan, int listener)
{
	static struct denials d;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)prctl(PR_SET_NAME, "vert:denials"); /* only for ps */
	log_settings.fd = -1;
	if (null < 0 || setsid() < 0 || chdir("/") < 0)
		_exit(1);
	for (int fd = 0; fd < 3; fd++)
		if (dup2(null, fd) < 0)
			_exit(1);
	if (fd_close_from(3, &listener, 1) < 0)
		_exit(1);
	supervise_unblock_signals();
	d.plan = plan;
	d.listener = listener;
	write_report(&d);
	serve(&d);
}

int denials_start(const struct plan *plan, int listener, struct error *err)
{
	const struct sys_clone_args args = {0}; /* no signal at its end: nobody waits for it */
	pid_t pid = sys_clone3(&args);

	if (pid == 0)
		serve_apart(plan, listener);
	if (pid < 0)
		return fail_at(err, errno, "annotations[\"run.vert.seccomp.report\"]", "clone the reporting process");
	return 0;
}
