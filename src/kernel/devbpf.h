/* SPDX-License-Identifier: Apache-2.0 */
/* The device program of a cgroup: load, attach, replace.
 *
 * INSNS is a struct bpf_insn[N] for BPF_PROG_TYPE_CGROUP_DEVICE, complete with its exit.  Errors carry the
 * cause in errnum; EPERM (no privilege over the host) is the caller's to judge.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"

/* Attaches the program to a cgroup that has none of ours, before its first process enters.  N 0: nothing. */
MUST_CHECK int devbpf_attach(int cgroup_dirfd, const void *insns, size_t n, struct error *err);

/* Puts the program in the place of ours, in one step: at no moment is the cgroup without one.  Programs of
 * others (systemd's) stay.  N 0: ours is taken away. */
MUST_CHECK int devbpf_replace(int cgroup_dirfd, const void *insns, size_t n, struct error *err);
