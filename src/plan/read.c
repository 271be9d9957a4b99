/* SPDX-License-Identifier: MIT */
/*
 * Reading a plan, in both programs. The init includes this file without libc, without memory to
 * allocate and without a loader to relocate it, so: no pointer in static data, no library call.
 *
 * lc_plan_open believes nothing. Whoever has got a plan from it may follow every offset of every
 * record without another look; what a number means (a descriptor, a slot) is the executor's to
 * check.
 */
#include "plan/plan.h"

/* How many operands an operation has: "0 +1 +1". */
#define U32(name) +1
#define U64(name) +1
#define HEX(name) +1
#define STR(name) +1
#define LIST(name) +1
#define BYTES(name) +1

/* FIRST_<op>: its first row in the operand table. The enumerator after _LAST is the next first. */
enum {
#define OP(name, step, operands, meaning)                                                          \
	FIRST_##name, FIRST_##name##_LAST = FIRST_##name + (0 operands) - 1,
#include "plan/ops.def"
#undef OP
	OPERAND_COUNT
};

#undef U32
#undef U64
#undef HEX
#undef STR
#undef LIST
#undef BYTES

/* An operand knows neither its operation nor its place, so ops.def becomes a list of pairs (kind,
 * name), and ROWS puts the operation beside each of them. */
#define U32(name) , (LCT_KIND_U32, name)
#define U64(name) , (LCT_KIND_U64, name)
#define HEX(name) , (LCT_KIND_HEX, name)
#define STR(name) , (LCT_KIND_STR, name)
#define LIST(name) , (LCT_KIND_LIST, name)
#define BYTES(name) , (LCT_KIND_BYTES, name)

#define KIND_OF(kind, name) kind
#define NAME_OF(kind, name) name
#define ROW(op, pair) {LCT_OP_##op, KIND_OF pair, offsetof(struct lc_op_##op, NAME_OF pair)},
#define ROWS(op, ...) __VA_OPT__(ROWS_1(op, __VA_ARGS__))
#define ROWS_1(op, pair, ...) ROW(op, pair) __VA_OPT__(ROWS_2(op, __VA_ARGS__))
#define ROWS_2(op, pair, ...) ROW(op, pair) __VA_OPT__(ROWS_3(op, __VA_ARGS__))
#define ROWS_3(op, pair, ...) ROW(op, pair) __VA_OPT__(ROWS_4(op, __VA_ARGS__))
#define ROWS_4(op, pair, ...) ROW(op, pair) __VA_OPT__(ROWS_5(op, __VA_ARGS__))
#define ROWS_5(op, pair, ...) ROW(op, pair) __VA_OPT__(ROWS_6(op, __VA_ARGS__))
#define ROWS_6(op, pair, ...) ROW(op, pair) __VA_OPT__(ROWS_7(op, __VA_ARGS__))
#define ROWS_7(op, pair, ...) ROW(op, pair) __VA_OPT__(ROWS_8(op, __VA_ARGS__))
#define ROWS_8(op, pair, ...) ROW(op, pair) __VA_OPT__(ROWS_9(op, __VA_ARGS__))
#define ROWS_9(op, pair) ROW(op, pair)
#define EXPAND_ROWS(...) ROWS(__VA_ARGS__)

static const struct lc_plan_operand operand_table[] = {
#define OP(name, step, operands, meaning) EXPAND_ROWS(name operands)
#include "plan/ops.def"
#undef OP
};

#undef U32
#undef U64
#undef HEX
#undef STR
#undef LIST
#undef BYTES

_Static_assert(sizeof(operand_table) / sizeof(operand_table[0]) == OPERAND_COUNT,
	"an operation of ops.def has more operands than ROWS takes");

/* By operation, and one more: the first row of the next one ends the rows of this one. */
static const uint16_t first_operand[] = {
#define OP(name, step, operands, meaning) FIRST_##name,
#include "plan/ops.def"
#undef OP
	OPERAND_COUNT,
};

static const uint8_t op_steps[] = {
#define OP(name, step, operands, meaning) LCT_STEP_##step,
#include "plan/ops.def"
#undef OP
};

static const uint8_t op_sizes[] = {
#define OP(name, step, operands, meaning) sizeof(struct lc_op_##name) / 8,
#include "plan/ops.def"
#undef OP
};

/* Everything that the two programs must agree on, as one array of characters. */
#define TEXT_OF(...) #__VA_ARGS__
#define TEXT(...) TEXT_OF(__VA_ARGS__)
static const char layout_text[] =
#define OP(name, step, operands, meaning) #name "|" #step "|" #operands "\n"
#include "plan/ops.def"
#undef OP
#define STEP(symbol, name) #symbol "\n"
	LCT_STEPS(STEP)
#undef STEP
	TEXT(LCT_PLAN_MAGIC, LCT_PLAN_SLOTS_MAX, LCT_LIST_MAX, LCT_FD_SESSION, LCT_FD_PLAN,
		LCT_FD_COUNT, LCT_SUBJECT_MAX, LCT_TARGET_CREATE, LCT_TARGET_NO_SYMLINKS, LCT_TARGET_DIRECTORY,
		LCT_LINK_IF_EXISTS, LCT_LINK_REPLACE);

/* FNV-1a, eight bytes a step where there are eight: every start does it twice. */
uint64_t lc_plan_layout(void)
{
	const uint64_t prime = 0x100000001b3u;
	uint64_t hash = 0xcbf29ce484222325u, word;
	size_t at = 0;

	for (; at + sizeof(word) <= sizeof(layout_text); at += sizeof(word)) {
		__builtin_memcpy(&word, layout_text + at, sizeof(word));
		hash = (hash ^ word) * prime;
	}
	for (; at < sizeof(layout_text); at++)
		hash = (hash ^ (unsigned char) layout_text[at]) * prime;
	return hash;
}

const struct lc_plan_operand *lc_plan_operands(size_t *count)
{
	*count = OPERAND_COUNT;
	return operand_table;
}

uint16_t lc_plan_record_size(unsigned op)
{
	return op < LCT_OP_COUNT ? op_sizes[op] : 0;
}

enum lc_step lc_plan_step(unsigned op)
{
	return op < LCT_OP_COUNT ? (enum lc_step) op_steps[op] : LCT_STEP_PLAN;
}

/* The pool ends with a NUL (checked before), so every string that begins in it ends in it. */
static bool list_fits(const struct lc_plan *plan, const struct lc_plan_list *list)
{
	uint32_t at = list->offset, end = plan->header->pool_size;

	if (at >= end || list->count > LCT_LIST_MAX)
		return false;
	for (uint32_t i = 0; i < list->count; i++) {
		if (at >= end)
			return false;
		while (plan->pool[at] != '\0')
			at++;
		at++;
	}
	return true;
}

static bool bytes_fit(const struct lc_plan *plan, const struct lc_plan_bytes *bytes)
{
	uint32_t end = plan->header->pool_size;

	return bytes->offset % 8 == 0 && bytes->offset <= end &&
		bytes->length <= end - bytes->offset;
}

static bool operand_fits(const struct lc_plan *plan, const uint8_t *record,
	const struct lc_plan_operand *operand)
{
	const void *place = record + operand->offset;

	switch (operand->kind) {
	case LCT_KIND_STR:
		return *(const uint32_t *) place < plan->header->pool_size;
	case LCT_KIND_LIST:
		return list_fits(plan, place);
	case LCT_KIND_BYTES:
		return bytes_fit(plan, place);
	default:
		return true;
	}
}

static bool records_fit(const struct lc_plan *plan)
{
	uint32_t left = plan->header->ops_size, count = 0;
	const uint8_t *at = plan->ops;

	while (left > 0) {
		const struct lc_plan_record *record = (const void *) at;
		uint32_t size;

		/* ops_size is a multiple of 8, so what is left holds op and size. */
		if (record->op >= LCT_OP_COUNT || record->size != op_sizes[record->op])
			return false;
		size = record->size * 8u;
		if (size > left)
			return false;
		for (uint16_t i = first_operand[record->op]; i < first_operand[record->op + 1]; i++)
			if (!operand_fits(plan, at, &operand_table[i]))
				return false;
		at += size;
		left -= size;
		count++;
	}
	return count == plan->header->ops;
}

/* Whether the parts named by the header are exactly the document. */
static bool parts_fit(const struct lc_plan_header *header, size_t size)
{
	return header->total == size && header->ops_size % 8 == 0 && header->pool_size > 0 &&
		sizeof(*header) + (uint64_t) header->ops_size + header->pool_size == size;
}

int lc_plan_open(const void *document, size_t size, struct lc_plan *out, struct lc_error *err)
{
	const struct lc_plan_header *header = document;
	struct lc_plan plan;

	_Static_assert(sizeof(*header) % 8 == 0, "records begin 8-aligned");
	if (size < sizeof(*header) || size > LCT_PLAN_SIZE_MAX || (uintptr_t) document % 8 != 0)
		return lc_fail(err, LCT_STEP_PLAN, EBADMSG, "plan size");
	if (header->magic != LCT_PLAN_MAGIC)
		return lc_fail(err, LCT_STEP_PLAN, EBADMSG, "plan magic");
	if (header->layout != lc_plan_layout())
		return lc_fail(err, LCT_STEP_PLAN, EPROTO, "plan layout");
	if (!parts_fit(header, size))
		return lc_fail(err, LCT_STEP_PLAN, EBADMSG, "plan parts");
	if (header->slots > LCT_PLAN_SLOTS_MAX)
		return lc_fail(err, LCT_STEP_PLAN, EBADMSG, "plan slots");
	plan.header = header;
	plan.ops = (const uint8_t *) (header + 1);
	plan.pool = (const char *) plan.ops + header->ops_size;
	if (plan.pool[0] != '\0' || plan.pool[header->pool_size - 1] != '\0')
		return lc_fail(err, LCT_STEP_PLAN, EBADMSG, "plan pool");
	if (!records_fit(&plan))
		return lc_fail(err, LCT_STEP_PLAN, EBADMSG, "plan records");
	*out = plan;
	return 0;
}

const struct lc_plan_record *lc_plan_next(struct lc_plan_cursor *cursor)
{
	const struct lc_plan_record *record;

	if (cursor->offset >= cursor->plan->header->ops_size)
		return NULL;
	record = (const void *) (cursor->plan->ops + cursor->offset);
	cursor->offset += record->size * 8u;
	cursor->index++;
	return record;
}
