/* SPDX-License-Identifier: Apache-2.0 */
/* The gate of `exec --create`: a socket "exec.NAME" in the state directory, on which a process that is ready for
 * execve(2) listens until `exec-start` says MSG_GO.
 *
 * Who listens is the process itself; a name on which nobody listens is what a killed one left, and is removed by
 * whoever comes by.  delete removes them all with the directory.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

#define GATE_NAME_MAX 64

/* A name as ids of containers are, and not too long. */
bool gate_name_is_valid(const char *name);

/* Binds and listens, the directory being locked; removes the names that dead processes left.  In use: "exec 'NAME'
 * exists already". */
MUST_CHECK int gate_listen(int dirfd, const char *name, int *ret_sock, struct error *err);

/* Connects to the process at the gate NAME; -1 with ENOENT or ECONNREFUSED: there is none. */
int gate_connect(int dirfd, const char *name, int *ret_sock);

/* What is not there is no error. */
void gate_remove(int dirfd, const char *name);
