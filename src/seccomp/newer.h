/* SPDX-License-Identifier: MIT */
/* What compile.c needs of newer.c. */
#ifndef LCT_SECCOMP_NEWER_H
#define LCT_SECCOMP_NEWER_H

#include "base/arena.h"
#include "base/error.h"
#include <stdint.h>

/* The highest number that the rules of a filter name, of one architecture (AUDIT_ARCH_*). */
struct lc_seccomp_newest {
	uint32_t architecture, number;
};

/* Put in front of a filter: numbers above those are ENOSYS. *bytes and *size are the new ones, in
 * `arena`; -ENOMEM is the only failure. */
int lc_seccomp_hide_newer(const struct lc_seccomp_newest *newest, size_t count,
	struct lc_arena *arena, const void **bytes, size_t *size);

#endif
