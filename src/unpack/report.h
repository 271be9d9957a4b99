/* SPDX-License-Identifier: MIT */
/*
 * What this program tells the host, through its stdout: records of a length (four bytes, little endian),
 * a letter and texts that end with NUL each. The host believes none of it further than it can check.
 *
 *	P entries bytes read      progress: entries made, bytes written, bytes of the archive read
 *	M name type size link     a member of an archive that holds an image; type is f, d, l, h or o
 *	T bytes                   a part of a member's content
 *	S what path               left out: what it is, and whose
 *	D entries bytes plain raw done, with digests
 *	E kind entry text errno   failed, and this is the last one
 */
#ifndef LCT_UNPACK_REPORT_H
#define LCT_UNPACK_REPORT_H

#include <stddef.h>
#include <stdint.h>

/* One record of `count` texts. Ends the program when nobody reads. */
void lc_report(char letter, size_t count, const char *const texts[]);
/* Bytes of a member. */
void lc_report_bytes(const void *bytes, size_t size);
void lc_report_progress(uint64_t entries, uint64_t bytes, uint64_t read);
/* It has come to its end. The digests are those of what was read without and with its compression, "" when
 * they are not known. */
void lc_report_done(uint64_t entries, uint64_t bytes, const char *plain, const char *raw);
/*
 * What went wrong, and the end of this program. `kind` is one of: "usage", "library", "archive", "path",
 * "size", "entries", "ids", "system", "member". `entry` is "" when it is about none; `errnum` 0 for no errno.
 */
_Noreturn void lc_report_failure(const char *kind, const char *entry, const char *text, int errnum);

#endif
