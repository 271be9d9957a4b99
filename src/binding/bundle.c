/* SPDX-License-Identifier: MIT */
/* What an OCI configuration is read from: a file of the host, and where it really is. */
#include "binding/binding.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "sys/sys.h"

#include <limits.h>
#include <stdio.h>

/* A configuration with every system call by name and thousands of mounts is a megabyte. */
#define LCT_BUNDLE_FILE_MAX (16u << 20)

/* core.bundle_file(path) -> text | nil, raw. A pipe is no text, and nobody waits for its other end. */
int lc_lua_bundle_file(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1);
	struct lc_arena *arena = lc_lua_arena(L);
	struct lc_error err;
	char *text;
	long size = lc_file_read_alloc(
		AT_FDCWD, path, arena, LCT_BUNDLE_FILE_MAX, &text, LCT_STEP_CONFIG, &err);

	if (size < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_pushlstring(L, text, (size_t) size);
	lc_arena_done(arena);
	return 1;
}

static long read_real_path(const char *path, char *out, size_t size)
{
	LCT_CLEANUP(fd) int fd = (int) lc_sys_openat(AT_FDCWD, path, O_PATH | O_CLOEXEC, 0);
	char link[64];

	if (fd < 0)
		return fd;
	(void) snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return lc_sys_readlinkat(AT_FDCWD, link, out, size);
}

/* core.real_path(path) -> absolute path without links | nil, raw */
int lc_lua_real_path(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1);
	char text[PATH_MAX];
	struct lc_error err;
	long size = read_real_path(path, text, sizeof(text));

	if (size < 0) {
		lc_fail(&err, LCT_STEP_CONFIG, size, path);
		return lc_lua_failure(L, &err, NULL);
	}
	lua_pushlstring(L, text, (size_t) size);
	return 1;
}
