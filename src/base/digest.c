/* SPDX-License-Identifier: Apache-2.0 */
/* BLAKE2b-256, written from RFC 7693; sequential, no key. */
#include "digest.h"

#include <string.h>

static const uint64_t iv[8] = {
	UINT64_C(0x6a09e667f3bcc908), UINT64_C(0xbb67ae8584caa73b), UINT64_C(0x3c6ef372fe94f82b),
	UINT64_C(0xa54ff53a5f1d36f1), UINT64_C(0x510e527fade682d1), UINT64_C(0x9b05688c2b3e6c1f),
	UINT64_C(0x1f83d9abfb41bd6b), UINT64_C(0x5be0cd19137e2179),
};

/* Order in which each round takes the words of the message; rounds 10 and 11 repeat 0 and 1. */
static const uint8_t sigma[10][16] = {
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
	{11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
	{7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
	{9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
	{2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
	{12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
	{13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
	{6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
	{10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

#define ALWAYS_INLINE __attribute__((always_inline)) inline

ALWAYS_INLINE static uint64_t rotate(uint64_t v, unsigned n)
{
	return v >> n | v << (64 - n);
}

static uint64_t load_le(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
	       (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	       (uint64_t)p[7] << 56;
}

ALWAYS_INLINE static void mix(uint64_t *v, int a, int b, int c, int d, uint64_t x, uint64_t y)
{
	v[a] += v[b] + x;
	v[d] = rotate(v[d] ^ v[a], 32);
	v[c] += v[d];
	v[b] = rotate(v[b] ^ v[c], 24);
	v[a] += v[b] + y;
	v[d] = rotate(v[d] ^ v[a], 16);
	v[c] += v[d];
	v[b] = rotate(v[b] ^ v[c], 63);
}

ALWAYS_INLINE static void mix_round(uint64_t *v, const uint64_t *m, int round)
{
	const uint8_t *s = sigma[round];

	mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
	mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
	mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
	mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
	mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
	mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
	mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
	mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
}

static void compress(struct digest *d, const uint8_t *block, int last)
{
	uint64_t v[16], m[16];

	for (int i = 0; i < 16; i++)
		m[i] = load_le(block + (size_t)8 * (size_t)i);
	memcpy(v, d->h, sizeof(d->h));
	memcpy(v + 8, iv, sizeof(iv));
	v[12] ^= d->total; /* the high half of the counter stays 0: nobody hashes 2^64 bytes */
	if (last)
		v[14] = ~v[14];
	/* Twelve calls with a constant: the compiler then knows every index, which makes this four times as
	 * fast as a loop over the table. */
	mix_round(v, m, 0);
	mix_round(v, m, 1);
	mix_round(v, m, 2);
	mix_round(v, m, 3);
	mix_round(v, m, 4);
	mix_round(v, m, 5);
	mix_round(v, m, 6);
	mix_round(v, m, 7);
	mix_round(v, m, 8);
	mix_round(v, m, 9);
	mix_round(v, m, 0);
	mix_round(v, m, 1);
	for (int i = 0; i < 8; i++)
		d->h[i] ^= v[i] ^ v[i + 8];
}

void digest_init(struct digest *d)
{
	memset(d, 0, sizeof(*d));
	memcpy(d->h, iv, sizeof(iv));
	d->h[0] ^= 0x01010000 ^ DIGEST_SIZE; /* sequential mode, no key, this output size */
}

void digest_bytes(struct digest *d, const void *data, size_t n)
{
	const uint8_t *p = data;

	while (n > 0) {
		size_t part = DIGEST_BLOCK - d->used;

		/* A full block waits: the last one is compressed with a mark, and only final() knows it. */
		if (part == 0) {
			d->total += DIGEST_BLOCK;
			compress(d, d->block, 0);
			d->used = 0;
			continue;
		}
		if (part > n)
			part = n;
		memcpy(d->block + d->used, p, part);
		d->used += part;
		p += part;
		n -= part;
	}
}

void digest_piece(struct digest *d, const void *data, size_t n)
{
	uint64_t length = data ? n : UINT64_MAX;
	uint8_t head[8];

	for (int i = 0; i < 8; i++)
		head[i] = (uint8_t)(length >> (8 * i));
	digest_bytes(d, head, sizeof(head));
	if (data)
		digest_bytes(d, data, n);
}

void digest_string(struct digest *d, const char *s)
{
	digest_piece(d, s, s ? strlen(s) : 0);
}

void digest_final(struct digest *d, uint8_t ret[DIGEST_SIZE])
{
	d->total += d->used;
	memset(d->block + d->used, 0, DIGEST_BLOCK - d->used);
	compress(d, d->block, 1);
	for (int i = 0; i < DIGEST_SIZE; i++)
		ret[i] = (uint8_t)(d->h[i / 8] >> (8 * (i % 8)));
}
