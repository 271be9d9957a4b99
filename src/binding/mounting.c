/* SPDX-License-Identifier: MIT */
/* Mounts of a container that runs. */
#include "binding/binding.h"

#include "container/mounting.h"

#include <string.h>

static void read_config(lua_State *L, struct lc_config_config *out)
{
	memset(out, 0, sizeof(*out));
	lc_lua_read_section(L, 2, lc_schema_section("config"), out, lc_lua_arena(L));
}

static int add(lua_State *L)
{
	struct lc_container *container = lc_lua_container(L, 1);
	struct lc_config_config config;
	struct lc_error err;

	read_config(L, &config);
	return lc_lua_answer(L, lc_mounting_add(container, &config, &err), &err);
}

static int take_away(lua_State *L)
{
	struct lc_container *container = lc_lua_container(L, 1);
	const char *path = luaL_checkstring(L, 3);
	struct lc_config_config config;
	struct lc_error err;

	read_config(L, &config);
	return lc_lua_answer(L, lc_mounting_remove(container, &config, path, &err), &err);
}

/* container:add_mounts(config) -> true | nil, raw: see container/mounting.h */
static int container_add_mounts(lua_State *L)
{
	return lc_lua_with_arena(L, add);
}

/* container:remove_mounts(config, path) -> true | nil, raw */
static int container_remove_mounts(lua_State *L)
{
	return lc_lua_with_arena(L, take_away);
}

void lc_lua_open_mounting(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{"add_mounts", container_add_mounts},
		{"remove_mounts", container_remove_mounts},
		{NULL, NULL},
	};

	lc_lua_extend(L, LCT_CONTAINER_TYPE, methods);
}
