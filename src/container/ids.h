/* SPDX-License-Identifier: MIT */
/* A container's user namespace: its maps written, and who may be in it. */
#ifndef LCT_CONTAINER_IDS_H
#define LCT_CONTAINER_IDS_H

#include "base/arena.h"
#include "configs/configs.h"
#include "container/process.h"
#include "container/users.h"

/* Write the maps of an init that waits for them at the gate "ids". */
int lc_ids_write(const struct lc_config_config *config, const struct lc_process *init,
	struct lc_error *err);

/* Will nobody in the user namespace of this configuration, made by this process, ever change groups?
 * And of one that is there: its init tells. Both are false without a user namespace. */
bool lc_ids_will_fix_groups(const struct lc_config_config *config);
int lc_ids_has_fixed_groups(const struct lc_config_config *config, const struct lc_process *init,
	bool *out, struct lc_error *err);

/*
 * The configuration of a container whose user namespace is joined, with the mappings that are in force where
 * `process` is, as the host sees them. Those that it says itself have to be these: step CONFIG. Any other
 * configuration is the answer as it is.
 */
int lc_ids_complete(const struct lc_config_config *config, const struct lc_process *process,
	struct lc_arena *arena, const struct lc_config_config **out, struct lc_error *err);

/* A user who has no number on the host, or who asks for groups where none can be had: step CONFIG,
 * the subject is the field and why. [D33] */
int lc_ids_check(const struct lc_config_config *config, const struct lc_identity *identity,
	bool has_fixed_groups, struct lc_error *err);

#endif
