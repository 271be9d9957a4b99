/* SPDX-License-Identifier: MIT */
/*
 * Properties that somebody writes as text: "uint64 123", "'inactive-or-failed'", "['a.slice']". The
 * text is that of GVariant, whose types are those of D-Bus, as runc and crun read it in
 * annotations: truth values, numbers, strings, and arrays of those. Tuples and dictionaries, which
 * few properties have, are refused. Pure, and the text is a stranger's.
 */
#include "cgroups/systemd.h"

#include "base/cleanup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE "ynqiuxt" /* types of D-Bus that are whole numbers */
#define TEXTS "so"
#define NAME_MIN 3
#define NAME_LIMIT 100
#define USEC 1000000u

#define LETTERS "abcdefghijklmnopqrstuvwxyz"

/* What we say about a scope ourselves: with another value it would not be the container's. */
static const char *const ours[] = {"ControlGroup", "Controller", "Delegate", "DelegateControllers",
	"DelegateSubgroup", "Description", "PIDFDs", "PIDs", "Slice"};

static const struct {
	const char *word;
	char type;
} keywords[] = {
	{"boolean", 'b'},
	{"byte", 'y'},
	{"int16", 'n'},
	{"uint16", 'q'},
	{"int32", 'i'},
	{"uint32", 'u'},
	{"int64", 'x'},
	{"uint64", 't'},
	{"double", 'd'},
	{"string", 's'},
	{"objectpath", 'o'},
};

/* The text from `at` on; what is wrong with it, once that is known. */
struct reader {
	const char *at, *problem;
	struct lc_arena *arena;
};

/* One value; its type is 0 until it is known. */
struct value {
	char type;
	uint64_t number; /* of a whole number less than 0: its two's complement */
	double real;
	const char *text;
};

static bool refuse(struct reader *in, const char *problem)
{
	in->problem = problem;
	return false;
}

static void skip_spaces(struct reader *in)
{
	in->at += strspn(in->at, " \t\n\r");
}

static bool take(struct reader *in, char c)
{
	skip_spaces(in);
	if (*in->at != c)
		return false;
	in->at++;
	return true;
}

/* A word of letters and digits, which is stepped over when it is this one. */
static bool take_word(struct reader *in, const char *word)
{
	size_t length = strspn(in->at, LETTERS "0123456789");

	if (length != strlen(word) || memcmp(in->at, word, length) != 0)
		return false;
	in->at += length;
	return true;
}

/* --- single values --- */

/* The type that a keyword or "@t" in front of a value says; 0: none does. */
static char take_type(struct reader *in)
{
	skip_spaces(in);
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (take_word(in, keywords[i].word))
			return keywords[i].type;
		if (in->at[0] == '@' && in->at[1] == keywords[i].type &&
			strchr(" \t\n\r", in->at[2]) != NULL && in->at[2] != '\0') {
			in->at += 2;
			return keywords[i].type;
		}
	}
	return 0;
}

static bool read_bool(struct reader *in, struct value *out)
{
	bool is_true = take_word(in, "true");

	if (!is_true && !take_word(in, "false"))
		return refuse(in, "true or false expected");
	out->number = is_true;
	return true;
}

/* A string in quotes of either kind, where a backslash takes the special meaning from what follows.
 */
static bool read_string(struct reader *in, struct value *out)
{
	static const char letters[] = "abfnrtv", meant[] = "\a\b\f\n\r\t\v";
	char quote = *in->at, *text = lc_arena_copy(in->arena, in->at, strlen(in->at));
	size_t used = 0;

	if (quote != '\'' && quote != '"')
		return refuse(in, "a string in quotes expected");
	if (text == NULL)
		return refuse(in, NULL);
	for (in->at++; *in->at != quote; in->at++) {
		const char *special = NULL;

		if (*in->at == '\\') {
			in->at++;
			if (*in->at == 'u' || *in->at == 'U')
				return refuse(in, "write characters as they are, not as \\u");
			special = *in->at != '\0' ? strchr(letters, *in->at) : NULL;
		}
		if (*in->at == '\0')
			return refuse(in, "the string does not end");
		text[used++] = special != NULL ? meant[special - letters] : *in->at;
	}
	in->at++;
	text[used] = '\0';
	out->text = text;
	return out->type != 'o' || text[0] == '/' || refuse(in, "an object path begins with /");
}

/* A number is whole, or has a point or an exponent. */
static bool is_real(const char *text)
{
	bool is_hex;

	text += *text == '-' || *text == '+';
	is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	return !is_hex && strcspn(text, ".eE") < strspn(text, "0123456789.eE+-");
}

static bool read_real(struct reader *in, struct value *out)
{
	/* strtod listens to the locale, and knows names of numbers that are none */
	size_t length = strspn(in->at, "0123456789.eE+-");
	double value = 0, scale = 1;
	const char *at = in->at, *end = in->at + length;
	bool is_negative = *at == '-', has_digits = false;
	long exponent = 0;

	at += *at == '-' || *at == '+';
	for (; *at >= '0' && *at <= '9'; at++, has_digits = true)
		value = value * 10 + (*at - '0');
	if (*at == '.')
		for (at++; *at >= '0' && *at <= '9'; at++, has_digits = true)
			value += (*at - '0') * (scale /= 10);
	if (has_digits && (*at == 'e' || *at == 'E')) {
		char *after;

		exponent = strtol(at + 1, &after, 10);
		has_digits = after > at + 1;
		at = after;
	}
	if (!has_digits || at != end || exponent > 300 || exponent < -300)
		return refuse(in, "a number expected");
	value *= pow(10, (double) exponent);
	if (!isfinite(value))
		return refuse(in, "the number is too large");
	in->at = end;
	out->real = is_negative ? -value : value;
	return true;
}

/* Is the number, given without its sign, one of the type? */
static bool fits(char type, uint64_t number, bool is_negative)
{
	static const unsigned bits[] = {8, 16, 16, 32, 32, 64, 64};
	const char *at = strchr(WHOLE, type);
	bool is_signed = type == 'n' || type == 'i' || type == 'x';
	unsigned width = at != NULL ? bits[at - WHOLE] : 0;
	uint64_t most = UINT64_MAX >> (64 - width) >> is_signed;

	if (at == NULL)
		return false;
	return is_negative ? number == 0 || (is_signed && number <= most + 1) : number <= most;
}

static bool read_whole(struct reader *in, struct value *out)
{
	static const char digits[] = "0123456789abcdef";
	bool is_negative = *in->at == '-', has_digits = false;
	uint64_t number = 0, base = 10;

	in->at += *in->at == '-' || *in->at == '+';
	if (in->at[0] == '0' && (in->at[1] == 'x' || in->at[1] == 'X')) {
		base = 16;
		in->at += 2;
	} else if (in->at[0] == '0') {
		base = 8; /* as the text format has it */
	}
	for (; *in->at != '\0'; in->at++, has_digits = true) {
		char c = *in->at >= 'A' && *in->at <= 'F' ? (char) (*in->at + 'a' - 'A') : *in->at;
		const char *digit = strchr(digits, c);

		if (digit == NULL || (uint64_t) (digit - digits) >= base)
			break;
		if (__builtin_mul_overflow(number, base, &number) ||
			__builtin_add_overflow(number, (uint64_t) (digit - digits), &number))
			return refuse(in, "the number is too large");
	}
	if (!has_digits)
		return refuse(in, "a number expected");
	if (!fits(out->type, number, is_negative))
		return refuse(in,
			"the number is too large for its type: write \"uint64 1\" for one "
			"that is not an int32");
	out->number = is_negative ? -number : number;
	return true;
}

/* One value of the type that `out` has; of the one that it looks like, when there is none. */
static bool read_single(struct reader *in, struct value *out)
{
	char said = take_type(in);

	skip_spaces(in);
	if (said != 0 && out->type != 0 && said != out->type)
		return refuse(in, "the values of an array have one type");
	if (said != 0)
		out->type = said;
	if (out->type == 0 && *in->at != '\0' && strchr("'\"", *in->at) != NULL)
		out->type = 's';
	else if (out->type == 0 && *in->at != '\0' && strchr("+-.0123456789", *in->at) != NULL)
		out->type = is_real(in->at) ? 'd' : 'i';
	else if (out->type == 0)
		out->type = 'b';
	if (strchr(TEXTS, out->type) != NULL)
		return read_string(in, out);
	if (out->type == 'b')
		return *in->at == 't' || *in->at == 'f'
			       ? read_bool(in, out)
			       : refuse(in, "true, a number, a 'string', or [an, array] of those "
					    "expected");
	return out->type == 'd' ? read_real(in, out) : read_whole(in, out);
}

/* --- arrays --- */

/* The bytes of a number as sd-bus takes an array of them. */
static size_t pack(const struct value *value, uint8_t *out)
{
	uint16_t two = (uint16_t) value->number;
	uint32_t four = (uint32_t) value->number;

	switch (value->type) {
	case 'y':
		*out = (uint8_t) value->number;
		return 1;
	case 'n':
	case 'q':
		memcpy(out, &two, sizeof(two));
		return sizeof(two);
	case 'i':
	case 'u':
		memcpy(out, &four, sizeof(four));
		return sizeof(four);
	case 'd':
		memcpy(out, &value->real, sizeof(value->real));
		return sizeof(value->real);
	default:
		memcpy(out, &value->number, sizeof(value->number));
		return sizeof(value->number);
	}
}

/* Behind the "[". No value is longer packed than twice what its text and the comma take, or 8
 * bytes. */
static bool read_array(struct reader *in, char type, struct lc_unit_property *out)
{
	size_t room = strlen(in->at) + 1;
	uint8_t *bytes = lc_arena_array(in->arena, room, sizeof(uint64_t));
	const char **texts = lc_arena_array(in->arena, room, sizeof(*texts));
	struct value value = {.type = type};

	if (bytes == NULL || texts == NULL)
		return refuse(in, NULL);
	out->is_array = true;
	out->bytes = bytes;
	out->texts = texts;
	while (!take(in, ']')) {
		if (out->count > 0 && !take(in, ','))
			return refuse(in, "a comma or ] expected");
		if (!read_single(in, &value))
			return false;
		if (strchr(TEXTS, value.type) != NULL)
			texts[out->count] = value.text;
		else
			out->size += pack(&value, bytes + out->size);
		out->count++;
	}
	out->type = value.type;
	if (out->type == 0)
		return refuse(in, "what is an empty array one of? write \"@as []\"");
	return out->type != 'b' || refuse(in, "there is no property that is an array of booleans");
}

static bool read_value(struct reader *in, struct lc_unit_property *out)
{
	struct value value = {.type = 0};
	char item = 0;

	skip_spaces(in);
	if (strncmp(in->at, "@a", 2) == 0 && in->at[2] != '\0' &&
		strchr("b" WHOLE "d" TEXTS, in->at[2]) != NULL) {
		item = in->at[2];
		in->at += 3;
		if (!take(in, '['))
			return refuse(in, "[ expected");
		return read_array(in, item, out);
	}
	if (take(in, '['))
		return read_array(in, 0, out);
	if (!read_single(in, &value))
		return false;
	out->type = value.type;
	out->number = value.number;
	out->real = value.real;
	out->text = value.text;
	return true;
}

/* --- properties --- */

/* systemd's files have seconds where its bus has microseconds: TimeoutStopSec is TimeoutStopUSec.
 */
static bool convert_seconds(struct reader *in, struct lc_unit_property *out)
{
	size_t length = strlen(out->name), stem = length > 3 ? length - 3 : 0;
	bool is_signed = out->type == 'n' || out->type == 'i' || out->type == 'x';

	if (stem == 0 || strcmp(out->name + stem, "Sec") != 0 ||
		strchr(LETTERS, out->name[stem - 1]) == NULL)
		return true;
	out->name = lc_arena_printf(in->arena, "%.*sUSec", (int) stem, out->name);
	if (out->name == NULL)
		return refuse(in, NULL);
	if (out->is_array || (strchr(WHOLE, out->type) == NULL && out->type != 'd'))
		return refuse(in, "a number of seconds expected");
	if (out->type == 'd' ? !(out->real >= 0 && out->real < 1e13)
			     : (is_signed && (int64_t) out->number < 0))
		return refuse(in, "a number of seconds expected");
	if (out->type == 'd')
		out->number = (uint64_t) (out->real * USEC);
	else if (__builtin_mul_overflow(out->number, (uint64_t) USEC, &out->number))
		return refuse(in, "more seconds than there are");
	out->type = 't';
	return true;
}

static bool check_name(struct reader *in, const char *name)
{
	size_t length = strlen(name);

	if (length < NAME_MIN || length > NAME_LIMIT ||
		strspn(name, LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != length)
		return refuse(in, "a property's name is of letters, as TimeoutStopUSec");
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(name, ours[i]) == 0)
			return refuse(in, "this one is the container's own and cannot be chosen");
	return true;
}

int lc_systemd_property(const char *name, const char *text, struct lc_arena *arena,
	struct lc_unit_property *out, const char **out_problem)
{
	struct reader in = {.at = text, .problem = NULL, .arena = arena};
	bool is_fine;

	*out = (struct lc_unit_property){.name = name};
	is_fine = check_name(&in, name) && read_value(&in, out);
	if (is_fine) {
		skip_spaces(&in);
		is_fine = *in.at == '\0' ? convert_seconds(&in, out)
					 : refuse(&in, "nothing may follow the value");
	}
	*out_problem = in.problem;
	if (is_fine)
		return 0;
	return in.problem != NULL ? -EINVAL : -ENOMEM;
}

const char *lc_cgroup_check_property(const char *name, const char *text)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_unit_property property;
	const char *problem = NULL;

	/* without memory it is found out when it is used */
	(void) lc_systemd_property(name, text, &arena, &property, &problem);
	return problem;
}
