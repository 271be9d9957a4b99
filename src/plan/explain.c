/* SPDX-License-Identifier: MIT */
/*
 * A plan as rows of text (host only). Everything here comes from ops.def: an operation added there
 * is explained without a line of code. The text may hold names that a config brought along, so
 * control bytes are always escaped: it ends on somebody's terminal.
 */
#include "plan/explain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const op_names[] = {
#define OP(name, step, operands, meaning) #name,
#include "plan/ops.def"
#undef OP
};

static const char *const op_meanings[] = {
#define OP(name, step, operands, meaning) meaning,
#include "plan/ops.def"
#undef OP
};

/* Names of the operands, row by row as lc_plan_operands has them. */
static const char *const operand_names[] = {
#define U32(name) #name,
#define U64(name) #name,
#define HEX(name) #name,
#define STR(name) #name,
#define LIST(name) #name,
#define BYTES(name) #name,
#define OP(name, step, operands, meaning) operands
#include "plan/ops.def"
#undef OP
#undef U32
#undef U64
#undef HEX
#undef STR
#undef LIST
#undef BYTES
};

#define LCT_ELLIPSIS "\xe2\x80\xa6"

struct text {
	char *bytes;
	size_t used, room; /* room leaves space for an ellipsis and the end */
	bool is_cut;
};

static void put_bytes(struct text *text, const char *bytes, size_t size)
{
	if (text->is_cut)
		return;
	if (size > text->room - text->used) {
		text->is_cut = true;
		return;
	}
	memcpy(text->bytes + text->used, bytes, size);
	text->used += size;
}

static void put(struct text *text, const char *string)
{
	put_bytes(text, string, strlen(string));
}

static void __attribute__((format(printf, 2, 3))) put_format(
	struct text *text, const char *format, ...)
{
	char number[40];
	va_list arguments;

	va_start(arguments, format);
	(void) vsnprintf(number, sizeof(number), format, arguments);
	va_end(arguments);
	put(text, number);
}

static bool is_control(char c)
{
	return (unsigned char) c < ' ' || c == 0x7f;
}

static void put_quoted(struct text *text, const char *string)
{
	put(text, "\"");
	for (; *string != '\0' && !text->is_cut; string++) {
		if (*string == '"' || *string == '\\')
			put_format(text, "\\%c", *string);
		else if (*string == '\n')
			put(text, "\\n");
		else if (*string == '\t')
			put(text, "\\t");
		else if (is_control(*string))
			put_format(text, "\\x%02x", (unsigned char) *string);
		else
			put_bytes(text, string, 1);
	}
	put(text, "\"");
}

/* As it is, unless somebody could misread where it ends. */
static void put_string(struct text *text, const char *string)
{
	bool is_plain = *string != '\0';

	for (const char *at = string; *at != '\0' && is_plain; at++)
		is_plain = *at != ' ' && *at != '"' && !is_control(*at);
	if (is_plain)
		while (*string != '\0' && !text->is_cut)
			put_bytes(text, string++, 1);
	else
		put_quoted(text, string);
}

static void put_list(struct text *text, const struct lc_plan *plan, struct lc_plan_list list)
{
	const char *item = lc_plan_string(plan, list.offset);

	put(text, "[");
	for (uint32_t i = 0; i < list.count && !text->is_cut; i++) {
		if (i > 0)
			put(text, ", ");
		put_quoted(text, item);
		item += strlen(item) + 1;
	}
	put(text, "]");
}

static void put_operand(struct text *text, const struct lc_plan *plan, const void *place,
	enum lc_plan_kind kind)
{
	const struct lc_plan_bytes *bytes;

	switch (kind) {
	case LCT_KIND_U32:
		put_format(text, "%" PRIu32, *(const uint32_t *) place);
		break;
	case LCT_KIND_U64:
		put_format(text, "%" PRIu64, *(const uint64_t *) place);
		break;
	case LCT_KIND_HEX:
		put_format(text, "0x%" PRIx64, *(const uint64_t *) place);
		break;
	case LCT_KIND_STR:
		put_string(text, lc_plan_string(plan, *(const uint32_t *) place));
		break;
	case LCT_KIND_LIST:
		put_list(text, plan, *(const struct lc_plan_list *) place);
		break;
	case LCT_KIND_BYTES:
		bytes = place;
		put_format(text, "<%" PRIu32 " bytes>", bytes->length);
		break;
	}
}

/* End the text; a cut one must not stop inside of a UTF-8 character. */
static void finish(struct text *text)
{
	if (text->is_cut) {
		size_t start = text->used;

		while (start > 0 && ((unsigned char) text->bytes[start - 1] & 0xc0) == 0x80)
			start--;
		if (start > 0 && ((unsigned char) text->bytes[start - 1] & 0xc0) == 0xc0)
			text->used = start - 1;
		memcpy(text->bytes + text->used, LCT_ELLIPSIS, strlen(LCT_ELLIPSIS));
		text->used += strlen(LCT_ELLIPSIS);
	}
	text->bytes[text->used] = '\0';
}

void lc_explain(const struct lc_plan *plan, uint32_t index, const struct lc_plan_record *record,
	struct lc_explain_row *out)
{
	struct text text = {
		.bytes = out->operands,
		.room = sizeof(out->operands) - strlen(LCT_ELLIPSIS) - 1,
	};
	size_t count;
	const struct lc_plan_operand *operands = lc_plan_operands(&count);

	out->index = index;
	out->op = op_names[record->op];
	out->meaning = op_meanings[record->op];
	out->step = lc_step_name(lc_plan_step(record->op));
	for (size_t i = 0; i < count; i++) {
		if (operands[i].op != record->op)
			continue;
		if (text.used > 0)
			put(&text, " ");
		put(&text, operand_names[i]);
		put(&text, "=");
		put_operand(&text, plan, (const uint8_t *) record + operands[i].offset,
			(enum lc_plan_kind) operands[i].kind);
	}
	finish(&text);
}
