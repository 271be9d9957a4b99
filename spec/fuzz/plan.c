/* SPDX-License-Identifier: MIT */
/*
 * A plan, written, read, damaged and read again. The input is no document, which a change of ops.def
 * would make worthless, but says one:
 *
 *	number of operations, and for each: which one (modulo), and its operands
 *	damages: a place (2 bytes), and what is added to the byte there; in the end how much is cut off
 */
#include "base/arena.h"
#include "fuzz.h"
#include "plan/explain.h"
#include "plan/write.h"

#define OPS_MAX 24
#define ITEMS_MAX 5
#define DAMAGES_MAX 8

/* What was given to the writer, to be compared with what is read. */
struct given {
	enum lc_plan_op op;
	union {
		uint64_t words[16];
		uint8_t bytes[128];
	} record;
	struct given_text {
		uint16_t offset; /* of the operand; 0: none */
		size_t count, size;
		char *items[ITEMS_MAX];
	} texts[16];
};

static void give_texts(struct fuzz_input *in, struct given_text *to, size_t count)
{
	to->count = count;
	for (size_t i = 0; i < count; i++)
		to->items[i] = fuzz_text(in, '\n');
}

static void give_operand(struct fuzz_input *in, struct lc_plan_writer *w,
	const struct lc_plan_operand *operand, struct given *to, struct given_text *text)
{
	void *place = to->record.bytes + operand->offset;
	uint64_t number;

	text->offset = operand->offset;
	switch (operand->kind) {
	case LCT_KIND_U32:
		*(uint32_t *) place = (uint32_t) fuzz_number(in, 4);
		break;
	case LCT_KIND_STR:
		give_texts(in, text, 1);
		*(uint32_t *) place = lc_plan_intern(w, text->items[0]);
		break;
	case LCT_KIND_LIST:
		give_texts(in, text, fuzz_number(in, 1) % ITEMS_MAX);
		*(struct lc_plan_list *) place =
			lc_plan_strings(w, (const char *const *) text->items, text->count);
		break;
	case LCT_KIND_BYTES:
		text->size = fuzz_number(in, 1) % 64;
		text->count = 1;
		text->items[0] = fuzz_room(text->size);
		for (size_t i = 0; i < text->size; i++)
			text->items[0][i] = (char) fuzz_number(in, 1);
		*(struct lc_plan_bytes *) place = lc_plan_blob(w, text->items[0], text->size);
		break;
	default:
		number = fuzz_number(in, 8);
		memcpy(place, &number, sizeof(number));
	}
}

static void give(struct fuzz_input *in, struct lc_plan_writer *w, struct given *to)
{
	size_t count, texts = 0;
	const struct lc_plan_operand *operands = lc_plan_operands(&count);

	memset(to, 0, sizeof(*to));
	to->op = (enum lc_plan_op) (fuzz_number(in, 1) % LCT_OP_COUNT);
	for (size_t i = 0; i < count; i++)
		if (operands[i].op == to->op)
			give_operand(in, w, &operands[i], to, &to->texts[texts++]);
	lc_plan_append(w, to->op, to->record.bytes, lc_plan_record_size(to->op) * 8u);
}

static void forget(struct given *given)
{
	for (size_t i = 0; i < 16; i++)
		for (size_t k = 0; k < given->texts[i].count; k++)
			free(given->texts[i].items[k]);
}

/* --- reading --- */

/* The row of a terminal: whole, and without a byte that would move it. */
static void check_row(const struct lc_plan *plan, uint32_t index, const struct lc_plan_record *record)
{
	struct lc_explain_row row;
	const char *end;

	memset(&row, 0x7f, sizeof(row));
	lc_explain(plan, index, record, &row);
	end = memchr(row.operands, '\0', sizeof(row.operands));
	MUST(row.index == index && row.op != NULL && row.step != NULL && row.meaning != NULL);
	MUST(end != NULL);
	for (const char *at = row.operands; at < end; at++)
		MUST((unsigned char) *at >= ' ' && *at != 0x7f);
}

/* Follow what a record names, to the last byte. */
static size_t touch(const struct lc_plan *plan, const struct lc_plan_record *record,
	const struct lc_plan_operand *operand)
{
	const void *place = (const uint8_t *) record + operand->offset;
	const struct lc_plan_list *list = place;
	const struct lc_plan_bytes *bytes = place;
	size_t sum = 0;

	if (operand->kind == LCT_KIND_STR)
		sum += strlen(lc_plan_string(plan, *(const uint32_t *) place));
	if (operand->kind == LCT_KIND_LIST) {
		const char *item = lc_plan_string(plan, list->offset);

		for (uint32_t i = 0; i < list->count; i++)
			item += strlen(item) + 1;
		sum += (size_t) (item - plan->pool);
	}
	if (operand->kind == LCT_KIND_BYTES) {
		MUST(bytes->offset % 8 == 0);
		for (uint32_t i = 0; i < bytes->length; i++)
			sum += ((const uint8_t *) lc_plan_data(plan, *bytes))[i];
	}
	return sum;
}

static uint32_t walk(const struct lc_plan *plan)
{
	struct lc_plan_cursor cursor = {plan, 0, 0};
	size_t count;
	const struct lc_plan_operand *operands = lc_plan_operands(&count);
	const struct lc_plan_record *record;
	size_t sum = 0;

	while ((record = lc_plan_next(&cursor)) != NULL) {
		MUST(record->op < LCT_OP_COUNT && record->size == lc_plan_record_size(record->op));
		MUST(lc_plan_step(record->op) < LCT_STEP_COUNT);
		for (size_t i = 0; i < count; i++)
			if (operands[i].op == record->op)
				sum += touch(plan, record, &operands[i]);
		check_row(plan, cursor.index - 1, record);
	}
	MUST(sum < SIZE_MAX && cursor.index == plan->header->ops);
	return cursor.index;
}

static void check_text(const struct lc_plan *plan, const void *place, const struct given_text *text,
	enum lc_plan_kind kind)
{
	const struct lc_plan_list *list = place;
	const struct lc_plan_bytes *bytes = place;
	const char *item = lc_plan_string(plan, list->offset);

	if (kind == LCT_KIND_BYTES) {
		MUST(bytes->length == text->size);
		MUST(memcmp(lc_plan_data(plan, *bytes), text->items[0], text->size) == 0);
		return;
	}
	MUST(kind == LCT_KIND_STR || list->count == text->count);
	for (size_t i = 0; i < text->count; i++) {
		MUST(strcmp(item, text->items[i]) == 0);
		item += strlen(item) + 1;
	}
}

/* decode(encode(p)) == p */
static void check_same(const struct lc_plan *plan, const struct given *given, size_t given_count)
{
	struct lc_plan_cursor cursor = {plan, 0, 0};
	size_t count;
	const struct lc_plan_operand *operands = lc_plan_operands(&count);

	for (size_t n = 0; n < given_count; n++) {
		const struct lc_plan_record *record = lc_plan_next(&cursor);
		size_t texts = 0;

		MUST(record != NULL && record->op == given[n].op);
		for (size_t i = 0; i < count; i++) {
			const struct given_text *text = &given[n].texts[texts];
			const uint8_t *place = (const uint8_t *) record + operands[i].offset;
			size_t size = operands[i].kind == LCT_KIND_U32 ? 4 : 8;

			if (operands[i].op != given[n].op)
				continue;
			texts++;
			if (operands[i].kind == LCT_KIND_U32 || operands[i].kind == LCT_KIND_U64 ||
				operands[i].kind == LCT_KIND_HEX)
				MUST(memcmp(place, given[n].record.bytes + operands[i].offset,
					     size) == 0);
			else
				check_text(plan, place, text, operands[i].kind);
		}
	}
	MUST(lc_plan_next(&cursor) == NULL);
}

static void damage(struct fuzz_input *in, const void *document, size_t size)
{
	uint8_t *copy;
	size_t left = size;
	struct lc_plan plan;
	struct lc_error err = {.errnum = 0};
	int r;

	if (fuzz_left(in) == 0)
		return;
	left -= fuzz_number(in, 1) % 4 == 0 ? fuzz_number(in, 2) % size : 0;
	copy = fuzz_room(left);
	memcpy(copy, document, left);
	for (int i = 0; i < DAMAGES_MAX && fuzz_left(in) > 2 && left > 0; i++) {
		size_t place = fuzz_number(in, 2) % left;

		copy[place] = (uint8_t) (copy[place] + fuzz_number(in, 1));
	}
	/* the header says how long it is, so that what is cut is found by what it holds */
	if (left >= sizeof(struct lc_plan_header) && fuzz_number(in, 1) % 2 == 0) {
		struct lc_plan_header *header = (void *) copy;

		header->total = (uint32_t) left;
		header->pool_size = (uint32_t) (left - sizeof(*header) - header->ops_size);
	}
	r = lc_plan_open(copy, left, &plan, &err);
	MUST(r == 0 || ((r == -EBADMSG || r == -EPROTO) && err.errnum == -r));
	MUST(r == 0 || err.step == LCT_STEP_PLAN);
	if (r == 0)
		(void) walk(&plan);
	free(copy);
}

void fuzz_plan(const uint8_t *data, size_t size)
{
	struct fuzz_input in = fuzz_input(data, size);
	size_t count = fuzz_number(&in, 1) % OPS_MAX, document_size;
	struct given *given = fuzz_room(OPS_MAX * sizeof(*given));
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_plan_writer writer;
	const void *document;
	struct lc_plan plan;

	MUST(lc_plan_writer_init(&writer, &arena) == 0);
	for (size_t i = 0; i < count; i++)
		give(&in, &writer, &given[i]);
	MUST(lc_plan_finish(&writer, &document, &document_size, NULL) == 0);
	MUST(lc_plan_open(document, document_size, &plan, NULL) == 0);
	MUST(walk(&plan) == count);
	check_same(&plan, given, count);
	damage(&in, document, document_size);
	for (size_t i = 0; i < count; i++)
		forget(&given[i]);
	free(given);
	lc_arena_done(&arena);
}
