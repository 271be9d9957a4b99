/* SPDX-License-Identifier: MIT */
/* The program that is linked statically: it loads nothing, and has another one for what must be loaded. */
#include "nsinit/alone.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * What dlopen, dlsym, dlclose and dlerror lead to (--wrap): those of the C library would map a second C
 * library beside the one that is linked, if it is the same release of it. A library that is not there
 * is an error that all callers know.
 */
void *__wrap_dlopen(const char *file, int mode);
void *__wrap_dlsym(void *library, const char *name);
int __wrap_dlclose(void *library);
char *__wrap_dlerror(void);

void *__wrap_dlopen(const char *file, int mode)
{
	(void) file;
	(void) mode;
	return NULL;
}

void *__wrap_dlsym(void *library, const char *name)
{
	(void) library;
	(void) name;
	return NULL;
}

int __wrap_dlclose(void *library)
{
	(void) library;
	return 0;
}

char *__wrap_dlerror(void)
{
	static char text[] = "this program is linked statically and loads no library";

	return text;
}

bool lc_nsinit_is_for_whole(char *const words[])
{
	if (geteuid() != 0)
		return true;
	for (; *words != NULL; words++)
		if (strcmp(*words, "--systemd-cgroup") == 0)
			return true;
	return false;
}

int lc_nsinit_become_whole(lua_State *L)
{
	luaL_Stream *file = luaL_testudata(L, 1, LUA_FILEHANDLE);
	char **words = lua_touserdata(L, lua_upvalueindex(1));
	const char *path = lua_tostring(L, lua_upvalueindex(2));

	if (file != NULL && file->closef != NULL)
		(void) fcntl(fileno(file->f), F_SETFD, FD_CLOEXEC);
	(void) execv(path, words);
	lua_pushfstring(L, "%s: %s — it is the part of this program that loads libraries, which this "
			   "command needs: install it again", path, strerror(errno));
	return 1;
}
