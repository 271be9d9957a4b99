/* SPDX-License-Identifier: MIT */
/* The supervisor's end of a filter that notifies, and who else may get it. */
#include "binding/binding.h"

#include "base/fd.h"
#include "container/handover.h"
#include "seccomp/notify.h"
#include "seccomp/seccomp.h"

#include <string.h>

#define CONNECT_TIMEOUT_MS 10000
#define TEXT_MAX 65536

int *lc_lua_push_notifier(lua_State *L)
{
	int *fd = lua_newuserdatauv(L, sizeof(*fd), 0);

	*fd = -1;
	luaL_setmetatable(L, LCT_NOTIFIER_TYPE);
	return fd;
}

static int check_notifier(lua_State *L)
{
	int *fd = luaL_checkudata(L, 1, LCT_NOTIFIER_TYPE);

	luaL_argcheck(L, *fd >= 0, 1, "listener is closed");
	return *fd;
}

static void set_integer(lua_State *L, const char *name, lua_Integer value)
{
	lua_pushinteger(L, value);
	lua_setfield(L, -2, name);
}

static void push_call(lua_State *L, const struct lc_notify_call *call)
{
	const char *architecture = lc_seccomp_architecture(call->architecture);
	char name[64];

	lua_createtable(L, 0, 7);
	set_integer(L, "id", (lua_Integer) call->id);
	set_integer(L, "pid", call->pid);
	set_integer(L, "number", call->number);
	set_integer(L, "instruction", (lua_Integer) call->instruction);
	lua_pushstring(L, architecture);
	lua_setfield(L, -2, "architecture");
	if (lc_seccomp_name(call->architecture, call->number, name, sizeof(name))) {
		lua_pushstring(L, name);
		lua_setfield(L, -2, "syscall");
	}
	lua_createtable(L, 6, 0);
	for (int i = 0; i < 6; i++) {
		lua_pushinteger(L, (lua_Integer) call->args[i]);
		lua_rawseti(L, -2, i + 1);
	}
	lua_setfield(L, -2, "args");
}

/* notifier:receive() -> { id, pid, number, syscall, architecture, instruction, args } | false: none waits |
 * nil, raw: EPIPE when nobody is left */
static int notifier_receive(lua_State *L)
{
	int listener = check_notifier(L);
	struct lc_notify_call call;
	struct lc_error err;
	int r = lc_notify_receive(listener, &call, &err);

	if (r < 0)
		return lc_lua_failure(L, &err, NULL);
	if (r == 0)
		lua_pushboolean(L, false);
	else
		push_call(L, &call);
	return 1;
}

/* notifier:answer(id, value, errno) -> true | nil, raw: ENOENT when the caller has gone */
static int notifier_answer(lua_State *L)
{
	int listener = check_notifier(L);
	struct lc_error err;
	int r = lc_notify_answer(listener, (uint64_t) luaL_checkinteger(L, 2),
		luaL_checkinteger(L, 3), (int) luaL_checkinteger(L, 4), &err);

	return lc_lua_answer(L, r, &err);
}

/* notifier:continue(id) -> true | nil, raw */
static int notifier_continue(lua_State *L)
{
	int listener = check_notifier(L);
	struct lc_error err;

	return lc_lua_answer(
		L, lc_notify_continue(listener, (uint64_t) luaL_checkinteger(L, 2), &err), &err);
}

/* notifier:is_valid(id) -> is the caller still there? */
static int notifier_is_valid(lua_State *L)
{
	int listener = check_notifier(L);

	lua_pushboolean(L, lc_notify_is_valid(listener, (uint64_t) luaL_checkinteger(L, 2)));
	return 1;
}

/* notifier:add_fd(id, stream | descriptor | file, number or -1, is_cloexec, is_answer) -> number | nil, raw */
static int notifier_add_fd(lua_State *L)
{
	int listener = check_notifier(L);
	uint64_t id = (uint64_t) luaL_checkinteger(L, 2);
	struct lc_notify_fd what = {
		.fd = lc_lua_descriptor(L, 3),
		.number = (int) luaL_checkinteger(L, 4),
		.is_cloexec = lua_toboolean(L, 5),
		.is_answer = lua_toboolean(L, 6),
	};
	struct lc_error err;
	int r = lc_notify_add_fd(listener, id, &what, &err);

	if (r < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_pushinteger(L, r);
	return 1;
}

/* notifier:read(id, pid, address, size) -> bytes of the caller's memory, fewer at the end of what is mapped |
 * nil, raw: ENOENT when the caller has gone */
static int notifier_read(lua_State *L)
{
	int listener = check_notifier(L);
	struct lc_notify_call call = {
		.id = (uint64_t) luaL_checkinteger(L, 2), .pid = (uint32_t) luaL_checkinteger(L, 3)};
	uint64_t address = (uint64_t) luaL_checkinteger(L, 4);
	lua_Integer size = luaL_checkinteger(L, 5);
	struct lc_error err;
	luaL_Buffer buffer;
	char *space;
	long r;

	luaL_argcheck(L, size > 0 && size <= TEXT_MAX, 5, "must be between 1 and 65536");
	space = luaL_buffinitsize(L, &buffer, (size_t) size);
	r = lc_notify_read(listener, &call, address, space, (size_t) size, &err);
	luaL_pushresultsize(&buffer, r < 0 ? 0 : (size_t) r);
	return r < 0 ? lc_lua_failure(L, &err, NULL) : 1;
}

/* notifier:send(stream, text) -> true | nil, raw: give it away through a connection of core.connect */
static int notifier_send(lua_State *L)
{
	int listener = check_notifier(L);
	int connection = lc_lua_descriptor(L, 2);
	size_t size;
	const char *text = luaL_checklstring(L, 3, &size);
	struct lc_error err;
	int r = lc_handover_send(connection, text, size, listener);

	if (r < 0)
		lc_fail(&err, LCT_STEP_SECCOMP, r, "");
	return lc_lua_answer(L, r, &err);
}

static int notifier_close(lua_State *L)
{
	lc_fd_close(luaL_checkudata(L, 1, LCT_NOTIFIER_TYPE));
	return 0;
}

static int notifier_pollfd(lua_State *L)
{
	int *fd = luaL_checkudata(L, 1, LCT_NOTIFIER_TYPE);

	if (*fd < 0)
		return 0;
	lua_pushinteger(L, *fd);
	return 1;
}

/* core.connect(path) -> stream connected to that unix socket | nil, raw */
int lc_lua_connect(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1);
	int *fd = lc_lua_push_stream(L);
	struct lc_error err;

	*fd = lc_handover_connect(path, CONNECT_TIMEOUT_MS, LCT_STEP_SECCOMP, &err);
	return *fd < 0 ? lc_lua_failure(L, &err, NULL) : 1;
}

void lc_lua_open_notifier(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{"receive", notifier_receive},
		{"answer", notifier_answer},
		{"continue", notifier_continue},
		{"is_valid", notifier_is_valid},
		{"add_fd", notifier_add_fd},
		{"read", notifier_read},
		{"send", notifier_send},
		{"pollfd", notifier_pollfd},
		{"close", notifier_close},
		{NULL, NULL},
	};
	static const luaL_Reg meta[] = {
		{"__gc", notifier_close}, {"__close", notifier_close}, {NULL, NULL}};

	lc_lua_type(L, LCT_NOTIFIER_TYPE, methods, meta);
}
