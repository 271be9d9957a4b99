/* SPDX-License-Identifier: MIT */
/*
 * nsinit is two programs of the same sources. One is linked statically: there is no loader, no library
 * to be found and nothing of the kind to be paid for, which is half of what a command costs before it
 * does anything. It can load no library either; what needs one (systemd's bus, libmnl, a module of
 * whoever types at the prompt) is for the other, the whole program, which is linked as usual and
 * installed beside the library. Which it is, is known before anything is done: by the command line,
 * or by the configuration of a container (lua/nsinit/libraries.lua).
 */
#ifndef LCT_NSINIT_ALONE_H
#define LCT_NSINIT_ALONE_H

#include <lua.h>
#include <stdbool.h>

/* Is it seen at once, without a Lua? That these words are for the whole program, or this user is. What
 * it does not see is seen later, and costs more. */
bool lc_nsinit_is_for_whole(char *const words[]);

/*
 * become_whole(file or nil): the whole program goes on from the beginning, with the same words. It
 * answers only when that fails, with what is wrong. The file is one that Lua has opened, and is not
 * passed on. Upvalues: the words (char **), the path of that program.
 */
int lc_nsinit_become_whole(lua_State *L);

#endif
