/* SPDX-License-Identifier: MIT */
/* The root of a container as its init sees it, with all of its mounts. */
#ifndef LCT_CONTAINER_ROOT_H
#define LCT_CONTAINER_ROOT_H

#include "container/container.h"
#include "files/files.h"

/*
 * Open it; `out->root` is the caller's. Whose set-up has not come to its end has no root of his own yet: under
 * the container's lock nobody is being set up. -ESRCH of step PROCESS without an init.
 */
int lc_root_open(const struct lc_container *container, struct lc_files *out, struct lc_error *err);
/* The same of a container that does not run: a directory of the host. */
int lc_root_open_directory(const char *path, const struct lc_config_config *config, struct lc_files *out,
	struct lc_error *err);

#endif
