/* SPDX-License-Identifier: MIT */
/* The writable layer of an overlay, by the path of its directory. */
#include "binding/binding.h"

#include "container/layer.h"

/* core.layer_make(path, rootfs) -> true | nil, raw */
int lc_lua_layer_make(lua_State *L)
{
	struct lc_error err;

	if (lc_layer_make(luaL_checkstring(L, 1), luaL_checkstring(L, 2), &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_pushboolean(L, true);
	return 1;
}

/* core.layer_clear(path) -> true | nil, raw */
int lc_lua_layer_clear(lua_State *L)
{
	struct lc_error err;

	if (lc_layer_clear(luaL_checkstring(L, 1), &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_pushboolean(L, true);
	return 1;
}

static void read_lower(lua_State *L, int index, struct lc_strings *out, struct lc_arena *arena)
{
	out->count = lua_rawlen(L, index);
	out->items = lc_arena_array(arena, out->count + 1, sizeof(*out->items));
	if (out->items == NULL)
		lc_lua_no_memory(L);
	for (size_t i = 0; i < out->count; i++) {
		lua_rawgeti(L, index, (lua_Integer) i + 1);
		out->items[i] = luaL_checkstring(L, -1); /* it stays in the table */
		lua_pop(L, 1);
	}
}

/* core.layer_diff(path, lower, rootfs) -> { { path, kind }, … } | nil, raw: in no order, some twice */
int lc_lua_layer_diff(lua_State *L)
{
	static const char *const kinds[] = {"added", "changed", "deleted"};
	struct lc_arena *arena = lc_lua_arena(L);
	struct lc_layer_diff diff = {.arena = arena};
	const char *path = luaL_checkstring(L, 1), *rootfs = luaL_checkstring(L, 3);
	struct lc_strings lower;
	struct lc_error err;

	luaL_checktype(L, 2, LUA_TTABLE);
	read_lower(L, 2, &lower, arena);
	if (lc_layer_read(path, &lower, rootfs, &diff, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_createtable(L, (int) diff.count, 0);
	for (size_t i = 0; i < diff.count; i++) {
		lua_createtable(L, 0, 2);
		lua_pushstring(L, diff.items[i].path);
		lua_setfield(L, -2, "path");
		lua_pushstring(L, kinds[diff.items[i].kind]);
		lua_setfield(L, -2, "kind");
		lua_rawseti(L, -2, (lua_Integer) i + 1);
	}
	lc_arena_done(arena);
	return 1;
}
