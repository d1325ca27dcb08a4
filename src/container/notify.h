/* SPDX-License-Identifier: Apache-2.0 */
/* sd_notify(3) across the container's wall.
 *
 * The container gets a socket of our own (<root>/ID/notify/notify, seen as NOTIFY_CONTAINER_SOCKET); of what
 * arrives there only "READY=1" goes on to the service manager's socket.  Datagrams and their rate are
 * bounded, descriptors sent along are dropped.  Linked into vert and vert-init.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* Makes the directory <root>/ID/notify in the state directory DIRFD, 0755; create does it. */
MUST_CHECK int notify_make_dir(int dirfd, struct error *err);

/* Binds the container's socket in it; before the container's program may run.  *RET_SOCK: -1 when
 * the container was created without notify_make_dir(). */
MUST_CHECK int notify_bind(int dirfd, int *ret_sock, struct error *err);

/* Reads what has arrived at SOCK, without waiting for more.  True: "READY=1" was there.  For poll loops: POLLIN. */
bool notify_is_ready(int sock);

/* Tells HOST ("/path" or "@abstract") READY=1.  MAIN_PID not 0: and MAINPID; then waits a bounded time until the
 * service manager has read it, for it looks at us to believe us, and we are about to go.  0: we stay, as the main
 * process of the service ourselves. */
MUST_CHECK int notify_send_ready(const char *host, pid_t main_pid, struct error *err);

/* Waits until the container says READY=1 and passes it on, or until its first process is dead. */
MUST_CHECK int notify_wait(int sock, const char *host, pid_t pid, int pidfd, struct error *err);
