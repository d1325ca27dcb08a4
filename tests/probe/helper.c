/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engine does on the host's side of a container, for the tests: receives the terminal from
 * a console socket, runs a command on a pseudo-terminal of its own, listens for readiness
 * datagrams, receives descriptors (pidfd, seccomp listener) and waits for orphans as a subreaper.
 * Everything ends by itself after 20 seconds, whatever the other side does.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE = 20 };

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "helper: %s: %s\n", what, strerror(errno));
	exit(90);
}

static int listen_on(const char *path, int type)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		die(path);
	}
	strcpy(addr.sun_path, path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		die(path);
	if (type == SOCK_STREAM && listen(fd, 1) < 0)
		die("listen");
	return fd;
}

/* Receives one message; returns how many descriptors came with it. */
static int receive(int conn, char *payload, size_t size, int fds[8])
{
	char control[CMSG_SPACE(8 * sizeof(int))];
	struct iovec iov = {.iov_base = payload, .iov_len = size - 1};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(conn, &msg, MSG_CMSG_CLOEXEC);
	int count = 0;

	if (n < 0)
		die("recvmsg");
	payload[n] = '\0';
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds, CMSG_DATA(c), (size_t)count * sizeof(int));
	}
	return count;
}

/* Output of the terminal so far, for "wait". */
static char seen[1 << 20];
static size_t seen_len;

/* Copies what the terminal says to stdout until TEXT was seen (NULL: until its end). */
static bool pump(int master, const char *text)
{
	while (!text || !strstr(seen, text)) {
		ssize_t n = read(master, seen + seen_len, sizeof(seen) - 1 - seen_len);

		if (n <= 0)
			return false;
		(void)!write(1, seen + seen_len, (size_t)n);
		/* A NUL from the terminal must not hide what follows it from strstr(). */
		for (ssize_t i = 0; i < n; i++)
			if (!seen[seen_len + (size_t)i])
				seen[seen_len + (size_t)i] = '?';
		seen_len += (size_t)n;
	}
	/* The next wait starts after this one's text. */
	if (text) {
		char *end = strstr(seen, text) + strlen(text);

		seen_len -= (size_t)(end - seen);
		memmove(seen, end, seen_len);
	}
	memset(seen + seen_len, 0, sizeof(seen) - seen_len);
	return true;
}

/*
 * Drives a terminal by the lines of stdin: "wait TEXT", "send TEXT" (with a newline), "key N" (one
 * byte), "resize ROWS COLS", "run COMMAND" (by the shell).  At the end of the lines everything still
 * to come is copied.
 */
static void drive(int master)
{
	char line[4096];

	while (fgets(line, sizeof(line), stdin)) {
		struct winsize ws = {0};

		line[strcspn(line, "\n")] = '\0';
		if (!*line)
			continue;
		if (strncmp(line, "wait ", 5) == 0) {
			if (!pump(master, line + 5)) {
				fprintf(stderr, "helper: the terminal ended before '%s'\n",
					line + 5);
				exit(91);
			}
		} else if (strncmp(line, "send ", 5) == 0) {
			dprintf(master, "%s\n", line + 5);
		} else if (strncmp(line, "run ", 4) == 0) {
			if (system(line + 4) != 0)
				fprintf(stderr, "helper: '%s' was no success\n", line + 4);
		} else if (strncmp(line, "key ", 4) == 0) {
			dprintf(master, "%c", atoi(line + 4));
		} else if (sscanf(line, "resize %hu %hu", &ws.ws_row, &ws.ws_col) == 2) {
			if (ioctl(master, TIOCSWINSZ, &ws) < 0)
				die("TIOCSWINSZ");
		} else {
			fprintf(stderr, "helper: cannot '%s'\n", line);
			exit(92);
		}
	}
	pump(master, NULL);
}

/* recvtty SOCKET REPORT: facts about the message to REPORT, then drives the terminal. */
static int cmd_recvtty(char **argv)
{
	char payload[8192], name[128];
	int fds[8], n, conn, sock = listen_on(argv[0], SOCK_STREAM);
	FILE *report;

	conn = accept4(sock, NULL, NULL, SOCK_CLOEXEC);
	if (conn < 0)
		die("accept");
	n = receive(conn, payload, sizeof(payload), fds);
	report = fopen(argv[1], "we");
	if (!report)
		die(argv[1]);
	fprintf(report, "fds=%d\npayload=%zu\n", n, strlen(payload));
	if (n == 1)
		fprintf(report, "pty=%s\n",
			ptsname_r(fds[0], name, sizeof(name)) == 0 ? "yes" : "no");
	fclose(report);
	if (n != 1)
		return 93;
	drive(fds[0]);
	return 0;
}

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* pty ROWS COLS CMD...: runs a command on its own terminal and drives that. */
static int cmd_pty(char **argv)
{
	struct winsize ws = {.ws_row = (unsigned short)atoi(argv[0]),
			     .ws_col = (unsigned short)atoi(argv[1])};
	int master, status;
	pid_t pid = forkpty(&master, NULL, NULL, &ws);

	if (pid < 0)
		die("forkpty");
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	drive(master);
	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	return exit_status(status);
}

/* dgram SOCKET COUNT: prints COUNT datagrams, one line each. */
static int cmd_dgram(char **argv)
{
	int sock = listen_on(argv[0], SOCK_DGRAM);

	for (int i = atoi(argv[1]); i > 0; i--) {
		char buf[4096];
		ssize_t n = recv(sock, buf, sizeof(buf) - 1, 0);

		if (n < 0)
			die("recv");
		buf[n] = '\0';
		for (char *p = buf; *p; p++)
			*p = *p == '\n' ? '|' : *p;
		printf("datagram=%s\n", buf);
		fflush(stdout);
	}
	return 0;
}

/* recvfd SOCKET: one message, what its descriptors are, and the pids they stand for. */
static int cmd_recvfd(char **argv)
{
	static char payload[1 << 20];
	int fds[8], n, conn, sock = listen_on(argv[0], SOCK_STREAM);

	conn = accept4(sock, NULL, NULL, SOCK_CLOEXEC);
	if (conn < 0)
		die("accept");
	n = receive(conn, payload, sizeof(payload), fds);
	printf("fds=%d\n", n);
	for (int i = 0; i < n; i++) {
		char path[64], line[256];
		ssize_t len;
		FILE *info;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[i]);
		len = readlink(path, line, sizeof(line) - 1);
		line[len < 0 ? 0 : len] = '\0';
		printf("fd=%s\n", line);
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fds[i]);
		info = fopen(path, "re");
		while (info && fgets(line, sizeof(line), info))
			if (strncmp(line, "Pid:", 4) == 0)
				printf("pid=%d\n", atoi(line + 4));
		if (info)
			fclose(info);
	}
	printf("payload=%s\n", payload);
	fflush(stdout);
	return 0;
}

/*
 * agent SOCKET ERRNO: receives a seccomp listener and answers every call it reports with ERRNO,
 * until the last process under the filter is gone.
 */
static int cmd_agent(char **argv)
{
	static char payload[1 << 20];
	int fds[8], n, conn, sock = listen_on(argv[0], SOCK_STREAM);

	conn = accept4(sock, NULL, NULL, SOCK_CLOEXEC);
	if (conn < 0)
		die("accept");
	n = receive(conn, payload, sizeof(payload), fds);
	/* Nothing may follow but the end. */
	printf("closed=%d\n", recv(conn, (char[1]){0}, 1, 0) == 0);
	printf("fds=%d\npayload=%s\n", n, payload);
	fflush(stdout);
	if (n != 1)
		return 93;
	close(conn);
	for (;;) {
		struct seccomp_notif req = {0};
		struct seccomp_notif_resp resp = {.error = -atoi(argv[1])};
		struct pollfd p = {.fd = fds[0], .events = POLLIN};

		if (poll(&p, 1, PATIENCE * 1000) <= 0 || !(p.revents & POLLIN))
			return 0;
		if (ioctl(fds[0], SECCOMP_IOCTL_NOTIF_RECV, &req) < 0)
			continue;
		printf("call=%d\n", req.data.nr);
		fflush(stdout);
		resp.id = req.id;
		(void)ioctl(fds[0], SECCOMP_IOCTL_NOTIF_SEND, &resp);
	}
}

/* subreaper CMD...: prints the status of CMD and of every orphan it leaves, as they end. */
static int cmd_subreaper(char **argv)
{
	pid_t first, pid;
	int status;

	if (prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L) < 0)
		die("PR_SET_CHILD_SUBREAPER");
	first = fork();
	if (first == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	while ((pid = wait(&status)) > 0) {
		printf("%s=%d", pid == first ? "command" : "orphan", exit_status(status));
		if (pid != first)
			printf(" pid=%d", pid);
		printf("\n");
		fflush(stdout);
	}
	return 0;
}

/* neglect CMD...: takes over the orphans of CMD and waits for none: they stay zombies until this one is killed. */
static int cmd_neglect(char **argv)
{
	pid_t first;
	int status;

	if (prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L) < 0)
		die("PR_SET_CHILD_SUBREAPER");
	first = fork();
	if (first == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (waitpid(first, &status, 0) < 0)
		die("waitpid");
	printf("command=%d\n", exit_status(status));
	fflush(stdout);
	for (;;)
		pause();
}

/* hold PID: the process, killed, stays half-way through its exit until this one ends, as one does that waits for a dead
 * file server. */
static int cmd_hold(char **argv)
{
	pid_t pid = (pid_t)atoi(argv[0]);
	int status;

	if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)PTRACE_O_TRACEEXIT) < 0)
		die("PTRACE_SEIZE");
	printf("held\n");
	fflush(stdout);
	while (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) {
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8)) {
			printf("exiting\n");
			fflush(stdout);
			pause();
		}
		(void)ptrace(PTRACE_CONT, pid, NULL, NULL);
	}
	return 0;
}

static const struct {
	const char *name;
	int args;
	int (*run)(char **argv);
} commands[] = {
	{"recvtty", 2, cmd_recvtty}, {"pty", 3, cmd_pty},     {"dgram", 2, cmd_dgram},
	{"recvfd", 1, cmd_recvfd},   {"agent", 2, cmd_agent}, {"subreaper", 1, cmd_subreaper},
	{"neglect", 1, cmd_neglect}, {"hold", 1, cmd_hold},
};

int main(int argc, char **argv)
{
	alarm(PATIENCE);
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, argv[1]) == 0 && argc - 2 >= commands[i].args)
			return commands[i].run(argv + 2);
	fprintf(stderr, "helper: recvtty pty dgram recvfd agent subreaper neglect hold\n");
	return 94;
}
