/* SPDX-License-Identifier: MIT */
/*
 * What a checkpoint needs besides its session (session.c): directories of images, files of /proc that
 * tell what a process may do, and the taking over of what was restored.
 */
#include "binding/binding.h"

#include "base/file.h"
#include "container/checkpoint.h"
#include "container/descriptors.h"
#include "container/images.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>

#define LCT_PROC_FILE_MAX (16u << 20)

static enum lc_step check_step(lua_State *L, int index)
{
	static const char *const names[] = {"checkpoint", "restore", NULL};
	static const enum lc_step steps[] = {LCT_STEP_CHECKPOINT, LCT_STEP_RESTORE};

	return steps[luaL_checkoption(L, index, NULL, names)];
}

static int open_images(lua_State *L, int dirfd, int path)
{
	const char *name = luaL_checkstring(L, path);
	enum lc_step step = check_step(L, path + 1);
	bool may_make = lua_toboolean(L, path + 2), is_made = false;
	int *fd = lc_lua_push_directory(L);
	struct lc_error err;

	*fd = lc_images_open(dirfd, name, may_make ? &is_made : NULL, step, &err);
	if (*fd < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_pushboolean(L, is_made);
	return 2;
}

/* core.images(path, "checkpoint"|"restore", may_make) -> directory, was it made | nil, raw */
int lc_lua_open_images(lua_State *L)
{
	luaL_argcheck(L, *luaL_checkstring(L, 1) == '/', 1, "absolute path wanted");
	return open_images(L, AT_FDCWD, 1);
}

/* directory:images(name, step, may_make): the same below it */
static int directory_images(lua_State *L)
{
	return open_images(L, lc_lua_directory(L, 1), 2);
}

/* directory:check(step) -> true | nil, raw: can nobody else have written what is in it? */
static int directory_check(lua_State *L)
{
	struct lc_error err;

	return lc_lua_answer(L, lc_images_check(lc_lua_directory(L, 1), check_step(L, 2), &err), &err);
}

/* directory:is_empty(step) -> boolean | nil, raw */
static int directory_is_empty(lua_State *L)
{
	struct lc_error err;
	int r = lc_images_is_empty(lc_lua_directory(L, 1), check_step(L, 2), &err);

	if (r < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_pushboolean(L, r);
	return 1;
}

/* directory:clear(step) -> true | nil, raw: remove what is in it */
static int directory_clear(lua_State *L)
{
	struct lc_error err;

	return lc_lua_answer(L, lc_images_clear(lc_lua_directory(L, 1), check_step(L, 2), &err), &err);
}

/* directory:remove(name, step) -> true | nil, raw: a directory in it, with all that it holds */
static int directory_remove(lua_State *L)
{
	const char *name = luaL_checkstring(L, 2);
	struct lc_error err;

	luaL_argcheck(L, *name != '\0' && strchr(name, '/') == NULL, 2, "one component wanted");
	return lc_lua_answer(
		L, lc_dir_remove(lc_lua_directory(L, 1), name, check_step(L, 3), &err), &err);
}

/* directory:path() -> "/proc/PID/fd/N": this very directory, for a program of ours */
static int directory_path(lua_State *L)
{
	lua_pushfstring(L, "/proc/%d/fd/%d", (int) lc_sys_getpid(), lc_lua_directory(L, 1));
	return 1;
}

static void proc_path(lua_State *L, char path[64])
{
	lua_Integer pid = luaL_checkinteger(L, 1);
	const char *name = luaL_checkstring(L, 2);

	luaL_argcheck(L, pid > 0 && pid <= INT32_MAX, 1, "no pid");
	luaL_argcheck(L, strlen(name) < 32, 2, "too long");
	snprintf(path, 64, "/proc/%d/%s", (int) pid, name);
}

/* core.proc_file(pid, name) -> text | nil, raw */
int lc_lua_proc_file(lua_State *L)
{
	char path[64], *text;
	struct lc_arena *arena;
	struct lc_error err;
	long size;

	proc_path(L, path);
	arena = lc_lua_arena(L);
	size = lc_file_read_alloc(
		AT_FDCWD, path, arena, LCT_PROC_FILE_MAX, &text, LCT_STEP_PROCESS, &err);
	if (size < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_pushlstring(L, text, (size_t) size);
	lc_arena_done(arena);
	return 1;
}

/* core.proc_link(pid, name) -> text | nil, raw */
int lc_lua_proc_link(lua_State *L)
{
	char path[64], text[4096];
	struct lc_error err;
	long size;

	proc_path(L, path);
	size = lc_sys_readlinkat(AT_FDCWD, path, text, sizeof(text));
	if (size < 0) {
		lc_fail(&err, LCT_STEP_PROCESS, size, path);
		return lc_lua_failure(L, &err, NULL);
	}
	lua_pushlstring(L, text, (size_t) size);
	return 1;
}

/* core.proc_fds(pid) -> array | nil, raw: the numbers of its descriptors */
int lc_lua_proc_fds(lua_State *L)
{
	lua_Integer pid = luaL_checkinteger(L, 1);
	struct lc_arena *arena;
	struct lc_error err;
	size_t count;
	int *items;

	luaL_argcheck(L, pid > 0 && pid <= INT32_MAX, 1, "no pid");
	arena = lc_lua_arena(L);
	if (lc_process_descriptors((pid_t) pid, arena, &items, &count, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_createtable(L, (int) count, 0);
	for (size_t i = 0; i < count; i++) {
		lua_pushinteger(L, items[i]);
		lua_rawseti(L, -2, (lua_Integer) i + 1);
	}
	lc_arena_done(arena);
	return 1;
}

/* container:take_restored(pid) -> true | nil, raw: what criu has restored is its init from now on */
static int container_take_restored(lua_State *L)
{
	struct lc_container *c = lc_lua_container(L, 1);
	lua_Integer pid = luaL_checkinteger(L, 2);
	struct lc_error err;

	luaL_argcheck(L, pid > 1 && pid <= INT32_MAX, 2, "no pid");
	return lc_lua_answer(L, lc_restore_take(c, (pid_t) pid, &err), &err);
}

void lc_lua_open_checkpoint(lua_State *L)
{
	static const luaL_Reg of_directory[] = {
		{"images", directory_images},
		{"check", directory_check},
		{"is_empty", directory_is_empty},
		{"clear", directory_clear},
		{"remove", directory_remove},
		{"path", directory_path},
		{NULL, NULL},
	};
	static const luaL_Reg of_container[] = {
		{"take_restored", container_take_restored}, {NULL, NULL}};

	lc_lua_extend(L, LCT_DIRECTORY_TYPE, of_directory);
	lc_lua_extend(L, LCT_CONTAINER_TYPE, of_container);
}
