/* SPDX-License-Identifier: Apache-2.0 */
/* Loading and attaching device programs with bpf(2).
 *
 * Our programs are known by their name: systemd attaches its own to the scopes it makes, and those are
 * not ours to replace.  All of them must agree (BPF_F_ALLOW_MULTI), and so must those of the cgroups above.
 */
#include "kernel/devbpf.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/fd.h"
#include "base/sys.h"

#define PROGRAM_NAME "vert_devices"
#define MAX_PROGRAMS 64 /* per cgroup, of the kernel */

static int call(int cmd, union bpf_attr *attr)
{
	return sys_bpf(cmd, attr, sizeof(*attr));
}

/* The union has room for more than we set, and the kernel wants the rest to be zero. */
static void clear(union bpf_attr *attr)
{
	memset(attr, 0, sizeof(*attr));
}

static int load_with_log(const void *insns, size_t n, char *log, size_t log_size)
{
	union bpf_attr attr;

	clear(&attr);
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.expected_attach_type = BPF_CGROUP_DEVICE;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = (uint32_t)n;
	attr.license = (uintptr_t) "Apache-2.0";
	memcpy(attr.prog_name, PROGRAM_NAME, sizeof(PROGRAM_NAME));
	attr.log_buf = (uintptr_t)log;
	attr.log_size = (uint32_t)log_size;
	attr.log_level = log ? 1 : 0;
	return call(BPF_PROG_LOAD, &attr);
}

/* Loads; what the verifier has to say is asked for only when it said no: the log costs time. */
static int load(const void *insns, size_t n, int *ret_fd, struct error *err)
{
	UNSET char log[8192];
	int saved, fd;

	log[0] = '\0';
	fd = load_with_log(insns, n, NULL, 0);
	if (fd < 0 && errno == EAGAIN) /* a signal came while it was verified */
		fd = load_with_log(insns, n, NULL, 0);
	if (fd < 0) {
		saved = errno;
		if (saved == EINVAL || saved == EACCES || saved == E2BIG)
			fd = load_with_log(insns, n, log, sizeof(log));
		if (fd < 0) {
			size_t len = strlen(log), from = len > 300 ? len - 300 : 0;

			fail(err, saved, "load the device program of %zu instructions", n);
			return len ? error_hint(err, "the kernel's verifier: %s", log + from) : -1;
		}
	}
	*ret_fd = fd;
	return 0;
}

/* OLD -1: beside what is there; else in its place. */
static int attach(int cgroup, int program, int old, struct error *err)
{
	union bpf_attr attr;

	clear(&attr);
	attr.target_fd = (uint32_t)cgroup;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI | (old >= 0 ? BPF_F_REPLACE : 0);
	attr.replace_bpf_fd = old >= 0 ? (uint32_t)old : 0;
	if (call(BPF_PROG_ATTACH, &attr) < 0)
		return fail(err, errno, "attach the device program to the cgroup");
	return 0;
}

static int detach(int cgroup, int program, struct error *err)
{
	union bpf_attr attr;

	clear(&attr);
	attr.target_fd = (uint32_t)cgroup;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	if (call(BPF_PROG_DETACH, &attr) < 0 && errno != ENOENT)
		return fail(err, errno, "detach the device program from the cgroup");
	return 0;
}

static bool is_ours(int program)
{
	struct bpf_prog_info info;
	union bpf_attr attr;

	memset(&info, 0, sizeof(info));
	clear(&attr);
	attr.info.bpf_fd = (uint32_t)program;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	return call(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 && strcmp(info.name, PROGRAM_NAME) == 0;
}

/* Opens our programs that are attached to this very cgroup, at most MAX_PROGRAMS. */
static int find_ours(int cgroup, int *fds, size_t *ret_n, struct error *err)
{
	uint32_t ids[MAX_PROGRAMS];
	union bpf_attr attr;
	size_t n = 0;

	clear(&attr);
	attr.query.target_fd = (uint32_t)cgroup;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uintptr_t)ids;
	attr.query.prog_cnt = MAX_PROGRAMS;
	if (call(BPF_PROG_QUERY, &attr) < 0)
		return fail(err, errno, "list the device programs of the cgroup");
	for (uint32_t i = 0; i < attr.query.prog_cnt && i < MAX_PROGRAMS; i++) {
		union bpf_attr get;
		int fd;

		clear(&get);
		get.prog_id = ids[i];
		fd = call(BPF_PROG_GET_FD_BY_ID, &get);
		if (fd < 0 && errno == ENOENT) /* detached meanwhile */
			continue;
		if (fd < 0) {
			fail(err, errno, "open the cgroup's device program %u", ids[i]);
			while (n > 0)
				fd_close(fds[--n]);
			return -1;
		}
		if (is_ours(fd))
			fds[n++] = fd;
		else
			fd_close(fd);
	}
	*ret_n = n;
	return 0;
}

int devbpf_attach(int cgroup_dirfd, const void *insns, size_t n, struct error *err)
{
	autoclose int program = -1;

	if (n == 0)
		return 0;
	if (load(insns, n, &program, err) < 0)
		return -1;
	return attach(cgroup_dirfd, program, -1, err);
}

int devbpf_replace(int cgroup_dirfd, const void *insns, size_t n, struct error *err)
{
	autoclose int program = -1;
	int old[MAX_PROGRAMS];
	size_t n_old = 0, first = 0;
	int result = 0;

	/* All that may fail for want of memory or rights is done before anything is changed. */
	if (n > 0 && load(insns, n, &program, err) < 0)
		return -1;
	if (find_ours(cgroup_dirfd, old, &n_old, err) < 0)
		return -1;
	if (n > 0) {
		result = attach(cgroup_dirfd, program, n_old > 0 ? old[0] : -1, err);
		first = 1;
	}
	/* More than one: an earlier update was killed halfway, or no program is wanted any more. */
	for (size_t i = first; i < n_old && result == 0; i++)
		result = detach(cgroup_dirfd, old[i], err);
	for (size_t i = 0; i < n_old; i++)
		fd_close(old[i]);
	return result;
}
