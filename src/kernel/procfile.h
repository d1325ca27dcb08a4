/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a procfs, reached so that nothing mounted or linked there can stand in for them (CVE-2019-16884,
 * CVE-2025-52881). */
#pragma once

#include <sys/types.h>

/* Opens PATH beneath PROCFD, the root of a procfs, with FLAGS | O_CLOEXEC; "self/..." works.  No mount is crossed, no
 * magic link followed, and the result is checked to belong to procfs.  -1 with errno. */
int procfile_open(int procfd, const char *path, int flags);

/* "/proc", when it is the root of a procfs and nothing that was put there in a mount namespace we joined.  -1 with
 * errno. */
int procfile_root(void);

/* A procfs of our pid namespace that is mounted nowhere, with the processes and nothing else in it.  -1 with errno. */
int procfile_private(void);

/* Writes DATA with one write(2).  0 or -1 with errno; a short write is EIO. */
int procfile_write(int procfd, const char *path, const char *data, size_t len);
