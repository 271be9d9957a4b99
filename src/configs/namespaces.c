/* SPDX-License-Identifier: MIT */
/* Which namespaces a configuration asks for: needed by its validation and by the compiler. */
#include "configs/names.h"
#include "configs/validate_parts.h"

uint64_t lc_config_namespaces(const struct lc_config_config *config)
{
	uint64_t flags = 0;

	if (config->namespaces.count == 0)
		return LCT_NAMESPACES;
	for (size_t i = 0; i < config->namespaces.count; i++)
		flags |= lc_namespace_flag(config->namespaces.items[i]);
	return flags;
}

uint64_t lc_config_joined(const struct lc_config_config *config)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < config->namespace_paths.count; i++)
		flags |= lc_namespace_flag(config->namespace_paths.items[i].key);
	return flags;
}
