/* SPDX-License-Identifier: MIT */
/*
 * Device rules → an eBPF program, attached to a directory of the unified tree: the kernel asks it
 * at each open and mknod of a device. It looks at the rules from the last one to the first; each
 * that fits settles its kinds of access, and when none is left, or one is denied, it answers. What
 * no rule settles is allowed, as in a cgroup without any program.
 *
 * Programs of cgroups above are asked too, and all must agree. Ours has a name of its own, so that a
 * change replaces it and nobody else's.
 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "cgroups/driver.h"
#include "sys/sys.h"

#include <linux/bpf.h>
#include <string.h>

#define PROGRAM_NAME "lc_devices"
#define ALL (LCT_DEVICE_READ | LCT_DEVICE_WRITE | LCT_DEVICE_MKNOD)
#define PROLOGUE 6
#define RULE_MAX 7 /* instructions of one rule */
#define EPILOGUE 2
#define PROGRAMS_MAX 64 /* attached to one cgroup: the kernel's own limit */

/* Registers: what is asked for, still unsettled; type; major; minor. R1 is the context. */
enum { ACCESS = BPF_REG_2, TYPE = BPF_REG_3, MAJOR = BPF_REG_4, MINOR = BPF_REG_5 };

struct code {
	struct bpf_insn *at;
};

static void emit(struct code *code, uint8_t op, int dst, int src, int16_t offset, int32_t value)
{
	*code->at++ = (struct bpf_insn){.code = op,
		.dst_reg = (uint8_t) (dst & 0xf),
		.src_reg = (uint8_t) (src & 0xf),
		.off = offset,
		.imm = value};
}

static void load(struct code *code, int to, size_t offset)
{
	emit(code, BPF_LDX | BPF_MEM | BPF_W, to, BPF_REG_1, (int16_t) offset, 0);
}

static void answer(struct code *code, int value)
{
	emit(code, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, value);
	emit(code, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* A jump over the rest of the rule, whose length is not known yet: offset 0 until then. */
static void unless(struct code *code, int reg, int32_t value)
{
	emit(code, BPF_JMP | BPF_JNE | BPF_K, reg, 0, 0, value);
}

/* Does it settle everything? */
static bool is_last(const struct lc_device_rule *rule)
{
	return rule->type == 'a' && rule->major == LCT_DEVICE_ANY &&
	       rule->minor == LCT_DEVICE_ANY && rule->access == ALL;
}

static void compile_rule(struct code *code, const struct lc_device_rule *rule)
{
	struct bpf_insn *first = code->at;

	if (rule->type != 'a')
		unless(code, TYPE, rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (rule->major != LCT_DEVICE_ANY)
		unless(code, MAJOR, rule->major);
	if (rule->minor != LCT_DEVICE_ANY)
		unless(code, MINOR, rule->minor);
	if (rule->access != ALL && rule->is_allowed) {
		emit(code, BPF_ALU64 | BPF_AND | BPF_K, ACCESS, 0, 0, (int32_t) ~rule->access);
		unless(code, ACCESS, 0);
	} else if (rule->access != ALL) { /* none of its bits: go on */
		emit(code, BPF_JMP | BPF_JSET | BPF_K, ACCESS, 0, 1, (int32_t) rule->access);
		emit(code, BPF_JMP | BPF_JA, 0, 0, 0, 0);
	}
	answer(code, rule->is_allowed);
	for (struct bpf_insn *i = first; i < code->at; i++)
		if (BPF_CLASS(i->code) == BPF_JMP && i->off == 0 && BPF_OP(i->code) != BPF_EXIT)
			i->off = (int16_t) (code->at - i - 1);
}

struct bpf_insn *lc_device_compile(
	const struct lc_device_rules *rules, struct lc_arena *arena, size_t *out_count)
{
	struct bpf_insn *start = lc_arena_array(
		arena, PROLOGUE + rules->count * RULE_MAX + EPILOGUE, sizeof(*start));
	struct code code = {start};
	bool settled = false;

	if (start == NULL)
		return NULL;
	load(&code, ACCESS, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit(&code, BPF_ALU64 | BPF_MOV | BPF_X, TYPE, ACCESS, 0, 0);
	emit(&code, BPF_ALU64 | BPF_AND | BPF_K, TYPE, 0, 0, 0xffff);
	emit(&code, BPF_ALU64 | BPF_RSH | BPF_K, ACCESS, 0, 0, 16);
	load(&code, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	load(&code, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	/* What cannot be reached must not be there: the kernel refuses it. */
	for (size_t i = rules->count; i > 0 && !settled; i--) {
		compile_rule(&code, &rules->items[i - 1]);
		settled = is_last(&rules->items[i - 1]);
	}
	if (!settled)
		answer(&code, 1);
	*out_count = (size_t) (code.at - start);
	return start;
}

/* The kernel's verifier gives up with EAGAIN when a signal is waiting: with one every millisecond it
 * would never be through. So they wait meanwhile. */
static int load_undisturbed(union bpf_attr *attr)
{
	const lc_sigset all = ~(lc_sigset) 0;
	lc_sigset old = 0;
	long r = lc_sys_sigprocmask(SIG_BLOCK, &all, &old);

	if (r < 0)
		return (int) r;
	r = lc_sys_bpf(BPF_PROG_LOAD, attr, sizeof(*attr));
	/* Past injection: leaving the host with all signals blocked is no way to fail. */
	(void) lc_arch_call(__NR_rt_sigprocmask, SIG_SETMASK, (long) &old, 0, sizeof(old), 0, 0);
	return (int) r;
}

static int load_program(const struct lc_device_rules *rules)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	union bpf_attr attr;
	size_t count;
	struct bpf_insn *program = lc_device_compile(rules, &arena, &count);

	if (program == NULL)
		return -ENOMEM;
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uint64_t) (uintptr_t) program;
	attr.insn_cnt = (uint32_t) count;
	attr.license = (uint64_t) (uintptr_t) "Dual MIT/GPL";
	memcpy(attr.prog_name, PROGRAM_NAME, sizeof(PROGRAM_NAME));
	return lc_fd_above_stdio(load_undisturbed(&attr));
}

static bool is_ours(int program)
{
	struct bpf_prog_info info;
	union bpf_attr attr;

	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t) program;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uint64_t) (uintptr_t) &info;
	return lc_sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) >= 0 &&
	       strcmp(info.name, PROGRAM_NAME) == 0;
}

/* A descriptor of our program on this cgroup; -ENOENT for none. */
static int find_program(int dirfd)
{
	uint32_t ids[PROGRAMS_MAX];
	union bpf_attr attr;
	long r;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t) dirfd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t) (uintptr_t) ids;
	attr.query.prog_cnt = PROGRAMS_MAX;
	r = lc_sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr));
	if (r < 0)
		return (int) r;
	for (uint32_t i = 0, count = attr.query.prog_cnt; i < count; i++) {
		int fd;

		memset(&attr, 0, sizeof(attr));
		attr.prog_id = ids[i];
		fd = lc_fd_above_stdio((int) lc_sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr, sizeof(attr)));
		if (fd == -ENOENT)
			continue; /* it has gone meanwhile */
		if (fd < 0 || is_ours(fd))
			return fd;
		lc_fd_close(&fd);
	}
	return -ENOENT;
}

/* `replaced` -1: beside those that are there. */
static int attach(int dirfd, int program, int replaced)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t) dirfd;
	attr.attach_bpf_fd = (uint32_t) program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (replaced >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t) replaced;
	}
	return (int) lc_sys_bpf(BPF_PROG_ATTACH, &attr, sizeof(attr));
}

static int detach(int dirfd, int program)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t) dirfd;
	attr.attach_bpf_fd = (uint32_t) program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	return (int) lc_sys_bpf(BPF_PROG_DETACH, &attr, sizeof(attr));
}

int lc_device_attach(int dirfd, const struct lc_device_rules *rules, int *out_before)
{
	LCT_CLEANUP(fd) int before = find_program(dirfd);
	LCT_CLEANUP(fd) int program = -1;
	int r;

	if (before < 0 && before != -ENOENT)
		return before;
	program = load_program(rules);
	if (program < 0)
		return program;
	r = attach(dirfd, program, before);
	if (r < 0)
		return r;
	*out_before = before >= 0 ? lc_take_fd(&before) : -1;
	return 0;
}

int lc_device_put_back(int dirfd, int before)
{
	LCT_CLEANUP(fd) int now = find_program(dirfd);

	if (now < 0)
		return now;
	return before >= 0 ? attach(dirfd, before, now) : detach(dirfd, now);
}
