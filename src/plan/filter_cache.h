/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled seccomp programs by the digest of everything they were made from.
 *
 * An entry is a file of the cache directory named by its key.  It is used only if it is a regular file of
 * ours that nobody else can write, of the right size, and its checksum over key and content holds; anything
 * else counts as absent and is replaced.  Entries appear whole (temporary name, O_EXCL, rename).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"

struct arena;
struct oci_seccomp;
struct filter_options;
struct plan_filter;

/* The name of the program that S gives under OPTIONS: hashes the whole object but the listener's address and
 * metadata (they do not reach the program and differ for each container), our format, LIBRARY (name, version and
 * native architecture of the compiler), kernel and machine.  False: no key can be made, so there is no cache. */
MUST_CHECK bool filter_cache_key(const struct oci_seccomp *s, const struct filter_options *options, const char *library,
				 uint8_t ret[DIGEST_SIZE]);

/* Fills out->n and out->insns (in ARENA) from the cache directory DIR.  False: not there, or not to be trusted. */
bool filter_cache_lookup(int dir, const uint8_t key[DIGEST_SIZE], struct arena *arena, struct plan_filter *out);

/* Keeps out->insns.  Failures are ignored but for a debug line.  A directory that has grown past its limit is
 * emptied first. */
void filter_cache_store(int dir, const uint8_t key[DIGEST_SIZE], const struct plan_filter *filter);
