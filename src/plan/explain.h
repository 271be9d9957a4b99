/* SPDX-License-Identifier: MIT */
/* A plan as rows of text, driven by ops.def alone (host only). */
#ifndef LCT_PLAN_EXPLAIN_H
#define LCT_PLAN_EXPLAIN_H

#include "plan/plan.h"

struct lc_explain_row {
	uint32_t index;
	const char *op, *step, *meaning;
	char operands[1024]; /* "target=/proc flags=0x3", cut with "…" where longer */
};

/* Render `record` of an opened plan as row number `index`. */
void lc_explain(const struct lc_plan *plan, uint32_t index, const struct lc_plan_record *record,
	struct lc_explain_row *out);

#endif
