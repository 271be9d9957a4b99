/* SPDX-License-Identifier: MIT */
/*
 * SHA-256 (FIPS 180-4): what nearly all images name their parts by. Written here, because the kernel's AF_ALG is not
 * in every kernel and forbidden by the default filter, libarchive offers none to its users, and a library
 * more for these lines would be one more that has to be there.
 */
#ifndef LCT_BASE_SHA256_H
#define LCT_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define LCT_SHA256_TEXT 65 /* in hexadecimal, with its end */

struct lc_sha256 {
	uint32_t state[8];
	uint64_t size; /* bytes so far */
	uint8_t block[64];
};

void lc_sha256_init(struct lc_sha256 *hash);
void lc_sha256_update(struct lc_sha256 *hash, const void *data, size_t size);
/* The digest of all that it was given, in lower case. `hash` has to be initialised again afterwards. */
void lc_sha256_final(struct lc_sha256 *hash, char out[LCT_SHA256_TEXT]);

#endif
