/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a container: what each command line verb calls.
 *
 * src/cmd turns argv into one of these requests and calls one function; no function here reads argv
 * or prints.  All return 0, or -1 with err filled.
 *
 * Legal transitions (runtime.md, Lifecycle):
 *
 *              create        start         (exits)        delete
 *   (nothing) -------> created -----> running -----> stopped -----> (nothing)
 *                         |            |  ^
 *                         | kill       |  | resume
 *                         v            v  |
 *                       stopped       paused
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct buf;
struct criu_options;
struct oci_process;
struct oci_resources;

enum cgroup_manager { CGROUP_MANAGER_CGROUPFS, CGROUP_MANAGER_SYSTEMD, CGROUP_MANAGER_DISABLED };
enum rootless_mode { ROOTLESS_AUTO, ROOTLESS_TRUE, ROOTLESS_FALSE };

/* The global options. */
struct runtime {
	const char *root;	/* --root, never NULL: default $XDG_RUNTIME_DIR/vert, else /run/vert */
	enum cgroup_manager cgroup_manager;
	enum rootless_mode rootless;
	unsigned systemd_timeout; /* --systemd-timeout: seconds, 0: the default */
	const char *timing;	/* --timing: a file for the steps' durations, NULL: none */
};

/* create and run */
struct create_request {
	const char *id;		/* NULL (run only): make one up */
	const char *bundle;	/* NULL: "." */
	const char *config;	/* --config: NULL: "config.json" in the bundle */
	const char *pid_file, *console_socket, *pidfd_socket;
	unsigned preserve_fds;
	bool no_pivot, no_new_keyring;
	bool run;		/* create, start and wait */
	bool detach, keep;	/* run */
	struct buf *dry_run;	/* not NULL: create nothing, the plan is appended here */
	bool dry_run_json;	/* as JSON, with the names of the steps, and not as text */
	const struct criu_options *restore; /* not NULL (with run): its processes come from a dump */
};
/* Decides everything, then replaces this process by vert-init, which carries the plan out and exits with
 * the verb's status: returns only on error, or 0 after a dry run. */
MUST_CHECK int container_create(const struct runtime *rt, const struct create_request *req, struct error *err);

/* Dumps a running container's processes with CRIU; without leave_running they end.  Root only. */
MUST_CHECK int container_checkpoint(const struct runtime *rt, const char *id, const struct criu_options *options,
				    struct error *err);

/* `mounts add` and `mounts remove`: FILE is an array of mount objects, which appear in (or, by their destinations,
 * vanish from) a container that lives.  All or none are added.  Returns only on error, as container_create. */
MUST_CHECK int container_mounts(const struct runtime *rt, const char *id, const char *file, bool add,
				struct error *err);

/* Calls LINE for each event of a live container, a JSON object without a newline: statistics now and every
 * INTERVAL_MS, and when the kernel killed one of its processes for lack of memory.  INTERVAL_MS 0: statistics once.
 * Returns when the container ends, or when LINE fails. */
MUST_CHECK int container_events(const struct runtime *rt, const char *id, unsigned interval_ms,
				int (*line)(const char *json, struct error *err), struct error *err);

/* exec */
struct exec_request {
	const char *id;
	const char *process_file;	/* --process: a whole process object; then the next block is ignored */
	const char *process_text;	/* the same, as text */

	const char *const *args;	/* NULL-terminated, CMD [ARG...] */
	const char *const *env;		/* NULL-terminated "K=V", merged over the container's; may be NULL */
	const char *const *caps;	/* NULL-terminated names; added to bounding, effective, permitted */
	const uint32_t *gids;		/* --additional-gids */
	size_t n_gids;
	const char *cwd;
	const char *user;		/* "UID[:GID]", digits only */
	const char *apparmor, *process_label;
	bool no_new_privs;
	bool tty;

	const char *pid_file, *console_socket, *pidfd_socket, *cgroup;
	unsigned preserve_fds;
	bool detach, ignore_paused;

	bool create;			/* stop before the program, until container_exec_start() */
	const char *exec_id;		/* create: its name; NULL: the pid of the process */

	unsigned probe_ms;		/* not 0: a probe that may take so long */
	bool probe_json;		/* its outcome is printed as JSON, with at most so much output */
	size_t probe_output;
};
/* As container_create: returns only on error. */
MUST_CHECK int container_exec(const struct runtime *rt, const struct exec_request *req, struct error *err);

/* Lets the exec NAME of container ID go that waits; returns when its program runs. */
MUST_CHECK int container_exec_start(const struct runtime *rt, const char *id, const char *name, struct error *err);

MUST_CHECK int container_start(const struct runtime *rt, const char *id, struct error *err);

/* The value of an annotation of the container's, "" when it has none. */
MUST_CHECK int container_annotation(const struct runtime *rt, const char *id, const char *key, char *buf, size_t size,
				    struct error *err);

/* SIG to the container's first process; ALL: to every process of its cgroup. */
MUST_CHECK int container_kill(const struct runtime *rt, const char *id, int sig, bool all, struct error *err);

struct delete_options {
	bool force;		/* kill first; an id that does not exist is no error; damaged state is cleaned up as
				 * far as the kernel's facts (cgroup, processes) tell */
	unsigned timeout_ms;	/* for processes to die, 0: 10 s */
	void (*waiting)(const char *text, void *arg);	/* told for whom, when that takes longer than a second */
	void *arg;
	struct buf *report;	/* not NULL: what was removed, what is left and what the container used is appended as
				 * one line of JSON, also on failure */
};
/* Without force the container must be created or stopped.  -1 only when something is left. */
MUST_CHECK int container_delete(const struct runtime *rt, const char *id, const struct delete_options *options,
				struct error *err);

/* What gc found.  KIND is "container", "cgroup" or "scope"; WHY says why nobody misses it. */
struct gc_item {
	const char *kind, *name, *why;
	const char *error;	/* why it is still there; NULL: it is gone, or would be */
};
/* Removes what dead runtimes left: containers below the root in which nothing can ever run again, empty cgroups and
 * systemd scopes of no container.  What was changed within MIN_AGE_MS is left alone.  DRY: only tells.  EACH is called
 * for every item.  -1 when something could not be removed, or not be looked at. */
MUST_CHECK int container_gc(const struct runtime *rt, bool dry, unsigned min_age_ms,
			    void (*each)(const struct gc_item *item, void *arg), void *arg, struct error *err);

MUST_CHECK int container_pause(const struct runtime *rt, const char *id, struct error *err);
MUST_CHECK int container_resume(const struct runtime *rt, const char *id, struct error *err);

/* Applies what is set in RES, all or nothing: on failure the old values are back. */
MUST_CHECK int container_update(const struct runtime *rt, const char *id, const struct oci_resources *res,
				struct error *err);

/* Appends to B, as a JSON object, what limits were asked for and what the kernel says of each. */
MUST_CHECK int container_effective(const struct runtime *rt, const char *id, struct buf *b, struct error *err);

/* New schemata for the container's group of resctrl; NULL: as it is.  It must have been made with intelRdt. */
MUST_CHECK int container_update_rdt(const struct runtime *rt, const char *id, const char *l3_cache,
				    const char *mem_bw, struct error *err);

enum container_status { STATUS_CREATING, STATUS_CREATED, STATUS_RUNNING, STATUS_PAUSED, STATUS_STOPPED };
const char *container_status_name(enum container_status status);

/* What state, list and hooks tell about a container.  Strings belong to the structure. */
struct container_info {
	char *oci_version, *id, *bundle, *rootfs, *created, *owner;
	enum container_status status;
	pid_t pid;		/* 0 when stopped */
	char *scope;		/* systemd scope, "" */
	size_t n_annotations;
	struct {
		char *key, *value;
	} *annotations;
};
void container_info_free(struct container_info *info);
MUST_CHECK int container_info(const struct runtime *rt, const char *id, struct container_info *ret, struct error *err);

/* Calls EACH for every container below the root, in order of id; one whose state vanishes or cannot be read
 * is left out (a warning is logged).  A root that does not exist has no containers. */
MUST_CHECK int container_list(const struct runtime *rt, void (*each)(const struct container_info *, void *),
			      void *arg, struct error *err);

/* Ids only, newline-free, sorted; NULL-terminated array to free with container_ids_free(). */
MUST_CHECK int container_ids(const struct runtime *rt, char ***ret_ids, struct error *err);
void container_ids_free(char **ids);

/* Host pids of all processes in the container's cgroup (of its pid alone where it has no cgroup). *RET to free(). */
MUST_CHECK int container_pids(const struct runtime *rt, const char *id, pid_t **ret, size_t *ret_n,
			      struct error *err);
