/* SPDX-License-Identifier: MIT */
#include "unpack/library.h"

#include <dlfcn.h>
#include <string.h>

#define LCT_ARCHIVE_LIBRARY "libarchive.so.13"

/* An object pointer as the function that it is: POSIX lets dlsym answer one for the other. */
static bool find(void *library, const char *name, void *out)
{
	void *symbol = dlsym(library, name);

	memcpy(out, &symbol, sizeof(symbol));
	return symbol != NULL;
}

const char *lc_archive_load(struct lc_archive_library *out)
{
	void *library = dlopen(LCT_ARCHIVE_LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (library == NULL)
		return dlerror();
#define LCT_ARCHIVE_FIND(result, name, parameters)                                                 \
	if (!find(library, "archive_" #name, &out->name))                                          \
		return LCT_ARCHIVE_LIBRARY " has no archive_" #name;
	LCT_ARCHIVE_FUNCTIONS(LCT_ARCHIVE_FIND)
#undef LCT_ARCHIVE_FIND
	return NULL;
}
