/* SPDX-License-Identifier: MIT */
/*
 * The rules that schema.def itself states, checked by one loop over it, so that a new field is
 * checked from its first day. The one field known by name is rlimit.type, whose words may be
 * written in the way of setrlimit(2) too.
 */
#include "configs/names.h"
#include "configs/validate_parts.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME_ROOM 512 /* of a field's path; three levels of short names fit well */

int lc_refuse(struct lc_error *err, int errnum, const char *format, ...)
{
	char subject[NAME_ROOM];
	va_list arguments;

	va_start(arguments, format);
	(void) vsnprintf(subject, sizeof(subject), format, arguments);
	va_end(arguments);
	return lc_fail(err, LCT_STEP_CONFIG, errnum, subject);
}

/* Is `word` one of the words of "a|b|c"? */
static bool is_word_of(const char *words, const char *word)
{
	size_t length = strlen(word);

	while (length > 0) {
		size_t here = strcspn(words, "|");

		if (here == length && memcmp(words, word, length) == 0)
			return true;
		if (words[here] == '\0')
			return false;
		words += here + 1;
	}
	return false;
}

static bool is_known_word(const struct lc_field *field, const char *word)
{
	if (is_word_of(lc_text(field->detail), word))
		return true;
	return strcmp(lc_text(field->section), "rlimit") == 0 &&
		strcmp(lc_text(field->name), "type") == 0 &&
	       lc_rlimit_number(word) >= 0;
}

static int check_integer(const struct lc_field *field, const struct lc_integer *value,
	const char *name, struct lc_error *err)
{
	if (!value->is_set)
		return field->is_required ? lc_refuse(err, EINVAL, "%s: missing", name) : 0;
	if ((value->value < field->minimum && field->minimum != LCT_ANY_BITS) ||
		value->value > field->maximum)
		return lc_refuse(err, EINVAL, "%s: out of range", name);
	return 0;
}

static int check_number(const struct lc_field *field, const struct lc_number *value,
	const char *name, struct lc_error *err)
{
	if (!value->is_set)
		return field->is_required ? lc_refuse(err, EINVAL, "%s: missing", name) : 0;
	/* written so that a NaN is out of range */
	if (!(value->value >= (double) field->minimum && value->value <= (double) field->maximum))
		return lc_refuse(err, EINVAL, "%s: out of range", name);
	return 0;
}

/* STRING, PATH and WORD. */
static int check_text(const struct lc_field *field, const char *text, const char *name,
	struct lc_error *err)
{
	size_t length;

	if (text == NULL)
		return field->is_required ? lc_refuse(err, EINVAL, "%s: missing", name) : 0;
	length = strlen(text);
	if (field->kind == LCT_FIELD_WORD)
		return is_known_word(field, text)
			       ? 0
			       : lc_refuse(err, EINVAL, "%s: %.100s", name, text);
	if (field->maximum > 0 && length > (uint64_t) field->maximum)
		return lc_refuse(err, EINVAL, "%s: too long", name);
	if (field->minimum > 0 && length < (uint64_t) field->minimum)
		return lc_refuse(err, EINVAL, "%s: empty", name);
	if (field->kind == LCT_FIELD_PATH && text[0] != '/')
		return lc_refuse(err, EINVAL, "%s: must be absolute", name);
	return 0;
}

static int check_count(const struct lc_field *field, size_t count, const char *name,
	struct lc_error *err)
{
	if (count == 0 && field->is_required)
		return lc_refuse(err, EINVAL, "%s: missing", name);
	if (field->maximum > 0 && count > (uint64_t) field->maximum)
		return lc_refuse(err, EINVAL, "%s: too many", name);
	return 0;
}

/* STRINGS, PATHS and WORDS. */
static int check_texts(const struct lc_field *field, const struct lc_strings *list,
	const char *name, struct lc_error *err)
{
	int r = check_count(field, list->count, name, err);

	for (size_t i = 0; r == 0 && i < list->count; i++) {
		const char *text = list->items[i];

		if (text == NULL)
			return lc_refuse(err, EINVAL, "%s[%zu]: missing", name, i + 1);
		if (field->kind == LCT_FIELD_WORDS && !is_word_of(lc_text(field->detail), text))
			return lc_refuse(err, EINVAL, "%s[%zu]: %.100s", name, i + 1, text);
		if (field->kind != LCT_FIELD_PATHS)
			continue;
		if (text[0] != '/')
			return lc_refuse(err, EINVAL, "%s[%zu]: must be absolute", name, i + 1);
		if (strlen(text) > 4095)
			return lc_refuse(err, EINVAL, "%s[%zu]: too long", name, i + 1);
	}
	return r;
}

static int check_map(const struct lc_field *field, const struct lc_pairs *map, const char *name,
	struct lc_error *err)
{
	for (size_t i = 0; i < map->count; i++)
		if (map->items[i].key == NULL || map->items[i].key[0] == '\0' ||
			map->items[i].value == NULL)
			return lc_refuse(err, EINVAL, "%s: empty key", name);
	return check_count(field, map->count, name, err);
}

static int check_objects(const struct lc_field *field, const struct lc_objects *list,
	const char *name, struct lc_error *err)
{
	const struct lc_section *section = lc_schema_section(lc_text(field->detail));
	char prefix[NAME_ROOM];
	int r = check_count(field, list->count, name, err);

	for (size_t i = 0; r == 0 && i < list->count; i++) {
		(void) snprintf(prefix, sizeof(prefix), "%.400s[%zu].", name, i + 1);
		r = lc_validate_fields(
			section, (const char *) list->items + i * section->size, prefix, err);
	}
	return r;
}

static int check_object(const struct lc_field *field, const void *object, const char *name,
	struct lc_error *err)
{
	char prefix[NAME_ROOM];

	if (object == NULL)
		return field->is_required ? lc_refuse(err, EINVAL, "%s: missing", name) : 0;
	(void) snprintf(prefix, sizeof(prefix), "%.400s.", name);
	return lc_validate_fields(lc_schema_section(lc_text(field->detail)), object, prefix, err);
}

static int check_field(const struct lc_field *field, const void *member, const char *name,
	struct lc_error *err)
{
	switch (field->kind) {
	case LCT_FIELD_INTEGER:
	case LCT_FIELD_SIZE:
		return check_integer(field, member, name, err);
	case LCT_FIELD_NUMBER:
		return check_number(field, member, name, err);
	case LCT_FIELD_STRING:
	case LCT_FIELD_PATH:
	case LCT_FIELD_WORD:
		return check_text(field, *(const char *const *) member, name, err);
	case LCT_FIELD_STRINGS:
	case LCT_FIELD_PATHS:
	case LCT_FIELD_WORDS:
		return check_texts(field, member, name, err);
	case LCT_FIELD_MAP:
		return check_map(field, member, name, err);
	case LCT_FIELD_OBJECT:
		return check_object(field, *(const void *const *) member, name, err);
	case LCT_FIELD_OBJECTS:
		return check_objects(field, member, name, err);
	case LCT_FIELD_FLAG:
	case LCT_FIELD_CHOICE3:
	case LCT_FIELD_LUA:
	case LCT_FIELD_LATER:
		break;
	}
	return 0;
}

int lc_validate_fields(const struct lc_section *section, const void *base, const char *prefix,
	struct lc_error *err)
{
	char name[NAME_ROOM];

	for (size_t i = 0; i < section->count; i++) {
		const struct lc_field *field = &section->fields[i];
		int r;

		(void) snprintf(name, sizeof(name), "%.400s%s", prefix, lc_text(field->name));
		r = check_field(field, (const char *) base + field->offset, name, err);
		if (r < 0)
			return r;
	}
	return 0;
}
