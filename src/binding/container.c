/* SPDX-License-Identifier: MIT */
/* The core container as userdata. Its user value keeps the host alive. Closing one frees memory and
 * descriptors only; ending a container is `destroy`, which lua/libcontainer/container.lua calls. */
#include "binding/binding.h"

#include "container/container.h"
#include "container/pids.h"
#include "container/sibling.h"
#include "sys/sys.h"

#include <string.h>

static struct box_container *check_box(lua_State *L, int index)
{
	return luaL_checkudata(L, index, LCT_CONTAINER_TYPE);
}

struct lc_container *lc_lua_container(lua_State *L, int index)
{
	struct box_container *box = check_box(L, index);

	luaL_argcheck(L, box->is_open, index, "container is closed");
	return &box->container;
}

/* Push an empty one, of the host at index 1. */
static struct box_container *new_box(lua_State *L)
{
	struct box_container *box = lua_newuserdatauv(L, sizeof(*box), 1);

	memset(box, 0, sizeof(*box));
	luaL_setmetatable(L, LCT_CONTAINER_TYPE);
	lua_pushvalue(L, 1);
	lua_setiuservalue(L, -2, 1);
	box->is_open = true;
	return box;
}

/* core.container(host, path|nil, fallback|nil[, manager]) -> container | nil, raw: decides, makes
 * nothing. Without path and fallback it has no cgroups. */
int lc_lua_new_container(lua_State *L)
{
	struct lc_host *host = lc_lua_host(L, 1);
	const char *path = luaL_optstring(L, 2, NULL);
	const char *fallback = luaL_optstring(L, 3, NULL);
	enum lc_cgroup_manager manager = lc_lua_manager(L, 4);
	struct box_container *box = new_box(L);
	struct lc_error err;

	if (lc_container_init(&box->container, host, path, fallback, manager, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	return 1;
}

/* core.found_container(host, fallback) -> container | nil, raw: one of which nothing else is known; its
 * cgroups are looked for */
int lc_lua_found_container(lua_State *L)
{
	struct lc_host *host = lc_lua_host(L, 1);
	const char *owner = luaL_checkstring(L, 2);
	struct box_container *box = new_box(L);
	struct lc_error err;

	if (lc_container_init_found(&box->container, host, owner, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	return 1;
}

#define LCT_PLACES_MAX LCT_CGROUP_HIERARCHIES_MAX

/* A scope as container:scope gave it, false for nil. The fields stay on the stack, anchored. */
static bool read_scope(lua_State *L, int index, struct lc_cgroup_scope *out)
{
	if (lua_isnoneornil(L, index))
		return false;
	luaL_checktype(L, index, LUA_TTABLE);
	lua_getfield(L, index, "unit");
	lua_getfield(L, index, "slice");
	lua_getfield(L, index, "owner");
	lua_getfield(L, index, "user");
	*out = (struct lc_cgroup_scope){
		.unit = (char *) (uintptr_t) luaL_checkstring(L, -4),
		.slice = (char *) (uintptr_t) luaL_checkstring(L, -3),
		.owner = (char *) (uintptr_t) luaL_checkstring(L, -2),
		.is_user = lua_toboolean(L, -1),
	};
	return true;
}

/*
 * The array of places at `index`, as container:places gave it; answers how many. The strings stay
 * on the stack, anchored, until the core has copied them.
 */
static size_t read_places(lua_State *L, int index, struct lc_cgroup_saved places[LCT_PLACES_MAX])
{
	size_t count;

	luaL_checktype(L, index, LUA_TTABLE);
	count = lua_rawlen(L, index);
	luaL_argcheck(L, count <= LCT_PLACES_MAX, index, "too many places");
	luaL_checkstack(L, (int) (3 * count) + 16, "places");
	for (size_t i = 0; i < count; i++) {
		lua_rawgeti(L, index, (lua_Integer) i + 1);
		luaL_checktype(L, -1, LUA_TTABLE);
		lua_getfield(L, -1, "name");
		lua_getfield(L, -2, "path");
		places[i].name = luaL_checkstring(L, -2);
		places[i].path = luaL_checkstring(L, -1);
	}
	return count;
}

/* What follows at index 2: places, the container's name as core.container took it for its fallback, and
 * scope|nil. All stays on the stack. */
static void read_saved(lua_State *L, struct lc_cgroup_saved places[LCT_PLACES_MAX],
	struct lc_cgroup_scope *scope, struct lc_container_saved *out)
{
	lua_settop(L, 4);
	*out = (struct lc_container_saved){.places = places, .owner = luaL_checkstring(L, 3)};
	out->count = read_places(L, 2, places);
	if (read_scope(L, 4, scope))
		out->scope = scope;
}

/* core.saved_container(host, places, name, scope|nil) -> container | nil, raw */
int lc_lua_saved_container(lua_State *L)
{
	struct lc_host *host = lc_lua_host(L, 1);
	struct lc_cgroup_saved places[LCT_PLACES_MAX];
	struct lc_container_saved saved;
	struct lc_cgroup_scope scope;
	struct box_container *box;
	struct lc_error err;

	read_saved(L, places, &scope, &saved);
	box = new_box(L);
	if (lc_container_init_saved(&box->container, host, &saved, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	return 1;
}

static int container_close(lua_State *L)
{
	struct box_container *box = check_box(L, 1);

	if (box->is_open)
		lc_container_done(&box->container);
	box->is_open = false;
	return 0;
}

/* container:renew(path|nil, fallback|nil) -> true | nil, raw: for another start; its place must be free */
static int container_renew(lua_State *L)
{
	struct lc_container *c = lc_lua_container(L, 1);
	const char *path = luaL_optstring(L, 2, NULL);
	const char *fallback = luaL_optstring(L, 3, NULL);
	struct lc_error err;

	return lc_lua_answer(L, lc_container_renew(c, path, fallback, &err), &err);
}

static int check_limits(lua_State *L)
{
	struct lc_arena *arena = lc_lua_arena(L);
	struct lc_config_config config;
	struct lc_error err;

	memset(&config, 0, sizeof(config));
	lc_lua_read_section(L, 2, lc_schema_section("config"), &config, arena);
	return lc_lua_answer(L, lc_container_check(lc_lua_container(L, 1), &config, arena, &err), &err);
}

/* container:check(config) -> true | nil, raw: whether this machine has what its limits need */
static int container_check(lua_State *L)
{
	return lc_lua_with_arena(L, check_limits);
}

/* container:follow(places, name, scope|nil) -> true | nil, raw: another process has started it again,
 * there */
static int container_follow(lua_State *L)
{
	struct lc_container *c = lc_lua_container(L, 1);
	struct lc_cgroup_saved places[LCT_PLACES_MAX];
	struct lc_container_saved saved;
	struct lc_cgroup_scope scope;
	struct lc_error err;

	read_saved(L, places, &scope, &saved);
	return lc_lua_answer(L, lc_container_follow(c, &saved, &err), &err);
}

/* container:probe() -> true | nil, raw: EBUSY when its place is in use */
static int container_probe(lua_State *L)
{
	struct lc_error err;

	return lc_lua_answer(L, lc_container_probe(lc_lua_container(L, 1), &err), &err);
}

/* container:may_make() -> boolean: has this user the right to make its cgroups? */
static int container_may_make(lua_State *L)
{
	lua_pushboolean(L, lc_cgroup_may_make(&lc_lua_container(L, 1)->cgroup));
	return 1;
}

/* container:adopt(pid|nil, start, is_first) -> true | nil, raw: see lc_container_adopt */
static int container_adopt(lua_State *L)
{
	struct lc_container *c = lc_lua_container(L, 1);
	lua_Integer pid = luaL_optinteger(L, 2, 0);
	lua_Integer start = luaL_optinteger(L, 3, 0);
	struct lc_error err;

	luaL_argcheck(L, pid >= 0 && pid <= INT32_MAX, 2, "no pid");
	return lc_lua_answer(L,
		lc_container_adopt(c, (pid_t) pid, (uint64_t) start, lua_toboolean(L, 4), &err), &err);
}

/* container:status() -> "created" | "running" | "pausing" | "paused" | "stopped" | nil, raw */
static int push_status(lua_State *L, enum lc_status status)
{
	static const char *const names[] = {
		"created", "running", "pausing", "paused", "stopped"};

	lua_pushstring(L, names[status]);
	return 1;
}

static int container_status(lua_State *L)
{
	enum lc_status status;
	struct lc_error err;

	if (lc_container_status(lc_lua_container(L, 1), &status, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	return push_status(L, status);
}

/* container:life() -> "created" | "running" | "stopped" | nil, raw: running also when it is paused */
static int container_life(lua_State *L)
{
	enum lc_status status;
	struct lc_error err;

	if (lc_container_life(lc_lua_container(L, 1), &status, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	return push_status(L, status);
}

/* container:cgroup_paths() -> { [controllers] = absolute directory } */
static int container_cgroup_paths(lua_State *L)
{
	const struct lc_cgroup *cg = &lc_lua_container(L, 1)->cgroup;

	lua_createtable(L, 0, (int) cg->count);
	for (size_t i = 0; i < cg->count; i++) {
		const struct lc_cgroup_hierarchy *h = &cg->mounts->items[cg->dirs[i].hierarchy];

		lua_pushfstring(L, "%s/%s", h->mount_point, cg->dirs[i].path);
		lua_setfield(L, -2, h->name[0] != '\0' ? h->name : "unified");
	}
	return 1;
}

/* container:places() -> array of { name, path }: for saved_container */
static int container_places(lua_State *L)
{
	const struct lc_cgroup *cg = &lc_lua_container(L, 1)->cgroup;

	lua_createtable(L, (int) cg->count, 0);
	for (size_t i = 0; i < cg->count; i++) {
		const struct lc_cgroup_dir *dir = &cg->dirs[i];

		lua_createtable(L, 0, 2);
		lua_pushstring(L, cg->mounts->items[dir->hierarchy].name);
		lua_setfield(L, -2, "name");
		lua_pushstring(L, dir->path);
		lua_setfield(L, -2, "path");
		lua_rawseti(L, -2, (lua_Integer) i + 1);
	}
	return 1;
}

/* container:exists() -> boolean, boolean | nil, raw: is there a cgroup of it, is there each? */
static int container_exists(lua_State *L)
{
	struct lc_error err;
	bool exists, is_whole;

	if (lc_cgroup_exists(&lc_lua_container(L, 1)->cgroup, &exists, &is_whole, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_pushboolean(L, exists);
	lua_pushboolean(L, is_whole);
	return 2;
}

/* container:is_lost(name) -> boolean | nil, raw: is there one in a hierarchy in which it has no place? */
static int container_is_lost(lua_State *L)
{
	struct lc_container *c = lc_lua_container(L, 1);
	const char *name = luaL_checkstring(L, 2);
	struct lc_error err;
	bool is_lost;

	if (lc_cgroup_is_lost(&c->cgroup, name, &is_lost, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_pushboolean(L, is_lost);
	return 1;
}

static int push_scope(lua_State *L, const struct lc_cgroup_scope *scope)
{
	if (scope->unit == NULL)
		return 0;
	lua_createtable(L, 0, 4);
	lua_pushstring(L, scope->unit);
	lua_setfield(L, -2, "unit");
	lua_pushstring(L, scope->slice);
	lua_setfield(L, -2, "slice");
	lua_pushstring(L, scope->owner);
	lua_setfield(L, -2, "owner");
	lua_pushboolean(L, scope->is_user);
	lua_setfield(L, -2, "user");
	return 1;
}

/* container:scope() -> { unit, slice, owner, user } | nothing, where systemd has no part in it */
static int container_scope(lua_State *L)
{
	return push_scope(L, &lc_lua_container(L, 1)->cgroup.scope);
}

static int scope_names(lua_State *L)
{
	const char *path = luaL_optstring(L, 1, NULL);
	const char *fallback = luaL_checkstring(L, 2);
	struct lc_arena *arena = lc_lua_arena(L);
	struct lc_cgroup_scope scope = {.owner = (char *) (uintptr_t) fallback};
	struct lc_error err;

	if (lc_cgroup_scope_names(path, fallback, lua_toboolean(L, 3), arena, &scope, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	return push_scope(L, &scope);
}

/* core.scope(path|nil, fallback, user) -> { unit, slice, owner, user } | nil, raw: how the scope of
 * a container has to be called */
int lc_lua_scope_names(lua_State *L)
{
	return lc_lua_with_arena(L, scope_names);
}

struct pid_list {
	pid_t *items;
	size_t count;
};

static int push_pids(lua_State *L)
{
	const struct pid_list *list = lua_touserdata(L, 1);

	lua_createtable(L, (int) list->count, 0);
	for (size_t i = 0; i < list->count; i++) {
		lua_pushinteger(L, list->items[i]);
		lua_rawseti(L, -2, (lua_Integer) i + 1);
	}
	return 1;
}

/* container:pids(is_inner) -> array | nil, raw: of the cgroup and those below it, as the host sees them
 * or as the container does */
static int container_pids(lua_State *L)
{
	struct lc_container *c = lc_lua_container(L, 1);
	bool is_inner = lua_toboolean(L, 2);
	struct lc_arena arena = LCT_ARENA_INIT;
	struct pid_list list;
	struct lc_error err;
	int status;

	lua_pushcfunction(L, push_pids);
	if (lc_container_pids(c, is_inner, &arena, &list.items, &list.count, &err) < 0) {
		lc_arena_done(&arena);
		return lc_lua_failure(L, &err, NULL);
	}
	lua_pushlightuserdata(L, &list);
	status = lua_pcall(L, 1, 1, 0);
	lc_arena_done(&arena);
	return status == LUA_OK ? 1 : lua_error(L);
}

/* container:usage() -> table | nil, raw: see lc_lua_push_usage */
static int container_usage(lua_State *L)
{
	return lc_lua_push_usage(L, &lc_lua_container(L, 1)->cgroup);
}

/* container:oom_kills() -> integer | nil, raw: until now */
static int container_oom_kills(lua_State *L)
{
	struct lc_error err;
	uint64_t count;

	if (lc_cgroup_oom_kills(&lc_lua_container(L, 1)->cgroup, &count, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_pushinteger(L, (lua_Integer) count);
	return 1;
}

/* container:init() -> pid, start time | nil */
static int container_init(lua_State *L)
{
	struct lc_container *c = lc_lua_container(L, 1);

	if (!c->was_started || c->init.pid <= 0)
		return 0;
	lua_pushinteger(L, c->init.pid);
	lua_pushinteger(L, (lua_Integer) c->init.start);
	return 2;
}

/* container:open_init() -> process | nil, raw: a process object of the init, for a loaded one */
static int container_open_init(lua_State *L)
{
	struct lc_container *c = lc_lua_container(L, 1);
	struct lc_process *copy = lc_lua_push_process(L);
	struct lc_error err;
	int fd;

	if (c->init.pidfd < 0) {
		lc_fail(&err, LCT_STEP_PROCESS, ESRCH, "the process has ended");
		return lc_lua_failure(L, &err, NULL);
	}
	fd = (int) lc_sys_fcntl(c->init.pidfd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0) {
		lc_fail(&err, LCT_STEP_PROCESS, fd, "pidfd");
		return lc_lua_failure(L, &err, NULL);
	}
	*copy = c->init;
	copy->pidfd = fd;
	return 1;
}

/* container:signal(number) -> true | nil, raw: to the init alone */
static int container_signal(lua_State *L)
{
	struct lc_container *c = lc_lua_container(L, 1);
	int number = (int) luaL_checkinteger(L, 2);
	struct lc_error err;

	return lc_lua_answer(L, lc_container_signal(c, number, &err), &err);
}

/* container:signal_all(number) -> true | nil, raw: to every process */
static int container_signal_all(lua_State *L)
{
	struct lc_container *c = lc_lua_container(L, 1);
	int number = (int) luaL_checkinteger(L, 2);
	struct lc_error err;

	return lc_lua_answer(L, lc_container_signal_all(c, number, &err), &err);
}

/* container:freeze([timeout], [is_kept]) -> true | nil, raw: thawed again when it takes longer, unless the caller
 * goes on with it */
static int container_freeze(lua_State *L)
{
	struct lc_container *c = lc_lua_container(L, 1);
	int timeout_ms = lc_lua_timeout_ms(L, 2, 10000);
	bool is_kept = lua_toboolean(L, 3);
	struct lc_error err;

	return lc_lua_answer(L, lc_container_freeze(c, timeout_ms, is_kept, &err), &err);
}

/* container:thaw([timeout]) -> true | nil, raw */
static int container_thaw(lua_State *L)
{
	struct lc_container *c = lc_lua_container(L, 1);
	int timeout_ms = lc_lua_timeout_ms(L, 2, 10000);
	struct lc_error err;

	return lc_lua_answer(L, lc_container_thaw(c, timeout_ms, &err), &err);
}

static int set(lua_State *L)
{
	struct lc_arena *arena = lc_lua_arena(L);
	struct lc_config_config changed, before;
	struct lc_error err;

	memset(&changed, 0, sizeof(changed));
	memset(&before, 0, sizeof(before));
	lc_lua_read_section(L, 2, lc_schema_section("config"), &changed, arena);
	lc_lua_read_section(L, 3, lc_schema_section("config"), &before, arena);
	return lc_lua_answer(
		L, lc_container_set(lc_lua_container(L, 1), &changed, &before, arena, &err), &err);
}

/* container:set(changed, before) -> true | nil, raw: of both tables cgroups and devices count */
static int container_set(lua_State *L)
{
	return lc_lua_with_arena(L, set);
}

/* container:put_back() -> true | nil, raw: what the last set changed */
static int container_put_back(lua_State *L)
{
	struct lc_error err;

	return lc_lua_answer(L, lc_container_put_back(lc_lua_container(L, 1), &err), &err);
}

/* container:kill([timeout]) -> true | nil, raw: every process, and wait for their end */
static int container_kill(lua_State *L)
{
	struct lc_container *c = lc_lua_container(L, 1);
	int timeout_ms = lc_lua_timeout_ms(L, 2, 10000);
	struct lc_error err;

	return lc_lua_answer(L, lc_container_kill(c, timeout_ms, &err), &err);
}

/* container:siblings() -> array of the pollable descriptors of further processes that have not ended;
 * those that have are reaped */
static int container_siblings(lua_State *L)
{
	struct lc_container *c = lc_lua_container(L, 1);
	struct lc_sibling *at;
	lua_Integer count = 0;

	lc_sibling_reap(c->host, &c->init);
	lua_newtable(L);
	for (at = lc_sibling_next(c->host, &c->init, NULL); at != NULL;
		at = lc_sibling_next(c->host, &c->init, at)) {
		lua_pushinteger(L, at->process.pidfd);
		lua_rawseti(L, -2, ++count);
	}
	return 1;
}

/* container:destroy([timeout]) -> true | nil, raw: kill, remove the cgroups */
static int container_destroy(lua_State *L)
{
	struct lc_container *c = lc_lua_container(L, 1);
	int timeout_ms = lc_lua_timeout_ms(L, 2, 10000);
	struct lc_error err;

	return lc_lua_answer(L, lc_container_destroy(c, timeout_ms, &err), &err);
}

/* container:reap() -> true | nil, raw: after destroy; the exit status is lost to others by it */
static int container_reap(lua_State *L)
{
	struct lc_error err;

	return lc_lua_answer(L, lc_container_reap(lc_lua_container(L, 1), &err), &err);
}

void lc_lua_open_container(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{"check", container_check},
		{"probe", container_probe},
		{"may_make", container_may_make},
		{"renew", container_renew},
		{"follow", container_follow},
		{"adopt", container_adopt},
		{"status", container_status},
		{"life", container_life},
		{"cgroup_paths", container_cgroup_paths},
		{"places", container_places},
		{"exists", container_exists},
		{"is_lost", container_is_lost},
		{"scope", container_scope},
		{"pids", container_pids},
		{"usage", container_usage},
		{"oom_kills", container_oom_kills},
		{"init", container_init},
		{"open_init", container_open_init},
		{"signal", container_signal},
		{"signal_all", container_signal_all},
		{"freeze", container_freeze},
		{"thaw", container_thaw},
		{"set", container_set},
		{"put_back", container_put_back},
		{"kill", container_kill},
		{"siblings", container_siblings},
		{"destroy", container_destroy},
		{"reap", container_reap},
		{"close", container_close},
		{NULL, NULL},
	};
	static const luaL_Reg meta[] = {
		{"__gc", container_close}, {"__close", container_close}, {NULL, NULL}};

	lc_lua_type(L, LCT_CONTAINER_TYPE, methods, meta);
}
