/* SPDX-License-Identifier: MIT */
/*
 * System calls that are newer than a filter. One that refuses with an errno what it does not name means
 * what its author knew; a library that tries a newer call first falls back to an older one when it
 * hears ENOSYS, and gives up at EPERM. So numbers above the highest that the rules name look absent. The
 * filter follows unchanged: nothing that a rule names is answered here.
 */
#include "seccomp/newer.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>

#define EACH 6u /* instructions of one architecture */
#define X32_BIT 0x40000000u /* x86_64: from here on another ABI, which the filter itself looks at */
#define LOAD(field)                                                                                \
	(struct sock_filter) BPF_STMT(                                                             \
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))

static void put(struct sock_filter *out, const struct lc_seccomp_newest *newest, size_t rest)
{
	out[0] = (struct sock_filter) BPF_JUMP(
		BPF_JMP | BPF_JEQ | BPF_K, newest->architecture, 0, EACH - 1);
	out[1] = LOAD(nr);
	out[2] = (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 2, 0);
	out[3] = (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, newest->number, 0, 1);
	out[4] = (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
	out[5] = (struct sock_filter) BPF_STMT(BPF_JMP | BPF_JA, (uint32_t) rest);
}

int lc_seccomp_hide_newer(const struct lc_seccomp_newest *newest, size_t count,
	struct lc_arena *arena, const void **bytes, size_t *size)
{
	size_t head = 1 + EACH * count;
	struct sock_filter *code = lc_arena_alloc(arena, head * sizeof(*code) + *size);

	if (code == NULL)
		return -ENOMEM;
	code[0] = LOAD(arch);
	for (size_t i = 0; i < count; i++)
		put(code + 1 + i * EACH, &newest[i], EACH * (count - 1 - i));
	memcpy(code + head, *bytes, *size);
	*bytes = code;
	*size += head * sizeof(*code);
	return 0;
}
