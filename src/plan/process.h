/* SPDX-License-Identifier: Apache-2.0 */
/* Who the container's process is: arguments, identity, privileges, scheduling.
 *
 * Turns the "process" object (and two small ones of "linux" that concern the process) into struct
 * plan_process.  Pure: no system calls, memory from the arena.  Values that the specification wants as
 * errors are errors; capabilities that cannot be granted are dropped with a warning (config.md, process).
 * A string property that is present but empty (apparmorProfile, selinuxLabel, cpu lists, nodes) counts as
 * absent: engines written in Go produce both.  Nothing in the result points into P.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct arena;
struct oci_capabilities;
struct oci_memory_policy;
struct oci_personality;
struct oci_process;
struct plan_process;

/* Free places kept behind the last entry of env.v, for what the runtime adds: HOME, LISTEN_FDS, LISTEN_PID,
 * LISTEN_FDNAMES, NOTIFY_SOCKET. */
enum { PLAN_ENV_ROOM = 8 };

/* Fills OUT (zeroed by the caller) from P.  AT names the object in errors ("process").  LAST_CAP is the
 * highest capability of the running kernel (/proc/sys/kernel/cap_last_cap).
 *
 * args may be absent (out->args.n is 0; start refuses), but not empty.  When HOME is absent or empty,
 * out->set_home is true and env holds no HOME.  keep_groups and seccomp are not touched. */
MUST_CHECK int plan_process(struct arena *arena, const struct oci_process *p, const char *at,
			    unsigned last_cap, struct plan_process *out, struct error *err);

/* linux.personality and linux.memoryPolicy; either may be NULL: nothing is done. */
MUST_CHECK int plan_personality(const struct oci_personality *p, struct plan_process *out, struct error *err);
MUST_CHECK int plan_memory_policy(struct arena *arena, const struct oci_memory_policy *m,
				  struct plan_process *out, struct error *err);

/* "UID[:GID]" of exec --user: decimal digits alone, 4294967295 refused (CVE-2026-30892, CVE-2026-46680: never a
 * name, never a wrapped number).  *RET_GID is untouched when there is no ":GID". */
MUST_CHECK int plan_user_from_string(const char *s, uint32_t *ret_uid, uint32_t *ret_gid, struct error *err);

/* The highest capability of the running kernel, as libcap found out when the program started. */
int plan_last_cap(void);

/* "CAP_CHOWN" for 0; a number for what libcap does not know. */
#define PLAN_CAP_NAME 32
void plan_capability_name(int cap, char name[PLAN_CAP_NAME]);

/* exec --cap: sets the bit of capability NAME in *SET, or warns and leaves it when the kernel or we do not
 * know it.  AT names the list in the warning. */
void plan_add_capability(const char *name, unsigned last_cap, const char *at, uint64_t *set);

/* Is NAME a capability ("CAP_KILL")?  When not, NEAR is the one that was meant, "" when none is near. */
bool plan_capability_known(const char *name, char *near, size_t size);

/* Drops what no kernel grants, with a warning each: effective beyond permitted, inheritable beyond bounding,
 * ambient beyond permitted and inheritable.  plan_process() has done it; call it after adding any. */
void plan_fix_capabilities(uint64_t caps[], const char *at);

/* Drops what the caller cannot grant because it does not have it, with a warning each.  Not for a process in a user
 * namespace of its own, where all of them are there. */
void plan_grant_capabilities(uint64_t caps[], uint64_t missing, const char *at);

/* One more "KEY=VALUE" of the runtime's own (ENTRY is copied): replaces the entry of that key, else comes last.
 * PLAN_ENV_ROOM places stay free.  For lists from outside: append them to the process object's env instead, the
 * last entry of a key wins there. */
void plan_env_set(struct arena *arena, struct plan_process *p, const char *entry);

/* Part of plan_process(): scheduler, ioPriority and execCPUAffinity (placement.c). */
MUST_CHECK int plan_placement(struct arena *arena, const struct oci_process *p, const char *at,
			      struct plan_process *out, struct error *err);

/* Part of plan_process(): the five sets of C, which may be NULL (capabilities.c). */
void plan_capabilities(const struct oci_capabilities *c, unsigned last_cap, const char *at,
		       struct plan_process *out);

/* fail_at() for AT.MEMBER; the message begins with MEMBER. */
__attribute__((format(printf, 4, 5))) int plan_refuse(struct error *err, const char *at, const char *member,
						      const char *fmt, ...);
