/* SPDX-License-Identifier: MIT */
/* A unix socket of messages as userdata. */
#include "binding/binding.h"

#include "base/cleanup.h"
#include "container/datagram.h"
#include "sys/sys.h"

struct datagram {
	int fd; /* -1: closed */
};

static struct datagram *check_datagram(lua_State *L)
{
	struct datagram *socket = luaL_checkudata(L, 1, LCT_DATAGRAM_TYPE);

	luaL_argcheck(L, socket->fd >= 0, 1, "socket is closed");
	return socket;
}

/* core.datagram([path]) -> datagram | nil, raw */
int lc_lua_datagram(lua_State *L)
{
	const char *path = luaL_optstring(L, 1, NULL);
	struct datagram *socket = lua_newuserdatauv(L, sizeof(*socket), 0);
	struct lc_error err;

	socket->fd = -1;
	luaL_setmetatable(L, LCT_DATAGRAM_TYPE);
	socket->fd = lc_datagram_open(path, &err);
	return socket->fd < 0 ? lc_lua_failure(L, &err, NULL) : 1;
}

/* datagram:send(path, text) -> true | nil, raw */
static int datagram_send(lua_State *L)
{
	const struct datagram *socket = check_datagram(L);
	const char *path = luaL_checkstring(L, 2);
	size_t size;
	const char *text = luaL_checklstring(L, 3, &size);
	struct lc_error err;

	return lc_lua_answer(L, lc_datagram_send(socket->fd, path, text, size, -1, &err), &err);
}

/* datagram:receive() -> text | false for none | nil, raw */
static int datagram_receive(lua_State *L)
{
	const struct datagram *socket = check_datagram(L);
	luaL_Buffer buffer;
	char *bytes = luaL_buffinitsize(L, &buffer, LCT_DATAGRAM_MAX);
	struct lc_error err;
	long size = lc_datagram_receive(socket->fd, bytes, LCT_DATAGRAM_MAX, &err);

	if (size < 0)
		return lc_lua_failure(L, &err, NULL);
	luaL_pushresultsize(&buffer, (size_t) size);
	if (size == 0)
		lua_pushboolean(L, false);
	return 1;
}

/* datagram:barrier(path, seconds) -> true | nil, raw */
static int datagram_barrier(lua_State *L)
{
	const struct datagram *socket = check_datagram(L);
	const char *path = luaL_checkstring(L, 2);
	int timeout_ms = (int) (luaL_checknumber(L, 3) * 1000);
	struct lc_error err;

	return lc_lua_answer(L, lc_datagram_barrier(socket->fd, path, timeout_ms, &err), &err);
}

static int datagram_pollfd(lua_State *L)
{
	lua_pushinteger(L, check_datagram(L)->fd);
	return 1;
}

static int datagram_close(lua_State *L)
{
	struct datagram *socket = luaL_checkudata(L, 1, LCT_DATAGRAM_TYPE);

	if (socket->fd >= 0)
		(void) lc_sys_close(lc_take_fd(&socket->fd));
	return 0;
}

void lc_lua_open_datagram(lua_State *L)
{
	static const luaL_Reg methods[] = {{"send", datagram_send}, {"receive", datagram_receive},
		{"barrier", datagram_barrier}, {"pollfd", datagram_pollfd}, {"close", datagram_close},
		{NULL, NULL}};
	static const luaL_Reg meta[] = {
		{"__gc", datagram_close}, {"__close", datagram_close}, {NULL, NULL}};

	lc_lua_type(L, LCT_DATAGRAM_TYPE, methods, meta);
}
