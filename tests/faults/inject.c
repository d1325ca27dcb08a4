/* SPDX-License-Identifier: Apache-2.0 */
/* Lets one system call of a program fail, or kills the process in front of it.
 *
 *	inject [-r REPORT] [-t SECONDS] [-e PROCESS:CALL:ERRNO | -k PROCESS:CALL] COMMAND [ARGUMENT...]
 *
 * PROCESS is 0 for COMMAND, 1 for the first process it makes and so on, CALL counts the calls of that process
 * from 1.  strace counts by name and process, which leaves most calls of a child out of reach.  A child that
 * executes another program is let go: it is none of ours any more.  REPORT gets a line for each call ("call PROCESS
 * CALL NUMBER"), for what was done ("done"), for a process that dies of a fault of its own ("crash PROCESS
 * SIGNAL") and for a command that takes longer than SECONDS ("hang"), which is then killed.
 *
 * The status is the command's; 128 + N: signal N; 124: hang.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __x86_64__
#error "how a system call is replaced is only written down for x86-64"
#endif

#define MAX_PROCESSES 64
#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | \
		 PTRACE_O_TRACEEXEC)

struct process {
	pid_t pid;
	bool inside;	/* a call */
	bool replaced;	/* that call has another result */
	long calls;
};

static struct process processes[MAX_PROCESSES];
static size_t n_processes;
static FILE *report;
static long at_process = -1, at_call, with_errno; /* 0: kill */
static volatile sig_atomic_t late;

static void on_alarm(int sig)
{
	(void)sig;
	late = 1;
}

static struct process *find(pid_t pid)
{
	for (size_t i = 0; i < n_processes; i++)
		if (processes[i].pid == pid)
			return &processes[i];
	if (n_processes == MAX_PROCESSES)
		return NULL;
	processes[n_processes] = (struct process){.pid = pid};
	return &processes[n_processes++];
}

static void on_call(struct process *p, long number)
{
	p->calls++;
	if (at_process < 0)
		fprintf(report, "call %d %ld %ld\n", (int)(p - processes), p->calls, number);
	if (p - processes != at_process || p->calls != at_call)
		return;
	fprintf(report, "done %ld\n", number);
	if (with_errno == 0) {
		kill(p->pid, SIGKILL);
		return;
	}
	(void)ptrace(PTRACE_POKEUSER, p->pid, offsetof(struct user_regs_struct, orig_rax), -1L);
	p->replaced = true;
}

static void on_syscall_stop(struct process *p)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, p->pid, 0, &regs) < 0)
		return;
	p->inside = !p->inside;
	if (p->inside)
		on_call(p, (long)regs.orig_rax);
	else if (p->replaced)
		(void)ptrace(PTRACE_POKEUSER, p->pid, offsetof(struct user_regs_struct, rax), -with_errno);
	if (!p->inside)
		p->replaced = false;
}

static bool is_fault(int sig)
{
	return sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGFPE || sig == SIGABRT || sig == SIGTRAP;
}

/* What is to be done with a process that has stopped. */
static void on_stop(struct process *p, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16;

	if (event == PTRACE_EVENT_EXEC && p != processes) {
		(void)ptrace(PTRACE_DETACH, p->pid, 0, 0);
		return;
	}
	if (sig == (SIGTRAP | 0x80)) {
		on_syscall_stop(p);
		sig = 0;
	} else if (event || (sig == SIGSTOP && p->calls == 0)) {
		sig = 0; /* the first stop of a new process */
	} else if (is_fault(sig)) {
		fprintf(report, "crash %d %d\n", (int)(p - processes), sig);
	}
	(void)ptrace(PTRACE_SYSCALL, p->pid, 0, (long)sig);
}

static int watch(pid_t command)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid < 0 && errno == EINTR && late) {
			fprintf(report, "hang\n");
			for (size_t i = 0; i < n_processes; i++)
				kill(processes[i].pid, SIGKILL);
			return 124;
		}
		if (pid < 0 && errno != EINTR)
			return 125;
		if (pid > 0 && WIFSTOPPED(status)) {
			struct process *p = find(pid);

			if (p)
				on_stop(p, status);
		}
		if (pid == command && WIFEXITED(status))
			return WEXITSTATUS(status);
		if (pid == command && WIFSIGNALED(status))
			return 128 + WTERMSIG(status);
	}
}

static pid_t start(char **argv)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)ptrace(PTRACE_TRACEME, 0, 0, 0);
		execvp(argv[0], argv);
		_exit(127);
	}
	return pid;
}

/* The others are none of ours any more.  Let go in the middle of its first stop, a process would stand still for
 * ever. */
static void let_go(void)
{
	int status;

	for (int i = 0; i < 20; i++, usleep(1000)) {
		pid_t pid = waitpid(-1, &status, __WALL | WNOHANG);

		if (pid > 0 && WIFSTOPPED(status)) {
			(void)find(pid);
			(void)ptrace(PTRACE_DETACH, pid, 0, 0);
		}
	}
	for (size_t i = 1; i < n_processes; i++)
		kill(processes[i].pid, SIGCONT);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_alarm};
	unsigned int seconds = 10;
	int option, status;
	pid_t pid;

	report = stderr;
	while ((option = getopt(argc, argv, "+r:t:e:k:")) >= 0) {
		if (option == 'r')
			report = fopen(optarg, "we");
		else if (option == 't')
			seconds = (unsigned int)atoi(optarg);
		else if (option != 'e' && option != 'k')
			return 125;
		else if (sscanf(optarg, "%ld:%ld:%ld", &at_process, &at_call, &with_errno) < 2)
			return 125;
	}
	if (!report || optind == argc)
		return 125;
	sigaction(SIGALRM, &action, NULL);
	pid = start(argv + optind);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return 125;
	(void)find(pid);
	(void)ptrace(PTRACE_SETOPTIONS, pid, 0, (long)OPTIONS);
	(void)ptrace(PTRACE_SYSCALL, pid, 0, 0);
	alarm(seconds);
	status = watch(pid);
	fclose(report);
	if (status != 124)
		let_go();
	return status;
}
