/* SPDX-License-Identifier: MIT */
/*
 * Profile → BPF bytes, and the only file that knows libseccomp. Everything is compared on 64 bits
 * (MASKED_EQ included: what the kernel cuts to 32 bits, an ioctl request for example, must be
 * masked by the profile). libseccomp walks the conditions of one call most specific first, so that
 * "GE 0" is the otherwise of MASKED_EQ conditions on the same argument: the default profile relies
 * on it and spec/c/test_seccomp.c proves it.
 *
 * Must never load a filter and never set no_new_privs: that is the init's work. libseccomp probes
 * the kernel and reports through errno, which belongs to the program that we live in: it is put
 * back.
 */
#include "seccomp/seccomp.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "seccomp/answers.h"
#include "seccomp/newer.h"
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#define LCT_BPF_MAX_BYTES (4096u * 8u) /* BPF_MAXINSNS of the kernel, instructions of 8 bytes */

/* Architectures by the names of libseccomp. Those of one family run on one kernel, others can never
 * be met by it: they cost no instructions. */
struct architecture {
	const char *name;
	uint32_t token;
	enum { X86, ARM, RISCV, MIPS_BE, MIPS_LE, PPC_BE, PPC_LE, S390, PARISC } family;
};

static const struct architecture architectures[] = {
	{"x86", SCMP_ARCH_X86, X86},
	{"x86_64", SCMP_ARCH_X86_64, X86},
	{"x32", SCMP_ARCH_X32, X86},
	{"arm", SCMP_ARCH_ARM, ARM},
	{"aarch64", SCMP_ARCH_AARCH64, ARM},
	{"riscv64", SCMP_ARCH_RISCV64, RISCV},
	{"mips", SCMP_ARCH_MIPS, MIPS_BE},
	{"mips64", SCMP_ARCH_MIPS64, MIPS_BE},
	{"mips64n32", SCMP_ARCH_MIPS64N32, MIPS_BE},
	{"mipsel", SCMP_ARCH_MIPSEL, MIPS_LE},
	{"mipsel64", SCMP_ARCH_MIPSEL64, MIPS_LE},
	{"mipsel64n32", SCMP_ARCH_MIPSEL64N32, MIPS_LE},
	{"ppc", SCMP_ARCH_PPC, PPC_BE},
	{"ppc64", SCMP_ARCH_PPC64, PPC_BE},
	{"ppc64le", SCMP_ARCH_PPC64LE, PPC_LE},
	{"s390", SCMP_ARCH_S390, S390},
	{"s390x", SCMP_ARCH_S390X, S390},
	{"parisc", SCMP_ARCH_PARISC, PARISC},
	{"parisc64", SCMP_ARCH_PARISC64, PARISC},
};

static const struct {
	const char *name;
	enum scmp_compare op;
} comparisons[] = {
	{"NE", SCMP_CMP_NE},
	{"LT", SCMP_CMP_LT},
	{"LE", SCMP_CMP_LE},
	{"EQ", SCMP_CMP_EQ},
	{"GE", SCMP_CMP_GE},
	{"GT", SCMP_CMP_GT},
	{"MASKED_EQ", SCMP_CMP_MASKED_EQ},
};

#define LCT_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The error of one place of the profile, written as a person finds it there: from 1 on. A subject
 * without memory is still an error with the right errno. */
static int refuse(struct lc_arena *arena, struct lc_error *err, int errnum, const char *array,
	size_t index, const char *field, const char *what)
{
	const char *subject = lc_arena_printf(arena, "seccomp.%s[%zu]%s%s: %s", array, index + 1,
		field[0] == '\0' ? "" : ".", field, what == NULL ? "" : what);

	return lc_fail(err, LCT_STEP_SECCOMP, errnum, subject);
}

static bool action_from(const char *name, unsigned number, uint32_t *out)
{
	if (name == NULL || number > 4095)
		return false;
	if (strcmp(name, "allow") == 0)
		*out = SCMP_ACT_ALLOW;
	else if (strcmp(name, "errno") == 0)
		*out = SCMP_ACT_ERRNO(number);
	else if (strcmp(name, "kill_thread") == 0)
		*out = SCMP_ACT_KILL_THREAD;
	else if (strcmp(name, "kill_process") == 0)
		*out = SCMP_ACT_KILL_PROCESS;
	else if (strcmp(name, "trap") == 0)
		*out = SCMP_ACT_TRAP;
	else if (strcmp(name, "log") == 0)
		*out = SCMP_ACT_LOG;
	else if (strcmp(name, "trace") == 0)
		*out = SCMP_ACT_TRACE(number);
	else if (strcmp(name, "notify") == 0)
		*out = SCMP_ACT_NOTIFY;
	else
		return false;
	return true;
}

static const struct architecture *architecture_by_name(const char *name)
{
	for (size_t i = 0; name != NULL && i < LCT_COUNT(architectures); i++) {
		if (strcmp(architectures[i].name, name) == 0)
			return &architectures[i];
	}
	return NULL;
}

static bool native_can_meet(const struct architecture *other)
{
	uint32_t native = seccomp_arch_native();

	for (size_t i = 0; i < LCT_COUNT(architectures); i++) {
		if (architectures[i].token == native)
			return architectures[i].family == other->family;
	}
	return false;
}

static int add_architectures(scmp_filter_ctx filter, const struct lc_seccomp_profile *profile,
	struct lc_arena *arena, struct lc_error *err)
{
	for (size_t i = 0; i < profile->architectures_count; i++) {
		const char *name = profile->architectures[i];
		const struct architecture *found = architecture_by_name(name);
		int r;

		if (found == NULL)
			return refuse(arena, err, EINVAL, "architectures", i, "", name);
		if (!native_can_meet(found))
			continue;
		r = seccomp_arch_add(filter, found->token);
		if (r < 0 && r != -EEXIST) /* the native one, or one named twice */
			return refuse(arena, err, r, "architectures", i, "", name);
	}
	return 0;
}

static bool condition_from(const struct lc_seccomp_arg *arg, struct scmp_arg_cmp *out)
{
	if (arg->index > 5 || arg->op == NULL)
		return false;
	for (size_t i = 0; i < LCT_COUNT(comparisons); i++) {
		if (strcmp(comparisons[i].name, arg->op) != 0)
			continue;
		*out = (struct scmp_arg_cmp){
			.arg = arg->index,
			.op = comparisons[i].op,
			.datum_a = arg->value,
			.datum_b = arg->value_two,
		};
		return true;
	}
	return false;
}

/* Does a rule speak of one argument twice? Then its conditions are alternatives. */
static bool has_alternatives(const struct lc_seccomp_rule *rule)
{
	unsigned seen = 0;

	for (size_t i = 0; i < rule->args_count; i++) {
		if ((seen & (1u << rule->args[i].index)) != 0)
			return true;
		seen |= 1u << rule->args[i].index;
	}
	return false;
}

static int add_call(scmp_filter_ctx filter, uint32_t action, int number,
	const struct scmp_arg_cmp *conditions, size_t count, bool alternatives)
{
	int r;

	if (!alternatives)
		return seccomp_rule_add_array(filter, action, number, (unsigned) count, conditions);
	for (size_t i = 0; i < count; i++) {
		r = seccomp_rule_add_array(filter, action, number, 1, &conditions[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int claim(struct lc_seccomp_claims *claims, const struct lc_seccomp_rule *rule, size_t index,
	const char *name, uint32_t action, struct lc_arena *arena)
{
	struct lc_seccomp_claim *items =
		lc_arena_grow(arena, claims->items, claims->count, &claims->room, sizeof(*items));

	if (items == NULL)
		return -ENOMEM;
	claims->items = items;
	items[claims->count++] = (struct lc_seccomp_claim){
		.rule = index,
		.name = name,
		.number = seccomp_syscall_resolve_name(name),
		.action = action,
		.args = rule->args,
		.args_count = rule->args_count,
		.has_alternatives = has_alternatives(rule),
	};
	return 0;
}

static int add_rule(scmp_filter_ctx filter, const struct lc_seccomp_rule *rule, size_t index,
	uint32_t default_action, struct lc_seccomp_claims *claims, struct lc_arena *arena,
	struct lc_error *err)
{
	struct scmp_arg_cmp *conditions;
	bool alternatives;
	uint32_t action;
	int r;

	if (!action_from(rule->action, rule->errno_ret, &action))
		return refuse(arena, err, EINVAL, "syscalls", index, "action", rule->action);
	conditions = lc_arena_array(arena, rule->args_count + 1, sizeof(*conditions));
	if (conditions == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "seccomp.syscalls");
	for (size_t i = 0; i < rule->args_count; i++) {
		if (!condition_from(&rule->args[i], &conditions[i]))
			return refuse(
				arena, err, EINVAL, "syscalls", index, "args", rule->args[i].op);
	}
	alternatives = has_alternatives(rule);
	for (size_t i = 0; i < rule->names_count; i++) {
		const char *name = rule->names[i];
		int number = name == NULL ? __NR_SCMP_ERROR : seccomp_syscall_resolve_name(name);

		if (number == __NR_SCMP_ERROR)
			return refuse(arena, err, EINVAL, "syscalls", index, "names", name);
		if (claim(claims, rule, index, name, action, arena) < 0)
			return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "seccomp.syscalls");
		if (action == default_action)
			continue; /* libseccomp calls it an error, a person calls it clear */
		/* A pseudo number is no call of the native architecture; libseccomp translates it
		 * for those that have the call and leaves it out for the others. */
		r = add_call(filter, action, number, conditions, rule->args_count, alternatives);
		if (r < 0)
			return refuse(arena, err, r, "syscalls", index, "names", name);
	}
	return 0;
}

/* libseccomp's binary search stays off: it makes compiling 2.5 times as long, and what
 * lc_seccomp_shorten makes is a better one. */
static int build(scmp_filter_ctx filter, const struct lc_seccomp_profile *profile,
	uint32_t default_action, struct lc_seccomp_claims *claims, struct lc_arena *arena,
	struct lc_error *err)
{
	int r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	if (r < 0)
		return lc_fail(err, LCT_STEP_SECCOMP, r, "seccomp");
	r = add_architectures(filter, profile, arena, err);
	for (size_t i = 0; r == 0 && i < profile->rules_count; i++)
		r = add_rule(filter, &profile->rules[i], i, default_action, claims, arena, err);
	return r;
}

/* libseccomp writes to a descriptor only: let it be memory. */
static int export(scmp_filter_ctx filter, struct lc_arena *arena, const void **out,
	size_t *out_size, struct lc_error *err)
{
	LCT_CLEANUP(fd)
	int fd = lc_fd_above_stdio((int) lc_sys_memfd_create("seccomp", MFD_CLOEXEC));
	struct statx info = {0};
	size_t done = 0;
	char *bytes;
	long r;

	if (fd < 0)
		return lc_fail(err, LCT_STEP_SECCOMP, fd, "memfd");
	r = seccomp_export_bpf(filter, fd);
	if (r == 0)
		r = lc_sys_statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &info);
	if (r < 0)
		return lc_fail(err, LCT_STEP_SECCOMP, r, "seccomp");
	if (info.stx_size == 0 || info.stx_size > LCT_BPF_MAX_BYTES)
		return lc_fail(err, LCT_STEP_SECCOMP, E2BIG, "seccomp.syscalls");
	bytes = lc_arena_alloc(arena, info.stx_size);
	if (bytes == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "seccomp");
	while (done < info.stx_size) {
		r = lc_sys_pread(fd, bytes + done, info.stx_size - done, (int64_t) done);
		if (r == -EINTR)
			continue;
		if (r <= 0)
			return lc_fail(err, LCT_STEP_SECCOMP, r, "memfd");
		done += (size_t) r;
	}
	*out = bytes;
	*out_size = done;
	return 0;
}

static int prove(const struct lc_seccomp_claims *claims, uint32_t default_action, const void *bytes,
	size_t size, struct lc_arena *arena, struct lc_error *err)
{
	const struct lc_seccomp_claim *unheard;
	int r = lc_seccomp_prove(bytes, size, arena);

	if (r < 0)
		return lc_fail(err, r == -ENOMEM ? LCT_STEP_MEMORY : LCT_STEP_SECCOMP, r,
			"seccomp.syscalls");
	unheard = lc_seccomp_unheard(claims, seccomp_arch_native(), default_action, bytes, size);
	return unheard == NULL ? 0 :
		refuse(arena, err, EBADMSG, "syscalls", unheard->rule, "args", unheard->name);
}

/* The highest number that the rules name, -1 for none. */
static int newest_of(const struct lc_seccomp_profile *profile, uint32_t token)
{
	int newest = -1;

	for (size_t i = 0; i < profile->rules_count; i++) {
		const struct lc_seccomp_rule *rule = &profile->rules[i];

		for (size_t k = 0; k < rule->names_count; k++) {
			int number = seccomp_syscall_resolve_name_arch(token, rule->names[k]);

			newest = number > newest ? number : newest;
		}
	}
	return newest;
}

/* Only where what is not named is an errno, and another one. x32 is no architecture to the kernel. */
static int hide_newer(const struct lc_seccomp_profile *profile, struct lc_arena *arena,
	const void **bytes, size_t *size)
{
	struct lc_seccomp_newest newest[LCT_COUNT(architectures)];
	size_t count = 0;

	if (strcmp(profile->default_action, "errno") != 0 || profile->default_errno_ret == ENOSYS)
		return 0;
	for (size_t i = 0; i < LCT_COUNT(architectures); i++) {
		uint32_t token = architectures[i].token;
		bool is_covered = token == seccomp_arch_native();
		int number;

		for (size_t k = 0; k < profile->architectures_count; k++)
			is_covered = is_covered ||
				architecture_by_name(profile->architectures[k]) == &architectures[i];
		number = is_covered && token != SCMP_ARCH_X32 ? newest_of(profile, token) : -1;
		if (number >= 0)
			newest[count++] = (struct lc_seccomp_newest){token, (uint32_t) number};
	}
	return count == 0 ? 0 : lc_seccomp_hide_newer(newest, count, arena, bytes, size);
}

int lc_seccomp_compile(const struct lc_seccomp_profile *profile, struct lc_arena *arena,
	const void **out, size_t *out_size, struct lc_error *err)
{
	int saved = errno, r;
	scmp_filter_ctx filter;
	struct lc_seccomp_claims claims = {.count = 0};
	uint32_t action;

	if (!action_from(profile->default_action, profile->default_errno_ret, &action))
		return lc_fail(err, LCT_STEP_SECCOMP, EINVAL, "seccomp.default_action");
	filter = seccomp_init(action);
	if (filter != NULL) {
		r = build(filter, profile, action, &claims, arena, err);
		if (r == 0)
			r = export(filter, arena, out, out_size, err);
		if (r == 0)
			r = prove(&claims, action, *out, *out_size, arena, err);
		if (r == 0 && (lc_seccomp_shorten(*out, *out_size, arena, out, out_size) < 0 ||
				      hide_newer(profile, arena, out, out_size) < 0))
			r = lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "seccomp");
		if (r == 0 && *out_size > LCT_BPF_MAX_BYTES)
			r = lc_fail(err, LCT_STEP_SECCOMP, E2BIG, "seccomp.syscalls");
		seccomp_release(filter);
	} else {
		r = lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "seccomp");
	}
	errno = saved;
	return r;
}

bool lc_seccomp_knows(const char *name)
{
	return name != NULL && seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR;
}

bool lc_seccomp_name(uint32_t architecture, int number, char *out, size_t room)
{
	int saved = errno;
	char *name = seccomp_syscall_resolve_num_arch(architecture, number);
	bool fits = name != NULL && strlen(name) < room;

	if (fits)
		strcpy(out, name);
	free(name);
	errno = saved;
	return fits;
}

const char *lc_seccomp_architecture(uint32_t architecture)
{
	for (size_t i = 0; i < LCT_COUNT(architectures); i++)
		if (architectures[i].token == architecture)
			return architectures[i].name;
	return NULL;
}
