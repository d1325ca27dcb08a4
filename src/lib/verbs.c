/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of libvert: each fills a request and has it carried out, in place for the program, else by a process of
 * its own (isolate.c). */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "lib/lib.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "spec/bundle.h"

struct request {
	const char *id, *text;
	int sig;
	unsigned flags;
};

/* ---- carrying out ------------------------------------------------------------------------------ */

static int read_text(int fd, struct buf *ret, struct error *err)
{
	char part[4096];
	ssize_t n;

	for (off_t at = 0; (n = pread(fd, part, sizeof(part), at)) > 0; at += n)
		buf_add(ret, part, (size_t)n);
	return n < 0 ? fail(err, errno, "read the result") : 0;
}

static int carry_out_elsewhere(const struct vert *v, const struct job *job, struct buf *out,
			       int *ret_status, struct error *err)
{
	autoclose int result = -1;

	if (job->ret_text) {
		result = sys_memfd_create("vert-result", MFD_CLOEXEC);
		if (result < 0)
			return fail(err, errno, "make memory for the result");
	}
	if (lib_isolate(v, job, result, ret_status, err) < 0)
		return -1;
	return job->ret_text ? read_text(result, out, err) : 0;
}

int lib_do(const struct vert *v, const struct job *job, struct error *err)
{
	struct buf out = {0};
	int status = 0, r;

	r = v->in_place ? job->run(v, job->request, &out, err)
			: carry_out_elsewhere(v, job, &out, &status, err);
	if (r == 0 && job->ret_status)
		*job->ret_status = WEXITSTATUS(status);
	else if (r == 0 && WEXITSTATUS(status) != 0)
		r = fail(err, 0, "the process of this call ended with status %d",
			 WEXITSTATUS(status));
	if (r == 0 && job->ret_text && (out.failed || !out.s))
		r = fail(err, ENOMEM, "keep the result");
	if (r == 0 && job->ret_text)
		*job->ret_text = take_ptr(out.s);
	buf_free(&out);
	return r;
}

static int call(const struct vert *v, const struct job *job, struct vert_error **why)
{
	struct error err;

	return lib_do(v, job, &err) < 0 ? lib_fail(why, &err) : 0;
}

static int refuse_flags(unsigned flags, unsigned known, struct error *err)
{
	return flags & ~known ? fail(err, EINVAL, "unknown flags 0x%x", flags & ~known) : 0;
}

/* ---- verbs that take an id --------------------------------------------------------------------- */

static int do_start(const struct vert *v, void *request, struct buf *out, struct error *err)
{
	const struct request *r = request;

	(void)out;
	return container_start(&v->rt, r->id, err);
}

static int do_kill(const struct vert *v, void *request, struct buf *out, struct error *err)
{
	const struct request *r = request;

	(void)out;
	if (refuse_flags(r->flags, VERT_ALL, err) < 0)
		return -1;
	return container_kill(&v->rt, r->id, r->sig, r->flags & VERT_ALL, err);
}

static int do_delete(const struct vert *v, void *request, struct buf *out, struct error *err)
{
	const struct request *r = request;
	const struct delete_options options = {.force = r->flags & VERT_FORCE};

	(void)out;
	if (refuse_flags(r->flags, VERT_FORCE, err) < 0)
		return -1;
	return container_delete(&v->rt, r->id, &options, err);
}

static int do_pause(const struct vert *v, void *request, struct buf *out, struct error *err)
{
	(void)out;
	return container_pause(&v->rt, ((const struct request *)request)->id, err);
}

static int do_resume(const struct vert *v, void *request, struct buf *out, struct error *err)
{
	(void)out;
	return container_resume(&v->rt, ((const struct request *)request)->id, err);
}

static int do_update(const struct vert *v, void *request, struct buf *out, struct error *err)
{
	const struct request *r = request;
	struct oci_resources *res;
	struct arena arena = {0};
	int rc;

	(void)out;
	rc = document_parse(&arena, "resources", oci_type_resources(), r->text, strlen(r->text),
			    (void **)&res, err);
	if (rc == 0)
		rc = container_update(&v->rt, r->id, res, err);
	arena_free(&arena);
	return rc;
}

int vert_start(struct vert *v, const char *id, struct vert_error **why)
{
	return call(v, &(struct job){.run = do_start, .request = &(struct request){.id = id}}, why);
}

int vert_kill(struct vert *v, const char *id, int sig, unsigned flags, struct vert_error **why)
{
	struct request r = {.id = id, .sig = sig, .flags = flags};

	return call(v, &(struct job){.run = do_kill, .request = &r}, why);
}

int vert_delete(struct vert *v, const char *id, unsigned flags, struct vert_error **why)
{
	struct request r = {.id = id, .flags = flags};

	return call(v, &(struct job){.run = do_delete, .request = &r}, why);
}

int vert_pause(struct vert *v, const char *id, struct vert_error **why)
{
	return call(v, &(struct job){.run = do_pause, .request = &(struct request){.id = id}}, why);
}

int vert_resume(struct vert *v, const char *id, struct vert_error **why)
{
	return call(v, &(struct job){.run = do_resume, .request = &(struct request){.id = id}},
		    why);
}

int vert_update(struct vert *v, const char *id, const char *resources, struct vert_error **why)
{
	struct request r = {.id = id, .text = resources};

	return call(v, &(struct job){.run = do_update, .request = &r}, why);
}

/* ---- programs in a container ------------------------------------------------------------------- */

static int do_create(const struct vert *v, void *request, struct buf *out, struct error *err)
{
	(void)out;
	return container_create(&v->rt, request, err);
}

static int do_exec(const struct vert *v, void *request, struct buf *out, struct error *err)
{
	(void)out;
	return container_exec(&v->rt, request, err);
}

int vert_create(struct vert *v, const char *id, const struct vert_create *how,
		struct vert_error **why)
{
	struct vert_create h;
	struct error err;

	if (lib_copy(&h, sizeof(h), how, "vert_create", &err) < 0 ||
	    refuse_flags(h.flags, VERT_NO_PIVOT | VERT_NO_NEW_KEYRING, &err) < 0)
		return lib_fail(why, &err);
	struct create_request req = {
		.id = id,
		.bundle = h.bundle,
		.config = h.config,
		.pid_file = h.pid_file,
		.console_socket = h.console_socket,
		.pidfd_socket = h.pidfd_socket,
		.preserve_fds = (unsigned)h.n_fds,
		.no_pivot = h.flags & VERT_NO_PIVOT,
		.no_new_keyring = h.flags & VERT_NO_NEW_KEYRING,
	};
	return call(v,
		    &(struct job){.run = do_create,
				  .request = &req,
				  .replaces = true,
				  .stdio = h.stdio,
				  .fds = h.fds,
				  .n_fds = h.n_fds},
		    why);
}

int vert_exec(struct vert *v, const char *id, const struct vert_exec *how, int *ret_status,
	      struct vert_error **why)
{
	struct vert_exec h;
	struct error err;
	int status = 0, r;

	if (lib_copy(&h, sizeof(h), how, "vert_exec", &err) < 0 ||
	    refuse_flags(h.flags, VERT_DETACH | VERT_IGNORE_PAUSED, &err) < 0)
		return lib_fail(why, &err);
	if (!h.process) {
		fail(&err, EINVAL, "exec needs a process");
		return lib_fail(why, &err);
	}
	struct exec_request req = {
		.id = id,
		.process_text = h.process,
		.cgroup = h.cgroup,
		.pid_file = h.pid_file,
		.console_socket = h.console_socket,
		.pidfd_socket = h.pidfd_socket,
		.preserve_fds = (unsigned)h.n_fds,
		.detach = h.flags & VERT_DETACH,
		.ignore_paused = h.flags & VERT_IGNORE_PAUSED,
	};
	r = call(v,
		 &(struct job){.run = do_exec,
			       .request = &req,
			       .replaces = true,
			       .stdio = h.stdio,
			       .fds = h.fds,
			       .n_fds = h.n_fds,
			       .ret_status = &status},
		 why);
	if (r == 0 && ret_status)
		*ret_status = status;
	return r;
}
