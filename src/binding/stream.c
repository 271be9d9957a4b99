/* SPDX-License-Identifier: MIT */
/* Descriptors of ours as userdata (pipe ends, /dev/null, text in memory), and the one poll. */
#include "binding/binding.h"

#include "base/fd.h"
#include "container/stdio.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>

#define LCT_READ_MAX 65536

int *lc_lua_push_stream(lua_State *L)
{
	int *fd = lua_newuserdatauv(L, sizeof(*fd), 0);

	*fd = -1;
	luaL_setmetatable(L, LCT_STREAM_TYPE);
	return fd;
}

static int check_stream(lua_State *L, int index)
{
	int *fd = luaL_checkudata(L, index, LCT_STREAM_TYPE);

	luaL_argcheck(L, *fd >= 0, index, "stream is closed");
	return *fd;
}

int lc_lua_descriptor(lua_State *L, int index)
{
	luaL_Stream *file;

	if (lua_isinteger(L, index)) {
		lua_Integer fd = lua_tointeger(L, index);

		return fd >= 0 && fd <= INT32_MAX ? (int) fd : luaL_argerror(L, index, "no descriptor");
	}
	if (luaL_testudata(L, index, LCT_STREAM_TYPE) != NULL)
		return check_stream(L, index);
	file = luaL_testudata(L, index, LUA_FILEHANDLE);
	if (file == NULL)
		return luaL_argerror(L, index, "stream, descriptor or file expected");
	luaL_argcheck(L, file->closef != NULL, index, "file is closed");
	return fileno(file->f);
}

/* core.fileno(stream | descriptor | file) -> descriptor; what a file has buffered is written out */
int lc_lua_fileno(lua_State *L)
{
	luaL_Stream *file = luaL_testudata(L, 1, LUA_FILEHANDLE);
	int fd = lc_lua_descriptor(L, 1);

	if (file != NULL)
		fflush(file->f);
	lua_pushinteger(L, fd);
	return 1;
}

/* core.pipe("in" | "out") -> ours, theirs | nil, raw: "in" when we write */
int lc_lua_pipe(lua_State *L)
{
	static const char *const options[] = {"in", "out", NULL};
	bool for_input = luaL_checkoption(L, 1, NULL, options) == 0;
	int *ours = lc_lua_push_stream(L);
	int *theirs = lc_lua_push_stream(L);
	struct lc_error err;

	if (lc_stdio_pipe(for_input, ours, theirs, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	return 2;
}

/* core.null() -> stream of the host's /dev/null | nil, raw */
int lc_lua_null(lua_State *L)
{
	int *fd = lc_lua_push_stream(L);
	struct lc_error err;

	*fd = lc_stdio_null(&err);
	return *fd < 0 ? lc_lua_failure(L, &err, NULL) : 1;
}

/* core.text(string) -> stream that reads it | nil, raw */
int lc_lua_text(lua_State *L)
{
	size_t size;
	const char *text = luaL_checklstring(L, 1, &size);
	int *fd = lc_lua_push_stream(L);
	struct lc_error err;

	*fd = lc_stdio_text(text, size, &err);
	return *fd < 0 ? lc_lua_failure(L, &err, NULL) : 1;
}

static int push_again(lua_State *L)
{
	lua_pushnil(L);
	lua_pushliteral(L, "again");
	return 2;
}

static int push_stream_error(lua_State *L, long errnum)
{
	struct lc_error err;

	lc_fail(&err, LCT_STEP_STDIO, errnum, "");
	return lc_lua_failure(L, &err, NULL);
}

/*
 * A terminal that everybody has left says EIO, and may say it once too early: the kernel looks for
 * what was written before it looks whether all have left. After the first one nothing more can come
 * in between.
 */
static long read_some(int fd, char *space, size_t size)
{
	long r;
	int tries = 1;

	do {
		r = lc_sys_read(fd, space, size);
	} while (r == -EINTR || (r == -EIO && tries-- > 0));
	return r;
}

/* stream:read([max]) -> bytes, "" at the end | nil, "again" | nil, raw */
static int stream_read(lua_State *L)
{
	int fd = check_stream(L, 1);
	lua_Integer max = luaL_optinteger(L, 2, LCT_READ_MAX);
	luaL_Buffer buffer;
	char *space;
	long r;

	luaL_argcheck(L, max > 0, 2, "size must be positive");
	if (max > LCT_READ_MAX)
		max = LCT_READ_MAX;
	space = luaL_buffinitsize(L, &buffer, (size_t) max);
	r = read_some(fd, space, (size_t) max);
	if (r == -EAGAIN)
		return push_again(L);
	if (r < 0)
		return push_stream_error(L, r);
	luaL_pushresultsize(&buffer, (size_t) r);
	return 1;
}

/* stream:write(bytes [, from]) -> count | nil, "again" | nil, raw: EPIPE when nobody reads */
static int stream_write(lua_State *L)
{
	int fd = check_stream(L, 1);
	size_t size;
	const char *bytes = luaL_checklstring(L, 2, &size);
	lua_Integer from = luaL_optinteger(L, 3, 1);
	long r;

	luaL_argcheck(L, from >= 1 && (size_t) from <= size + 1, 3, "out of range");
	if ((size_t) from == size + 1) {
		lua_pushinteger(L, 0);
		return 1;
	}
	do {
		r = lc_stdio_write(fd, bytes + from - 1, size - (size_t) from + 1);
	} while (r == -EINTR);
	if (r == -EAGAIN)
		return push_again(L);
	if (r < 0)
		return push_stream_error(L, r);
	lua_pushinteger(L, r);
	return 1;
}

static int stream_close(lua_State *L)
{
	lc_fd_close(luaL_checkudata(L, 1, LCT_STREAM_TYPE));
	return 0;
}

static int stream_pollfd(lua_State *L)
{
	int *fd = luaL_checkudata(L, 1, LCT_STREAM_TYPE);

	if (*fd < 0)
		return 0;
	lua_pushinteger(L, *fd);
	return 1;
}

/* The end of the other side is told whatever is waited for. */
static short events_of(const char *direction)
{
	return direction[0] == 'w' ? POLLOUT : direction[0] == 'e' ? 0 : POLLIN;
}

/*
 * core.poll(array of { descriptor, "r" | "w" | "e", … }, [seconds]) -> how many are ready | nil, raw. Sets
 * field 3 of each entry to whether it is: "e" when the other end has been closed. An interrupted wait
 * answers 0: the caller knows its deadline. Without seconds it waits for ever.
 */
int lc_lua_poll(lua_State *L)
{
	int timeout_ms;
	size_t count;
	struct pollfd *fds;
	struct timespec wait, *limit = NULL;
	long r;

	luaL_checktype(L, 1, LUA_TTABLE);
	timeout_ms = lc_lua_timeout_ms(L, 2, -1);
	count = lua_rawlen(L, 1);
	luaL_argcheck(L, count < 65536, 1, "too many descriptors");
	fds = lua_newuserdatauv(L, (count + 1) * sizeof(*fds), 0);
	for (size_t i = 0; i < count; i++) {
		lua_rawgeti(L, 1, (lua_Integer) i + 1);
		luaL_checktype(L, -1, LUA_TTABLE);
		lua_rawgeti(L, -1, 1);
		lua_rawgeti(L, -2, 2);
		fds[i] = (struct pollfd){.fd = (int) luaL_checkinteger(L, -2),
			.events = events_of(luaL_checkstring(L, -1))};
		lua_pop(L, 3);
	}
	if (timeout_ms >= 0) {
		wait.tv_sec = timeout_ms / 1000;
		wait.tv_nsec = timeout_ms % 1000 * 1000000L;
		limit = &wait;
	}
	r = lc_sys_poll(fds, (unsigned) count, limit);
	if (r < 0 && r != -EINTR)
		return push_stream_error(L, r);
	for (size_t i = 0; i < count; i++) {
		lua_rawgeti(L, 1, (lua_Integer) i + 1);
		lua_pushboolean(L, r > 0 && fds[i].revents != 0);
		lua_rawseti(L, -2, 3);
		lua_pop(L, 1);
	}
	lua_pushinteger(L, r > 0 ? r : 0);
	return 1;
}

void lc_lua_open_stream(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{"read", stream_read},
		{"write", stream_write},
		{"pollfd", stream_pollfd},
		{"close", stream_close},
		{NULL, NULL},
	};
	static const luaL_Reg meta[] = {
		{"__gc", stream_close}, {"__close", stream_close}, {NULL, NULL}};

	lc_lua_type(L, LCT_STREAM_TYPE, methods, meta);
}
