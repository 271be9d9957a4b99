/* SPDX-License-Identifier: MIT */
/* The kernel's classic BPF, as far as seccomp filters have it: the targets' judge of what one answers. */
#ifndef LCT_SPEC_FUZZ_BPF_H
#define LCT_SPEC_FUZZ_BPF_H

#include "fuzz.h"
#include <linux/filter.h>
#include <linux/seccomp.h>

/* The answer to a call. A filter that the kernel would not take breaks off. */
static inline uint32_t fuzz_bpf_run(
	const struct sock_filter *code, size_t count, const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < count; pc++) {
		const struct sock_filter *at = &code[pc];

		switch (at->code) {
		case BPF_RET | BPF_K:
			return at->k;
		case BPF_LD | BPF_W | BPF_ABS:
			MUST(at->k % 4 == 0 && at->k + 4 <= sizeof(*data));
			memcpy(&a, (const uint8_t *) data + at->k, sizeof(a));
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= at->k;
			break;
		case BPF_JMP | BPF_JA:
			pc += at->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == at->k ? at->jt : at->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			pc += a > at->k ? at->jt : at->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += a >= at->k ? at->jt : at->jf;
			break;
		default:
			MUST(!"an instruction that nobody wrote");
		}
	}
	MUST(!"a way out of the program");
	return 0;
}

#endif
