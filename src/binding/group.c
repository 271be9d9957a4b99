/* SPDX-License-Identifier: MIT */
/*
 * A cgroup of its own for one further process, as userdata. Its user value keeps the container, and
 * by it the host, alive. When the object goes, the cgroup is removed if nothing is in it; else it
 * goes with the container.
 */
#include "binding/binding.h"

#include "container/join.h"
#include "container/resources.h"

#include <string.h>

struct box_group { /* user value 1: its container */
	struct lc_cgroup cgroup;
	const struct lc_host *host;
	int64_t pids_limit; /* -1: none */
	bool is_open;
};

static struct box_group *check_box(lua_State *L, int index)
{
	struct box_group *box = luaL_checkudata(L, index, LCT_GROUP_TYPE);

	luaL_argcheck(L, box->is_open, index, "group is closed");
	return box;
}

struct lc_cgroup *lc_lua_group(lua_State *L, int index)
{
	return &check_box(L, index)->cgroup;
}

static int make_group(lua_State *L)
{
	struct lc_container *container = lc_lua_container(L, 1);
	struct lc_config_process process;
	const struct lc_config_cgroups *limits;
	struct lc_arena *arena;
	struct box_group *box;
	struct lc_error err;

	luaL_checktype(L, 2, LUA_TTABLE);
	memset(&process, 0, sizeof(process));
	arena = lc_lua_arena(L);
	lc_lua_read_section(L, 2, lc_schema_section("process"), &process, arena);
	box = lua_newuserdatauv(L, sizeof(*box), 1);
	memset(box, 0, sizeof(*box));
	box->pids_limit = -1;
	luaL_setmetatable(L, LCT_GROUP_TYPE);
	lua_pushvalue(L, 1);
	lua_setiuservalue(L, -2, 1);
	box->host = container->host;
	if (lc_join_group(container, &process, arena, &box->cgroup, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	box->is_open = true;
	limits = process.cgroups;
	if (limits != NULL && limits->pids_limit.is_set)
		box->pids_limit = limits->pids_limit.value;
	return 1;
}

/* group:settle() -> true | nil, raw: its process is in it, and nothing else any more */
static int group_settle(lua_State *L)
{
	struct box_group *box = check_box(L, 1);
	struct lc_error err;
	int r = 0;

	if (box->pids_limit >= 0)
		r = lc_resources_limit_pids(&box->cgroup, box->pids_limit, &err);
	return lc_lua_answer(L, r, &err);
}

/* container:group(process) -> group | nil, raw: a cgroup of its own for that process, which has to
 * join then, with the limits of process.cgroups */
static int container_group(lua_State *L)
{
	return lc_lua_with_arena(L, make_group);
}

/* group:usage() -> table | nil, raw */
static int group_usage(lua_State *L)
{
	return lc_lua_push_usage(L, &check_box(L, 1)->cgroup);
}

/* group:kill([timeout]) -> true | nil, raw: everything in it */
static int group_kill(lua_State *L)
{
	struct box_group *box = check_box(L, 1);
	int timeout_ms = lc_lua_timeout_ms(L, 2, 10000);
	struct lc_error err;
	int r = lc_cgroup_kill(&box->cgroup, timeout_ms, &err);

	lc_cgroup_rest(&box->cgroup);
	return lc_lua_answer(L, r, &err);
}

/* group:close() -> whether it is removed: what is in it stays, and then it stays too */
static int group_close(lua_State *L)
{
	struct box_group *box = luaL_checkudata(L, 1, LCT_GROUP_TYPE);

	if (box->is_open && lc_lua_is_owner(box->host) &&
		lc_cgroup_remove_child(&box->cgroup, NULL) >= 0) {
		lc_cgroup_done(&box->cgroup);
		box->is_open = false;
	}
	lua_pushboolean(L, !box->is_open);
	return 1;
}

/* For the last time: it goes with the container. */
static int group_gc(lua_State *L)
{
	struct box_group *box = luaL_checkudata(L, 1, LCT_GROUP_TYPE);

	(void) group_close(L);
	if (box->is_open)
		lc_cgroup_done(&box->cgroup);
	box->is_open = false;
	return 0;
}

void lc_lua_open_group(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{"settle", group_settle},
		{"usage", group_usage},
		{"kill", group_kill},
		{"close", group_close},
		{NULL, NULL},
	};
	static const luaL_Reg meta[] = {
		{"__gc", group_gc}, {"__close", group_gc}, {NULL, NULL}};
	static const luaL_Reg of_container[] = {{"group", container_group}, {NULL, NULL}};

	lc_lua_type(L, LCT_GROUP_TYPE, methods, meta);
	lc_lua_extend(L, LCT_CONTAINER_TYPE, of_container);
}
