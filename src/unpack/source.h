/* SPDX-License-Identifier: MIT */
/*
 * Where entries come from. An archive is read in two steps: one takes the compression off, whatever it is,
 * and one reads tar, and nothing but tar. What goes from one to the other is counted against a limit and
 * hashed, so that the digest of the uncompressed archive is known and a bomb is met before it is parsed.
 * An archive in an archive (a layer in a docker-archive) is the same once more, its input being a member.
 */
#ifndef LCT_UNPACK_SOURCE_H
#define LCT_UNPACK_SOURCE_H

#include "base/digest.h"
#include "unpack/library.h"

#define LCT_SOURCE_CHUNK 65536

struct lc_source {
	const struct lc_archive_library *library;
	int fd;                   /* input; -1: the member that `outer` stands at */
	struct lc_source *outer;
	uint64_t read;            /* of the input */
	struct lc_digest raw;     /* digest of a member as it is */
	const char *raw_by;       /* its algorithm; NULL is SHA-256 */
	struct archive *filter;
	struct archive *tar;
	uint64_t plain;           /* bytes without compression */
	uint64_t plain_limit;
	bool pads;                /* the last block may be cut short */
	struct lc_digest digest;  /* of those */
	const char *digest_by;
	char chunk[LCT_SOURCE_CHUNK], plain_chunk[LCT_SOURCE_CHUNK];
};

/* lc_digest_init, NULL being SHA-256. A failure ends the program. */
void lc_source_begin_digest(struct lc_digest *digest, const char *algorithm);
/* Open the archive that `fd` or, when that is -1, `outer` gives. Failures of this file end the program. */
void lc_source_open(struct lc_source *source);
/* The next entry, NULL at the end. */
struct archive_entry *lc_source_next(struct lc_source *source);
/* Read what follows the last entry, and give the digest of all that the archive is, without its compression
 * and, of a member, with it ("" else). */
void lc_source_finish(struct lc_source *source, char out[LCT_DIGEST_TEXT], char out_raw[LCT_DIGEST_TEXT]);

/* After a call of the library answered less than LCT_ARCHIVE_WARN: tell why, and end. */
_Noreturn void lc_source_fail(const struct lc_archive_library *library, struct archive *a,
	const char *entry);

#endif
