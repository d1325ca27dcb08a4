/* SPDX-License-Identifier: Apache-2.0 */
/* The container's terminal: a pseudo-terminal of its own devpts, never of the host's.
 *
 * The tree beneath the root is hostile: nothing here believes that /dev/pts is a devpts, that its
 * ptmx is one, or that /dev/console is what it was a moment ago.  The slave is never opened by
 * name (CVE-2025-52565, CVE-2026-88264).
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* A new pseudo-terminal from dev/pts beneath ROOTFD, unlocked.  Refused unless dev/pts is the root
 * of a devpts and its ptmx the device 5:2 on it. */
MUST_CHECK int terminal_open(int rootfd, int *ret_master, int *ret_slave, struct error *err);

/* Sets the size; 0 leaves a dimension as it is. */
MUST_CHECK int terminal_set_size(int fd, uint16_t rows, uint16_t columns, struct error *err);

/* Gives the slave to UID of this user namespace; the group is devpts' business (gid=5). */
MUST_CHECK int terminal_set_owner(int slave, uid_t uid, struct error *err);

/* Mounts the slave on dev/console beneath ROOTFD; a missing file is made. */
MUST_CHECK int terminal_bind_console(int slave, int rootfd, struct error *err);

/* The slave becomes the controlling terminal of this session, whose leader called setsid(), and
 * descriptors 0, 1 and 2.  SLAVE stays open when it is none of these. */
MUST_CHECK int terminal_make_controlling(int slave, struct error *err);

/* Sends MASTER, with the name of the slave as the message, to the stream socket at PATH, which may
 * be longer than an address holds.  Gives up after 10 seconds. */
MUST_CHECK int terminal_send_to_socket(const char *path, int master, struct error *err);
