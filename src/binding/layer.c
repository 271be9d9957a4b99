/* SPDX-License-Identifier: MIT */
/* The writable layer of an overlay, by the path of its directory. */
#include "binding/binding.h"

#include "container/layer.h"

static void read_config(lua_State *L, int index, struct lc_config_config *out, struct lc_arena *arena)
{
	luaL_checktype(L, index, LUA_TTABLE);
	lc_lua_read_section(L, index, lc_schema_section("config"), out, arena);
	luaL_argcheck(L, out->overlay != NULL, index, "a config with an overlay expected");
}

static int layer_make(lua_State *L)
{
	struct lc_config_config config = {0};
	const char *path = luaL_checkstring(L, 1);
	struct lc_arena *arena = lc_lua_arena(L);
	struct lc_error err;
	int r;

	read_config(L, 2, &config, arena);
	r = lc_layer_make(path, &config, &err);
	lc_arena_done(arena);
	if (r < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_pushboolean(L, true);
	return 1;
}

/* core.layer_make(path, config) -> true | nil, raw */
int lc_lua_layer_make(lua_State *L)
{
	return lc_lua_with_arena(L, layer_make);
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

static int layer_diff(lua_State *L)
{
	static const char *const kinds[] = {"added", "changed", "deleted"};
	struct lc_config_config config = {0};
	const char *path = luaL_checkstring(L, 1);
	struct lc_arena *arena = lc_lua_arena(L);
	struct lc_layer_diff diff = {.arena = arena};
	struct lc_error err;

	read_config(L, 2, &config, arena);
	if (lc_layer_read(path, &config, &diff, &err) < 0)
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

/* core.layer_diff(path, config) -> { { path, kind }, … } | nil, raw: in no order, some twice */
int lc_lua_layer_diff(lua_State *L)
{
	return lc_lua_with_arena(L, layer_diff);
}
