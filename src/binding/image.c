/* SPDX-License-Identifier: MIT */
/* What images need of the core: files that are read, digests, and root file systems on their way. */
#include "binding/binding.h"

#include "base/digest.h"
#include "base/fd.h"
#include "container/staging.h"
#include "sys/sys.h"

#include <limits.h>
#include <string.h>

/* core.digest(algorithm, text) -> "sha256:…" | nil, raw */
int lc_lua_digest(lua_State *L)
{
	size_t size;
	const char *algorithm = luaL_checkstring(L, 1), *text = luaL_checklstring(L, 2, &size);
	char out[LCT_DIGEST_TEXT];
	struct lc_digest digest;
	struct lc_error err;
	int r = lc_digest_init(&digest, algorithm);

	luaL_argcheck(L, r != -EINVAL, 1, "no algorithm of digests");
	if (r < 0) {
		lc_fail(&err, LCT_STEP_IMAGE, r, LCT_DIGEST_PACKAGE);
		return lc_lua_failure(L, &err, NULL);
	}
	lc_digest_update(&digest, text, size);
	lc_digest_final(&digest, out);
	lua_pushstring(L, out);
	return 1;
}

/* core.path_type(path) -> "file" | "directory" | "other" | nil, raw: links are followed */
int lc_lua_path_type(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1);
	struct lc_error err;
	struct statx seen;
	long r = lc_sys_statx(AT_FDCWD, path, 0, STATX_TYPE, &seen);

	if (r < 0) {
		lc_fail(&err, LCT_STEP_IMAGE, r, path);
		return lc_lua_failure(L, &err, NULL);
	}
	lua_pushstring(L, S_ISREG(seen.stx_mode) ? "file" : S_ISDIR(seen.stx_mode) ? "directory" : "other");
	return 1;
}

/* A regular file: opening anything else could wait, or do something. */
static int open_regular(const char *directory, const char *name, int *out, uint64_t *out_size)
{
	int dirfd = AT_FDCWD;
	struct statx seen;
	long r;

	if (name != NULL) {
		dirfd = (int) lc_sys_openat(AT_FDCWD, directory, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
		if (dirfd < 0)
			return dirfd;
		*out = lc_fd_above_stdio((int) lc_sys_openat2(dirfd, name,
			O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS));
		lc_fd_close(&dirfd);
	} else {
		*out = lc_fd_above_stdio((int) lc_sys_openat(
			AT_FDCWD, directory, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0));
	}
	if (*out < 0)
		return *out;
	r = lc_sys_statx(*out, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &seen);
	if (r >= 0 && !S_ISREG(seen.stx_mode))
		r = S_ISDIR(seen.stx_mode) ? -EISDIR : -EINVAL;
	*out_size = r < 0 ? 0 : seen.stx_size;
	return r < 0 ? (int) r : 0;
}

/* core.open_file(path[, name]) -> stream, size | nil, raw: a regular file; with `name` the one below the
 * directory `path`, where no link leads out of it */
int lc_lua_open_file(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1);
	const char *name = luaL_optstring(L, 2, NULL);
	int *fd = lc_lua_push_stream(L);
	struct lc_error err;
	uint64_t size;
	int r = open_regular(path, name, fd, &size);

	if (r < 0) {
		lc_fd_close(fd);
		lc_fail(&err, LCT_STEP_IMAGE, r, name != NULL ? name : path);
		return lc_lua_failure(L, &err, NULL);
	}
	lua_pushinteger(L, (lua_Integer) size);
	return 2;
}

/* --- staging --- */

static struct lc_staging *check_staging(lua_State *L)
{
	struct lc_staging *staging = luaL_checkudata(L, 1, LCT_STAGING_TYPE);

	luaL_argcheck(L, staging->directory >= 0, 1, "closed");
	return staging;
}

/* core.staging(parent, place, is_target) -> staging | nil, raw: see container/staging.h */
int lc_lua_new_staging(lua_State *L)
{
	const char *parent = luaL_checkstring(L, 1), *place = luaL_checkstring(L, 2);
	bool is_target = lua_toboolean(L, 3);
	struct lc_staging *staging;
	struct lc_error err;

	luaL_argcheck(L, *place != '\0' && strchr(place, '/') == NULL, 2, "one component wanted");
	staging = lua_newuserdatauv(L, sizeof(*staging), 0);
	*staging = (struct lc_staging) LCT_STAGING_INIT;
	luaL_setmetatable(L, LCT_STAGING_TYPE);
	if (lc_staging_make(staging, parent, place, is_target, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	return 1;
}

/* staging:path() -> absolute path | nil, raw */
static int staging_path(lua_State *L)
{
	char path[PATH_MAX];
	struct lc_error err;

	if (lc_staging_path(check_staging(L), path, sizeof(path), &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_pushstring(L, path);
	return 1;
}

/* staging:is_memory() -> boolean: what is written there takes memory */
static int staging_is_memory(lua_State *L)
{
	lua_pushboolean(L, check_staging(L)->is_memory);
	return 1;
}

/* staging:commit() -> true | nil, raw: put the root file system into its place */
static int staging_commit(lua_State *L)
{
	struct lc_error err;

	return lc_lua_answer(L, lc_staging_commit(check_staging(L), &err), &err);
}

/* staging:remove() -> true | nil, raw: remove what is left of it; twice is once */
static int staging_remove(lua_State *L)
{
	struct lc_error err;

	return lc_lua_answer(L, lc_staging_remove(luaL_checkudata(L, 1, LCT_STAGING_TYPE), &err), &err);
}

void lc_lua_open_image(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{"path", staging_path},
		{"is_memory", staging_is_memory},
		{"commit", staging_commit},
		{"remove", staging_remove},
		{NULL, NULL},
	};
	static const luaL_Reg metamethods[] = {
		{"__gc", staging_remove},
		{"__close", staging_remove},
		{NULL, NULL},
	};

	lc_lua_type(L, LCT_STAGING_TYPE, methods, metamethods);
}
