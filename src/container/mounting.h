/* SPDX-License-Identifier: MIT */
/* Mounts of a container that runs, made and taken away by a process of ours that enters its mount namespace. */
#ifndef LCT_CONTAINER_MOUNTING_H
#define LCT_CONTAINER_MOUNTING_H

#include "container/container.h"

/* Those of a configuration that has nothing else but the container's root and its maps: binds and tmpfs. */
int lc_mounting_add(const struct lc_container *container, const struct lc_config_config *config, struct lc_error *err);
/* All that is mounted on that path. */
int lc_mounting_remove(const struct lc_container *container, const struct lc_config_config *config, const char *path,
	struct lc_error *err);

#endif
