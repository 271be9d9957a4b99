/* SPDX-License-Identifier: MIT */
/*
 * The schema as data: schema.def read twice more, once for the fields and once for the sections.
 * Nothing here knows a field by name, and nothing here may: a new field is a line in schema.def.
 */
#include "configs/configs.h"
#include <string.h>

/* Where a field is in its struct; LUA and LATER have no place in one. */
#define LCT_OFFSET_FLAG(section, name) offsetof(struct lc_config_##section, name)
#define LCT_OFFSET_CHOICE3 LCT_OFFSET_FLAG
#define LCT_OFFSET_INTEGER LCT_OFFSET_FLAG
#define LCT_OFFSET_SIZE LCT_OFFSET_FLAG
#define LCT_OFFSET_NUMBER LCT_OFFSET_FLAG
#define LCT_OFFSET_STRING LCT_OFFSET_FLAG
#define LCT_OFFSET_PATH LCT_OFFSET_FLAG
#define LCT_OFFSET_WORD LCT_OFFSET_FLAG
#define LCT_OFFSET_STRINGS LCT_OFFSET_FLAG
#define LCT_OFFSET_PATHS LCT_OFFSET_FLAG
#define LCT_OFFSET_WORDS LCT_OFFSET_FLAG
#define LCT_OFFSET_MAP LCT_OFFSET_FLAG
#define LCT_OFFSET_OBJECT LCT_OFFSET_FLAG
#define LCT_OFFSET_OBJECTS LCT_OFFSET_FLAG
#define LCT_OFFSET_LUA(section, name) 0
#define LCT_OFFSET_LATER(section, name) 0

#define LCT_NEED_REQUIRED true
#define LCT_NEED_OPTIONAL false

/* Members are named after their field. What of it, in capitals: else it is a parameter of FIELD. */
struct texts {
#define SECTION_BEGIN(section, meaning)
#define FIELD(section, kind, name, detail, need, min, max, def, since, oci, meaning)               \
	char section##_##name##_SECTION[sizeof(#section)];                                         \
	char section##_##name##_NAME[sizeof(#name)];                                               \
	char section##_##name##_DETAIL[sizeof(detail)];                                            \
	char section##_##name##_DEFAULT[sizeof(def)];                                              \
	char section##_##name##_SINCE[sizeof(since)];                                              \
	char section##_##name##_OCI[sizeof(oci)];                                                  \
	char section##_##name##_MEANING[sizeof(meaning)];
#define SECTION_END(section)
#include "configs/schema.def"
#undef FIELD
};

static const struct texts texts = {
#define FIELD(section, kind, name, detail, need, min, max, def, since, oci, meaning)               \
	#section, #name, detail, def, since, oci, meaning,
#include "configs/schema.def"
#undef SECTION_BEGIN
#undef FIELD
#undef SECTION_END
};

#define TEXT(section, name, which) {offsetof(struct texts, section##_##name##_##which)}

#define SECTION_BEGIN(section, meaning) static const struct lc_field fields_of_##section[] = {
#define FIELD(section, kind, name, detail, need, min, max, def, since, oci, meaning)               \
	{TEXT(section, name, SECTION), TEXT(section, name, NAME), TEXT(section, name, DETAIL),     \
		LCT_FIELD_##kind, LCT_NEED_##need, LCT_OFFSET_##kind(section, name), min, max,     \
		TEXT(section, name, DEFAULT), TEXT(section, name, SINCE),                           \
		TEXT(section, name, OCI), TEXT(section, name, MEANING)},
#define SECTION_END(section)                                                                       \
	}                                                                                          \
	;
#include "configs/schema.def"
#undef SECTION_BEGIN
#undef FIELD
#undef SECTION_END

static const struct lc_section sections[] = {
#define SECTION_BEGIN(section, meaning)                                                            \
	{#section, meaning, sizeof(struct lc_config_##section), fields_of_##section,               \
		sizeof(fields_of_##section) / sizeof(fields_of_##section[0])},
#define FIELD(section, kind, name, detail, need, min, max, def, since, oci, meaning)
#define SECTION_END(section)
#include "configs/schema.def"
#undef SECTION_BEGIN
#undef FIELD
#undef SECTION_END
};

static const char *const kind_names[] = {
	[LCT_FIELD_FLAG] = "flag",
	[LCT_FIELD_CHOICE3] = "choice3",
	[LCT_FIELD_INTEGER] = "integer",
	[LCT_FIELD_SIZE] = "size",
	[LCT_FIELD_NUMBER] = "number",
	[LCT_FIELD_STRING] = "string",
	[LCT_FIELD_PATH] = "path",
	[LCT_FIELD_WORD] = "word",
	[LCT_FIELD_STRINGS] = "strings",
	[LCT_FIELD_PATHS] = "paths",
	[LCT_FIELD_WORDS] = "words",
	[LCT_FIELD_MAP] = "map",
	[LCT_FIELD_OBJECT] = "object",
	[LCT_FIELD_OBJECTS] = "objects",
	[LCT_FIELD_LUA] = "lua",
	[LCT_FIELD_LATER] = "later",
};

const struct lc_section *lc_schema(size_t *out_count)
{
	*out_count = sizeof(sections) / sizeof(sections[0]);
	return sections;
}

const struct lc_section *lc_schema_section(const char *name)
{
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (strcmp(sections[i].name, name) == 0)
			return &sections[i];
	return NULL;
}

const char *lc_text(struct lc_text text)
{
	return (const char *) &texts + text.place;
}

const char *lc_field_kind_name(enum lc_field_kind kind)
{
	return kind_names[kind];
}
