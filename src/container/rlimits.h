/* SPDX-License-Identifier: MIT */
/* Limits that an init cannot give itself. */
#ifndef LCT_CONTAINER_RLIMITS_H
#define LCT_CONTAINER_RLIMITS_H

#include "configs/configs.h"
#include "container/process.h"

/*
 * Hard limits above the caller's, for an init that waits at the gate "ids": no capability of a user namespace
 * raises one, ours does. Nothing is lowered here, since the init needs more for the set-up than its program may
 * have. What we may not do is left to it, which fails with the field. [D36]
 */
int lc_rlimits_raise(const struct lc_config_config *config, const struct lc_config_process *process,
	const struct lc_process *init, struct lc_error *err);

#endif
