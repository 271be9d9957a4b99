/* SPDX-License-Identifier: MIT */
/*
 * A seccomp profile, compiled and run on calls: it answers as its rules read. A call has one rule here, or
 * several that each want one value of the same argument: what libseccomp makes of more is its own choice.
 *
 * Input: the default (1 byte), then rules: call, how many conditions (1 byte each), and for each condition:
 * argument, comparison, value and mask (1 byte each, of a table).
 */
#include "base/arena.h"
#include "bpf.h"
#include "seccomp/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>

#define RULES_MAX 8
#define ARGS_MAX 3

static const char *const calls[] = {"getpid", "ioctl", "clone", "personality", "socket", "openat"};
static const char *const comparisons[] = {"NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"};
static const uint64_t values[] = {0, 1, 2, 5, 0x5412, 0x7fffffff, 0x80000000, 0xffffffff,
	UINT64_C(0x100000000), UINT64_C(0x100000005), UINT64_C(0xffffffff00000000),
	UINT64_C(0x7fffffffffffffff), UINT64_C(0x8000000000000000), UINT64_MAX - 1, UINT64_MAX};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct profile {
	struct lc_seccomp_rule rules[RULES_MAX];
	struct lc_seccomp_arg args[RULES_MAX][ARGS_MAX];
	size_t calls[RULES_MAX], count;
};

/* One condition, EQ, and on the argument of the rules before. */
static bool may_be_joined(const struct profile *of, size_t one, size_t other)
{
	for (size_t n = one;; n = other) {
		if (of->rules[n].args_count != 1 || strcmp(of->args[n][0].op, "EQ") != 0 ||
			of->args[n][0].index != of->args[one][0].index)
			return false;
		if (n == other)
			return true;
	}
}

static void read_rule(struct fuzz_input *in, struct profile *to)
{
	size_t n = to->count, call = fuzz_number(in, 1) % COUNT(calls);

	to->calls[n] = call;
	to->rules[n] = (struct lc_seccomp_rule){.names = &calls[call],
		.names_count = 1,
		.action = "errno",
		.errno_ret = (unsigned) call + 10,
		.args = to->args[n],
		.args_count = fuzz_number(in, 1) % (ARGS_MAX + 1)};
	for (size_t i = 0; i < to->rules[n].args_count; i++) {
		struct lc_seccomp_arg *arg = &to->args[n][i];

		arg->index = (unsigned) fuzz_number(in, 1) % 6;
		arg->op = comparisons[fuzz_number(in, 1) % COUNT(comparisons)];
		arg->value = values[fuzz_number(in, 1) % COUNT(values)];
		arg->value_two = values[fuzz_number(in, 1) % COUNT(values)] & arg->value;
		/* two conditions on one argument become two rules: seccomp.h */
		for (size_t k = 0; k < i; k++)
			if (to->args[n][k].index == arg->index)
				to->rules[n].args_count = i;
	}
	to->count++;
	for (size_t k = 0; k < n; k++)
		if (to->calls[k] == call && !may_be_joined(to, k, n))
			to->count = n;
}

static bool holds(const struct lc_seccomp_arg *arg, uint64_t is)
{
	const char *op = arg->op;

	return strcmp(op, "NE") == 0   ? is != arg->value
	       : strcmp(op, "LT") == 0 ? is < arg->value
	       : strcmp(op, "LE") == 0 ? is <= arg->value
	       : strcmp(op, "EQ") == 0 ? is == arg->value
	       : strcmp(op, "GE") == 0 ? is >= arg->value
	       : strcmp(op, "GT") == 0 ? is > arg->value
				       : (is & arg->value) == arg->value_two;
}

/* A profile that refuses by default was written before the calls above all of those that it names. */
static bool is_newer(const struct profile *from, size_t call)
{
	int number = seccomp_syscall_resolve_name(calls[call]);

	for (size_t n = 0; n < from->count; n++)
		if (number <= seccomp_syscall_resolve_name(calls[from->calls[n]]))
			return false;
	return from->count > 0;
}

static uint32_t expect(const struct profile *from, size_t call, const uint64_t *args, uint32_t otherwise)
{
	if (otherwise != SECCOMP_RET_ALLOW && is_newer(from, call))
		return SECCOMP_RET_ERRNO | ENOSYS;
	for (size_t n = 0; n < from->count; n++) {
		bool all = from->calls[n] == call;

		for (size_t i = 0; i < from->rules[n].args_count; i++)
			all = all && holds(&from->args[n][i], args[from->args[n][i].index]);
		if (all)
			return SECCOMP_RET_ERRNO | (uint32_t) (call + 10);
	}
	return otherwise;
}

/* Calls with values at which some rule changes its mind, and those beside them. */
static void compare(const struct profile *from, const struct sock_filter *code, size_t count,
	uint32_t otherwise)
{
	uint32_t arch = seccomp_arch_native();

	for (size_t call = 0; call < COUNT(calls); call++) {
		for (size_t n = 0; n < COUNT(values) * 3 * COUNT(values); n++) {
			struct seccomp_data data = {
				.nr = seccomp_syscall_resolve_name(calls[call]), .arch = arch};
			uint64_t args[6];

			for (size_t i = 0; i < 6; i++)
				args[i] = values[(n / 3 + i * (n / 3 / COUNT(values))) % COUNT(values)] +
					  n % 3 - 1;
			memcpy(data.args, args, sizeof(args));
			MUST(fuzz_bpf_run(code, count, &data) == expect(from, call, args, otherwise));
		}
	}
}

void fuzz_profile(const uint8_t *data, size_t size)
{
	struct fuzz_input in = fuzz_input(data, size);
	bool is_allowed = fuzz_number(&in, 1) % 2 == 0;
	struct profile profile = {.count = 0};
	struct lc_seccomp_profile of = {
		.default_action = is_allowed ? "allow" : "errno", .default_errno_ret = 1};
	struct lc_arena arena = LCT_ARENA_INIT;
	const void *code;
	size_t bytes;
	int r;

	(void) seccomp_api_set(5);
	while (fuzz_left(&in) >= 2 && profile.count < RULES_MAX)
		read_rule(&in, &profile);
	of.rules = profile.rules;
	of.rules_count = profile.count;
	r = lc_seccomp_compile(&of, &arena, &code, &bytes, NULL);
	MUST(r == 0);
	compare(&profile, code, bytes / sizeof(struct sock_filter),
		is_allowed ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | EPERM);
	lc_arena_done(&arena);
}
