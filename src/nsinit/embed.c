/* SPDX-License-Identifier: MIT */
/*
 * A tool of the build, never installed: compiles the Lua modules that nsinit carries, by the Lua that
 * nsinit is linked with, so that no other release's code is loaded.
 *
 *	embed CODE ROWS lua/FILE.lua...
 *
 * CODE becomes their code, end to end; ROWS a line for each, as modules.c includes it. Each is there
 * twice: without what a traceback tells of lines and names, as it is usually loaded, and behind all of
 * these with it.
 */
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MODULES_MAX 512

struct module {
	const char *file;
	struct stat source;
	long offset[2], size[2];
};

static void fail(const char *what, const char *why)
{
	(void) fprintf(stderr, "embed: %s: %s\n", what, why);
	exit(1);
}

static int append(lua_State *L, const void *bytes, size_t size, void *to)
{
	(void) L;
	return fwrite(bytes, 1, size, to) == size ? 0 : 1;
}

/* "lua/libcontainer/oci/read.lua" is libcontainer.oci.read, "lua/libcontainer/init.lua" libcontainer. */
static void print_name(FILE *to, const char *file)
{
	const char *name = strncmp(file, "lua/", 4) == 0 ? file + 4 : file;
	size_t length = strlen(name) - strlen(".lua");

	if (length > 5 && memcmp(name + length - 5, "/init", 5) == 0)
		length -= 5;
	for (size_t i = 0; i < length; i++)
		(void) fputc(name[i] == '/' ? '.' : name[i], to);
}

static void compile(lua_State *L, struct module *module, int is_stripped, FILE *code)
{
	if (luaL_loadfilex(L, module->file, "t") != LUA_OK)
		fail(module->file, lua_tostring(L, -1));
	module->offset[is_stripped] = ftell(code);
	if (lua_dump(L, append, code, is_stripped) != 0)
		fail(module->file, "its code cannot be written");
	module->size[is_stripped] = ftell(code) - module->offset[is_stripped];
	lua_settop(L, 0);
}

int main(int argc, char **argv)
{
	static struct module modules[MODULES_MAX];
	lua_State *L = luaL_newstate();
	size_t count = 0;
	FILE *code, *rows;

	if (argc < 3 || L == NULL)
		fail("usage", "embed CODE ROWS lua/FILE.lua...");
	code = fopen(argv[1], "wb");
	rows = fopen(argv[2], "w");
	if (code == NULL || rows == NULL)
		fail(argv[code == NULL ? 1 : 2], "cannot be written");
	for (int i = 3; i < argc; i++) {
		if (strstr(argv[i], "/meta/") != NULL)
			continue;
		if (count == MODULES_MAX || strlen(argv[i]) < sizeof("lua/.lua") ||
			stat(argv[i], &modules[count].source) < 0)
			fail(argv[i], "is no module, or one too many");
		modules[count++].file = argv[i];
	}
	for (int is_stripped = 1; is_stripped >= 0; is_stripped--)
		for (size_t i = 0; i < count; i++)
			compile(L, &modules[i], is_stripped, code);
	for (size_t i = 0; i < count; i++) {
		const struct module *m = &modules[i];

		(void) fputs("MODULE(\"", rows);
		print_name(rows, m->file);
		(void) fprintf(rows, "\", \"%s\", %lld, %lld, %ld, %ld, %ld, %ld, %ld)\n", m->file,
			(long long) m->source.st_size, (long long) m->source.st_mtim.tv_sec,
			m->source.st_mtim.tv_nsec, m->offset[1], m->size[1], m->offset[0], m->size[0]);
	}
	lua_close(L);
	if (fclose(code) != 0 || fclose(rows) != 0)
		fail("the end", "cannot be written");
	return 0;
}
