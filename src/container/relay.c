/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a foreground container's terminal: see relay.h.
 *
 * The caller's descriptors are shared with others (the shell, the rest of a pipeline), so they are
 * opened a second time to be made non-blocking: the flag belongs to the open file, not to us.
 */
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/naive.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

static void close_end(struct relay_end *end)
{
	if (end->fd >= 0)
		fd_close(end->fd);
	if (end->original >= 0) {
		int flags = fcntl(end->original, F_GETFL);

		if (flags >= 0)
			(void)fcntl(end->original, F_SETFL,
				    flags & ~O_NONBLOCK); /* it was so before */
	}
	*end = (struct relay_end){-1, -1};
}

/* Neither end of a terminal is of use without the other: the container's side is hung up. */
static void hang_up(struct relay *r)
{
	if (r->slave >= 0)
		fd_close(take_fd(&r->slave));
	if (r->master >= 0)
		fd_close(take_fd(&r->master));
	r->to_master.start = r->to_master.end = 0;
}

/* FLAGS: O_RDONLY or O_WRONLY.  A regular file is never opened again: it never blocks, and its offset
 * and O_APPEND are the caller's.  A socket cannot be, nor a terminal of another user (su). */
static int open_end(struct relay_end *end, int fd, int flags, struct error *err)
{
	char path[32];
	struct stat st;
	int old;

	if (fstat(fd, &st) < 0)
		return fail(err, errno, "stat descriptor %d", fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode))
		end->fd = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (end->fd >= 0)
		return 0;
	end->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	old = fcntl(fd, F_GETFL);
	if (end->fd < 0 || old < 0)
		return fail(err, errno, "duplicate descriptor %d", fd);
	if (S_ISREG(st.st_mode) || (old & O_NONBLOCK))
		return 0;
	if (fcntl(fd, F_SETFL, old | O_NONBLOCK) < 0)
		return fail(err, errno, "make descriptor %d non-blocking", fd);
	end->original = fd;
	return 0;
}

void relay_none(struct relay *r)
{
	memset(r, 0, offsetof(struct relay, to_master));
	r->master = r->slave = -1;
	r->in = r->out = (struct relay_end){-1, -1};
	r->to_master.start = r->to_master.end = 0;
	r->to_out.start = r->to_out.end = 0;
}

int relay_init(struct relay *r, int master, struct error *err)
{
	int flags = fcntl(master, F_GETFL);

	r->master = master;
	if (flags < 0 || fcntl(master, F_SETFL, flags | O_NONBLOCK) < 0)
		return fail(err, errno, "make the terminal non-blocking");
	/* While nobody holds the slave, poll reports a hang-up without end, and a read fails: but a
	 * process may close all it has and open /dev/console again.  Held by us, the terminal lasts
	 * as long as the process.  Without it (-1) the first hang-up is the last. */
	r->slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (open_end(&r->in, STDIN_FILENO, O_RDONLY, err) < 0 ||
	    open_end(&r->out, STDOUT_FILENO, O_WRONLY, err) < 0)
		return -1;
	r->is_tty = isatty(STDIN_FILENO);
	relay_resume(r);
	return 0;
}

void relay_resume(struct relay *r)
{
	struct termios raw;
	pid_t foreground;

	if (r->master < 0)
		return;
	if (r->is_tty) {
		/* Not our controlling terminal (-1): nobody else's either, as far as we can tell. */
		foreground = tcgetpgrp(STDIN_FILENO);
		r->background = foreground >= 0 && foreground != getpgrp();
	}
	if (r->is_tty && !r->background && !r->raw && tcgetattr(STDIN_FILENO, &r->saved) == 0) {
		raw = r->saved;
		cfmakeraw(&raw);
		r->raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
	}
	relay_resize(r);
}

void relay_suspend(struct relay *r)
{
	if (r->raw)
		(void)tcsetattr(STDIN_FILENO, TCSANOW,
				&r->saved); /* a terminal that is gone needs none */
	r->raw = false;
}

void relay_resize(const struct relay *r)
{
	static const int candidates[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
	struct winsize size;

	if (r->master < 0)
		return;
	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++)
		if (ioctl(candidates[i], TIOCGWINSZ, &size) == 0) {
			if (size.ws_row && size.ws_col)
				(void)ioctl(r->master, TIOCSWINSZ,
					    &size); /* a wrong size is no reason to stop */
			return;
		}
}

static bool is_empty(const struct relay_buffer *b)
{
	return b->start == b->end;
}

void relay_prepare(const struct relay *r, struct pollfd polls[RELAY_POLLS])
{
	short master = 0;

	for (int i = 0; i < RELAY_POLLS; i++)
		polls[i] = (struct pollfd){.fd = -1};
	if (is_empty(&r->to_master) && r->master >= 0 && !r->background)
		polls[RELAY_IN] = (struct pollfd){.fd = r->in.fd, .events = POLLIN};
	if (!is_empty(&r->to_out))
		polls[RELAY_OUT] = (struct pollfd){.fd = r->out.fd, .events = POLLOUT};
	if (is_empty(&r->to_out) || naive("backpressure"))
		master |= POLLIN;
	if (!is_empty(&r->to_master))
		master |= POLLOUT;
	if (master)
		polls[RELAY_MASTER] = (struct pollfd){.fd = r->master, .events = master};
}

static bool is_transient(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* A terminal has no end of file; a person types one.  Half a line needs two: the first only hands over
 * what there is. */
static void type_end(struct relay *r)
{
	struct relay_buffer *b = &r->to_master;
	struct termios t;

	close_end(&r->in);
	if (tcgetattr(r->master, &t) < 0 || t.c_cc[VEOF] == _POSIX_VDISABLE)
		return;
	if (r->mid_line && (t.c_lflag & ICANON))
		b->data[b->end++] = (char)t.c_cc[VEOF];
	b->data[b->end++] = (char)t.c_cc[VEOF];
}

static void read_in(struct relay *r)
{
	struct relay_buffer *b = &r->to_master;
	ssize_t n = read(r->in.fd, b->data, sizeof(b->data));

	b->start = b->end = 0;
	if (is_transient(n))
		return;
	if (n < 0 && errno == EIO && r->is_tty) {
		/* Somebody took the terminal between our look and the read (SIGTTIN is blocked), or it
		 * is gone for good: both times nothing is to be read before SIGCONT. */
		r->background = true;
		return;
	}
	if (n <= 0) {
		type_end(r);
		return;
	}
	b->end = (size_t)n;
	r->mid_line = b->data[n - 1] != '\n' && b->data[n - 1] != '\r';
}

/* False: FD takes nothing any more. */
static bool write_some(int fd, struct relay_buffer *b)
{
	ssize_t n = is_empty(b) ? 0 : write(fd, b->data + b->start, b->end - b->start);

	if (n < 0)
		return is_transient(n);
	b->start += (size_t)n;
	if (is_empty(b))
		b->start = b->end = 0;
	return true;
}

/* False: the terminal has nothing, now (EAGAIN) or ever. */
static bool read_master(struct relay *r, size_t max)
{
	struct relay_buffer *b = &r->to_out;
	ssize_t n = read(r->master, b->data, max < sizeof(b->data) ? max : sizeof(b->data));

	b->start = 0;
	b->end = n > 0 ? (size_t)n : 0;
	return n > 0;
}

void relay_move(struct relay *r, const struct pollfd polls[RELAY_POLLS])
{
	if (polls[RELAY_IN].revents)
		read_in(r);
	if (r->master >= 0 && !write_some(r->master, &r->to_master))
		r->to_master.start = r->to_master.end = 0;
	if (r->master >= 0 && is_empty(&r->to_out) && polls[RELAY_MASTER].revents &&
	    !read_master(r, SIZE_MAX) && !is_transient(-1))
		hang_up(r);
	/* A pipe whose reader went away ends its writer, and a terminal window that is closed hangs up. */
	if (!write_some(r->out.fd, &r->to_out)) {
		r->to_out.start = r->to_out.end = 0;
		hang_up(r);
	}
}

bool relay_drain(struct relay *r, size_t *budget)
{
	if (r->slave >= 0)
		fd_close(take_fd(&r->slave));
	for (;;) {
		if (!write_some(r->out.fd, &r->to_out))
			return false;
		if (!is_empty(&r->to_out))
			return true;
		/* A read sees all that was written before it: EAGAIN means that nothing is under way. */
		if (r->master < 0 || *budget == 0 || !read_master(r, *budget))
			return false;
		*budget -= r->to_out.end;
	}
}

void relay_done(struct relay *r)
{
	int saved = errno;

	relay_suspend(r);
	hang_up(r);
	close_end(&r->in);
	close_end(&r->out);
	errno = saved;
}
