/* SPDX-License-Identifier: MIT */
/*
 * The filter compiler, judged by what its filters answer: a small interpreter of the kernel's BPF
 * runs them on calls, and the answers are compared with the rules read by hand. Nothing is loaded,
 * so nothing here needs privileges.
 *
 * Proves [A26] [A34] [D9] [O107] [O108] [O109] [O110] [O111].
 */
#include "base/cleanup.h"
#include "seccomp/seccomp.h"
#include "seccomp_profile.inc"
#include "test.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BROKEN 0xdeadbeefu

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#else
#define NATIVE AUDIT_ARCH_RISCV64
#endif
#define ERRNO(number) (SECCOMP_RET_ERRNO | (number))

struct filter {
	const struct sock_filter *code;
	size_t count;
};

/* One instruction that ends nothing: false for one that this interpreter does not know. */
static bool step(
	const struct sock_filter *i, const struct seccomp_data *data, uint32_t *a, size_t *pc)
{
	bool taken;

	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		if (i->k % 4 != 0 || i->k + 4 > sizeof(*data))
			return false;
		memcpy(a, (const char *) data + i->k, 4);
		return true;
	case BPF_ALU | BPF_AND | BPF_K:
		*a &= i->k;
		return true;
	case BPF_JMP | BPF_JA:
		*pc += i->k;
		return true;
	case BPF_JMP | BPF_JEQ | BPF_K:
		taken = *a == i->k;
		break;
	case BPF_JMP | BPF_JGT | BPF_K:
		taken = *a > i->k;
		break;
	case BPF_JMP | BPF_JGE | BPF_K:
		taken = *a >= i->k;
		break;
	default:
		return false;
	}
	*pc += taken ? i->jt : i->jf;
	return true;
}

static uint32_t run(struct filter filter, const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < filter.count; pc++) {
		if (filter.code[pc].code == (BPF_RET | BPF_K))
			return filter.code[pc].k;
		if (!step(&filter.code[pc], data, &a, &pc))
			return BROKEN;
	}
	return BROKEN;
}

/* The answer to a call of the native architecture with two arguments. */
static uint32_t ask(struct filter filter, int nr, uint64_t arg0, uint64_t arg1)
{
	struct seccomp_data data = {.nr = nr, .arch = NATIVE, .args = {arg0, arg1}};

	return run(filter, &data);
}

static struct filter default_filter(void)
{
	size_t size = 0;
	const void *bytes = lc_seccomp_default(&size);

	return (struct filter){bytes, size / sizeof(struct sock_filter)};
}

/* --- the rules, read by hand --- */

static bool holds(const struct lc_seccomp_arg *arg, const uint64_t *args)
{
	uint64_t is = args[arg->index];

	if (strcmp(arg->op, "NE") == 0)
		return is != arg->value;
	if (strcmp(arg->op, "LT") == 0)
		return is < arg->value;
	if (strcmp(arg->op, "LE") == 0)
		return is <= arg->value;
	if (strcmp(arg->op, "EQ") == 0)
		return is == arg->value;
	if (strcmp(arg->op, "GE") == 0)
		return is >= arg->value;
	if (strcmp(arg->op, "GT") == 0)
		return is > arg->value;
	return (is & arg->value) == arg->value_two;
}

static uint32_t answer(const char *action, unsigned number)
{
	return strcmp(action, "allow") == 0 ? SECCOMP_RET_ALLOW : ERRNO(number);
}

/* The first rule that names the call and whose conditions all hold. */
static uint32_t expected(
	const struct lc_seccomp_profile *from, const char *name, const uint64_t *args)
{
	for (size_t r = 0; r < from->rules_count; r++) {
		const struct lc_seccomp_rule *rule = &from->rules[r];
		bool named = false, all = true;

		for (size_t n = 0; n < rule->names_count; n++)
			named = named || strcmp(rule->names[n], name) == 0;
		for (size_t i = 0; i < rule->args_count; i++)
			all = all && holds(&rule->args[i], args);
		if (named && all)
			return answer(rule->action, rule->errno_ret);
	}
	return answer(from->default_action, from->default_errno_ret);
}

/* clang-format off */
#define CALL(name) {#name, __NR_##name}
static const struct {
	const char *name;
	int nr;
} calls[] = {
	CALL(read), CALL(write), CALL(openat), CALL(openat2), CALL(close), CALL(mmap),
	CALL(mprotect), CALL(brk), CALL(rt_sigaction), CALL(rt_sigreturn), CALL(ioctl),
	CALL(socket), CALL(connect), CALL(clone), CALL(clone3), CALL(execve), CALL(execveat),
	CALL(exit_group), CALL(wait4), CALL(kill), CALL(fcntl), CALL(personality), CALL(mount),
	CALL(umount2), CALL(pivot_root), CALL(move_mount), CALL(open_tree), CALL(mount_setattr),
	CALL(setns), CALL(unshare), CALL(bpf), CALL(perf_event_open), CALL(keyctl),
	CALL(userfaultfd), CALL(io_uring_setup), CALL(io_uring_enter), CALL(reboot),
	CALL(init_module), CALL(finit_module), CALL(kexec_load), CALL(open_by_handle_at),
	CALL(ptrace), CALL(chroot), CALL(sethostname), CALL(clock_settime), CALL(settimeofday),
	CALL(getrandom), CALL(statx), CALL(futex), CALL(landlock_create_ruleset),
};
/* clang-format on */

static void every_listed_call(struct test *t)
{
	/* Values at which some rule of the profile changes its mind, and their neighbours. */
	static const uint64_t values[] = {
		0,
		1,
		2,
		8,
		17,
		37,
		38,
		39,
		40,
		41,
		0x5401,
		0x5411,
		0x5412,
		0x5413,
		0x541b,
		0x541c,
		0x541d,
		0x20000,
		0x20008,
		0x1200011,
		0x3d0f00,
		0x10000000,
		0x10000011,
		0x7e020000,
		0x80,
		0x80000000,
		0xffffffff,
		UINT64_C(0x100000000),
		UINT64_C(0x100000026),
		UINT64_C(0x100000028),
		UINT64_C(0x100005412),
		UINT64_C(0xffffffff0000541c),
		UINT64_C(0x8000000010000011),
		UINT64_MAX,
	};
	struct filter filter = default_filter();
	unsigned wrong = 0;

	for (size_t c = 0; c < COUNT(calls); c++) {
		for (size_t i = 0; i < COUNT(values) * COUNT(values); i++) {
			uint64_t args[6] = {values[i / COUNT(values)], values[i % COUNT(values)]};

			if (ask(filter, calls[c].nr, args[0], args[1]) !=
				expected(&default_profile, calls[c].name, args))
				wrong++;
		}
	}
	OK(wrong == 0, "the default filter answers as its rules read [O109]");
}

static void default_verdicts(struct test *t)
{
	struct filter filter = default_filter();

	OK(ask(filter, __NR_read, 0, 0) == SECCOMP_RET_ALLOW, "read passes");
	OK(ask(filter, __NR_mount, 0, 0) == ERRNO(EPERM), "mount is EPERM");
	OK(ask(filter, 100000, 0, 0) == ERRNO(ENOSYS), "an unknown number is ENOSYS [O111]");
	OK(ask(filter, 467, 0, 0) == ERRNO(ENOSYS), "a newer call is ENOSYS [O111]");
	OK(ask(filter, __NR_clone3, 0, 0) == ERRNO(ENOSYS), "clone3 is ENOSYS [O111]");
	OK(ask(filter, __NR_clone, 0x1200011, 0) == SECCOMP_RET_ALLOW, "fork passes");
	OK(ask(filter, __NR_clone, 0x3d0f00, 0) == SECCOMP_RET_ALLOW, "a thread passes");
	OK(ask(filter, __NR_clone, 0x10000011, 0) == ERRNO(EPERM),
		"a user namespace by clone is EPERM");
	OK(ask(filter, __NR_clone, UINT64_C(0x100020011), 0) == ERRNO(EPERM),
		"a mount namespace by clone is EPERM whatever the upper bits are");
	OK(ask(filter, __NR_ioctl, 0, 0x5401) == SECCOMP_RET_ALLOW, "TCGETS passes");
	OK(ask(filter, __NR_ioctl, 0, UINT64_C(0xffffffff80045430)) == SECCOMP_RET_ALLOW,
		"a sign-extended request passes");
	OK(ask(filter, __NR_ioctl, 0, 0x5412) == ERRNO(EPERM), "TIOCSTI is EPERM [A26]");
	OK(ask(filter, __NR_ioctl, 0, 0x541c) == ERRNO(EPERM), "TIOCLINUX is EPERM [A26]");
	OK(ask(filter, __NR_ioctl, 0, UINT64_C(0x100005412)) == ERRNO(EPERM),
		"TIOCSTI with an upper bit is EPERM [A34]");
	OK(ask(filter, __NR_socket, 1, 1) == SECCOMP_RET_ALLOW, "AF_UNIX passes");
	OK(ask(filter, __NR_socket, 38, 5) == ERRNO(EPERM), "AF_ALG is EPERM");
	OK(ask(filter, __NR_socket, UINT64_C(0xf00000028), 1) == ERRNO(EPERM),
		"AF_VSOCK is EPERM, upper bits or not [A34]");
	OK(ask(filter, __NR_personality, 0xffffffff, 0) == SECCOMP_RET_ALLOW,
		"asking for the personality passes");
	OK(ask(filter, __NR_personality, 0x40000, 0) == ERRNO(EPERM),
		"switching off address randomisation is EPERM");
}

static void other_architectures(struct test *t)
{
	struct filter filter = default_filter();
	struct seccomp_data data = {.nr = __NR_read, .arch = AUDIT_ARCH_S390X};

	OK(run(filter, &data) == SECCOMP_RET_KILL_PROCESS, "a foreign architecture dies [O108]");
#if defined(__x86_64__)
	OK(ask(filter, __NR_read | 0x40000000, 0, 0) == SECCOMP_RET_KILL_PROCESS,
		"the x32 number of read dies [D9]");
	data = (struct seccomp_data){.nr = 7, .arch = AUDIT_ARCH_I386};
	OK(run(filter, &data) == SECCOMP_RET_ALLOW, "waitpid of x86 passes [O108]");
	data = (struct seccomp_data){.nr = 21, .arch = AUDIT_ARCH_I386};
	OK(run(filter, &data) == ERRNO(EPERM), "mount of x86 is EPERM [D9]");
	data = (struct seccomp_data){.nr = 54, .arch = AUDIT_ARCH_I386, .args = {0, 0x5412}};
	OK(run(filter, &data) == ERRNO(EPERM), "TIOCSTI of x86 is EPERM [A26]");
	data = (struct seccomp_data){.nr = 120, .arch = AUDIT_ARCH_I386, .args = {0x20011}};
	OK(run(filter, &data) == ERRNO(EPERM), "a mount namespace by clone of x86 is EPERM");
	data = (struct seccomp_data){.nr = 359, .arch = AUDIT_ARCH_I386, .args = {38}};
	OK(run(filter, &data) == ERRNO(EPERM), "AF_ALG of x86 is EPERM");
	data = (struct seccomp_data){.nr = 359, .arch = AUDIT_ARCH_I386, .args = {1}};
	OK(run(filter, &data) == SECCOMP_RET_ALLOW, "AF_UNIX of x86 passes");
	data = (struct seccomp_data){.nr = 102, .arch = AUDIT_ARCH_I386, .args = {1}};
	OK(run(filter, &data) == ERRNO(EPERM), "socketcall is no way to AF_ALG");
#endif
}

/* --- filters of our own --- */

static const char *const names_getpid[] = {"getpid"};
static const char *const names_foo[] = {"getpid", "foo"};

/* A filter with one rule on getpid, errno 7, in a profile that allows by default. */
static struct filter one_rule(
	const struct lc_seccomp_arg *args, size_t count, struct lc_arena *arena)
{
	struct lc_seccomp_rule rule = {names_getpid, 1, "errno", 7, args, count};
	struct lc_seccomp_profile of = {"allow", 1, NULL, 0, &rule, 1};
	const void *bytes = NULL;
	size_t size = 0;

	if (lc_seccomp_compile(&of, arena, &bytes, &size, NULL) < 0)
		return (struct filter){NULL, 0};
	return (struct filter){bytes, size / sizeof(struct sock_filter)};
}

static void comparisons(struct test *t)
{
	static const char *const ops[] = {"NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"};
	static const uint64_t limits[] = {
		0, 5, 0xffffffff, UINT64_C(0x100000005), UINT64_C(0x8000000000000000), UINT64_MAX};

	for (size_t o = 0; o < COUNT(ops); o++) {
		unsigned wrong = 0;

		for (size_t l = 0; l < COUNT(limits) * COUNT(limits) * 3; l++) {
			LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
			uint64_t limit = limits[l / 3 / COUNT(limits)];
			struct lc_seccomp_arg arg = {0, limit, limit & 0x100000001, ops[o]};
			uint64_t is = limits[l / 3 % COUNT(limits)] + l % 3 - 1;
			uint32_t want = holds(&arg, &is) ? ERRNO(7) : SECCOMP_RET_ALLOW;

			if (ask(one_rule(&arg, 1, &arena), __NR_getpid, is, 0) != want)
				wrong++;
		}
		OK(wrong == 0, "a comparison is right on 64 bits [D9] [O109]");
	}
}

static void several_conditions(struct test *t)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	static const struct lc_seccomp_arg both[] = {
		{0, UINT64_C(0x100000001), 0, "EQ"}, {1, 2, 0, "GT"}};
	static const struct lc_seccomp_arg either[] = {{0, 3, 0, "EQ"}, {0, 5, 0, "EQ"}};
	struct filter filter = one_rule(both, 2, &arena);

	OK(ask(filter, __NR_getpid, UINT64_C(0x100000001), 3) == ERRNO(7),
		"two arguments: both hold [O109]");
	OK(ask(filter, __NR_getpid, UINT64_C(0x100000001), 2) == SECCOMP_RET_ALLOW,
		"two arguments: the second does not hold [D9]");
	OK(ask(filter, __NR_getpid, 1, 3) == SECCOMP_RET_ALLOW,
		"two arguments: the first holds in its lower half only [D9]");
	filter = one_rule(either, 2, &arena);
	OK(ask(filter, __NR_getpid, 3, 0) == ERRNO(7), "one argument twice: the first [O109]");
	OK(ask(filter, __NR_getpid, 5, 0) == ERRNO(7), "one argument twice: the second [O109]");
	OK(ask(filter, __NR_getpid, 4, 0) == SECCOMP_RET_ALLOW,
		"one argument twice: neither [O109]");
}

/* Rules on one argument of one call that libseccomp 2.5.4 weaves into a filter that answers otherwise. */
static void woven_rules(struct test *t)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	static const struct lc_seccomp_arg args[] = {
		{0, 5, 0, "EQ"}, {0, UINT64_C(0x100000005), 0, "GT"}, {0, 1, 0, "LT"}};
	static const uint64_t values[] = {0, 1, 3, 4, 5, 6, 0xffffffff, UINT64_C(0x100000005),
		UINT64_C(0x100000006), UINT64_MAX};
	struct lc_seccomp_rule rules[3];
	struct lc_seccomp_profile of = {.default_action = "allow", .rules = rules, .rules_count = 3};
	struct lc_error err = {0};
	const void *bytes = NULL;
	size_t size = 0;
	unsigned wrong = 0;
	int r;

	for (size_t i = 0; i < 3; i++)
		rules[i] = (struct lc_seccomp_rule){.names = names_getpid, .names_count = 1,
			.action = "errno", .errno_ret = 7, .args = &args[i], .args_count = 1};
	r = lc_seccomp_compile(&of, &arena, &bytes, &size, &err);
	for (size_t i = 0; r == 0 && i < COUNT(values); i++) {
		bool is_named = holds(&args[0], &values[i]) || holds(&args[1], &values[i]) ||
				holds(&args[2], &values[i]);

		wrong += ask((struct filter){bytes, size / sizeof(struct sock_filter)}, __NR_getpid,
				 values[i], 0) != (is_named ? ERRNO(7) : SECCOMP_RET_ALLOW);
	}
	OK(wrong == 0 && (r == 0 || (r == -EBADMSG && err.step == LCT_STEP_SECCOMP)),
		"rules that libseccomp mixes up are refused, not loaded [D9] [F14]");
}

/* Of GE 3, and GT 0 together with another argument, libseccomp 2.5.4 forgets the second below 3. */
static void overlapping(struct test *t)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	static const struct lc_seccomp_arg high[] = {{0, 3, 0, "GE"}};
	static const struct lc_seccomp_arg low[] = {{0, 0, 0, "GT"}, {1, 3, 0, "GT"}};
	const struct lc_seccomp_rule rules[] = {
		{.names = names_getpid, .names_count = 1, .action = "errno", .errno_ret = 11, .args = high,
			.args_count = 1},
		{.names = names_getpid, .names_count = 1, .action = "errno", .errno_ret = 12, .args = low,
			.args_count = 2}};
	const struct lc_seccomp_profile of = {.default_action = "allow", .rules = rules, .rules_count = 2};
	struct lc_error err = {0};
	const void *bytes = NULL;
	size_t size = 0;
	int r = lc_seccomp_compile(&of, &arena, &bytes, &size, &err);

	OK((r == -EBADMSG && strcmp(err.subject, "seccomp.syscalls[2].args: getpid") == 0) ||
			(r == 0 && ask((struct filter){bytes, size / sizeof(struct sock_filter)}, __NR_getpid,
					   1, 4) == ERRNO(12)),
		"a rule that libseccomp loses is missed, and named [D9] [F14]");
}

static void proving(struct test *t)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	static const struct sock_filter mixed[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 20),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 1, 0, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct filter filter = default_filter();

	OK(lc_seccomp_prove(mixed, sizeof(mixed), &arena) == -EBADMSG,
		"a comparison that looks at one half or the other is found");
	OK(lc_seccomp_prove(mixed + 2, 3 * sizeof(*mixed), &arena) == 0 &&
			lc_seccomp_prove(filter.code, filter.count * sizeof(*filter.code), &arena) == 0,
		"and nothing else is");
}

static void actions(struct test *t)
{
	static const struct {
		const char *name;
		uint32_t answer;
	} all[] = {
		{"allow", SECCOMP_RET_ALLOW},
		{"errno", ERRNO(38)},
		{"trap", SECCOMP_RET_TRAP},
		{"kill_thread", SECCOMP_RET_KILL_THREAD},
		{"log", SECCOMP_RET_LOG},
		{"kill_process", SECCOMP_RET_KILL_PROCESS},
		{"trace", SECCOMP_RET_TRACE | 38},
		{"notify", SECCOMP_RET_USER_NOTIF},
	};

	for (size_t i = 0; i < COUNT(all); i++) {
		LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
		struct lc_seccomp_rule rule = {names_getpid, 1, all[i].name, 38, NULL, 0};
		struct lc_seccomp_profile of = {"errno", 1, NULL, 0, &rule, 1};
		const void *bytes = NULL;
		size_t size = 0;
		int r = lc_seccomp_compile(&of, &arena, &bytes, &size, NULL);
		struct filter filter = {bytes, size / sizeof(struct sock_filter)};

		OK(r == 0 && ask(filter, __NR_getpid, 0, 0) == all[i].answer,
			"an action means what it says [O110]");
		OK(r == 0 && ask(filter, __NR_sched_yield, 0, 0) == ERRNO(1),
			"a call without a rule gets the default [O107]");
	}
}

/* Numbers above all that are named: absent where the default is an errno, and nothing but that. */
static void newer_calls(struct test *t)
{
	static const struct {
		const char *action;
		unsigned number;
		uint32_t above, below;
	} all[] = {
		{"errno", 1, ERRNO(38), ERRNO(1)},
		{"errno", 13, ERRNO(38), ERRNO(13)},
		{"errno", 38, ERRNO(38), ERRNO(38)},
		{"kill_process", 1, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_PROCESS},
		{"trap", 1, SECCOMP_RET_TRAP, SECCOMP_RET_TRAP},
		{"allow", 1, SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW},
	};
	static const char *const families[] = {"x86", "arm", "x32"};

	for (size_t i = 0; i < COUNT(all); i++) {
		LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
		struct lc_seccomp_rule rule = {names_getpid, 1, "log", 1, NULL, 0};
		struct lc_seccomp_profile of = {
			all[i].action, all[i].number, families, COUNT(families), &rule, 1};
		const void *bytes = NULL;
		size_t size = 0;
		int r = lc_seccomp_compile(&of, &arena, &bytes, &size, NULL);
		struct filter filter = {bytes, size / sizeof(struct sock_filter)};

		OK(r == 0 && ask(filter, __NR_getpid, 0, 0) == SECCOMP_RET_LOG,
			"the newest call that is named has its rule [O111]");
		OK(r == 0 && ask(filter, __NR_getpid + 1, 0, 0) == all[i].above &&
				ask(filter, 5000, 0, 0) == all[i].above,
			"a newer one is absent where the default is an errno [O111]");
		OK(r == 0 && ask(filter, __NR_sched_yield, 0, 0) == all[i].below,
			"an older one has the default [O111]");
#if defined(__x86_64__)
		struct seccomp_data other = {.nr = 20 /* getpid of x86 */, .arch = AUDIT_ARCH_I386};

		OK(r == 0 && run(filter, &other) == SECCOMP_RET_LOG, "so it is of others [O111]");
		other.nr = 21;
		OK(r == 0 && run(filter, &other) == all[i].above, "by their own numbers [O111]");
		OK(r == 0 && ask(filter, 0x40000000 + __NR_getpid, 0, 0) == SECCOMP_RET_LOG,
			"x32 is looked at by the filter itself [O108]");
#endif
	}
}

static bool refused(struct lc_seccomp_profile of, const char *subject)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_error err = {0};
	const void *bytes = NULL;
	size_t size = 0;

	return lc_seccomp_compile(&of, &arena, &bytes, &size, &err) == -EINVAL && bytes == NULL &&
	       err.step == LCT_STEP_SECCOMP && strcmp(err.subject, subject) == 0;
}

static void bad_profiles(struct test *t)
{
	static const char *const natives[] = {"x86", "x86_64", "arm", "z80"};
	static const struct lc_seccomp_arg bad_op = {0, 0, 0, "EQUALS"};
	static const struct lc_seccomp_arg bad_index = {6, 0, 0, "EQ"};
	struct lc_seccomp_rule rules[] = {
		{names_getpid, 1, "allow", 1, NULL, 0}, /* the default again: skipped */
		{names_foo, 2, "errno", 1, NULL, 0},
	};
	struct lc_seccomp_profile of = {"allow", 1, NULL, 0, rules, 2};

	OK(refused(of, "seccomp.syscalls[2].names: foo"), "an unknown call is named");
	rules[1] = (struct lc_seccomp_rule){names_foo, 2, "allow", 1, NULL, 0};
	OK(refused(of, "seccomp.syscalls[2].names: foo"), "in a rule that is skipped, too");
	rules[1] = (struct lc_seccomp_rule){names_getpid, 1, "shout", 1, NULL, 0};
	OK(refused(of, "seccomp.syscalls[2].action: shout"), "an unknown action is named");
	rules[1] = (struct lc_seccomp_rule){names_getpid, 1, "errno", 1, &bad_op, 1};
	OK(refused(of, "seccomp.syscalls[2].args: EQUALS"), "an unknown comparison is named");
	rules[1] = (struct lc_seccomp_rule){names_getpid, 1, "errno", 1, &bad_index, 1};
	OK(refused(of, "seccomp.syscalls[2].args: EQ"), "a seventh argument is refused");
	of = (struct lc_seccomp_profile){"allow", 1, natives, 4, NULL, 0};
	OK(refused(of, "seccomp.architectures[4]: z80"), "an unknown architecture is named [O108]");
	of = (struct lc_seccomp_profile){"errno", 5000, NULL, 0, NULL, 0};
	OK(refused(of, "seccomp.default_action"), "an errno beyond 4095 is refused [O107]");
	OK(lc_seccomp_knows("read") && lc_seccomp_knows("waitpid") && !lc_seccomp_knows("foo") &&
			!lc_seccomp_knows(NULL),
		"names are known or not");
}

/* --- shortening --- */

#define LONG 3000u

static uint32_t draw(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* A program as libseccomp might dream it: looks at the number, or at what it has loaded last, from
 * anywhere, and jumps anywhere forwards. */
static void dream(struct sock_filter *out, unsigned count, uint32_t *seed)
{
	static const unsigned short compare[] = {BPF_JEQ, BPF_JGT, BPF_JGE};

	out[0] = (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
	for (unsigned i = 1; i < count; i++) {
		unsigned left = count - 1 - i, far = left < 255 ? left : 255, what = draw(seed) % 32;

		if (left == 0 || what == 0)
			out[i] = (struct sock_filter) BPF_STMT(
				BPF_RET | BPF_K, ERRNO(draw(seed) % 5));
		else if (what == 1)
			out[i] = (struct sock_filter) BPF_STMT(
				BPF_LD | BPF_W | BPF_ABS, draw(seed) % 3 * 16);
		else if (what == 2)
			out[i] = (struct sock_filter) BPF_STMT(
				BPF_JMP | BPF_JA, draw(seed) % left);
		else
			out[i] = (struct sock_filter) BPF_JUMP(
				(unsigned short) (BPF_JMP | BPF_K | compare[draw(seed) % 3]),
				draw(seed) % 600, draw(seed) % 3 ? 0 : draw(seed) % far,
				draw(seed) % 3 ? 0 : draw(seed) % far);
	}
}

static unsigned count_differences(struct filter one, struct filter other)
{
	unsigned wrong = 0;

	for (uint32_t nr = 0; nr < 620; nr++)
		for (uint64_t arg = 0; arg < 620; arg += 93) {
			struct seccomp_data data = {
				.nr = (int) nr, .arch = NATIVE, .args = {arg, 0, 619 - arg}};

			wrong += run(one, &data) != run(other, &data);
		}
	return wrong;
}

static void shortening(struct test *t)
{
	static struct sock_filter code[LONG];
	struct filter longer = {code, 0}, shorter;
	unsigned wrong = 0, shortened = 0;
	uint32_t seed = 1;
	size_t size;
	const void *bytes;

	for (unsigned round = 0; round < 300; round++) {
		LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;

		longer.count = round % 10 == 0 ? LONG : 2 + draw(&seed) % 300;
		dream(code, (unsigned) longer.count, &seed);
		bytes = code;
		size = longer.count * sizeof(*code);
		wrong += lc_seccomp_shorten(code, size, &arena, &bytes, &size) != 0;
		shorter = (struct filter){bytes, size / sizeof(*code)};
		shortened += shorter.count < longer.count;
		wrong += shorter.count > longer.count || count_differences(longer, shorter) > 0;
	}
	OK(wrong == 0, "a shortened filter gives the same answers [O109]");
	OK(shortened > 100, "most filters can be shortened");
	code[0] = (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0);
	bytes = NULL;
	OK(lc_seccomp_shorten(code, sizeof(code), &(struct lc_arena) LCT_ARENA_INIT, &bytes, &size) ==
				0 && bytes == NULL,
		"what libseccomp does not write is left alone");
	lc_seccomp_default(&size);
	OK(size < 400 * sizeof(*code), "the default filter has fewer instructions than names");
}

void test_seccomp(struct test *t)
{
	(void) seccomp_api_set(5); /* as embed.c: what the kernel of these tests knows does not matter */
	shortening(t);
	default_verdicts(t);
	every_listed_call(t);
	other_architectures(t);
	comparisons(t);
	several_conditions(t);
	woven_rules(t);
	overlapping(t);
	proving(t);
	actions(t);
	newer_calls(t);
	bad_profiles(t);
}
