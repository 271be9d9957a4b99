/* SPDX-License-Identifier: MIT */
/*
 * struct lc_config and struct lc_process_config: a configuration as C values, made from schema.def.
 * Strings and arrays live in the arena that the reader of the configuration owns.
 *
 * Below the structs: the schema as a table, for whoever reads or writes configurations by loop
 * (binding/convert.c, core.schema() in Lua) and knows no field by name.
 */
#ifndef LCT_CONFIGS_CONFIGS_H
#define LCT_CONFIGS_CONFIGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lc_integer {
	int64_t value;
	bool is_set; /* absent is not zero */
};
struct lc_number {
	double value;
	bool is_set;
};
struct lc_choice3 {
	bool value;
	bool is_set;
};
struct lc_strings {
	const char **items;
	size_t count;
};
struct lc_pair {
	const char *key, *value;
};
struct lc_pairs {
	struct lc_pair *items; /* sorted by key, so that a plan does not depend on a table's order */
	size_t count;
};
/* What an OBJECTS field is, for code that knows no field by name: items point to count structs. */
struct lc_objects {
	void *items;
	size_t count;
};

#define LCT_MEMBER_FLAG(name, detail) bool name;
#define LCT_MEMBER_CHOICE3(name, detail) struct lc_choice3 name;
#define LCT_MEMBER_INTEGER(name, detail) struct lc_integer name;
#define LCT_MEMBER_SIZE(name, detail) struct lc_integer name;
#define LCT_MEMBER_NUMBER(name, detail) struct lc_number name;
#define LCT_MEMBER_STRING(name, detail) const char *name;
#define LCT_MEMBER_PATH(name, detail) const char *name;
#define LCT_MEMBER_WORD(name, detail) const char *name;
#define LCT_MEMBER_STRINGS(name, detail) struct lc_strings name;
#define LCT_MEMBER_PATHS(name, detail) struct lc_strings name;
#define LCT_MEMBER_WORDS(name, detail) struct lc_strings name;
#define LCT_MEMBER_MAP(name, detail) struct lc_pairs name;
#define LCT_MEMBER_OBJECT(name, detail) void *name; /* struct lc_config_<detail>, NULL absent */
#define LCT_MEMBER_OBJECTS(name, detail) struct lc_objects name;
#define LCT_MEMBER_LUA(name, detail)
#define LCT_MEMBER_LATER(name, detail)

#define SECTION_BEGIN(section, meaning) struct lc_config_##section {
#define FIELD(section, kind, name, detail, need, min, max, def, since, oci, meaning)               \
	LCT_MEMBER_##kind(name, detail)
#define SECTION_END(section)                                                                       \
	}                                                                                          \
	;
#include "configs/schema.def"
#undef SECTION_BEGIN
#undef FIELD
#undef SECTION_END

/* --- the schema as data --- */

enum lc_field_kind {
	LCT_FIELD_FLAG,
	LCT_FIELD_CHOICE3,
	LCT_FIELD_INTEGER,
	LCT_FIELD_SIZE,
	LCT_FIELD_NUMBER,
	LCT_FIELD_STRING,
	LCT_FIELD_PATH,
	LCT_FIELD_WORD,
	LCT_FIELD_STRINGS,
	LCT_FIELD_PATHS,
	LCT_FIELD_WORDS,
	LCT_FIELD_MAP,
	LCT_FIELD_OBJECT,
	LCT_FIELD_OBJECTS,
	LCT_FIELD_LUA,
	LCT_FIELD_LATER,
};

/* The minimum of a field whose 64 bits may be any: a literal cannot say the least number, which is in too. */
#define LCT_ANY_BITS (-INT64_MAX)

/*
 * A text of the schema, by its place among all of them. 1600 pointers would be relocated at every
 * start of nsinit, and the pages that they are in copied for it.
 */
struct lc_text {
	uint32_t place;
};

struct lc_field {
	struct lc_text section, name, detail;
	enum lc_field_kind kind;
	bool is_required;
	size_t offset; /* in struct lc_config_<section>; meaningless for LUA and LATER */
	int64_t minimum, maximum;
	struct lc_text default_text, since, oci, meaning;
};

struct lc_section {
	const char *name, *meaning;
	size_t size;             /* of its struct */
	const struct lc_field *fields;
	size_t count;
};

/* All sections, in the order of schema.def. */
const struct lc_section *lc_schema(size_t *out_count);
/* One by name, NULL for none. */
const struct lc_section *lc_schema_section(const char *name);
/* Of a field; it lasts as long as the program. */
const char *lc_text(struct lc_text text);
/* "integer", "size", … as the schema's head names them, in lower case. */
const char *lc_field_kind_name(enum lc_field_kind kind);

#endif
