/* SPDX-License-Identifier: Apache-2.0 */
/* Classic BPF as seccomp has it: runs a program outside the kernel, measures it, prints it.  Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct seccomp_data;

/* Runs the N instructions (struct sock_filter) over one system call.  Returns the program's answer, or
 * BPF_BAD when the program uses what seccomp does not have, or leaves its own bounds. */
#define BPF_BAD UINT64_MAX
uint64_t bpf_run(const void *insns, size_t n, const struct seccomp_data *data);

/* The same, and tells how many instructions it took and whether it looked at an argument or at the caller's address:
 * a program that allows a call without doing so is not run for it at all (Linux 5.11). */
uint64_t bpf_trace(const void *insns, size_t n, const struct seccomp_data *data, size_t *ret_steps,
		   bool *ret_looks_at_arguments);

/* One line for each instruction. */
void bpf_disassemble(struct buf *b, const void *insns, size_t n);
