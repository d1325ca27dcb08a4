/* SPDX-License-Identifier: Apache-2.0 */
/* What the launcher and the container's init say to each other.
 *
 * One SOCK_SEQPACKET pair, one message a packet.  Most starts need only those marked *; MSG_NETWORK and after it
 * MSG_RECORDED may come at any time before MSG_READY.
 *
 *   launcher                                   init (child)
 *   --------                                   ------------
 *   clone3(new namespaces, into cgroup) ------> (runs)
 *                                      <------ MSG_MAP        a user namespace is there: write its maps
 *   MSG_GO ---------------------------------->
 *   MSG_NETWORK* + the network namespace ---->              made by us, while init mounts: see namespace.h
 *   limits, device program, state ...          mounts, devices ...
 *   MSG_RECORDED* ---------------------------->              the record names the process: it may outlive us
 *                                      <------ MSG_HOOKS      namespaces and mounts are ready, not pivoted
 *   prestart, createRuntime hooks
 *   MSG_GO ---------------------------------->
 *                                              createContainer hooks, pivot_root, masks ...
 *                                      <------ MSG_CONSOLE    + the pty's master
 *                                      <------ MSG_READY      all but execve is done
 *   MSG_GO* --------------------------------->  run: execve;  create: wait on the start socket
 *                                      <------ MSG_SECCOMP    + number of the listener, taken by pidfd_getfd
 *   end of file*                       <------ execve worked (the socket is O_CLOEXEC)
 *
 * MSG_ERROR with a struct error may come from init in place of any message; init then exits.
 * `start` uses the same messages over the start socket: MSG_GO there, MSG_ERROR or end of file back.
 *
 *   start                                      init, waiting
 *   -----                                      -------------
 *   connect --------------------------------->  accept; end of file instead of MSG_GO: accept the next one
 *   MSG_GO ---------------------------------->  startContainer hooks, execve
 *                                      <------ MSG_ERROR, or end of file: execve worked
 *
 * What `exec --create` and `exec-start` say is drawn in join_gate.c (MSG_GATE brings the socket to wait on).
 *
 * Both sockets of init stay open (O_CLOEXEC) until execve: as long as somebody listens, the container is
 * "created"; a second `start` waits in the backlog and is told ECONNRESET by the kernel at execve.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

enum msg_kind { MSG_ERROR = 1, MSG_MAP, MSG_HOOKS, MSG_CONSOLE, MSG_READY, MSG_GO, MSG_SECCOMP, MSG_PID,
		MSG_RECORDED, MSG_NETWORK, MSG_GATE };

struct msg {
	enum msg_kind kind;
	int value;		/* MSG_SECCOMP: the descriptor's number in init; MSG_PID: a pid */
	struct error error;	/* MSG_ERROR */
};

/* Sends one message, with descriptor FD when it is not -1.  0 or -1 with errno (EPIPE: the peer is gone). */
int proto_send(int sock, const struct msg *m, int fd);

/* The same for a message without descriptor and error, by write(2) and read(2) alone: what a process under a seccomp
 * filter with a listener can always call, as no filter of ours hands write(2) to an agent.  The answer is to be
 * EXPECTED; 0 or -1 with errno. */
int proto_ask_plainly(int sock, const struct msg *m, enum msg_kind expected);

/* Short for a message without contents. */
int proto_send_kind(int sock, enum msg_kind kind);

/* Receives one message.  1: got it (*RET_FD, when not NULL, is the descriptor sent along, or -1); 0: end of
 * file; -1 with errno.  A malformed packet is EBADMSG; ECONNRESET: the peer closed without reading all we sent. */
int proto_recv(int sock, struct msg *ret, int *ret_fd);

/* Has the peer closed its end, or died? */
bool proto_is_alone(int sock);
