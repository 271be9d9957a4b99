/* SPDX-License-Identifier: MIT */
/* Many descriptors as one, as userdata: for objects of Lua that wait for several things. */
#include "binding/binding.h"

#include "base/poll_set.h"

#include <poll.h>

static struct lc_poll_set *check_set(lua_State *L, int index)
{
	struct lc_poll_set *set = luaL_checkudata(L, index, LCT_POLL_SET_TYPE);

	luaL_argcheck(L, set->epoll_fd >= 0, index, "poll set is closed");
	return set;
}

/* core.poll_set([can_wake]) -> set | nil, raw */
int lc_lua_new_poll_set(lua_State *L)
{
	bool can_wake = lua_toboolean(L, 1);
	struct lc_poll_set *set = lua_newuserdatauv(L, sizeof(*set), 0);
	struct lc_error err;

	*set = (struct lc_poll_set) LCT_POLL_SET_INIT;
	luaL_setmetatable(L, LCT_POLL_SET_TYPE);
	if (lc_poll_set_init(set, can_wake, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	return 1;
}

/* set:add(descriptor, "r" | "w" | "rw" | "e" | "p") -> true | nil, raw: "p" is what poll(2) calls POLLPRI,
 * "e": the other end is closed */
static int poll_set_add(lua_State *L)
{
	static const char *const names[] = {"r", "w", "rw", "e", "p", NULL};
	static const short events[] = {POLLIN, POLLOUT, POLLIN | POLLOUT, 0, POLLPRI};
	const struct lc_poll_set *set = check_set(L, 1);
	int fd = (int) luaL_checkinteger(L, 2);
	struct lc_error err;

	return lc_lua_answer(
		L, lc_poll_set_add(set, fd, events[luaL_checkoption(L, 3, "r", names)], &err), &err);
}

/* set:remove(descriptor) */
static int poll_set_remove(lua_State *L)
{
	lc_poll_set_remove(check_set(L, 1), (int) luaL_checkinteger(L, 2));
	return 0;
}

/* set:wake(is_awake): hold it readable, or not any more */
static int poll_set_wake(lua_State *L)
{
	lc_poll_set_wake(check_set(L, 1), lua_toboolean(L, 2));
	return 0;
}

static int poll_set_pollfd(lua_State *L)
{
	const struct lc_poll_set *set = luaL_checkudata(L, 1, LCT_POLL_SET_TYPE);

	if (set->epoll_fd < 0)
		return 0;
	lua_pushinteger(L, set->epoll_fd);
	return 1;
}

static int poll_set_close(lua_State *L)
{
	lc_poll_set_done(luaL_checkudata(L, 1, LCT_POLL_SET_TYPE));
	return 0;
}

void lc_lua_open_poll_set(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{"add", poll_set_add},
		{"remove", poll_set_remove},
		{"wake", poll_set_wake},
		{"pollfd", poll_set_pollfd},
		{"close", poll_set_close},
		{NULL, NULL},
	};
	static const luaL_Reg meta[] = {
		{"__gc", poll_set_close}, {"__close", poll_set_close}, {NULL, NULL}};

	lc_lua_type(L, LCT_POLL_SET_TYPE, methods, meta);
}
