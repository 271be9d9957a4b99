/* SPDX-License-Identifier: MIT */
/*
 * Limits and device rules without a kernel: scales, what a list of rules becomes for v1, and the
 * device program, run here on every combination of a few devices and compared with the rules
 * themselves.
 */
#include "test.h"

#include "cgroups/driver.h"

#include <linux/bpf.h>
#include <string.h>

#define RWM (LCT_DEVICE_READ | LCT_DEVICE_WRITE | LCT_DEVICE_MKNOD)
#define ANY LCT_DEVICE_ANY
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define RULES(...)                                                                                 \
	(struct lc_device_rules)                                                                   \
	{                                                                                          \
		(const struct lc_device_rule[]){__VA_ARGS__},                                      \
			COUNT(((const struct lc_device_rule[]){__VA_ARGS__})), false               \
	}
#define ALLOW(type_, major_, minor_, access_)                                                      \
	{.is_allowed = true, .type = type_, .major = major_, .minor = minor_, .access = access_}
#define DENY(type_, major_, minor_, access_)                                                       \
	{.is_allowed = false, .type = type_, .major = major_, .minor = minor_, .access = access_}
#define DENY_ALL DENY('a', ANY, ANY, RWM)

static void test_scales(struct test *t)
{
	bool fits = true, is_inverse = true;

	OK(lc_cgroup_weight(2) == 1 && lc_cgroup_weight(1024) == 100 &&
			lc_cgroup_weight(262144) == 10000,
		"[O92] minimum, default and maximum of cpu_shares meet those of cpu.weight");
	for (uint64_t shares = 3, before = 1; shares <= 262144; shares += 61) {
		uint64_t weight = lc_cgroup_weight(shares);

		fits = fits && weight >= before && weight <= 10000;
		before = weight;
	}
	OK(fits, "[O92] more shares never give less weight, and it stays in 1..10000");
	for (uint64_t weight = 1; weight <= 10000; weight += 7)
		is_inverse = is_inverse && lc_cgroup_weight(lc_cgroup_shares(weight)) >= weight &&
			     lc_cgroup_weight(lc_cgroup_shares(weight)) <= weight + 1;
	OK(is_inverse && lc_cgroup_shares(100) <= 1024 && lc_cgroup_shares(1) == 2,
		"[O92] cpu_weight comes back from the shares that it is converted to");
	OK(lc_cgroup_io_weight(10) == 1 && lc_cgroup_io_weight(1000) == 10000 &&
			lc_cgroup_io_weight(500) == 4950,
		"[O96] blkio_weight 10..1000 is io.weight 1..10000");
}

/* --- what the rules say: the last one that names a kind of access settles it --- */

static bool names(const struct lc_device_rule *rule, char type, int major, int minor)
{
	return (rule->type == 'a' || rule->type == type) &&
	       (rule->major == ANY || rule->major == major) &&
	       (rule->minor == ANY || rule->minor == minor);
}

static bool says(const struct lc_device_rules *rules, char type, int major, int minor,
	unsigned access)
{
	for (unsigned bit = 1; bit <= LCT_DEVICE_WRITE; bit <<= 1) {
		bool is_allowed = true;

		for (size_t i = 0; i < rules->count; i++)
			if ((rules->items[i].access & bit) != 0 &&
				names(&rules->items[i], type, major, minor))
				is_allowed = rules->items[i].is_allowed;
		if ((access & bit) != 0 && !is_allowed)
			return false;
	}
	return true;
}

/* The few instructions that the program is made of; -1 for one that is none of them. */
static int run(const struct bpf_insn *code, size_t count, const struct bpf_cgroup_dev_ctx *context)
{
	uint64_t reg[11] = {0};

	for (size_t at = 0, steps = 0; at < count && steps < 10000; at++, steps++) {
		const struct bpf_insn *i = &code[at];
		uint64_t *dst = &reg[i->dst_reg];
		bool jumps = false;

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			*dst = *(const uint32_t *) (const void *) ((const char *) context + i->off);
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			*dst = reg[i->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			*dst = (uint64_t) (int64_t) i->imm;
			break;
		case BPF_ALU64 | BPF_AND | BPF_K:
			*dst &= (uint64_t) (int64_t) i->imm;
			break;
		case BPF_ALU64 | BPF_RSH | BPF_K:
			*dst >>= i->imm;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			jumps = *dst != (uint64_t) (int64_t) i->imm;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			jumps = (*dst & (uint64_t) (int64_t) i->imm) != 0;
			break;
		case BPF_JMP | BPF_JA:
			jumps = true;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int) reg[0];
		default:
			return -1;
		}
		at += jumps ? (size_t) i->off : 0;
	}
	return -1;
}

static bool program_agrees(const struct lc_device_rules *rules)
{
	struct lc_arena arena = LCT_ARENA_INIT;
	size_t count;
	struct bpf_insn *code = lc_device_compile(rules, &arena, &count);
	static const int numbers[] = {0, 1, 3, 5, 136, 4095};
	bool agrees = code != NULL;

	for (unsigned n = 0; agrees && n < 2 * COUNT(numbers) * COUNT(numbers) * 8; n++) {
		bool is_block = (n & 1) != 0;
		unsigned access = (n >> 1 & 7) % 7 + 1;
		int major = numbers[(n >> 4) % COUNT(numbers)];
		int minor = numbers[(n >> 4) / COUNT(numbers)];
		struct bpf_cgroup_dev_ctx context = {
			.access_type = access << 16 |
				       (uint32_t) (is_block ? BPF_DEVCG_DEV_BLOCK
							    : BPF_DEVCG_DEV_CHAR),
			.major = (uint32_t) major,
			.minor = (uint32_t) minor,
		};

		agrees = run(code, count, &context) ==
			 says(rules, is_block ? 'b' : 'c', major, minor, access);
	}
	lc_arena_done(&arena);
	return agrees;
}

static void test_program(struct test *t)
{
	const struct lc_device_rules lists[] = {
		{NULL, 0, false},
		RULES(DENY_ALL),
		RULES(DENY_ALL, ALLOW('c', 1, 3, RWM), ALLOW('c', 136, ANY, RWM)),
		RULES(DENY_ALL, ALLOW('c', 1, ANY, RWM), DENY('c', 1, 3, LCT_DEVICE_WRITE)),
		RULES(DENY('b', ANY, ANY, RWM), ALLOW('b', 5, 1, LCT_DEVICE_READ)),
		RULES(DENY_ALL, ALLOW('a', ANY, ANY, LCT_DEVICE_MKNOD),
			ALLOW('c', ANY, 5, LCT_DEVICE_READ | LCT_DEVICE_WRITE)),
		RULES(ALLOW('c', 1, 3, LCT_DEVICE_READ), DENY_ALL),
		RULES(DENY_ALL, ALLOW('c', 5, 0, LCT_DEVICE_READ), ALLOW('c', 5, 0, LCT_DEVICE_WRITE),
			DENY('c', ANY, 0, LCT_DEVICE_READ), ALLOW('b', 0, 0, RWM)),
		RULES(ALLOW('a', ANY, ANY, RWM), DENY('a', ANY, ANY, LCT_DEVICE_WRITE)),
	};
	bool agrees = true;

	for (size_t i = 0; i < COUNT(lists); i++)
		agrees = agrees && program_agrees(&lists[i]);
	OK(agrees, "[O101] the device program says of every device what the rules say, in order");
}

/* As the kernel looks into the exceptions of a v1 cgroup: one of them must hold all of the access, or,
 * where they forbid, none may hold any of it. */
static bool list_says(const struct lc_device_list *list, char type, int major, int minor,
	unsigned access)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct lc_device_rule *item = &list->items[i];
		bool holds = list->allows_all ? (access & item->access) != 0
					      : (access & ~item->access) == 0;

		if (names(item, type, major, minor) && holds)
			return !list->allows_all;
	}
	return list->allows_all;
}

static bool list_agrees(const struct lc_device_rules *rules)
{
	static const unsigned ways[] = {LCT_DEVICE_READ, LCT_DEVICE_WRITE,
		LCT_DEVICE_READ | LCT_DEVICE_WRITE, LCT_DEVICE_MKNOD};
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_device_list list;
	bool agrees = true;

	if (lc_device_reduce(rules, &arena, &list, NULL) == 0)
		for (unsigned n = 0; agrees && n < 2 * 4 * 4 * COUNT(ways); n++) {
			char type = (n & 1) != 0 ? 'b' : 'c';
			int major = (int) (n >> 1 & 3), minor = (int) (n >> 3 & 3);
			unsigned access = ways[n >> 5];

			agrees = list_says(&list, type, major, minor, access) ==
				 says(rules, type, major, minor, access);
		}
	lc_arena_done(&arena);
	return agrees;
}

static unsigned number_below(unsigned limit, unsigned *chance)
{
	*chance = *chance * 1103515245u + 12345u;
	return (*chance >> 16) % limit;
}

static struct lc_device_rule rule_of(unsigned *chance)
{
	struct lc_device_rule rule = {.type = "abccc"[number_below(5, chance)]};

	rule.is_allowed = number_below(3, chance) > 0;
	rule.access = 1 + number_below(RWM, chance);
	rule.major = rule.type == 'a' ? ANY : (int) number_below(4, chance) - 1;
	rule.minor = rule.type == 'a' ? ANY : (int) number_below(4, chance) - 1;
	return rule;
}

static void test_any_rules(struct test *t)
{
	const struct lc_device_rules halves = RULES(
		DENY_ALL, ALLOW('c', 1, ANY, LCT_DEVICE_READ), ALLOW('c', 1, 2, LCT_DEVICE_WRITE));
	unsigned chance = 1;
	bool agrees = true;

	OK(list_agrees(&halves),
		"[O101] reading by one rule and writing by another is both at once on v1");
	for (int round = 0; agrees && round < 20000; round++) {
		struct lc_device_rule rules[7] = {DENY_ALL};
		const struct lc_device_rules list = {rules, COUNT(rules), false};

		for (size_t i = round & 1; i < COUNT(rules); i++)
			rules[i] = rule_of(&chance);
		agrees = list_agrees(&list) && (round % 100 != 0 || program_agrees(&list));
	}
	OK(agrees, "[O101] whatever the rules are, v1's list and the device program say what they say");
}

static bool reduces(const struct lc_device_rules *rules, bool allows_all, size_t count)
{
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_device_list list;
	bool fits = lc_device_reduce(rules, &arena, &list, NULL) == 0 &&
		    list.allows_all == allows_all && list.count == count;

	lc_arena_done(&arena);
	return fits;
}

static void test_lists(struct test *t)
{
	const struct lc_device_rules merged = RULES(DENY_ALL, ALLOW('c', 1, 3, LCT_DEVICE_READ),
		ALLOW('c', 1, 3, LCT_DEVICE_WRITE), ALLOW('b', 8, 0, RWM));
	const struct lc_device_rules taken = RULES(DENY_ALL, ALLOW('c', 1, 3, RWM),
		ALLOW('c', 1, 5, RWM), DENY('c', 1, ANY, LCT_DEVICE_READ | LCT_DEVICE_WRITE),
		DENY('c', 1, 5, LCT_DEVICE_MKNOD));
	const struct lc_device_rules both =
		RULES(DENY_ALL, ALLOW('a', ANY, ANY, LCT_DEVICE_MKNOD));
	const struct lc_device_rules open = RULES(DENY_ALL, ALLOW('c', 1, 3, RWM),
		ALLOW('a', ANY, ANY, RWM), DENY('b', ANY, ANY, LCT_DEVICE_WRITE));
	const struct lc_device_rules hole =
		RULES(DENY_ALL, ALLOW('c', 1, ANY, RWM), {.type = 'c', .major = 1, .minor = 3,
			.access = LCT_DEVICE_WRITE, .item = 2});
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_device_list list;
	struct lc_error err;

	OK(reduces(&merged, false, 2), "[O101] rules for one device become one exception");
	OK(reduces(&taken, false, 1), "[O101] a later rule takes away what an earlier one gave");
	OK(reduces(&both, false, 2), "[O101] a part of every device is two exceptions");
	OK(reduces(&open, true, 1), "[O101] allowing everything forgets what was before");
	OK(lc_device_reduce(&hole, &arena, &list, &err) == -EINVAL &&
			strncmp(err.subject, "cgroups.devices[2]", 18) == 0,
		"[O101] a hole in what is allowed is refused for v1, naming the rule");
	lc_arena_done(&arena);
}

/* --- the lines for v1 --- */

static void put_devices(struct lc_cgroup_writes *writes, struct lc_arena *arena,
	struct lc_device_rules before, struct lc_device_rules now, bool is_fresh)
{
	const struct lc_resources resources = {.devices = now, .devices_before = before};

	*writes = (struct lc_cgroup_writes){.arena = arena, .is_fresh = is_fresh};
	(void) lc_device_put_v1(writes, 0, &resources, NULL);
}

static bool is_write(const struct lc_cgroup_writes *writes, size_t index, const char *file,
	const char *text)
{
	return index < writes->count && strcmp(writes->items[index].file, file) == 0 &&
	       strcmp(writes->items[index].text, text) == 0;
}

static void test_lines(struct test *t)
{
	const struct lc_device_rules few =
		RULES(DENY_ALL, ALLOW('c', 1, 3, RWM), ALLOW('b', 8, ANY, LCT_DEVICE_READ));
	const struct lc_device_rules other = RULES(DENY_ALL, ALLOW('c', 1, 3, LCT_DEVICE_READ),
		ALLOW('c', 1, 5, RWM), ALLOW('b', 8, ANY, LCT_DEVICE_READ));
	const struct lc_device_rules open = RULES(DENY('b', 8, 0, RWM));
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_cgroup_writes writes;

	put_devices(&writes, &arena, (struct lc_device_rules){NULL, 0, false}, few, true);
	OK(writes.count == 2 && is_write(&writes, 0, "devices.deny", "a") &&
			is_write(&writes, 1, "devices.allow", "c 1:3 rwm\nb 8:* r"),
		"[O101] a new cgroup denies everything and allows the exceptions");
	put_devices(&writes, &arena, few, other, false);
	OK(writes.count == 2 && is_write(&writes, 0, "devices.allow", "c 1:5 rwm") &&
			is_write(&writes, 1, "devices.deny", "c 1:3 wm"),
		"[D13] a change is the difference alone, what is allowed anew first");
	put_devices(&writes, &arena, few, few, false);
	OK(writes.count == 0, "[D13] no change is no write");
	put_devices(&writes, &arena, few, open, false);
	OK(writes.count == 3 && is_write(&writes, 0, "devices.allow", "a") &&
			is_write(&writes, 2, "devices.deny", "b 8:0 rwm") &&
			strcmp(writes.items[1].undo_text, "a") == 0 &&
			strcmp(writes.items[1].undo_file, "devices.deny") == 0 &&
			strcmp(writes.items[0].undo_file, "devices.allow") == 0 &&
			strcmp(writes.items[0].undo_text, "c 1:3 rwm\nb 8:* r") == 0,
		"[L45] another default is put back with the exceptions that it had");
	lc_arena_done(&arena);
}

/* A suite: test_main.c calls it. */
void test_cgroup_limits(struct test *t);
void test_cgroup_limits(struct test *t)
{
	test_scales(t);
	test_program(t);
	test_any_rules(t);
	test_lists(t);
	test_lines(t);
}
