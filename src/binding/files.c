/* SPDX-License-Identifier: MIT */
/* The files of a container as userdata: its root, in which paths are resolved. */
#include "binding/binding.h"

#include "base/fd.h"
#include "container/root.h"
#include "files/copy.h"

#include <fcntl.h>
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

/* --- copies --- */

static const struct lc_files host = {.root = AT_FDCWD};

/* User value 1: the files of the container. */
struct box_copy {
	struct lc_copy copy;
	int state;
};

static struct box_copy *check_copy(lua_State *L)
{
	return luaL_checkudata(L, 1, LCT_COPY_TYPE);
}

static bool flag(lua_State *L, int index, const char *name)
{
	bool is_set;

	lua_getfield(L, index, name);
	is_set = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return is_set;
}

static bool number(lua_State *L, int index, const char *name, lua_Integer *out)
{
	bool is_there = lua_getfield(L, index, name) != LUA_TNIL;

	*out = is_there ? luaL_checkinteger(L, -1) : 0;
	lua_pop(L, 1);
	return is_there;
}

static void read_copy_options(lua_State *L, int index, struct lc_copy_options *out)
{
	lua_Integer mode, uid, gid, limit;

	luaL_checktype(L, index, LUA_TTABLE);
	out->replaces = flag(L, index, "overwrite");
	out->allows_devices = flag(L, index, "devices");
	out->allows_privileges = flag(L, index, "privileges");
	out->keeps_owner = flag(L, index, "keeps_owner");
	out->has_mode = number(L, index, "mode", &mode);
	out->mode = (unsigned) mode;
	out->has_owner = number(L, index, "uid", &uid);
	(void) number(L, index, "gid", &gid);
	out->uid = (uint32_t) uid;
	out->gid = (uint32_t) gid;
	out->limit = number(L, index, "limit", &limit) ? (uint64_t) limit : UINT64_MAX;
}

static int new_copy(lua_State *L, bool is_in)
{
	const struct lc_files *files = check_files(L, 1);
	const char *from = check_path(L, 2), *to = check_path(L, 3);
	struct lc_copy_options options;
	struct box_copy *box;
	struct lc_error err;

	read_copy_options(L, 4, &options);
	box = lua_newuserdatauv(L, sizeof(*box), 1);
	box->copy = (struct lc_copy) LCT_COPY_INIT;
	box->copy.options = options;
	box->copy.from = is_in ? &host : files;
	box->copy.to = is_in ? files : &host;
	luaL_setmetatable(L, LCT_COPY_TYPE);
	lua_pushvalue(L, 1);
	lua_setiuservalue(L, -2, 1);
	box->state = lc_copy_begin(&box->copy, from, to, &err);
	if (box->state >= 0)
		return 1;
	lc_copy_end(&box->copy);
	return lc_lua_failure(L, &err, NULL);
}

/* files:copy_in(host_path, path, options) -> copy | nil, raw */
static int files_copy_in(lua_State *L)
{
	return new_copy(L, true);
}

/* files:copy_out(path, host_path, options) -> copy | nil, raw */
static int files_copy_out(lua_State *L)
{
	return new_copy(L, false);
}

/* copy:step() -> true when it is done | false for more | nil, raw; what was left out, and of what */
static int copy_step(lua_State *L)
{
	struct box_copy *box = check_copy(L);
	struct lc_error err;

	if (box->state == LCT_COPY_MORE)
		box->state = lc_copy_step(&box->copy, &err);
	if (box->state < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_pushboolean(L, box->state == LCT_COPY_DONE);
	if (box->state != LCT_COPY_LEFT_OUT)
		return 1;
	box->state = LCT_COPY_MORE;
	lua_pushstring(L, box->copy.left_out);
	lua_pushstring(L, box->copy.path);
	return 3;
}

/* copy:counts() -> entries, bytes */
static int copy_counts(lua_State *L)
{
	const struct box_copy *box = check_copy(L);

	lua_pushinteger(L, (lua_Integer) box->copy.entries);
	lua_pushinteger(L, (lua_Integer) box->copy.bytes);
	return 2;
}

static int copy_close(lua_State *L)
{
	struct box_copy *box = check_copy(L);

	lc_copy_end(&box->copy);
	box->state = LCT_COPY_DONE;
	return 0;
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
		{"copy_in", files_copy_in},
		{"copy_out", files_copy_out},
		{"close", files_close},
		{NULL, NULL},
	};
	static const luaL_Reg metamethods[] = {
		{"__gc", files_close},
		{"__close", files_close},
		{NULL, NULL},
	};
	static const luaL_Reg of_copy[] = {
		{"step", copy_step},
		{"counts", copy_counts},
		{"close", copy_close},
		{NULL, NULL},
	};
	static const luaL_Reg meta_of_copy[] = {
		{"__gc", copy_close},
		{"__close", copy_close},
		{NULL, NULL},
	};
	static const luaL_Reg of_container[] = {{"files", container_files}, {NULL, NULL}};

	lc_lua_type(L, LCT_FILES_TYPE, methods, metamethods);
	lc_lua_type(L, LCT_COPY_TYPE, of_copy, meta_of_copy);
	lc_lua_extend(L, LCT_CONTAINER_TYPE, of_container);
}
