/* SPDX-License-Identifier: MIT */
#include "configs/layers.h"
#include "configs/path.h"
#include <errno.h>
#include <string.h>

bool lc_layers_is_option(const char *text)
{
	return strncmp(text, "lowerdir=", 9) == 0 || strncmp(text, "upperdir=", 9) == 0 ||
	       strncmp(text, "workdir=", 8) == 0;
}

const char *lc_layers_value(const struct lc_strings *options, const char *name)
{
	size_t length = strlen(name);
	const char *value = NULL;

	for (size_t i = 0; i < options->count; i++)
		if (strncmp(options->items[i], name, length) == 0)
			value = options->items[i] + length;
	return value;
}

int lc_layers_next(const char **rest, char *out, size_t size)
{
	const char *at = *rest;
	char path[LCT_PATH_ROOM];
	size_t used = 0;

	if (at == NULL)
		return 0;
	for (; *at != '\0' && *at != ':'; at++) {
		if (*at == '\\' && at[1] != '\0')
			at++;
		if (used + 1 >= sizeof(path))
			return -EINVAL;
		path[used++] = *at;
	}
	path[used] = '\0';
	*rest = *at == ':' ? at + 1 : NULL;
	return lc_path_clean(path, out, size) ? 1 : -EINVAL;
}

int lc_layers_count(const char *lower)
{
	char path[LCT_PATH_ROOM];
	int count = 0, r;

	while ((r = lc_layers_next(&lower, path, sizeof(path))) > 0)
		count++;
	return r < 0 ? r : count;
}
