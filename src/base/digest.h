/* SPDX-License-Identifier: MIT */
/*
 * Digests that images name their parts by, "sha256:" or "sha512:" and hexadecimal digits. SHA-256 is written here
 * (base/sha256.h). SHA-512, which hardly an image uses, is libnettle's, loaded when it is asked for: libarchive
 * of Debian needs that library too, so it is there wherever layers can be read.
 */
#ifndef LCT_BASE_DIGEST_H
#define LCT_BASE_DIGEST_H

#include "base/sha256.h"

#define LCT_DIGEST_PACKAGE "libnettle8"
#define LCT_DIGEST_SHA256 "sha256"
#define LCT_DIGEST_TEXT 136 /* the longest, with its end */
#define LCT_DIGEST_STATE 64 /* of libnettle's SHA-512, in words of 64 bits: it has 27 */

struct lc_nettle_hash;

struct lc_digest {
	const struct lc_nettle_hash *nettle; /* NULL: it is SHA-256 */
	union {
		struct lc_sha256 sha256;
		uint64_t nettle[LCT_DIGEST_STATE];
	} state;
};

/* 0, -EINVAL for an algorithm that is not known, -ELIBACC without the library, -ELIBBAD when it is another one. */
int lc_digest_init(struct lc_digest *digest, const char *algorithm);
void lc_digest_update(struct lc_digest *digest, const void *data, size_t size);
/* "sha256:0123…" of all that it was given. `digest` has to be initialised again afterwards. */
void lc_digest_final(struct lc_digest *digest, char out[LCT_DIGEST_TEXT]);

#endif
