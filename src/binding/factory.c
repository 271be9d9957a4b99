/* SPDX-License-Identifier: MIT */
/*
 * Host, state root, container directory and its lock as userdata. A lock is an object of its own,
 * so that `local lock <close> = …` gives it back on every way out.
 */
#include "binding/binding.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/notify.h"
#include "container/factory.h"
#include "container/latch.h"
#include "sys/sys.h"

#include <string.h>
#include <sys/inotify.h>

#define LCT_STATE_FILE_MAX (16u << 20)

/* --- host --- */

static struct box_host *check_host(lua_State *L, int index)
{
	struct box_host *box = luaL_checkudata(L, index, LCT_HOST_TYPE);

	luaL_argcheck(L, box->is_open, index, "host is closed");
	return box;
}

struct lc_host *lc_lua_host(lua_State *L, int index)
{
	return &check_host(L, index)->host;
}

enum lc_cgroup_manager lc_lua_manager(lua_State *L, int index)
{
	static const char *const names[] = {"auto", "fs", "systemd", NULL};

	return (enum lc_cgroup_manager) luaL_checkoption(L, index, "auto", names);
}

/* core.host([installed[, manager]]) -> host: `installed` is the path of the init program as a file,
 * `manager` who makes cgroups: "auto", "fs", "systemd" */
int lc_lua_new_host(lua_State *L)
{
	const char *installed = luaL_optstring(L, 1, NULL);
	enum lc_cgroup_manager manager = lc_lua_manager(L, 2);
	struct box_host *box = lua_newuserdatauv(L, sizeof(*box), 0);
	struct lc_error err;

	memset(box, 0, sizeof(*box));
	luaL_setmetatable(L, LCT_HOST_TYPE);
	box->is_open = true;
	if (lc_host_init(&box->host, installed, manager, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	return 1;
}

static int host_gc(lua_State *L)
{
	struct box_host *box = luaL_checkudata(L, 1, LCT_HOST_TYPE);

	if (box->is_open)
		lc_host_done(&box->host);
	box->is_open = false;
	return 0;
}

static int host_boot_id(lua_State *L)
{
	lua_pushstring(L, lc_lua_host(L, 1)->boot_id);
	return 1;
}

/* host:is_owner() -> false in a child that the owner forked */
static int host_is_owner(lua_State *L)
{
	lua_pushboolean(L, lc_lua_is_owner(lc_lua_host(L, 1)));
	return 1;
}

/* host:cgroups() -> driver name, array of { name, controllers, mount_point, own }, whether systemd
 * makes scopes */
static int host_cgroups(lua_State *L)
{
	const struct lc_cgroup_mounts *mounts = &lc_lua_host(L, 1)->mounts;

	lua_pushstring(L, mounts->driver->name);
	lua_createtable(L, (int) mounts->count, 0);
	for (size_t i = 0; i < mounts->count; i++) {
		const struct lc_cgroup_hierarchy *h = &mounts->items[i];

		lua_createtable(L, 0, 4);
		lua_pushstring(L, h->name);
		lua_setfield(L, -2, "name");
		lua_pushstring(L, h->controllers);
		lua_setfield(L, -2, "controllers");
		lua_pushstring(L, h->mount_point);
		lua_setfield(L, -2, "mount_point");
		lua_pushstring(L, h->own);
		lua_setfield(L, -2, "own");
		lua_rawseti(L, -2, (lua_Integer) i + 1);
	}
	lua_pushboolean(L, mounts->has_systemd);
	return 3;
}

/* --- descriptors with a type: directory and lock --- */

static int *new_descriptor(lua_State *L, const char *type)
{
	int *fd = lua_newuserdatauv(L, sizeof(*fd), 0);

	*fd = -1;
	luaL_setmetatable(L, type);
	return fd;
}

static int check_descriptor(lua_State *L, int index, const char *type)
{
	int *fd = luaL_checkudata(L, index, type);

	luaL_argcheck(L, *fd >= 0, index, "closed");
	return *fd;
}

int *lc_lua_push_directory(lua_State *L)
{
	return new_descriptor(L, LCT_DIRECTORY_TYPE);
}

int lc_lua_directory(lua_State *L, int index)
{
	return check_descriptor(L, index, LCT_DIRECTORY_TYPE);
}

static int directory_close(lua_State *L)
{
	lc_fd_close(luaL_checkudata(L, 1, LCT_DIRECTORY_TYPE));
	return 0;
}

static int directory_is_open(lua_State *L)
{
	lua_pushboolean(L, *(int *) luaL_checkudata(L, 1, LCT_DIRECTORY_TYPE) >= 0);
	return 1;
}

static int lock_close(lua_State *L)
{
	lc_fd_close(luaL_checkudata(L, 1, LCT_LOCK_TYPE));
	return 0;
}

/* directory:lock([make]) -> lock | nil, raw: EAGAIN while somebody else holds it, never waits; ENOENT
 * when the directory goes. Only who makes or removes one may make the file. */
static int directory_lock(lua_State *L)
{
	int directory = check_descriptor(L, 1, LCT_DIRECTORY_TYPE);
	bool make = lua_toboolean(L, 2);
	int *fd = new_descriptor(L, LCT_LOCK_TYPE);
	struct lc_error err;

	*fd = lc_factory_lock(directory, make, &err);
	return *fd < 0 ? lc_lua_failure(L, &err, NULL) : 1;
}

/* directory:changes() -> changes | nil, raw: files that are replaced or removed in it from now on */
static int directory_changes(lua_State *L)
{
	int directory = check_descriptor(L, 1, LCT_DIRECTORY_TYPE);
	int *fd = new_descriptor(L, LCT_CHANGES_TYPE);
	struct lc_error err;

	*fd = lc_notify_open(directory, IN_MOVED_TO | IN_DELETE);
	if (*fd >= 0)
		return 1;
	lc_fail(&err, LCT_STEP_STATE, *fd, "inotify");
	return lc_lua_failure(L, &err, NULL);
}

static int changes_pollfd(lua_State *L)
{
	lua_pushinteger(L, check_descriptor(L, 1, LCT_CHANGES_TYPE));
	return 1;
}

/* changes:take() -> was there one since the last look? */
static int changes_take(lua_State *L)
{
	lua_pushboolean(L, lc_notify_take(check_descriptor(L, 1, LCT_CHANGES_TYPE)));
	return 1;
}

static int changes_close(lua_State *L)
{
	lc_fd_close(luaL_checkudata(L, 1, LCT_CHANGES_TYPE));
	return 0;
}

/* directory:lock_holder() -> pid | nil */
static int directory_lock_holder(lua_State *L)
{
	pid_t holder = lc_factory_lock_holder(check_descriptor(L, 1, LCT_DIRECTORY_TYPE));

	if (holder == 0)
		return 0;
	lua_pushinteger(L, holder);
	return 1;
}

/* directory:remove_latch() -> true | nil, raw: nobody waits there any more */
static int directory_remove_latch(lua_State *L)
{
	struct lc_error err;

	return lc_lua_answer(
		L, lc_latch_remove(check_descriptor(L, 1, LCT_DIRECTORY_TYPE), &err), &err);
}

/* directory:read(name) -> text | nil, raw */
static int directory_read(lua_State *L)
{
	int directory = check_descriptor(L, 1, LCT_DIRECTORY_TYPE);
	const char *name = luaL_checkstring(L, 2);
	struct lc_arena *arena = lc_lua_arena(L);
	struct lc_error err;
	char *text;
	long size;

	size = lc_file_read_alloc(
		directory, name, arena, LCT_STATE_FILE_MAX, &text, LCT_STEP_STATE, &err);
	if (size < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_pushlstring(L, text, (size_t) size);
	lc_arena_done(arena);
	return 1;
}

/* directory:replace(name, text) -> true | nil, raw: atomic, mode 0600 */
static int directory_replace(lua_State *L)
{
	int directory = check_descriptor(L, 1, LCT_DIRECTORY_TYPE);
	const char *name = luaL_checkstring(L, 2);
	size_t size;
	const char *text = luaL_checklstring(L, 3, &size);
	struct lc_error err;

	return lc_lua_answer(
		L, lc_file_replace(directory, name, text, size, 0600, LCT_STEP_STATE, &err), &err);
}

/* --- the state root --- */

static struct lc_factory *check_factory(lua_State *L, int index)
{
	struct lc_factory *factory = luaL_checkudata(L, index, LCT_FACTORY_TYPE);

	luaL_argcheck(L, factory->fd >= 0, index, "closed");
	return factory;
}

/* core.root(path, is_swept) -> root | nil, raw */
int lc_lua_new_root(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1);
	struct lc_factory *factory = lua_newuserdatauv(L, sizeof(*factory), 0);
	struct lc_error err;

	factory->fd = -1;
	luaL_setmetatable(L, LCT_FACTORY_TYPE);
	if (lc_factory_open(factory, path, lua_toboolean(L, 2), &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	return 1;
}

static int root_close(lua_State *L)
{
	lc_factory_done(luaL_checkudata(L, 1, LCT_FACTORY_TYPE));
	return 0;
}

static int root_key(lua_State *L)
{
	lua_pushstring(L, check_factory(L, 1)->key);
	return 1;
}

static const char *check_id(lua_State *L, int index, struct lc_error *err)
{
	size_t length;
	const char *id = luaL_checklstring(L, index, &length);

	if (strlen(id) == length)
		return id;
	lc_fail(err, LCT_STEP_ID, EINVAL, id);
	return NULL;
}

/* root:directory() -> directory: closed, for `make` to open */
static int root_directory(lua_State *L)
{
	(void) check_factory(L, 1);
	(void) new_descriptor(L, LCT_DIRECTORY_TYPE);
	return 1;
}

/* root:make(id, directory) -> true | nil, raw: EEXIST when the id is in use. It is opened in place, so
 * that whoever has the object is its owner from the very first moment. */
static int root_make(lua_State *L)
{
	const struct lc_factory *factory = check_factory(L, 1);
	struct lc_error err;
	const char *id = check_id(L, 2, &err);
	int *fd = luaL_checkudata(L, 3, LCT_DIRECTORY_TYPE);
	int made;

	luaL_argcheck(L, *fd < 0, 3, "open");
	made = id != NULL ? lc_factory_make(factory, id, &err) : -EINVAL;
	if (made < 0)
		return lc_lua_failure(L, &err, NULL);
	*fd = made;
	lua_pushboolean(L, true);
	return 1;
}

/* root:find(id) -> directory | nil, raw: ENOENT when there is none */
static int root_find(lua_State *L)
{
	const struct lc_factory *factory = check_factory(L, 1);
	struct lc_error err;
	const char *id = check_id(L, 2, &err);
	int *fd;

	if (id == NULL)
		return lc_lua_failure(L, &err, NULL);
	fd = new_descriptor(L, LCT_DIRECTORY_TYPE);
	*fd = lc_factory_find(factory, id, &err);
	return *fd < 0 ? lc_lua_failure(L, &err, NULL) : 1;
}

/* root:remove(id, directory) -> true | nil, raw */
static int root_remove(lua_State *L)
{
	const struct lc_factory *factory = check_factory(L, 1);
	struct lc_error err;
	const char *id = check_id(L, 2, &err);
	int directory = check_descriptor(L, 3, LCT_DIRECTORY_TYPE);

	if (id == NULL)
		return lc_lua_failure(L, &err, NULL);
	return lc_lua_answer(L, lc_factory_remove(factory, directory, id, &err), &err);
}

struct name_list {
	struct lc_arena arena;
	const char **items;
	size_t count, room;
};

static int collect_id(void *context, const char *id)
{
	struct name_list *list = context;
	const char **items =
		lc_arena_grow(&list->arena, list->items, list->count, &list->room, sizeof(*items));

	if (items == NULL)
		return -ENOMEM;
	list->items = items;
	list->items[list->count] = lc_arena_copy(&list->arena, id, strlen(id));
	return list->items[list->count++] == NULL ? -ENOMEM : 0;
}

static int collect_entry(void *context, const char *name, unsigned char type)
{
	(void) type;
	return collect_id(context, name);
}

static int push_names(lua_State *L)
{
	const struct name_list *list = lua_touserdata(L, 1);

	lua_createtable(L, (int) list->count, 0);
	for (size_t i = 0; i < list->count; i++) {
		lua_pushstring(L, list->items[i]);
		lua_rawseti(L, -2, (lua_Integer) i + 1);
	}
	return 1;
}

/* What was collected becomes an array, by the function that is on the stack since before there was a list. */
static int answer_names(lua_State *L, struct name_list *list, int r, struct lc_error *err)
{
	int status;

	if (r == -ENOMEM)
		lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	if (r < 0) {
		lc_arena_done(&list->arena);
		return lc_lua_failure(L, err, NULL);
	}
	lua_pushlightuserdata(L, list);
	status = lua_pcall(L, 1, 1, 0);
	lc_arena_done(&list->arena);
	return status == LUA_OK ? 1 : lua_error(L);
}

/* root:ids() -> array of ids that have a directory | nil, raw */
static int root_ids(lua_State *L)
{
	const struct lc_factory *factory = check_factory(L, 1);
	struct name_list list = {.arena = LCT_ARENA_INIT};
	struct lc_error err;

	lua_pushcfunction(L, push_names);
	return answer_names(L, &list, lc_factory_each(factory, collect_id, &list, &err), &err);
}

/* directory:names() -> array of what is in it | nil, raw */
static int directory_names(lua_State *L)
{
	int directory = check_descriptor(L, 1, LCT_DIRECTORY_TYPE);
	struct name_list list = {.arena = LCT_ARENA_INIT};
	struct lc_error err;

	lua_pushcfunction(L, push_names);
	return answer_names(L, &list,
		lc_dir_each(directory, collect_entry, &list, LCT_STEP_STATE, &err), &err);
}

void lc_lua_open_host(lua_State *L)
{
	static const luaL_Reg host_methods[] = {
		{"boot_id", host_boot_id},
		{"is_owner", host_is_owner},
		{"cgroups", host_cgroups},
		{"close", host_gc},
		{NULL, NULL},
	};
	static const luaL_Reg host_meta[] = {{"__gc", host_gc}, {"__close", host_gc}, {NULL, NULL}};
	static const luaL_Reg root_methods[] = {
		{"key", root_key},
		{"directory", root_directory},
		{"make", root_make},
		{"find", root_find},
		{"remove", root_remove},
		{"ids", root_ids},
		{"close", root_close},
		{NULL, NULL},
	};
	static const luaL_Reg root_meta[] = {
		{"__gc", root_close}, {"__close", root_close}, {NULL, NULL}};
	static const luaL_Reg directory_methods[] = {
		{"lock", directory_lock},
		{"lock_holder", directory_lock_holder},
		{"changes", directory_changes},
		{"read", directory_read},
		{"replace", directory_replace},
		{"remove_latch", directory_remove_latch},
		{"names", directory_names},
		{"is_open", directory_is_open},
		{"close", directory_close},
		{NULL, NULL},
	};
	static const luaL_Reg directory_meta[] = {
		{"__gc", directory_close}, {"__close", directory_close}, {NULL, NULL}};
	static const luaL_Reg changes_methods[] = {
		{"pollfd", changes_pollfd},
		{"take", changes_take},
		{"close", changes_close},
		{NULL, NULL},
	};
	static const luaL_Reg changes_meta[] = {
		{"__gc", changes_close}, {"__close", changes_close}, {NULL, NULL}};
	static const luaL_Reg lock_methods[] = {{"close", lock_close}, {NULL, NULL}};
	static const luaL_Reg lock_meta[] = {
		{"__gc", lock_close}, {"__close", lock_close}, {NULL, NULL}};

	lc_lua_type(L, LCT_HOST_TYPE, host_methods, host_meta);
	lc_lua_type(L, LCT_FACTORY_TYPE, root_methods, root_meta);
	lc_lua_type(L, LCT_DIRECTORY_TYPE, directory_methods, directory_meta);
	lc_lua_type(L, LCT_LOCK_TYPE, lock_methods, lock_meta);
	lc_lua_type(L, LCT_CHANGES_TYPE, changes_methods, changes_meta);
}
