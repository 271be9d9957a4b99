/* SPDX-License-Identifier: MIT */
/*
 * What json.lua needs of lua-cjson, for a program that loads no library: `new`, `null`, and of an
 * instance `decode` and its settings. Like lua-cjson it reads every number as a float and raises
 * "what at character N"; what makes that exact is in json.lua, as it is for lua-cjson. It is stricter
 * where the grammar is: no control character in a string, no number like "1.".
 */
#ifndef LCT_NSINIT_JSON_H
#define LCT_NSINIT_JSON_H

#include <lua.h>

/* The loader of "cjson". */
int lc_nsinit_open_json(lua_State *L);

#endif
