/* SPDX-License-Identifier: MIT */
/* Lexical paths. Pure: never looks at a file system. */
#include "configs/path.h"
#include <string.h>

bool lc_path_clean(const char *path, char *out, size_t size)
{
	size_t used = 0;

	if (path[0] != '/' || size < 2)
		return false;
	while (*path != '\0') {
		size_t length;

		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (length == 2 && path[0] == '.' && path[1] == '.') {
			while (used > 0 && out[--used] != '/')
				;
		} else if (length > 0 && !(length == 1 && path[0] == '.')) {
			if (used + 1 + length >= size)
				return false;
			out[used++] = '/';
			memcpy(out + used, path, length);
			used += length;
		}
		path += length;
	}
	if (used == 0)
		out[used++] = '/';
	out[used] = '\0';
	return true;
}

bool lc_path_is_clean(const char *path)
{
	char clean[LCT_PATH_ROOM];

	return lc_path_clean(path, clean, sizeof(clean)) && strcmp(path, clean) == 0;
}

bool lc_path_is_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	if (length == 1) /* "/" */
		return true;
	return strncmp(path, directory, length) == 0 &&
	       (path[length] == '\0' || path[length] == '/');
}
