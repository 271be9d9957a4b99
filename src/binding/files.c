/* SPDX-License-Identifier: MIT */
/* The files of a container as userdata: its root, in which paths are resolved. */
#include "binding/binding.h"

#include "base/fd.h"
#include "container/root.h"

#include <string.h>

static struct lc_files *push_files(lua_State *L)
{
	struct lc_files *files = lua_newuserdatauv(L, sizeof(*files), 0);

	memset(files, 0, sizeof(*files));
	files->root = -1;
	luaL_setmetatable(L, LCT_FILES_TYPE);
	return files;
}

static struct lc_files *check_files(lua_State *L, int index)
{
	struct lc_files *files = luaL_checkudata(L, index, LCT_FILES_TYPE);

	luaL_argcheck(L, files->root >= 0, index, "files are closed");
	return files;
}

static const char *check_path(lua_State *L, int index)
{
	size_t size;
	const char *path = luaL_checklstring(L, index, &size);

	luaL_argcheck(L, strlen(path) == size, index, "path with a zero byte");
	return path;
}

/* container:files() -> files | nil, raw: ESRCH of step process when it has no init. Under its lock. */
static int container_files(lua_State *L)
{
	const struct lc_container *container = lc_lua_container(L, 1);
	struct lc_files *files = push_files(L);
	struct lc_error err;

	return lc_root_open(container, files, &err) < 0 ? lc_lua_failure(L, &err, NULL) : 1;
}

static int files_of(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1);
	struct lc_arena *arena = lc_lua_arena(L);
	struct lc_files *files = push_files(L);
	struct lc_config_config config;
	struct lc_error err;

	memset(&config, 0, sizeof(config));
	lc_lua_read_section(L, 2, lc_schema_section("config"), &config, arena);
	return lc_root_open_directory(path, &config, files, &err) < 0 ? lc_lua_failure(L, &err, NULL) : 1;
}

/* core.files_of(rootfs, config) -> files | nil, raw: of a container that does not run */
int lc_lua_files_of(lua_State *L)
{
	return lc_lua_with_arena(L, files_of);
}

/* files:open(path) -> stream, size | nil, raw: a regular file, by whichever links */
static int files_open(lua_State *L)
{
	const struct lc_files *files = check_files(L, 1);
	const char *path = check_path(L, 2);
	int *fd = lc_lua_push_stream(L);
	struct lc_error err;
	uint64_t size;

	*fd = lc_files_open_regular(files, path, &size, &err);
	if (*fd < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_pushinteger(L, (lua_Integer) size);
	return 2;
}

/* files:write(path, bytes, mode|nil, uid|nil, gid|nil) -> true | nil, raw */
static int files_write(lua_State *L)
{
	const struct lc_files *files = check_files(L, 1);
	const char *path = check_path(L, 2);
	size_t size;
	const char *bytes = luaL_checklstring(L, 3, &size);
	struct lc_file_attributes attributes = {
		.has_mode = !lua_isnoneornil(L, 4),
		.mode = (unsigned) luaL_optinteger(L, 4, 0),
		.has_owner = !lua_isnoneornil(L, 5),
		.uid = (uint32_t) luaL_optinteger(L, 5, 0),
		.gid = (uint32_t) luaL_optinteger(L, 6, 0),
	};
	struct lc_error err;

	return lc_lua_answer(L, lc_files_write(files, path, bytes, size, &attributes, &err), &err);
}

static int files_close(lua_State *L)
{
	struct lc_files *files = luaL_checkudata(L, 1, LCT_FILES_TYPE);

	lc_fd_close(&files->root);
	return 0;
}

void lc_lua_open_files(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{"open", files_open},
		{"write", files_write},
		{"close", files_close},
		{NULL, NULL},
	};
	static const luaL_Reg metamethods[] = {
		{"__gc", files_close},
		{"__close", files_close},
		{NULL, NULL},
	};
	static const luaL_Reg of_container[] = {{"files", container_files}, {NULL, NULL}};

	lc_lua_type(L, LCT_FILES_TYPE, methods, metamethods);
	lc_lua_extend(L, LCT_CONTAINER_TYPE, of_container);
}
