/* SPDX-License-Identifier: MIT */
/*
 * The program nsinit: Lua, the core and the Lua modules in one file, because a command is over before
 * an interpreter has found and loaded them one by one. What it does is in lua/nsinit/main.lua.
 *
 * Installed, it asks neither the environment nor the directories around it for code. In a checkout
 * (LCT_CHECKOUT) it loads what has been changed since it was built. Where it is linked statically,
 * LCT_WHOLE is the path of the other one (alone.h).
 */
#ifdef LCT_WHOLE
#include "nsinit/alone.h"
#endif
#include "nsinit/memory.h"
#include "nsinit/modules.h"

#include <lauxlib.h>
#include <limits.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int luaopen_libcontainer_core(lua_State *L);
#ifdef LCT_CJSON
int luaopen_cjson(lua_State *L); /* lua-cjson, of its archive */
#endif

struct command_line {
	int argc;
	char **argv;
};

#ifdef LCT_CHECKOUT
/* The checkout that this program was built in, LCT_CHECKOUT above its own file; NULL: it was moved. */
static const char *find_checkout(char out[static PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", out, PATH_MAX - 1);

	if (length < 0)
		return NULL;
	out[length] = '\0';
	if ((size_t) length <= strlen(LCT_CHECKOUT) ||
		strcmp(out + length - strlen(LCT_CHECKOUT), LCT_CHECKOUT) != 0)
		return NULL;
	out[length - (ssize_t) strlen(LCT_CHECKOUT)] = '\0';
	return out;
}
#endif

/*
 * Where modules are looked for that this program has not, `path` or `cpath` of package: at `first` and where
 * Lua itself would look. Nothing relative: the working directory is a stranger's, a container's bundle say.
 */
static void set_path(lua_State *L, const char *field, const char *first)
{
	luaL_Buffer path;
	const char *entry, *end;

	lua_getglobal(L, "package");
	lua_getfield(L, -1, field);
	entry = lua_tostring(L, -1);
	luaL_buffinit(L, &path);
	luaL_addstring(&path, first);
	for (; *entry != '\0'; entry = *end == '\0' ? end : end + 1) {
		end = strchrnul(entry, ';');
		if (*entry != '/')
			continue;
		if (luaL_bufflen(&path) > 0)
			luaL_addchar(&path, ';');
		luaL_addlstring(&path, entry, (size_t) (end - entry));
	}
	luaL_pushresult(&path);
	lua_setfield(L, -3, field);
	lua_pop(L, 2);
}

static void open_libraries(lua_State *L, bool tells_lines)
{
	const char *sources = NULL;
#ifdef LCT_CHECKOUT
	char checkout[PATH_MAX];

	luaL_openlibs(L);
	sources = find_checkout(checkout);
	if (sources != NULL) { /* modules that are newer than this program */
		lua_pushfstring(L, "%s/lua/?.lua;%s/lua/?/init.lua", sources, sources);
		lua_pushfstring(L, "%s/%s/?.so", sources, LCT_BUILD);
		set_path(L, "path", lua_tostring(L, -2));
		set_path(L, "cpath", lua_tostring(L, -1));
	}
#else
	lua_pushboolean(L, 1);
	lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV"); /* as `lua -E`: no LUA_PATH */
	luaL_openlibs(L);
	set_path(L, "path", "");
	set_path(L, "cpath", LCT_LIBDIR "/?.so");
#endif
	luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
	lua_pushcfunction(L, luaopen_libcontainer_core);
	lua_setfield(L, -2, "libcontainer.core");
#ifdef LCT_CJSON
	lua_pushcfunction(L, luaopen_cjson);
	lua_setfield(L, -2, "cjson");
#endif
	lc_nsinit_open_modules(L, tells_lines, sources);
}

#ifdef LCT_WHOLE
static void find_whole(char out[static PATH_MAX])
{
	const char *root = "";
#ifdef LCT_CHECKOUT
	char checkout[PATH_MAX];

	root = find_checkout(checkout);
#endif
	(void) snprintf(out, PATH_MAX, "%s%s", root == NULL ? "" : root, LCT_WHOLE);
}
#endif

/* Push what makes this the program that can load libraries; nil: it can. */
static void push_become_whole(lua_State *L, const struct command_line *line)
{
#ifdef LCT_WHOLE
	char path[PATH_MAX];

	find_whole(path);
	lua_pushlightuserdata(L, line->argv);
	lua_pushstring(L, path);
	lua_pushcclosure(L, lc_nsinit_become_whole, 2);
#else
	(void) line;
	lua_pushnil(L);
#endif
}

/* (command line) -> exit status */
static int run(lua_State *L)
{
	const struct command_line *line = lua_touserdata(L, 1);
	const char *slash = strrchr(line->argv[0], '/');

	open_libraries(L, line->argc > 1 && strcmp(line->argv[1], "--debug") == 0);
	lua_getglobal(L, "require");
	lua_pushliteral(L, "nsinit.main");
	lua_call(L, 1, 1);
	lua_getfield(L, -1, "main");
	lua_createtable(L, line->argc, 0);
	for (int i = 1; i < line->argc; i++) {
		lua_pushstring(L, line->argv[i]);
		lua_rawseti(L, -2, i);
	}
	lua_pushstring(L, slash == NULL ? line->argv[0] : slash + 1);
	push_become_whole(L, line);
	lua_call(L, 3, 1);
	return 1;
}

int main(int argc, char **argv)
{
	struct command_line line = {argc, argv};
	struct lc_nsinit_memory memory;
	lua_State *L;

#ifdef LCT_WHOLE
	if (lc_nsinit_is_for_whole(argv)) {
		char path[PATH_MAX];

		find_whole(path);
		(void) execv(path, argv); /* what is wrong is told by who is asked again */
	}
#endif
	lc_nsinit_memory_init(&memory);
	L = lua_newstate(lc_nsinit_memory_change, &memory);
	if (L == NULL || argc < 1) {
		(void) fputs("nsinit: not enough memory\n", stderr);
		return 1;
	}
	lua_gc(L, LUA_GCSTOP); /* what runs for a moment frees nothing: the end does */
	lua_pushcfunction(L, run);
	lua_pushlightuserdata(L, &line);
	if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
		(void) fprintf(stderr, "%s: %s\n", argv[0], luaL_tolstring(L, -1, NULL));
		return 1;
	}
	return (int) lua_tointeger(L, -1);
}
