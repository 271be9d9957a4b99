/* SPDX-License-Identifier: MIT */
/*
 * Properties of a unit as an annotation has them, in the text of GVariant. What is understood is written
 * down again, with its type in front of it, and means the same; what is not is refused with a reason.
 *
 * Input: the name, a line feed, the text.
 */
#include "cgroups/systemd.h"
#include "fuzz.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>

#define ROOM 65536

struct text {
	char *bytes;
	size_t used;
};

static void __attribute__((format(printf, 2, 3))) put(struct text *to, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(to->bytes + to->used, ROOM - to->used, format, arguments);
	va_end(arguments);
	MUST(length >= 0 && (size_t) length < ROOM - to->used);
	to->used += (size_t) length;
}

static void put_string(struct text *to, const char *string)
{
	put(to, "'");
	for (; *string != '\0'; string++)
		put(to, *string == '\'' || *string == '\\' ? "\\%c" : "%c", *string);
	put(to, "'");
}

static void put_number(struct text *to, char type, uint64_t number)
{
	if (type == 'b')
		put(to, number != 0 ? "true" : "false");
	else if (type == 'n' || type == 'i' || type == 'x')
		put(to, "%" PRId64, (int64_t) number);
	else
		put(to, "%" PRIu64, number);
}

/* Of an array of numbers, one behind the other. */
static void put_packed(struct text *to, const struct lc_unit_property *p)
{
	size_t width = p->count > 0 ? p->size / p->count : 0;

	MUST(p->count == 0 || (p->size % p->count == 0 && width <= 8));
	for (size_t i = 0; i < p->count; i++) {
		uint64_t number = 0;
		double real;

		memcpy(&number, p->bytes + i * width, width);
		memcpy(&real, &number, sizeof(real));
		if (p->type == 'n')
			number = (uint64_t) (int16_t) number;
		if (p->type == 'i')
			number = (uint64_t) (int32_t) number;
		put(to, i > 0 ? ", " : "");
		if (p->type == 'd')
			put(to, "%.17e", real);
		else
			put_number(to, p->type, number);
	}
}

static void say(struct text *to, const struct lc_unit_property *p)
{
	put(to, p->is_array ? "@a%c [" : "@%c ", p->type);
	if (!p->is_array && p->type == 'd')
		put(to, "%.17e", p->real);
	else if (!p->is_array && (p->type == 's' || p->type == 'o'))
		put_string(to, p->text);
	else if (!p->is_array)
		put_number(to, p->type, p->number);
	else if (p->type != 's' && p->type != 'o')
		put_packed(to, p);
	for (size_t i = 0; p->is_array && (p->type == 's' || p->type == 'o') && i < p->count; i++) {
		put(to, i > 0 ? ", " : "");
		put_string(to, p->texts[i]);
	}
	if (p->is_array)
		put(to, "]");
}

/* Reals are read digit by digit, in which the last bits get lost. */
static bool is_near(double one, double other)
{
	return one == other || fabs(one - other) <= 1e-9 * fabs(one) + 1e-300;
}

static void check_same(const struct lc_unit_property *one, const struct lc_unit_property *other)
{
	MUST(one->type == other->type && one->is_array == other->is_array && one->count == other->count);
	MUST(one->number == other->number && one->size == other->size);
	MUST(one->type != 'd' || is_near(one->real, other->real));
	if (one->text != NULL)
		MUST(strcmp(one->text, other->text) == 0);
	for (size_t i = 0; i < one->count && (one->type == 's' || one->type == 'o'); i++)
		MUST(strcmp(one->texts[i], other->texts[i]) == 0);
	if (one->type != 'd' && one->size > 0)
		MUST(memcmp(one->bytes, other->bytes, one->size) == 0);
}

/* An exponent is of at most three hundred. */
static bool is_sayable(double real)
{
	return real == 0 || (fabs(real) > 1e-290 && fabs(real) < 1e290);
}

/* One number, as D-Bus has room for. */
static bool is_in_range(const struct lc_unit_property *p)
{
	int64_t number = (int64_t) p->number;

	switch (p->is_array ? '\0' : p->type) {
	case 'b':
		return p->number <= 1;
	case 'y':
		return p->number <= UINT8_MAX;
	case 'q':
		return p->number <= UINT16_MAX;
	case 'u':
		return p->number <= UINT32_MAX;
	case 'n':
		return number >= INT16_MIN && number <= INT16_MAX;
	case 'i':
		return number >= INT32_MIN && number <= INT32_MAX;
	default:
		return true;
	}
}

static bool can_be_said(const struct lc_unit_property *p)
{
	bool can = p->type != 'd' || p->is_array || is_sayable(p->real);

	for (size_t i = 0; p->type == 'd' && p->is_array && i < p->count; i++) {
		double real;

		memcpy(&real, p->bytes + i * sizeof(real), sizeof(real));
		MUST(isfinite(real));
		can = can && is_sayable(real);
	}
	return can;
}

void fuzz_properties(const uint8_t *data, size_t size)
{
	struct fuzz_input in = fuzz_input(data, size);
	char *name = fuzz_text(&in, '\n'), *value = fuzz_text(&in, '\0');
	struct text said = {.bytes = fuzz_room(ROOM)};
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_unit_property first, second;
	const char *problem = NULL;
	int r = lc_systemd_property(name, value, &arena, &first, &problem);

	MUST(r == 0 ? problem == NULL : r == -EINVAL && problem != NULL);
	if (r == 0) {
		MUST(strlen(first.name) >= 3 && strspn(first.name, "abcdefghijklmnopqrstuvwxyz"
			"ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(first.name));
		MUST(strcmp(first.name, "Slice") != 0 && strcmp(first.name, "PIDs") != 0 &&
			strcmp(first.name, "Delegate") != 0);
		MUST(strchr("bynqiuxtdso", first.type) != NULL && first.type != '\0');
		MUST(first.type != 'd' || first.is_array || isfinite(first.real));
		MUST(is_in_range(&first));
		if (strlen(value) < ROOM / 64 && can_be_said(&first)) {
			say(&said, &first);
			r = lc_systemd_property(first.name, said.bytes, &arena, &second, &problem);
			/* a name in seconds has become one in microseconds */
			MUST(r == 0 && strcmp(first.name, second.name) == 0);
			check_same(&first, &second);
		}
	}
	lc_arena_done(&arena);
	free(said.bytes);
	free(value);
	free(name);
}
