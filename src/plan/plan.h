/* SPDX-License-Identifier: MIT */
/*
 * THE CONTRACT between host and init: what a container start *is*. A plan is one flat document,
 *
 *	header | records, each 8-aligned | pool (strings and bytes)
 *
 * written by the host, sealed in a memfd, mapped read-only by the init, and executed record by
 * record. It holds offsets, never pointers, in the byte order of the machine. The header carries a
 * hash of ops.def's layout that both programs were compiled with: another one is refused before
 * anything happens.
 *
 * Descriptors of an init: 0-2 the program's stdio, then the ones below.
 */
#ifndef LCT_PLAN_PLAN_H
#define LCT_PLAN_PLAN_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LCT_FD_SESSION 3 /* SOCK_SEQPACKET, the conversation with the host: report.h */
#define LCT_FD_PLAN 4    /* the sealed plan */
#define LCT_FD_COUNT 5   /* first number free for anything else */
#define LCT_FD_JOIN 5    /* only for who joins a container: pidfd of its init */
#define LCT_FD_GIVEN 5   /* else: the first tree that the host has opened, see tree_given; behind them the socket
			  * of a latch, and what the program gets, see pass. For who joins that is 6 */
#define LCT_GIVEN_MAX 256

#define LCT_PLAN_MAGIC 0x6e616c50u /* "Plan" */
#define LCT_PLAN_SIZE_MAX (64u << 20)
#define LCT_PLAN_SLOTS_MAX 4096u
#define LCT_LIST_MAX 65536u /* strings in one LIST */

struct lc_plan_header {
	uint32_t magic;
	uint32_t total;       /* bytes of the whole document */
	uint64_t layout;      /* lc_plan_layout() of whoever wrote it */
	uint32_t ops;         /* number of records */
	uint32_t ops_size;    /* bytes of all records */
	uint32_t pool_size;   /* bytes of the pool; its first and last byte are 0 */
	uint32_t slots;       /* slots that the records use */
	uint32_t fault_nth;   /* test builds: which system call of the init fails, 0 for none */
	uint32_t fault_errno; /* and how; bit 31: every later call too; all ones: die there */
};

struct lc_plan_record {
	uint16_t op;   /* enum lc_plan_op */
	uint16_t size; /* of the whole record, in units of 8 bytes */
	uint32_t pad;
};

struct lc_plan_bytes {
	uint32_t offset, length; /* in the pool */
};

struct lc_plan_list {
	uint32_t offset, count; /* `count` strings, one after the other */
};

enum lc_plan_op {
#define OP(name, step, operands, meaning) LCT_OP_##name,
#include "plan/ops.def"
#undef OP
	LCT_OP_COUNT
};

/* struct lc_op_<name>, one an operation. */
#define U32(name) uint32_t name;
#define U64(name) uint64_t name;
#define HEX(name) uint64_t name;
#define STR(name) uint32_t name;
#define LIST(name) struct lc_plan_list name;
#define BYTES(name) struct lc_plan_bytes name;
#define OP(name, step, operands, meaning)                                                          \
	struct lc_op_##name {                                                                      \
		struct lc_plan_record record;                                                      \
		operands                                                                           \
	} __attribute__((aligned(8)));
#include "plan/ops.def"
#undef OP
#undef U32
#undef U64
#undef HEX
#undef STR
#undef LIST
#undef BYTES

/* Flags of `attach` and `link`. */
#define LCT_TARGET_CREATE 1u      /* attach: make the mount point when it is missing */
#define LCT_TARGET_NO_SYMLINKS 2u /* attach: the path must hold no link at all (/proc, /sys) */
#define LCT_TARGET_DIRECTORY 4u   /* attach: the mount is one of a directory; else it is looked at */
#define LCT_TARGET_NOFOLLOW 8u    /* attach: a link at the end of the path is itself the target */
#define LCT_TARGET_COPY_LINK 16u  /* attach: what is a link is made anew there, not mounted */
#define LCT_TARGET_KEEP 32u       /* attach: the mount stays in its slot, for those that lie in it */
#define LCT_TARGET_PROCFS 64u     /* attach: the mount is proved to be a procfs, and a whole one */
#define LCT_LINK_IF_EXISTS 1u     /* link: only when what it points to is there */
#define LCT_LINK_REPLACE 2u       /* link: an existing entry is replaced, not kept */

/* --- reading: read.c, both programs; no allocation, no libc --- */

struct lc_plan {
	const struct lc_plan_header *header;
	const uint8_t *ops;
	const char *pool;
};

struct lc_plan_cursor {
	const struct lc_plan *plan;
	uint32_t index, offset;
};

/* A number that changes whenever an operation, an operand or a step does. */
uint64_t lc_plan_layout(void);

/*
 * Check every length, offset and terminator of a document that may be hostile, once, so that
 * whoever executes it may use it as it is. -EPROTO: a foreign layout, -EBADMSG: a damaged one.
 */
int lc_plan_open(const void *document, size_t size, struct lc_plan *out, struct lc_error *err);

/* The next record, NULL at the end; cursor->index counts the records handed out, so the one just
 * got is number index - 1. And the step that a failure of an operation carries. */
const struct lc_plan_record *lc_plan_next(struct lc_plan_cursor *cursor);
enum lc_step lc_plan_step(unsigned op);

static inline const char *lc_plan_string(const struct lc_plan *plan, uint32_t offset)
{
	return plan->pool + offset;
}
static inline const void *lc_plan_data(const struct lc_plan *plan, struct lc_plan_bytes bytes)
{
	return plan->pool + bytes.offset;
}

/* Operand kinds and places of an operation, for the reader's checks and for explain. */
enum lc_plan_kind {
	LCT_KIND_U32,
	LCT_KIND_U64,
	LCT_KIND_HEX,
	LCT_KIND_STR,
	LCT_KIND_LIST,
	LCT_KIND_BYTES,
};
struct lc_plan_operand {
	uint16_t op;
	uint8_t kind;
	uint8_t offset;
};
/* The table of all operands, ordered by operation, then as ops.def has them; *count entries. */
const struct lc_plan_operand *lc_plan_operands(size_t *count);
/* Size of an operation's record in units of 8 bytes, 0 for a number that is none. */
uint16_t lc_plan_record_size(unsigned op);

#endif
