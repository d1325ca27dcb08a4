/* SPDX-License-Identifier: Apache-2.0 */
/* libvert: OCI containers from a program of your own.
 *
 *	struct vert_error *why = NULL;
 *	struct vert *v;
 *
 *	if (vert_open(NULL, &v, &why) < 0 ||
 *	    vert_create(v, "web", &(struct vert_create){.size = sizeof(struct vert_create), .bundle = "/srv/web"},
 *	                &why) < 0 ||
 *	    vert_start(v, "web", &why) < 0)
 *		fprintf(stderr, "%s\n", vert_error_message(why));
 *
 * Build with `pkg-config --cflags --libs libvert`.  docs/libvert.md tells the rest: processes, threads, descriptors,
 * the environment, and what may change from one release to the next.
 *
 * Every call is carried out by a process of its own, which ends with the call: the caller's signals, umask, working
 * directory and memory stay as they are, and calls from several threads, also with one handle, do not disturb each
 * other.  Results are 0, or -1 with *WHY set, when WHY is not NULL, to an error that the caller frees; on success
 * *WHY is not touched.  Structures begin with their size, and a member that is zero is one that was not given.
 */
#ifndef VERT_H
#define VERT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define VERT_API __attribute__((visibility("default")))
#else
#define VERT_API
#endif

struct vert;		/* a state root and how to work in it */
struct vert_error;	/* what went wrong */

/* ---- errors ------------------------------------------------------------------------------------ */

/* The strings belong to the error; "" where nothing is known.  All of these accept NULL. */
VERT_API const char *vert_error_message(const struct vert_error *why); /* one line, without a full stop */
VERT_API const char *vert_error_code(const struct vert_error *why);    /* stable: "CONTAINER_NOT_FOUND" */
VERT_API const char *vert_error_place(const struct vert_error *why);   /* in config.json: "mounts[3].source" */
VERT_API const char *vert_error_step(const struct vert_error *why);    /* what was being done: "mount file systems" */
VERT_API const char *vert_error_hint(const struct vert_error *why);    /* the cure in a sentence */
VERT_API int vert_error_errno(const struct vert_error *why);	       /* of the cause, 0: none */
VERT_API void vert_error_free(struct vert_error *why);

/* ---- a state root ------------------------------------------------------------------------------ */

enum vert_cgroup_manager { VERT_CGROUPFS, VERT_SYSTEMD, VERT_NO_CGROUPS };
enum vert_rootless { VERT_ROOTLESS_AUTO, VERT_ROOTLESS, VERT_NOT_ROOTLESS };
enum vert_log_level { VERT_LOG_ERRORS, VERT_LOG_WARNINGS, VERT_LOG_DEBUG };

struct vert_options {
	size_t size;			/* sizeof(struct vert_options) */
	const char *root;		/* NULL: $XDG_RUNTIME_DIR/vert, else /run/vert, as the program has it */
	int cgroup_manager;		/* enum vert_cgroup_manager */
	int rootless;			/* enum vert_rootless */
	unsigned systemd_timeout;	/* seconds, 0: 25 */
	const char *log;		/* file that warnings are appended to; NULL: none is written anywhere */
	int log_json;			/* not 0: one JSON object a line */
	int log_level;			/* enum vert_log_level */
};

/* OPTIONS may be NULL.  Nothing is made before a container is: a root that does not exist is an empty one.
 * vert_close() accepts NULL; containers stay. */
VERT_API int vert_open(const struct vert_options *options, struct vert **ret, struct vert_error **why);
VERT_API void vert_close(struct vert *v);

/* ---- a container's life ------------------------------------------------------------------------ */

enum {
	VERT_NO_PIVOT = 1 << 0,		/* create: move the root file system and chroot */
	VERT_NO_NEW_KEYRING = 1 << 1,	/* create: keep the session keyring */
	VERT_DETACH = 1 << 2,		/* exec: do not wait for the process's end */
	VERT_IGNORE_PAUSED = 1 << 3,	/* exec: allow it in a paused container */
	VERT_ALL = 1 << 4,		/* kill: every process of the container */
	VERT_FORCE = 1 << 5,		/* delete: kill it first; one that does not exist is no error */
};

struct vert_create {
	size_t size;			/* sizeof(struct vert_create) */
	const char *bundle;		/* NULL: the working directory */
	const char *config;		/* NULL: "config.json" in the bundle */
	const char *console_socket;	/* gets the terminal's master */
	const char *pid_file;
	const char *pidfd_socket;	/* gets a pidfd of the container's process */
	const int *stdio;		/* three descriptors, 0 to 2 of the container; NULL: the caller's own */
	const int *fds;			/* further ones, which become 3, 4, ... in the container */
	size_t n_fds;
	unsigned flags;
};
VERT_API int vert_create(struct vert *v, const char *id, const struct vert_create *how, struct vert_error **why);

VERT_API int vert_start(struct vert *v, const char *id, struct vert_error **why);
VERT_API int vert_kill(struct vert *v, const char *id, int sig, unsigned flags, struct vert_error **why);
VERT_API int vert_delete(struct vert *v, const char *id, unsigned flags, struct vert_error **why);
VERT_API int vert_pause(struct vert *v, const char *id, struct vert_error **why);
VERT_API int vert_resume(struct vert *v, const char *id, struct vert_error **why);

/* RESOURCES is a JSON object like config.json's linux.resources.  All of it is applied, or nothing. */
VERT_API int vert_update(struct vert *v, const char *id, const char *resources, struct vert_error **why);

struct vert_exec {
	size_t size;			/* sizeof(struct vert_exec) */
	const char *process;		/* a JSON object like config.json's process */
	const char *cgroup;		/* below the container's; NULL: where its first process is */
	const char *console_socket;
	const char *pid_file;
	const char *pidfd_socket;
	const int *stdio;
	const int *fds;
	size_t n_fds;
	unsigned flags;
};
/* *RET_STATUS, when not NULL, gets the exit status (128 + signal when one ended it), with VERT_DETACH 0. */
VERT_API int vert_exec(struct vert *v, const char *id, const struct vert_exec *how, int *ret_status,
		       struct vert_error **why);

/* ---- what is known ----------------------------------------------------------------------------- */

/* The container's state, and an array of all in this root, as JSON in the form of `vert state` and `vert list`;
 * the text ends with a newline and is freed by vert_free(). */
VERT_API int vert_state(struct vert *v, const char *id, char **ret_json, struct vert_error **why);
VERT_API int vert_list(struct vert *v, char **ret_json, struct vert_error **why);
VERT_API void vert_free(char *text);

/* "0.1.0" */
VERT_API const char *vert_version(void);

#ifdef __cplusplus
}
#endif

#endif
