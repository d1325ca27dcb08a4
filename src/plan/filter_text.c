/* SPDX-License-Identifier: Apache-2.0 */
/* Actions and conditions of a seccomp profile as people write them. */
#include <errno.h>
#include <inttypes.h>

#include <linux/seccomp.h>

#include "base/str.h"
#include "libocispec/ocispec.h"
#include "plan/filter_priv.h"
#include "plan/filter_why.h"

static const char *const errno_names[] = {
	[EPERM] = "EPERM",     [ENOENT] = "ENOENT",   [ESRCH] = "ESRCH",     [EINTR] = "EINTR",
	[EIO] = "EIO",	       [ENXIO] = "ENXIO",     [E2BIG] = "E2BIG",     [ENOEXEC] = "ENOEXEC",
	[EBADF] = "EBADF",     [ECHILD] = "ECHILD",   [EAGAIN] = "EAGAIN",   [ENOMEM] = "ENOMEM",
	[EACCES] = "EACCES",   [EFAULT] = "EFAULT",   [ENOTBLK] = "ENOTBLK", [EBUSY] = "EBUSY",
	[EEXIST] = "EEXIST",   [EXDEV] = "EXDEV",     [ENODEV] = "ENODEV",   [ENOTDIR] = "ENOTDIR",
	[EISDIR] = "EISDIR",   [EINVAL] = "EINVAL",   [ENFILE] = "ENFILE",   [EMFILE] = "EMFILE",
	[ENOTTY] = "ENOTTY",   [ETXTBSY] = "ETXTBSY", [EFBIG] = "EFBIG",     [ENOSPC] = "ENOSPC",
	[ESPIPE] = "ESPIPE",   [EROFS] = "EROFS",     [EMLINK] = "EMLINK",   [EPIPE] = "EPIPE",
	[EDOM] = "EDOM",       [ERANGE] = "ERANGE",   [EDEADLK] = "EDEADLK", [ENAMETOOLONG] = "ENAMETOOLONG",
	[ENOLCK] = "ENOLCK",   [ENOSYS] = "ENOSYS",   [ELOOP] = "ELOOP",     [EPROTO] = "EPROTO",
	[ENOTSUP] = "ENOTSUP", [EAFNOSUPPORT] = "EAFNOSUPPORT", [EPROTONOSUPPORT] = "EPROTONOSUPPORT",
	[ECONNREFUSED] = "ECONNREFUSED", [ETIMEDOUT] = "ETIMEDOUT", [EADDRNOTAVAIL] = "EADDRNOTAVAIL",
};

const char *filter_errno_name(unsigned number)
{
	return number < COUNT_OF(errno_names) ? errno_names[number] : NULL;
}

void filter_put_value(struct buf *b, uint32_t value)
{
	const char *name = filter_errno_name(value & SECCOMP_RET_DATA);

	switch (value & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		buf_puts(b, "ALLOW");
		break;
	case SECCOMP_RET_LOG:
		buf_puts(b, "LOG");
		break;
	case SECCOMP_RET_TRACE:
		buf_printf(b, "TRACE(%u)", value & SECCOMP_RET_DATA);
		break;
	case SECCOMP_RET_USER_NOTIF:
		buf_puts(b, "NOTIFY");
		break;
	case SECCOMP_RET_ERRNO:
		if (name)
			buf_printf(b, "ERRNO(%s)", name);
		else
			buf_printf(b, "ERRNO(%u)", value & SECCOMP_RET_DATA);
		break;
	case SECCOMP_RET_TRAP:
		buf_puts(b, "TRAP");
		break;
	case SECCOMP_RET_KILL_THREAD:
		buf_puts(b, "KILL_THREAD");
		break;
	default: /* what the kernel does with every value that it does not know */
		buf_puts(b, "KILL_PROCESS");
	}
}

void filter_put_conditions(struct buf *b, const struct oci_syscall_rule *rule)
{
	static const char *const ops[] = {
		[OCI_CMP_NE] = "!=", [OCI_CMP_LT] = "<",  [OCI_CMP_LE] = "<=",
		[OCI_CMP_EQ] = "==", [OCI_CMP_GE] = ">=", [OCI_CMP_GT] = ">",
	};
	bool repeat = filter_args_repeat(rule);

	for (size_t i = 0; i < rule->args.n; i++) {
		const struct oci_syscall_arg *arg = &rule->args.v[i];

		buf_puts(b, i == 0 ? "" : repeat ? " or " : " and ");
		if (arg->op == OCI_CMP_MASKED_EQ)
			buf_printf(b, "arg%u & %#" PRIx64 " == %#" PRIx64, arg->index.v, arg->value.v,
				   arg->value_two.v);
		else
			buf_printf(b, "arg%u %s %#" PRIx64, arg->index.v, ops[arg->op], arg->value.v);
	}
}
