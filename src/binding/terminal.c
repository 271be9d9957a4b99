/* SPDX-License-Identifier: MIT */
/*
 * What streams of terminals can do beside reading and writing, and the terminal of the caller: made
 * raw by an object that puts it back, whatever is raised and however the interpreter ends.
 */
#include "binding/binding.h"

#include "base/fd.h"
#include "container/console.h"
#include "container/watcher.h"
#include "sys/sys.h"

#include <string.h>

#define SEND_TIMEOUT_MS 10000

struct box_raw { /* user value 1: the host of the watcher */
	int fd; /* -1: put back */
	pid_t owner; /* a child that it forks must not put it back */
	struct lc_console_saved saved;
	struct lc_session watcher;
};

static unsigned short check_extent(lua_State *L, int index)
{
	lua_Integer extent = luaL_checkinteger(L, index);

	luaL_argcheck(L, extent > 0 && extent <= UINT16_MAX, index, "must be between 1 and 65535");
	return (unsigned short) extent;
}

/* stream:resize(columns, rows) -> true | nil, raw */
static int stream_resize(lua_State *L)
{
	int fd = lc_lua_descriptor(L, 1);
	struct lc_console_size size = {check_extent(L, 2), check_extent(L, 3)};
	struct lc_error err;

	return lc_lua_answer(L, lc_console_resize(fd, &size, &err), &err);
}

/* stream:size() -> columns, rows | nil, raw */
static int stream_size(lua_State *L)
{
	struct lc_console_size size;
	struct lc_error err;

	if (lc_console_size(lc_lua_descriptor(L, 1), &size, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_pushinteger(L, size.columns);
	lua_pushinteger(L, size.rows);
	return 2;
}

/* stream:nonblock() -> true | nil, raw: reading and writing do not wait from now on */
static int stream_nonblock(lua_State *L)
{
	struct lc_error err;
	long r = lc_sys_fcntl(lc_lua_descriptor(L, 1), F_SETFL, O_NONBLOCK);

	if (r < 0)
		r = lc_fail(&err, LCT_STEP_TERMINAL, r, "");
	return lc_lua_answer(L, (int) r, &err);
}

/* core.send_terminal(path, stream, [timeout]) -> true | nil, raw: to the unix socket */
int lc_lua_send_terminal(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1);
	int fd = lc_lua_descriptor(L, 2);
	int timeout_ms = lc_lua_timeout_ms(L, 3, SEND_TIMEOUT_MS);
	struct lc_error err;

	return lc_lua_answer(L, lc_console_send(path, fd, timeout_ms, &err), &err);
}

/* core.duplicate(stream | descriptor | file) -> stream of its own | nil, raw; what a file has buffered is
 * written out. A closed file is a descriptor that is not open. */
int lc_lua_duplicate(lua_State *L)
{
	luaL_Stream *file = luaL_testudata(L, 1, LUA_FILEHANDLE);
	int fd = file != NULL && file->closef == NULL ? -1 : lc_lua_descriptor(L, 1);
	int *copy = lc_lua_push_stream(L);
	struct lc_error err;

	if (file != NULL && fd >= 0)
		fflush(file->f);
	*copy = (int) lc_sys_fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (*copy >= 0)
		return 1;
	lc_fail(&err, LCT_STEP_STDIO, *copy, "");
	*copy = -1;
	return lc_lua_failure(L, &err, NULL);
}

/* The terminal in box->fd becomes raw, and its watcher is there before. */
static int make_raw(struct box_raw *box, struct lc_host *host, struct lc_error *err)
{
	int r = lc_console_look(box->fd, &box->saved, err);

	if (r >= 0 && host != NULL)
		r = lc_watcher_start(host, box->fd, &box->saved, &box->watcher, err);
	if (r >= 0)
		r = lc_console_raw(box->fd, &box->saved, err);
	return r;
}

static void end_watcher(struct box_raw *box)
{
	if (box->owner == (pid_t) lc_sys_getpid())
		lc_session_abort(&box->watcher);
	else
		lc_session_done(&box->watcher);
}

/* core.raw(stream, [host]) -> raw | nil, raw error: the caller's terminal lets every byte through until
 * it is closed; with a host, or until this process is killed */
int lc_lua_raw(lua_State *L)
{
	int fd = lc_lua_descriptor(L, 1);
	struct lc_host *host = lua_isnoneornil(L, 2) ? NULL : lc_lua_host(L, 2);
	struct box_raw *box;
	struct lc_error err;

	lua_settop(L, 2);
	box = lua_newuserdatauv(L, sizeof(*box), 1);
	box->fd = -1;
	box->owner = (pid_t) lc_sys_getpid();
	box->watcher = (struct lc_session) LCT_SESSION_INIT;
	luaL_setmetatable(L, LCT_RAW_TYPE);
	lua_pushvalue(L, 2);
	lua_setiuservalue(L, -2, 1);
	box->fd = (int) lc_sys_fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (box->fd < 0)
		lc_fail(&err, LCT_STEP_TERMINAL, box->fd, "the caller's terminal");
	else if (make_raw(box, host, &err) >= 0)
		return 1;
	end_watcher(box);
	lc_fd_close(&box->fd);
	return lc_lua_failure(L, &err, NULL);
}

static int raw_close(lua_State *L)
{
	struct box_raw *box = luaL_checkudata(L, 1, LCT_RAW_TYPE);

	if (box->fd >= 0 && box->owner == (pid_t) lc_sys_getpid())
		(void) lc_console_restore(box->fd, &box->saved, NULL);
	end_watcher(box);
	lc_fd_close(&box->fd);
	return 0;
}

void lc_lua_open_terminal(lua_State *L)
{
	static const luaL_Reg of_raw[] = {{"close", raw_close}, {NULL, NULL}};
	static const luaL_Reg meta[] = {{"__gc", raw_close}, {"__close", raw_close}, {NULL, NULL}};
	static const luaL_Reg of_stream[] = {{"resize", stream_resize}, {"size", stream_size},
		{"nonblock", stream_nonblock}, {NULL, NULL}};

	lc_lua_extend(L, LCT_STREAM_TYPE, of_stream);
	lc_lua_type(L, LCT_RAW_TYPE, of_raw, meta);
}
