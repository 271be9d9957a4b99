/* SPDX-License-Identifier: MIT */
/*
 * Device rules, as the program of cgroup v2 and as the exceptions of v1 have them: an access is allowed
 * exactly when the last rule about each of its kinds says so, or none does.
 *
 * Input: rules of 5 bytes: allowed or not, type, major, minor (small, or any), access.
 */
#include "base/arena.h"
#include "cgroups/driver.h"
#include "fuzz.h"

#include <errno.h>
#include <linux/bpf.h>

#define RULES_MAX 24
#define RULE_SIZE 5
#define NUMBERS 5 /* majors and minors that are tried */
#define ALL 7u

static int number(struct fuzz_input *in)
{
	int byte = (int) fuzz_number(in, 1) % (NUMBERS + 1);

	return byte == NUMBERS ? LCT_DEVICE_ANY : byte;
}

static struct lc_device_rule rule(struct fuzz_input *in)
{
	static const char types[] = "abc";
	struct lc_device_rule one = {.is_allowed = fuzz_number(in, 1) % 2 == 1,
		.type = types[fuzz_number(in, 1) % 3]};

	one.major = number(in);
	one.minor = number(in);
	one.access = (unsigned) fuzz_number(in, 1) % ALL + 1;
	/* as validation has it: without a type there are no numbers */
	if (one.type == 'a')
		one.major = one.minor = LCT_DEVICE_ANY;
	return one;
}

static bool fits(const struct lc_device_rule *one, char type, int major, int minor)
{
	return (one->type == 'a' || one->type == type) &&
	       (one->major == LCT_DEVICE_ANY || one->major == major) &&
	       (one->minor == LCT_DEVICE_ANY || one->minor == minor);
}

/* Kind by kind of access. */
static bool expect(const struct lc_device_rules *rules, char type, int major, int minor, unsigned access)
{
	for (unsigned bit = 1; bit < ALL + 1; bit *= 2) {
		bool is_allowed = true;

		for (size_t i = 0; i < rules->count && (access & bit) != 0; i++)
			if ((rules->items[i].access & bit) != 0 &&
				fits(&rules->items[i], type, major, minor))
				is_allowed = rules->items[i].is_allowed;
		if (!is_allowed)
			return false;
	}
	return true;
}

/* The few instructions of eBPF that the program has. */
static bool run(const struct bpf_insn *code, size_t count, char type, int major, int minor, unsigned access)
{
	const struct bpf_cgroup_dev_ctx context = {
		.access_type = access << 16 | (type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
		.major = (uint32_t) major,
		.minor = (uint32_t) minor};
	uint64_t registers[11] = {0};

	for (size_t pc = 0; pc < count; pc++) {
		const struct bpf_insn *at = &code[pc];
		uint64_t *to = &registers[at->dst_reg], value = (uint64_t) (int64_t) at->imm;

		switch (at->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			MUST(at->src_reg == BPF_REG_1 && at->off >= 0 && (size_t) at->off + 4 <= sizeof(context));
			*to = *(const uint32_t *) ((const uint8_t *) &context + at->off);
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			*to = registers[at->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			*to = value;
			break;
		case BPF_ALU64 | BPF_AND | BPF_K:
			*to &= value;
			break;
		case BPF_ALU64 | BPF_RSH | BPF_K:
			*to >>= value;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			pc += *to != value ? (size_t) at->off : 0;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += (*to & value) != 0 ? (size_t) at->off : 0;
			break;
		case BPF_JMP | BPF_JA:
			pc += (size_t) at->off;
			break;
		case BPF_JMP | BPF_EXIT:
			return registers[0] != 0;
		default:
			MUST(!"an instruction that nobody wrote");
		}
	}
	MUST(!"a way out of the program");
	return false;
}

/* devcgroup_check_permission of the kernel: a whole access within one exception. */
static bool is_listed(const struct lc_device_list *list, char type, int major, int minor, unsigned access)
{
	for (size_t i = 0; i < list->count; i++)
		if (fits(&list->items[i], type, major, minor) &&
			(list->allows_all ? (list->items[i].access & access) != 0
					  : (access & ~list->items[i].access) == 0))
			return !list->allows_all;
	return list->allows_all;
}

void fuzz_devices(const uint8_t *data, size_t size)
{
	struct fuzz_input in = fuzz_input(data, size);
	struct lc_device_rule items[RULES_MAX];
	struct lc_device_rules rules = {.items = items};
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_device_list list;
	struct lc_error err;
	struct bpf_insn *code;
	size_t count;
	int r;

	for (; fuzz_left(&in) >= RULE_SIZE && rules.count < RULES_MAX; rules.count++)
		items[rules.count] = rule(&in);
	code = lc_device_compile(&rules, &arena, &count);
	MUST(code != NULL);
	r = lc_device_reduce(&rules, &arena, &list, &err);
	MUST(r == 0 || (r == -EINVAL && err.step == LCT_STEP_CONFIG));
	for (unsigned n = 0; n < 2 * NUMBERS * NUMBERS * ALL; n++) {
		char type = n % 2 == 0 ? 'b' : 'c';
		int major = (int) (n / 2 % NUMBERS), minor = (int) (n / 2 / NUMBERS % NUMBERS);
		unsigned access = n / 2 / NUMBERS / NUMBERS + 1;
		bool is_allowed = expect(&rules, type, major, minor, access);

		MUST(run(code, count, type, major, minor, access) == is_allowed);
		/* the kernel never asks for mknod and something else at once */
		MUST(r < 0 || (access > LCT_DEVICE_MKNOD && (access & LCT_DEVICE_MKNOD) != 0) ||
			is_listed(&list, type, major, minor, access) == is_allowed);
	}
	lc_arena_done(&arena);
}
