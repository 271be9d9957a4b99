/* SPDX-License-Identifier: MIT */
/*
 * The directories of a mount of type overlay, as its options name them: lowerdir= with ':' between two
 * of them and '\' before what is meant as it stands, upperdir= and workdir= a path each.
 */
#ifndef LCT_CONFIGS_LAYERS_H
#define LCT_CONFIGS_LAYERS_H

#include "configs/configs.h"

#define LCT_LAYERS_MAX 32 /* as many descriptors as one value of fsconfig(2) can name */

/* Is it one of the three? */
bool lc_layers_is_option(const char *text);

/* The value of the last option that is `name`, which ends in '='; NULL for none. */
const char *lc_layers_value(const struct lc_strings *options, const char *name);

/*
 * Cut the next path off `*rest` (NULL: there are no more) and write it to `out`, clean: 1, 0 when there
 * is none, -EINVAL for one that is not absolute or does not fit.
 */
int lc_layers_next(const char **rest, char *out, size_t size);

/* How many paths lowerdir= has, or -EINVAL when one is no path. */
int lc_layers_count(const char *lower);

#endif
