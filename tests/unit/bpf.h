/* SPDX-License-Identifier: Apache-2.0 */
/* What a seccomp program answers, computed outside the kernel. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct seccomp_data;

/* Runs the N instructions (struct sock_filter) over one system call.  Returns the program's answer, or
 * BPF_BAD when the program uses what seccomp does not have, or leaves its own bounds. */
#define BPF_BAD UINT64_MAX
uint64_t bpf_run(const void *insns, size_t n, const struct seccomp_data *data);
