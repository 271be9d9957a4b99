/* SPDX-License-Identifier: MIT */
/*
 * The Lua modules of nsinit and of the library, compiled into the program: no file is looked for,
 * opened or parsed.
 */
#ifndef LCT_NSINIT_MODULES_H
#define LCT_NSINIT_MODULES_H

#include <lua.h>
#include <stdbool.h>

/*
 * Have `require` ask them before it looks for files. With `tells_lines` errors in them know file and line.
 *
 * `sources` is a checkout, or NULL. There a module whose source has changed since it was compiled is
 * loaded from the source: nobody is to wonder why a change has no effect.
 */
void lc_nsinit_open_modules(lua_State *L, bool tells_lines, const char *sources);

#endif
