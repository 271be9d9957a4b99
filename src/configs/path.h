/* SPDX-License-Identifier: MIT */
/*
 * Paths of a container as text. Validation judges the cleaned form and the plan carries that same
 * form, so that what was judged is what is used; links are the init's business (openat2).
 */
#ifndef LCT_CONFIGS_PATH_H
#define LCT_CONFIGS_PATH_H

#include <stdbool.h>
#include <stddef.h>

#define LCT_PATH_ROOM 4096 /* PATH_MAX, its NUL counted */

/* The absolute `path` without empty, "." and ".." components (".." at the root stays there); false
 * when it is not absolute or does not fit. */
bool lc_path_clean(const char *path, char *out, size_t size);

/* Is `path` absolute and already clean? */
bool lc_path_is_clean(const char *path);

/* Is the clean `path` the clean `directory`, or below it? */
bool lc_path_is_below(const char *path, const char *directory);

#endif
