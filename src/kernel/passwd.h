/* SPDX-License-Identifier: Apache-2.0 */
/* The one thing the runtime reads from a container's user database: a home directory.
 *
 * The file is hostile: resolved beneath the root, regular files alone, at most 1 MiB of it, no line longer than
 * 4 kB, no name service (CVE-2024-9676, CVE-2019-14271).
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* Home directory of UID in etc/passwd beneath ROOTFD; "/" when there is none that is an absolute path of
 * fewer than
 * SIZE bytes. */
void passwd_home(int rootfd, uid_t uid, char *buf, size_t size);
