/* SPDX-License-Identifier: MIT */
/*
 * What libseccomp has made of the rules about one call, asked: where ranges of one argument overlap it can
 * drop a rule (2.5.4 does), and the filter is sound as a program and answers the default where a rule says
 * something else. So the filter is run on the values at which rules change their minds, and on those beside
 * them. Which of several rules that hold counts is libseccomp's choice; that none counts is nobody's.
 */
#include "seccomp/answers.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

#define ARGUMENTS 6
#define POINTS_OF_CALL 4096 /* about so many for all rules of one call, */
#define POINTS_OF_RULE 16   /* but never fewer for each */

/* The answer of a program that jumps nowhere but forwards and looks at what it may: what prove.c has seen,
 * of libseccomp's writing. */
static uint32_t run(const struct sock_filter *code, size_t count, const struct seccomp_data *data)
{
	uint32_t loaded = 0;

	for (size_t i = 0; i < count; i++) {
		const struct sock_filter *at = &code[i];
		bool is_true = false;

		switch (BPF_CLASS(at->code)) {
		case BPF_RET:
			return at->k;
		case BPF_LD:
			if (at->k <= sizeof(*data) - sizeof(loaded))
				memcpy(&loaded, (const char *) data + at->k, sizeof(loaded));
			continue;
		case BPF_ALU:
			loaded &= at->k;
			continue;
		default:
			break;
		}
		switch (BPF_OP(at->code)) {
		case BPF_JA:
			i += at->k;
			continue;
		case BPF_JEQ:
			is_true = loaded == at->k;
			break;
		case BPF_JGT:
			is_true = loaded > at->k;
			break;
		case BPF_JGE:
			is_true = loaded >= at->k;
			break;
		default:
			is_true = (loaded & at->k) != 0;
			break;
		}
		i += is_true ? at->jt : at->jf;
	}
	return 0;
}

static bool holds(const struct lc_seccomp_arg *arg, uint64_t value)
{
	switch (arg->op[0] == 'M' ? 'M' : arg->op[0] + arg->op[1]) {
	case 'N' + 'E':
		return value != arg->value;
	case 'L' + 'T':
		return value < arg->value;
	case 'L' + 'E':
		return value <= arg->value;
	case 'E' + 'Q':
		return value == arg->value;
	case 'G' + 'E':
		return value >= arg->value;
	case 'G' + 'T':
		return value > arg->value;
	default:
		return (value & arg->value) == arg->value_two;
	}
}

static bool applies(const struct lc_seccomp_claim *claim, const struct seccomp_data *data)
{
	bool any = claim->args_count == 0, all = true;

	if (claim->number != data->nr)
		return false;
	for (size_t i = 0; i < claim->args_count; i++) {
		bool is_so = holds(&claim->args[i], data->args[claim->args[i].index]);

		any = any || is_so;
		all = all && is_so;
	}
	return claim->has_alternatives ? any : all;
}

/* A value with which a condition holds, where there is one. */
static uint64_t satisfying(const struct lc_seccomp_arg *arg)
{
	if (strcmp(arg->op, "GT") == 0 || strcmp(arg->op, "NE") == 0)
		return arg->value + 1;
	if (strcmp(arg->op, "LT") == 0)
		return arg->value - 1;
	return strcmp(arg->op, "MASKED_EQ") == 0 ? arg->value_two : arg->value;
}

struct question {
	const struct lc_seccomp_claims *claims;
	const struct sock_filter *code;
	size_t count;
	uint32_t default_action;
};

/* Is the answer one that a rule gives, or the default where none does? */
static bool is_answered(const struct question *question, const struct seccomp_data *data)
{
	const struct lc_seccomp_claims *claims = question->claims;
	uint32_t answer = run(question->code, question->count, data);
	bool is_said = false;

	for (size_t i = 0; i < claims->count; i++) {
		if (!applies(&claims->items[i], data))
			continue;
		if (claims->items[i].action == answer)
			return true;
		is_said = true;
	}
	return !is_said && answer == question->default_action;
}

/* Beside a value, and with the other half of it changed: a comparison is made of two. */
static bool vary(const struct question *question, struct seccomp_data data, const struct lc_seccomp_arg *arg)
{
	uint64_t half = UINT64_C(1) << 32, low = arg->value & (~arg->value + 1);
	const uint64_t values[] = {arg->value, arg->value + 1, arg->value - 1, arg->value + half,
		arg->value - half, arg->value_two, arg->value_two ^ low, arg->value_two | ~arg->value};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		data.args[arg->index] = values[i];
		if (!is_answered(question, &data))
			return false;
	}
	return true;
}

/* The argument of all rules of the call, around one at which this rule holds. */
static bool look_around(const struct question *question, const struct seccomp_data *data, size_t stride)
{
	const struct lc_seccomp_claims *claims = question->claims;
	size_t seen = 0;

	for (size_t i = 0; i < claims->count; i++) {
		const struct lc_seccomp_claim *other = &claims->items[i];

		for (size_t k = 0; other->number == data->nr && k < other->args_count; k++)
			if (seen++ % stride == 0 && !vary(question, *data, &other->args[k]))
				return false;
	}
	return is_answered(question, data);
}

static bool is_heard(const struct question *question, const struct lc_seccomp_claim *claim, uint32_t arch)
{
	const struct lc_seccomp_claims *claims = question->claims;
	struct seccomp_data data = {.nr = claim->number, .arch = arch};
	size_t conditions = 0, rules = 0, room, stride;

	for (size_t i = 0; i < claims->count; i++) {
		if (claims->items[i].number != claim->number)
			continue;
		rules++;
		conditions += claims->items[i].args_count;
	}
	room = POINTS_OF_CALL / rules;
	room = room < POINTS_OF_RULE ? POINTS_OF_RULE : room;
	stride = conditions * 8 / room + 1;
	for (size_t i = 0; i < claim->args_count; i++) {
		if (!claim->has_alternatives) {
			data.args[claim->args[i].index] = satisfying(&claim->args[i]);
			continue;
		}
		data.args[claim->args[i].index] = satisfying(&claim->args[i]);
		if (!look_around(question, &data, stride))
			return false;
	}
	return claim->has_alternatives || look_around(question, &data, stride);
}

const struct lc_seccomp_claim *lc_seccomp_unheard(const struct lc_seccomp_claims *claims, uint32_t arch,
	uint32_t default_action, const void *bytes, size_t size)
{
	struct question question = {
		.claims = claims, .code = bytes, .count = size / sizeof(struct sock_filter),
		.default_action = default_action};

	for (size_t i = 0; i < claims->count; i++)
		if (claims->items[i].number >= 0 && !is_heard(&question, &claims->items[i], arch))
			return &claims->items[i];
	return NULL;
}
