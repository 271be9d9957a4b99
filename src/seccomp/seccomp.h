/* SPDX-License-Identifier: MIT */
/*
 * A profile (configs/schema.def, section seccomp) → BPF bytes for seccomp(2), through libseccomp.
 * Pure but for memory. Compiling costs more than a whole container (7 ms for a profile of 400
 * names), so nobody compiles twice: the default profile is compiled at build time (default_filter),
 * others are kept by content in lua/libcontainer/configs/seccomp.lua.
 */
#ifndef LCT_SECCOMP_SECCOMP_H
#define LCT_SECCOMP_SECCOMP_H

#include "base/arena.h"
#include "base/error.h"
#include <stdbool.h>

/* The value structs, so that this room does not depend on configs/. */
struct lc_seccomp_arg {
	unsigned index;
	uint64_t value, value_two;
	const char *op; /* NE LT LE EQ GE GT MASKED_EQ */
};
struct lc_seccomp_rule {
	const char *const *names;
	size_t names_count;
	const char *action;
	unsigned errno_ret;
	const struct lc_seccomp_arg *args;
	size_t args_count;
};
struct lc_seccomp_profile {
	const char *default_action;
	unsigned default_errno_ret;
	const char *const *architectures; /* beside the native one */
	size_t architectures_count;
	const struct lc_seccomp_rule *rules;
	size_t rules_count;
};

/*
 * Compile into bytes owned by `arena`: an array of struct sock_filter. Calls of an architecture
 * that is not covered end the process. Two conditions on the same argument of one rule become two
 * rules, as libseccomp wants it. Where the default is an errno, calls with a number above all that are
 * named are ENOSYS (newer.c). A system call name that libseccomp does not know at all is EINVAL
 * with "seccomp.syscalls[i].names: <name>"; one that this architecture lacks is skipped. Where libseccomp has
 * lost or mixed up rules (prove.c, answers.c) it is EBADMSG.
 */
int lc_seccomp_compile(const struct lc_seccomp_profile *profile, struct lc_arena *arena,
	const void **out, size_t *out_size, struct lc_error *err);

/*
 * The same answers in fewer instructions, where they are fewer: `*out` and `*out_size` then, in
 * `arena`, and else left alone. -ENOMEM is the only failure.
 */
int lc_seccomp_shorten(const void *bytes, size_t size, struct lc_arena *arena, const void **out,
	size_t *out_size);

/*
 * Does every comparison of a filter look at one thing, whatever leads to it? -EBADMSG when not: libseccomp has
 * woven rules about one argument into each other and lost its way. What is asked must end in an answer and
 * jump nowhere else, as what libseccomp writes. -ENOMEM.
 */
int lc_seccomp_prove(const void *bytes, size_t size, struct lc_arena *arena);

/* Does any architecture have a system call of this name? For validation: what the core refuses. */
bool lc_seccomp_knows(const char *name);

/* The name of a system call by its number, of an architecture (AUDIT_ARCH_*): false for one that has none. */
bool lc_seccomp_name(uint32_t architecture, int number, char *out, size_t room);
/* "x86_64", NULL for an unknown one. */
const char *lc_seccomp_architecture(uint32_t architecture);

/* The default profile, compiled when this library was built. */
const void *lc_seccomp_default(size_t *out_size);

#endif
