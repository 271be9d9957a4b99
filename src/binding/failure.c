/* SPDX-License-Identifier: MIT */
/* struct lc_error → raw error table. */
#include "binding/binding.h"

int lc_lua_failure(lua_State *L, const struct lc_error *err, const char *field)
{
	lua_pushnil(L);
	lua_createtable(L, 0, 5);
	lua_pushinteger(L, err->errnum);
	lua_setfield(L, -2, "errno");
	lua_pushstring(L, lc_step_name(err->step));
	lua_setfield(L, -2, "step");
	if (err->subject[0] != '\0') {
		lua_pushstring(L, err->subject);
		lua_setfield(L, -2, "subject");
	}
	if (err->op != LCT_NO_OP) {
		lua_pushinteger(L, err->op);
		lua_setfield(L, -2, "op");
	}
	if (field != NULL && field[0] != '\0') {
		lua_pushstring(L, field);
		lua_setfield(L, -2, "field");
	}
	return 2;
}

int lc_lua_answer(lua_State *L, int result, const struct lc_error *err)
{
	if (result < 0)
		return lc_lua_failure(L, err, NULL);
	lua_pushboolean(L, true);
	return 1;
}
