/* SPDX-License-Identifier: Apache-2.0 */
/* Running hooks: programs of the engine at fixed points of a container's life (config.md, POSIX-platform Hooks).
 *
 * A hook runs in the caller's namespaces with exactly the environment it was given, never the
 * container's (CVE-2025-23266), the directory SCENE names, the OCI state on standard input, no other
 * descriptor, default signals, in a session of its own.  What it prints is kept, at most its last 4 KiB,
 * for the error message.  Linked into vert and vert-init; no lock may be held around these calls.
 */
#pragma once

#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"
#include "plan/plan.h"

struct hook_scene {
	const char *state;	/* JSON for standard input, see hooks_state() */
	const char *cwd;	/* the bundle; "/" for startContainer */
	const char *out, *err;	/* run.oci.hooks.stdout and .stderr: files to append to; NULL: keep for messages.
				 * They are opened in the caller's mount namespace: NULL after pivot_root */
	const char *const *env; /* of a hook whose own env is absent: process.env for startContainer, else NULL
				 * (empty) */
};

/* Runs all hooks of a kind in their order and stops at the first that fails: "error executing hook 'PATH'
 * (exit code: N): its last words", with the place in config.json.  A caller that blocks the signals which end a
 * program gets an error when one of them is pending: the hook is killed, the signal stays pending. */
MUST_CHECK int hooks_run(const struct plan_hooks *hooks, const struct hook_scene *scene, struct error *err);

/* The same for poststop: every hook runs, a failure is a logged warning (runtime.md, Lifecycle 13). */
void hooks_run_all(const struct plan_hooks *hooks, const struct hook_scene *scene);

/* Appends the OCI state: HEAD (plan.state_head, a JSON object without its closing brace), the status that
 * belongs to KIND and PID as the hook sees it (0: left out). */
void hooks_state(struct buf *b, const char *head, enum plan_hook_kind kind, pid_t pid);
