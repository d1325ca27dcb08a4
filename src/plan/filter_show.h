/* SPDX-License-Identifier: Apache-2.0 */
/* A seccomp profile as people and as programs read it. */
#pragma once

struct arena;
struct buf;
struct oci_seccomp;
struct plan_filter;

/* Rules by action, names in the order of the profile, conditions in words; then what the compiled program costs.  S may
 * be NULL: a program that came ready-made. */
void filter_show_text(struct buf *b, struct arena *arena, const struct oci_seccomp *s,
		      const struct plan_filter *program);

/* The same as one JSON object with a newline. */
void filter_show_json(struct buf *b, const struct oci_seccomp *s,
		      const struct plan_filter *program);
