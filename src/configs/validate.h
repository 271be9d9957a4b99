/* SPDX-License-Identifier: MIT */
/*
 * What the core refuses whoever calls it: the ancestor's validator and today's rules. Pure. The Lua
 * modules say the same earlier, all at once and with advice; this is the lock behind that door.
 */
#ifndef LCT_CONFIGS_VALIDATE_H
#define LCT_CONFIGS_VALIDATE_H

#include "base/error.h"
#include "configs/configs.h"

/* LCT_STEP_CONFIG, EINVAL (ENOSYS for what this version does not do), the field as subject. */
int lc_config_validate(const struct lc_config_config *config, struct lc_error *err);
int lc_process_validate(const struct lc_config_config *config,
	const struct lc_config_process *process, struct lc_error *err);

/* Pattern and length of an id: [0-9A-Za-z_+.-], 1..255, never . or .. */
bool lc_id_is_valid(const char *id, size_t length);

#endif
