/* SPDX-License-Identifier: MIT */
/* What is told of a container's cgroup, as userdata: what to wait for, and a look that never blocks. */
#include "binding/binding.h"

#include "cgroups/listen.h"

#include <math.h>

static struct lc_listener *push_listener(lua_State *L)
{
	struct lc_listener *listener = lua_newuserdatauv(L, sizeof(*listener), 0);

	*listener = (struct lc_listener) LCT_LISTENER_INIT;
	luaL_setmetatable(L, LCT_LISTENER_TYPE);
	return listener;
}

/* container:listen_oom() -> listener | nil, raw: ENODEV when nothing here tells of it */
static int container_listen_oom(lua_State *L)
{
	const struct lc_container *c = lc_lua_container(L, 1);
	struct lc_listener *listener = push_listener(L);
	struct lc_error err;

	if (lc_cgroup_listen_oom(&c->cgroup, listener, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	return 1;
}

/* group:listen_oom() -> listener | nil, raw: ENODEV when the container's listener is told of it too */
static int group_listen_oom(lua_State *L)
{
	const struct lc_cgroup *group = lc_lua_group(L, 1);
	struct lc_listener *listener = push_listener(L);
	struct lc_error err;

	if (lc_cgroup_listen_child_oom(group, listener, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	return 1;
}

/* container:listen_frozen() -> listener | nil, raw */
static int container_listen_frozen(lua_State *L)
{
	const struct lc_container *c = lc_lua_container(L, 1);
	struct lc_listener *listener = push_listener(L);
	struct lc_error err;

	if (lc_cgroup_listen_frozen(&c->cgroup, listener, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	return 1;
}

/* container:listen_level("low" | "medium" | "critical") -> listener | nil, raw */
static int container_listen_level(lua_State *L)
{
	static const char *const levels[] = {"low", "medium", "critical", NULL};
	const struct lc_container *c = lc_lua_container(L, 1);
	const char *level = levels[luaL_checkoption(L, 2, NULL, levels)];
	struct lc_listener *listener = push_listener(L);
	struct lc_error err;

	if (lc_cgroup_listen_level(&c->cgroup, level, listener, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	return 1;
}

static uint64_t check_us(lua_State *L, int index)
{
	lua_Number seconds = luaL_checknumber(L, index);

	luaL_argcheck(L, seconds > 0 && seconds < 1e6, index, "no time");
	return (uint64_t) llround(seconds * 1e6);
}

/* container:listen_pressure("cpu" | "memory" | "io", "some" | "full", stall, window) -> listener |
 * nil, raw: seconds */
static int container_listen_pressure(lua_State *L)
{
	static const char *const resources[] = {"cpu", "memory", "io", NULL}; /* as the enum has them */
	static const char *const lines[] = {"some", "full", NULL};
	const struct lc_container *c = lc_lua_container(L, 1);
	int resource = luaL_checkoption(L, 2, NULL, resources);
	bool is_full = luaL_checkoption(L, 3, NULL, lines) == 1;
	uint64_t stall = check_us(L, 4), window = check_us(L, 5);
	struct lc_listener *listener = push_listener(L);
	struct lc_error err;

	if (lc_cgroup_listen_pressure(&c->cgroup, (enum lc_pressure_resource) resource, is_full, stall,
		    window, listener, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	return 1;
}

/* listener:pollfds() -> array of { descriptor, "r" | "p" } */
static int listener_pollfds(lua_State *L)
{
	struct pollfd fds[LCT_LISTENER_FDS];
	size_t count = lc_listener_fds(luaL_checkudata(L, 1, LCT_LISTENER_TYPE), fds);

	lua_createtable(L, (int) count, 0);
	for (size_t i = 0; i < count; i++) {
		lua_createtable(L, 2, 0);
		lua_pushinteger(L, fds[i].fd);
		lua_rawseti(L, -2, 1);
		lua_pushstring(L, fds[i].events == POLLPRI ? "p" : "r");
		lua_rawseti(L, -2, 2);
		lua_rawseti(L, -2, (lua_Integer) i + 1);
	}
	return 1;
}

/* listener:take() -> false | { count, is_stalled, is_frozen, pressure } | nil, raw: ENODEV when the
 * cgroup has gone */
static int listener_take(lua_State *L)
{
	struct lc_listener *listener = luaL_checkudata(L, 1, LCT_LISTENER_TYPE);
	struct lc_happening found;
	struct lc_error err;

	if (lc_listener_take(listener, &found, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	if (found.count == 0) {
		lua_pushboolean(L, false);
		return 1;
	}
	lua_createtable(L, 0, 4);
	lua_pushinteger(L, (lua_Integer) found.count);
	lua_setfield(L, -2, "count");
	lua_pushboolean(L, found.is_stalled);
	lua_setfield(L, -2, "is_stalled");
	lua_pushboolean(L, found.is_frozen);
	lua_setfield(L, -2, "is_frozen");
	if (listener->kind == LCT_LISTEN_PRESSURE)
		lc_lua_set_pressure(L, lua_gettop(L), &found.pressure);
	return 1;
}

/* listener:tell_all(): what was killed before it listened is news too, which the next take tells */
static int listener_tell_all(lua_State *L)
{
	lc_listener_tell_all(luaL_checkudata(L, 1, LCT_LISTENER_TYPE));
	return 0;
}

static int listener_close(lua_State *L)
{
	lc_listener_done(luaL_checkudata(L, 1, LCT_LISTENER_TYPE));
	return 0;
}

void lc_lua_open_listener(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{"pollfds", listener_pollfds},
		{"take", listener_take},
		{"tell_all", listener_tell_all},
		{"close", listener_close},
		{NULL, NULL},
	};
	static const luaL_Reg meta[] = {
		{"__gc", listener_close}, {"__close", listener_close}, {NULL, NULL}};
	static const luaL_Reg of_container[] = {
		{"listen_oom", container_listen_oom},
		{"listen_frozen", container_listen_frozen},
		{"listen_level", container_listen_level},
		{"listen_pressure", container_listen_pressure},
		{NULL, NULL},
	};
	static const luaL_Reg of_group[] = {{"listen_oom", group_listen_oom}, {NULL, NULL}};

	lc_lua_type(L, LCT_LISTENER_TYPE, methods, meta);
	lc_lua_extend(L, LCT_CONTAINER_TYPE, of_container);
	lc_lua_extend(L, LCT_GROUP_TYPE, of_group);
}
