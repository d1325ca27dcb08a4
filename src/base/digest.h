/* SPDX-License-Identifier: Apache-2.0 */
/* BLAKE2b (RFC 7693) with 32 bytes of output: names for things by all that went into them.
 *
 * Pieces are hashed with their length in front, so that no two different sequences of pieces give the
 * same stream.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_SIZE = 32, DIGEST_BLOCK = 128 };

struct digest {
	uint64_t h[8], total;
	uint8_t block[DIGEST_BLOCK];
	size_t used;
};

void digest_init(struct digest *d);
/* The bytes as they are. */
void digest_bytes(struct digest *d, const void *data, size_t n);
/* The length as eight bytes, then the bytes; NULL differs from an empty piece. */
void digest_piece(struct digest *d, const void *data, size_t n);
void digest_string(struct digest *d, const char *s); /* piece without the NUL; NULL is allowed */
void digest_final(struct digest *d, uint8_t ret[DIGEST_SIZE]);
