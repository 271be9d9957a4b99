/* SPDX-License-Identifier: MIT */
/*
 * libseccomp leaves out the load of an argument that it believes to be loaded already. Where rules about
 * one argument are woven into each other (EQ 5, GT 8, LT 1) it can be wrong (2.5.4 is): one way leads to a
 * comparison with the upper half loaded, another with the lower one, and the filter answers what no rule
 * says. That is seen here, so that such a filter is refused and never loaded.
 */
#include "seccomp/seccomp.h"

#include <linux/filter.h>

/* What is loaded when an instruction is reached. */
struct loaded {
	uint32_t offset, mask;
	bool is_reached, is_mixed; /* mixed: it depends on the way */
};

static void arrive(struct loaded *at, const struct loaded *with)
{
	if (at->is_reached && (at->offset != with->offset || at->mask != with->mask))
		at->is_mixed = true;
	if (!at->is_reached)
		*at = *with;
	at->is_mixed = at->is_mixed || with->is_mixed;
}

/* False when it looks at something and nobody knows at what. */
static bool pass_on(const struct sock_filter *code, struct loaded *states, size_t i)
{
	struct loaded state = states[i];

	switch (BPF_CLASS(code[i].code)) {
	case BPF_RET:
		return true;
	case BPF_LD:
		state = (struct loaded){.offset = code[i].k, .mask = UINT32_MAX, .is_reached = true};
		break;
	case BPF_JMP:
		if (BPF_OP(code[i].code) == BPF_JA) {
			arrive(&states[i + 1 + code[i].k], &state);
			return true;
		}
		arrive(&states[i + 1 + code[i].jt], &state);
		arrive(&states[i + 1 + code[i].jf], &state);
		return !state.is_mixed;
	default:
		if (state.is_mixed)
			return false;
		state.mask &= code[i].k;
		break;
	}
	arrive(&states[i + 1], &state);
	return true;
}

int lc_seccomp_prove(const void *bytes, size_t size, struct lc_arena *arena)
{
	const struct sock_filter *code = bytes;
	size_t count = size / sizeof(*code);
	struct loaded *states = lc_arena_array(arena, count + 1, sizeof(*states));

	if (states == NULL)
		return -ENOMEM;
	states[0].is_reached = true;
	for (size_t i = 0; i < count; i++)
		if (states[i].is_reached && !pass_on(code, states, i))
			return -EBADMSG;
	return 0;
}
