/* SPDX-License-Identifier: MIT */
/* What every userdata type needs: its metatable, its timeouts, and whether it may act at all. */
#include "binding/binding.h"

#include "sys/sys.h"

#include <math.h>

void lc_lua_type(lua_State *L, const char *name, const luaL_Reg *methods,
	const luaL_Reg *metamethods)
{
	luaL_newmetatable(L, name);
	luaL_setfuncs(L, metamethods, 0);
	lua_newtable(L);
	luaL_setfuncs(L, methods, 0);
	lua_setfield(L, -2, "__index");
	lua_pop(L, 1);
}

void lc_lua_extend(lua_State *L, const char *name, const luaL_Reg *methods)
{
	luaL_getmetatable(L, name);
	lua_getfield(L, -1, "__index");
	luaL_setfuncs(L, methods, 0);
	lua_pop(L, 2);
}

int lc_lua_timeout_ms(lua_State *L, int index, int fallback)
{
	lua_Number seconds;

	if (lua_isnoneornil(L, index))
		return fallback;
	seconds = luaL_checknumber(L, index);
	luaL_argcheck(L, seconds >= 0, index, "negative time"); /* false for NaN too */
	return seconds > 2e6 ? 2000000000 : (int) ceil(seconds * 1000);
}

bool lc_lua_is_owner(const struct lc_host *host)
{
	return host->owner == (pid_t) lc_sys_getpid();
}
