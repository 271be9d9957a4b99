/* SPDX-License-Identifier: MIT */
/* The limits of a configuration in the neutral units of src/cgroups/. */
#ifndef LCT_CONTAINER_RESOURCES_H
#define LCT_CONTAINER_RESOURCES_H

#include "base/arena.h"
#include "cgroups/cgroups.h"
#include "configs/configs.h"

/*
 * `limits` (NULL: none) of a container that has `nodes` (struct lc_config_device). What `out` points
 * to is in the arena or in the configuration. devices_before is left empty.
 */
int lc_resources_read(const struct lc_config_cgroups *limits, const struct lc_objects *nodes,
	struct lc_arena *arena, struct lc_resources *out, struct lc_error *err);

/* So many processes in a living group from now on. */
int lc_resources_limit_pids(struct lc_cgroup *cg, int64_t count, struct lc_error *err);

/* Those annotations that are properties of a systemd scope, into resources that were read. One that
 * cannot be used is EINVAL at LCT_STEP_CONFIG. [O62] */
int lc_resources_read_properties(const struct lc_pairs *annotations, struct lc_arena *arena,
	struct lc_resources *out, struct lc_error *err);

#endif
