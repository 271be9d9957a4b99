/* SPDX-License-Identifier: MIT */
/* Whether a compiled filter answers what the rules say that it was made of. */
#ifndef LCT_SECCOMP_ANSWERS_H
#define LCT_SECCOMP_ANSWERS_H

#include "seccomp/seccomp.h"

/* What one rule says of one call. */
struct lc_seccomp_claim {
	size_t rule;   /* which of the profile */
	const char *name;
	int number;    /* of the native architecture, negative for none */
	uint32_t action; /* what the filter returns */
	const struct lc_seccomp_arg *args;
	size_t args_count;
	bool has_alternatives; /* any of them, and not all */
};

struct lc_seccomp_claims {
	struct lc_seccomp_claim *items;
	size_t count, room;
};

/*
 * The first claim near which the filter answers what no rule says: NULL for none. `bytes` is what
 * lc_seccomp_prove has passed, `arch` the native architecture.
 */
const struct lc_seccomp_claim *lc_seccomp_unheard(const struct lc_seccomp_claims *claims, uint32_t arch,
	uint32_t default_action, const void *bytes, size_t size);

#endif
