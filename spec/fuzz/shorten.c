/* SPDX-License-Identifier: MIT */
/*
 * A filter and the shorter one: an interpreter of the kernel's BPF runs both on calls, and they answer
 * alike. The input is the filter, one instruction after the other, each of a kind that libseccomp writes:
 *
 *	kind (1 byte), jump if true, if false (1 byte each), number (2 bytes)
 *
 * and tried are the numbers around those of the instructions, and some others.
 */
#include "base/arena.h"
#include "bpf.h"
#include "seccomp/seccomp.h"

#define CODE_MAX 1200
#define STRIDE 5 /* bytes of an instruction */

static struct sock_filter instruction(struct fuzz_input *in, size_t left)
{
	static const uint16_t kinds[] = {BPF_JMP | BPF_JEQ | BPF_K, BPF_JMP | BPF_JGT | BPF_K,
		BPF_JMP | BPF_JGE | BPF_K, BPF_LD | BPF_W | BPF_ABS, BPF_LD | BPF_W | BPF_ABS,
		BPF_ALU | BPF_AND | BPF_K, BPF_JMP | BPF_JA, BPF_RET | BPF_K};
	struct sock_filter one = {.code = kinds[fuzz_number(in, 1) % 8]};
	size_t yes = fuzz_number(in, 1), no = fuzz_number(in, 1);

	one.k = (uint32_t) fuzz_number(in, 2);
	/* the far ends of the numbers, too */
	if (one.k >= 0xfff0)
		one.k |= 0xffff0000;
	if (left == 0)
		one.code = BPF_RET | BPF_K;
	switch (BPF_CLASS(one.code)) {
	case BPF_LD:
		one.k = one.k % 16 < 12 ? 0 : one.k % 16 * 4; /* the number of the call, mostly */
		break;
	case BPF_JMP:
		if (one.code == (BPF_JMP | BPF_JA)) {
			one.k = (uint32_t) (one.k % left);
		} else {
			one.jt = (uint8_t) (yes % left);
			one.jf = (uint8_t) (no % left);
		}
		break;
	default:
		break;
	}
	return one;
}

static void compare(const struct sock_filter *one, size_t one_count, const struct sock_filter *other,
	size_t other_count, uint32_t number)
{
	struct seccomp_data data = {
		.nr = (int) number, .arch = number ^ 1, .args = {number, number - 1, ~number}};

	MUST(fuzz_bpf_run(one, one_count, &data) == fuzz_bpf_run(other, other_count, &data));
}

void fuzz_shorten(const uint8_t *data, size_t size)
{
	struct fuzz_input in = fuzz_input(data, size);
	size_t count = size / STRIDE + 1, bytes;
	struct sock_filter *code;
	struct lc_arena arena = LCT_ARENA_INIT;
	const void *shorter;

	if (count > CODE_MAX)
		count = CODE_MAX;
	code = fuzz_room(count * sizeof(*code));
	for (size_t i = 0; i < count; i++)
		code[i] = instruction(&in, count - 1 - i);
	shorter = code;
	bytes = count * sizeof(*code);
	MUST(lc_seccomp_shorten(code, bytes, &arena, &shorter, &bytes) == 0);
	MUST(bytes % sizeof(*code) == 0 && bytes <= count * sizeof(*code));
	for (size_t i = 0; i < count; i += 1 + count / 64)
		for (uint32_t near = 0; near < 3; near++)
			compare(code, count, shorter, bytes / sizeof(*code), code[i].k + near - 1);
	for (uint32_t number = 0; number < 64; number++)
		compare(code, count, shorter, bytes / sizeof(*code), number * 7919);
	lc_arena_done(&arena);
	free(code);
}
