/* SPDX-License-Identifier: MIT */
/*
 * Tables → structs, by one loop over the schema; no field is known by name here. The table comes
 * from configs/normal.lua, already checked and copied, so anything wrong in it is a bug or a caller
 * that went around the Lua modules: it raises, naming the field.
 */
#include "binding/binding.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What lc_lua_no_memory raises: its address. */
static const char no_memory;

int lc_lua_no_memory(lua_State *L)
{
	lua_pushlightuserdata(L, (void *) (uintptr_t) &no_memory);
	return lua_error(L);
}

int lc_lua_with_arena(lua_State *L, lua_CFunction body)
{
	struct lc_error err;
	int status;

	lua_pushcfunction(L, body);
	lua_insert(L, 1);
	status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
	if (status == LUA_OK)
		return lua_gettop(L);
	if (lua_touserdata(L, -1) != &no_memory)
		return lua_error(L);
	lc_fail(&err, LCT_STEP_MEMORY, ENOMEM, "");
	return lc_lua_failure(L, &err, NULL);
}

static int arena_gc(lua_State *L)
{
	lc_arena_done(lua_touserdata(L, 1));
	return 0;
}

struct lc_arena *lc_lua_arena(lua_State *L)
{
	struct lc_arena *arena = lua_newuserdatauv(L, sizeof(*arena), 0);

	memset(arena, 0, sizeof(*arena));
	lua_createtable(L, 0, 1);
	lua_pushcfunction(L, arena_gc);
	lua_setfield(L, -2, "__gc");
	lua_setmetatable(L, -2);
	return arena;
}

static int bad_field(lua_State *L, const struct lc_field *field, const char *expected)
{
	return luaL_error(L, "field '%s' of %s: %s expected, got %s", lc_text(field->name),
		lc_text(field->section),
		expected, luaL_typename(L, -1));
}

static void *allocate(lua_State *L, struct lc_arena *arena, size_t count, size_t size)
{
	void *memory = lc_arena_array(arena, count > 0 ? count : 1, size);

	if (memory == NULL)
		lc_lua_no_memory(L);
	return memory;
}

static const char *copy_string(lua_State *L, const struct lc_field *field, struct lc_arena *arena)
{
	size_t length;
	const char *text;
	char *copy;

	if (lua_type(L, -1) != LUA_TSTRING)
		bad_field(L, field, "string");
	text = lua_tolstring(L, -1, &length);
	if (strlen(text) != length)
		luaL_error(L, "field '%s' of %s: holds a NUL", lc_text(field->name),
			lc_text(field->section));
	copy = lc_arena_copy(arena, text, length);
	if (copy == NULL)
		lc_lua_no_memory(L);
	return copy;
}

static void read_integer(lua_State *L, const struct lc_field *field, struct lc_integer *out)
{
	if (!lua_isinteger(L, -1))
		bad_field(L, field, "integer");
	out->value = lua_tointeger(L, -1);
	out->is_set = true;
	if ((out->value < field->minimum && field->minimum != LCT_ANY_BITS) || out->value > field->maximum)
		luaL_error(L, "field '%s' of %s: %I is out of range", lc_text(field->name),
			lc_text(field->section),
			(LUAI_UACINT) out->value);
}

static void read_strings(lua_State *L, const struct lc_field *field, struct lc_strings *out,
	struct lc_arena *arena)
{
	if (!lua_istable(L, -1))
		bad_field(L, field, "array");
	out->count = lua_rawlen(L, -1);
	out->items = allocate(L, arena, out->count, sizeof(*out->items));
	for (size_t i = 0; i < out->count; i++) {
		lua_rawgeti(L, -1, (lua_Integer) i + 1);
		out->items[i] = copy_string(L, field, arena);
		lua_pop(L, 1);
	}
}

static int compare_pairs(const void *a, const void *b)
{
	return strcmp(((const struct lc_pair *) a)->key, ((const struct lc_pair *) b)->key);
}

static void read_map(lua_State *L, const struct lc_field *field, struct lc_pairs *out,
	struct lc_arena *arena)
{
	size_t count = 0;

	if (!lua_istable(L, -1))
		bad_field(L, field, "table");
	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
		count++;
	out->items = allocate(L, arena, count, sizeof(*out->items));
	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
		out->items[out->count].value = copy_string(L, field, arena);
		lua_pushvalue(L, -2); /* a copy: lua_tolstring may change a key in place */
		out->items[out->count++].key = copy_string(L, field, arena);
		lua_pop(L, 1);
	}
	qsort(out->items, out->count, sizeof(*out->items), compare_pairs);
}

static void read_objects(lua_State *L, const struct lc_field *field,
	const struct lc_section *section, struct lc_objects *out, struct lc_arena *arena)
{
	if (!lua_istable(L, -1))
		bad_field(L, field, "array");
	out->count = lua_rawlen(L, -1);
	out->items = allocate(L, arena, out->count, section->size);
	for (size_t i = 0; i < out->count; i++) {
		lua_rawgeti(L, -1, (lua_Integer) i + 1);
		lc_lua_read_section(L, lua_gettop(L), section, (char *) out->items + i * section->size,
			arena);
		lua_pop(L, 1);
	}
}

/* The value is on top of the stack, and stays there. */
static void read_field(lua_State *L, const struct lc_field *field, void *member,
	struct lc_arena *arena)
{
	void *object;

	switch (field->kind) {
	case LCT_FIELD_FLAG:
		if (!lua_isboolean(L, -1))
			bad_field(L, field, "boolean");
		*(bool *) member = lua_toboolean(L, -1);
		break;
	case LCT_FIELD_CHOICE3:
		if (!lua_isboolean(L, -1))
			bad_field(L, field, "boolean");
		*(struct lc_choice3 *) member = (struct lc_choice3){lua_toboolean(L, -1), true};
		break;
	case LCT_FIELD_INTEGER:
	case LCT_FIELD_SIZE:
		read_integer(L, field, member);
		break;
	case LCT_FIELD_NUMBER:
		if (lua_type(L, -1) != LUA_TNUMBER)
			bad_field(L, field, "number");
		*(struct lc_number *) member = (struct lc_number){lua_tonumber(L, -1), true};
		break;
	case LCT_FIELD_STRING:
	case LCT_FIELD_PATH:
	case LCT_FIELD_WORD:
		*(const char **) member = copy_string(L, field, arena);
		break;
	case LCT_FIELD_STRINGS:
	case LCT_FIELD_PATHS:
	case LCT_FIELD_WORDS:
		read_strings(L, field, member, arena);
		break;
	case LCT_FIELD_MAP:
		read_map(L, field, member, arena);
		break;
	case LCT_FIELD_OBJECT:
		object = allocate(L, arena, 1, lc_schema_section(lc_text(field->detail))->size);
		lc_lua_read_section(L, lua_gettop(L), lc_schema_section(lc_text(field->detail)), object,
			arena);
		*(void **) member = object;
		break;
	case LCT_FIELD_OBJECTS:
		read_objects(L, field, lc_schema_section(lc_text(field->detail)), member, arena);
		break;
	case LCT_FIELD_LUA:
	case LCT_FIELD_LATER:
		break;
	}
}

void lc_lua_read_section(lua_State *L, int index, const struct lc_section *section, void *out,
	struct lc_arena *arena)
{
	if (!lua_istable(L, index))
		luaL_error(L, "%s: table expected, got %s", section->name, luaL_typename(L, index));
	luaL_checkstack(L, 8, "configuration");
	for (size_t i = 0; i < section->count; i++) {
		const struct lc_field *field = &section->fields[i];

		lua_pushstring(L, lc_text(field->name));
		if (lua_rawget(L, index) != LUA_TNIL)
			read_field(L, field, (char *) out + field->offset, arena);
		lua_pop(L, 1);
	}
}

static void set_text(lua_State *L, const char *key, const char *value)
{
	lua_pushstring(L, value);
	lua_setfield(L, -2, key);
}

static void push_field(lua_State *L, const struct lc_field *field)
{
	bool has_default = lc_text(field->default_text)[0] != '\0';
	bool has_oci = lc_text(field->oci)[0] != '\0';

	/* A ninth member makes the table twice as large: what is empty in many is absent. */
	lua_createtable(L, 0, 7 + has_default + has_oci + field->is_required);
	set_text(L, "name", lc_text(field->name));
	set_text(L, "kind", lc_field_kind_name(field->kind));
	set_text(L, "detail", lc_text(field->detail));
	set_text(L, "since", lc_text(field->since));
	set_text(L, "meaning", lc_text(field->meaning));
	if (has_default)
		set_text(L, "default", lc_text(field->default_text));
	if (has_oci)
		set_text(L, "oci", lc_text(field->oci));
	if (field->is_required) {
		lua_pushboolean(L, true);
		lua_setfield(L, -2, "required");
	}
	lua_pushinteger(L, field->minimum);
	lua_setfield(L, -2, "minimum");
	lua_pushinteger(L, field->maximum);
	lua_setfield(L, -2, "maximum");
}

static void push_section(lua_State *L, const struct lc_section *section)
{
	lua_createtable(L, 0, 3);
	lua_pushstring(L, section->name);
	lua_setfield(L, -2, "name");
	lua_pushstring(L, section->meaning);
	lua_setfield(L, -2, "meaning");
	lua_createtable(L, (int) section->count, 0);
	for (size_t k = 0; k < section->count; k++) {
		push_field(L, &section->fields[k]);
		lua_rawseti(L, -2, (lua_Integer) k + 1);
	}
	lua_setfield(L, -2, "fields");
}

/*
 * core.schema([name]) -> the section { name, meaning, fields = { … } } as schema.def has it, nil when
 * there is none; all of them in their order.
 */
int lc_lua_push_schema(lua_State *L)
{
	const char *name = luaL_optstring(L, 1, NULL);
	size_t count;
	const struct lc_section *sections = lc_schema(&count);

	if (name == NULL)
		lua_createtable(L, (int) count, 0);
	for (size_t i = 0; i < count; i++) {
		if (name == NULL) {
			push_section(L, &sections[i]);
			lua_rawseti(L, -2, (lua_Integer) i + 1);
		} else if (strcmp(sections[i].name, name) == 0) {
			push_section(L, &sections[i]);
			return 1;
		}
	}
	return name == NULL;
}
