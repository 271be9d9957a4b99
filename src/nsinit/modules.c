/* SPDX-License-Identifier: MIT */
/* A searcher of `require` over what embed.c has compiled. */
#include "nsinit/modules.h"

#include <lauxlib.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* LCT_MODULES_FILE is given by the build. */
__asm__(".section .rodata\n"
	".balign 16\n"
	"lc_nsinit_code: .incbin \"" LCT_MODULES_FILE "\"\n"
	".previous\n");
extern const char lc_nsinit_code[] __attribute__((visibility("hidden")));

struct code {
	size_t offset, size;
};

/* Texts, not pointers: those would be relocated at every start, and two pages of them be written to. */
#define TEXT_ROOM 64

static const struct module {
	char name[TEXT_ROOM];
	char file[TEXT_ROOM]; /* below a checkout */
	off_t size;       /* of the file, and when it was written */
	struct timespec written;
	struct code plain, telling; /* the second knows lines and names */
} modules[] = {
#define MODULE(name, file, size, seconds, nanoseconds, offset, length, telling_offset, telling_length) \
	{name, file, size, {seconds, nanoseconds}, {offset, length}, {telling_offset, telling_length}},
#include "nsinit_modules.inc"
#undef MODULE
};

#define MODULE(name, file, ...)                                                                    \
	_Static_assert(sizeof(file) <= TEXT_ROOM, "a module whose file has a longer name");
#include "nsinit_modules.inc"
#undef MODULE

static const struct module *find(const char *name)
{
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if (strcmp(modules[i].name, name) == 0)
			return &modules[i];
	return NULL;
}

/* Is there a source, and not the one that was compiled? */
static bool has_changed(const struct module *module, const char *source)
{
	struct stat now;

	return stat(source, &now) == 0 &&
		(now.st_size != module->size || now.st_mtim.tv_sec != module->written.tv_sec ||
			now.st_mtim.tv_nsec != module->written.tv_nsec);
}

/* searcher(name) -> loader, where it is from | why not; upvalues: tells_lines, sources or nil */
static int search(lua_State *L)
{
	const struct module *module = find(luaL_checkstring(L, 1));
	const char *sources = lua_tostring(L, lua_upvalueindex(2));
	const struct code *code;
	char path[PATH_MAX];
	int r;

	if (module == NULL) {
		lua_pushliteral(L, "no such module in this program");
		return 1;
	}
	(void) snprintf(path, sizeof(path), "%s/%s", sources == NULL ? "" : sources, module->file);
	if (sources != NULL && has_changed(module, path)) {
		r = luaL_loadfilex(L, path, "t");
	} else {
		code = lua_toboolean(L, lua_upvalueindex(1)) ? &module->telling : &module->plain;
		r = luaL_loadbufferx(L, lc_nsinit_code + code->offset, code->size, module->file, "b");
	}
	if (r != LUA_OK)
		return lua_error(L);
	lua_pushstring(L, module->file);
	return 2;
}

void lc_nsinit_open_modules(lua_State *L, bool tells_lines, const char *sources)
{
	int top = lua_gettop(L);

	lua_getglobal(L, "table");
	lua_getfield(L, -1, "insert");
	lua_getglobal(L, "package");
	lua_getfield(L, -1, "searchers");
	lua_remove(L, -2);
	lua_pushinteger(L, 2); /* behind package.preload */
	lua_pushboolean(L, tells_lines);
	lua_pushstring(L, sources);
	lua_pushcclosure(L, search, 2);
	lua_call(L, 3, 0);
	lua_settop(L, top);
}
