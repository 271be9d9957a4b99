/* SPDX-License-Identifier: MIT */
/* What a program that is a container's host needs of the system around it: its signals, and files for others. */
#include "binding/binding.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "container/handover.h"
#include "container/signals.h"
#include "sys/sys.h"

#include <limits.h>
#include <string.h>

#define SEND_TIMEOUT_MS 10000

static struct lc_signals *check_signals(lua_State *L, int index)
{
	struct lc_signals *signals = luaL_checkudata(L, index, LCT_SIGNALS_TYPE);

	luaL_argcheck(L, signals->fd >= 0, index, "signals are closed");
	return signals;
}

/* core.signals() -> signals | nil, raw: those of this thread come on a descriptor from now on */
int lc_lua_signals(lua_State *L)
{
	struct lc_signals *signals = lua_newuserdatauv(L, sizeof(*signals), 0);
	struct lc_error err;

	signals->fd = -1;
	luaL_setmetatable(L, LCT_SIGNALS_TYPE);
	return lc_signals_open(signals, &err) < 0 ? lc_lua_failure(L, &err, NULL) : 1;
}

/* signals:take() -> number | false for none | nil, raw */
static int signals_take(lua_State *L)
{
	struct lc_error err;
	int number = lc_signals_take(check_signals(L, 1), &err);

	if (number < 0)
		return lc_lua_failure(L, &err, NULL);
	if (number == 0)
		lua_pushboolean(L, false);
	else
		lua_pushinteger(L, number);
	return 1;
}

static int signals_pollfd(lua_State *L)
{
	lua_pushinteger(L, check_signals(L, 1)->fd);
	return 1;
}

static int signals_close(lua_State *L)
{
	lc_signals_close(luaL_checkudata(L, 1, LCT_SIGNALS_TYPE));
	return 0;
}

/* core.replace_file(path, text, mode) -> true | nil, raw: whole or not at all; `mode` less the umask */
int lc_lua_replace_file(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1);
	size_t size;
	const char *text = luaL_checklstring(L, 2, &size);
	unsigned mode = (unsigned) luaL_checkinteger(L, 3), mask;
	const char *name = strrchr(path, '/');
	LCT_CLEANUP(fd) int directory = AT_FDCWD;
	char parent[PATH_MAX];
	struct lc_error err;
	int r;

	luaL_argcheck(L, strlen(path) < sizeof(parent), 1, "too long");
	if (name != NULL) {
		memcpy(parent, path, (size_t) (name - path) + 1);
		parent[name - path + 1] = '\0';
		directory = (int) lc_sys_openat(
			AT_FDCWD, parent, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	}
	mask = (unsigned) lc_sys_umask(077);
	(void) lc_sys_umask(mask);
	r = directory < 0 && name != NULL ?
		lc_fail(&err, LCT_STEP_FILE, directory, path) :
		lc_file_replace(directory, name != NULL ? name + 1 : path, text, size,
			mode & ~mask, LCT_STEP_FILE, &err);
	return lc_lua_answer(L, r, &err);
}

/* core.make_directory(path, mode) -> true | nil, raw: one that is there already is fine; `mode` whatever the umask */
int lc_lua_make_directory(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1);
	unsigned mode = (unsigned) luaL_checkinteger(L, 2);
	struct lc_error err;
	long r = lc_sys_mkdirat(AT_FDCWD, path, 0700);

	if (r >= 0)
		r = lc_sys_fchmodat(AT_FDCWD, path, mode);
	if (r < 0 && r != -EEXIST)
		lc_fail(&err, LCT_STEP_FILE, r, path);
	return lc_lua_answer(L, r == -EEXIST ? 0 : (int) r, &err);
}

/* core.send_descriptor(path, text, descriptor) -> true | nil, raw: in one message to that unix socket */
int lc_lua_send_descriptor(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1);
	size_t size;
	const char *text = luaL_checklstring(L, 2, &size);
	int fd = lc_lua_descriptor(L, 3);
	struct lc_error err;
	LCT_CLEANUP(fd) int connection =
		lc_handover_connect(path, SEND_TIMEOUT_MS, LCT_STEP_FILE, &err);
	int r = connection;

	if (r >= 0)
		r = lc_handover_send(connection, text, size, fd);
	if (r < 0 && connection >= 0)
		r = lc_fail(&err, LCT_STEP_FILE, r, path);
	return lc_lua_answer(L, r, &err);
}

void lc_lua_open_system(lua_State *L)
{
	static const luaL_Reg methods[] = {{"take", signals_take}, {"pollfd", signals_pollfd},
		{"close", signals_close}, {NULL, NULL}};
	static const luaL_Reg meta[] = {
		{"__gc", signals_close}, {"__close", signals_close}, {NULL, NULL}};

	lc_lua_type(L, LCT_SIGNALS_TYPE, methods, meta);
}
