/* SPDX-License-Identifier: MIT */
/*
 * Layers of a root and of mounts: directories of the host of which none may be in another one. The kernel
 * passes a writable layer inside of what it is written over. The host's root is around everything, and
 * what is in it may be on other file systems: of that the kernel judges alone.
 */
#include "configs/layers.h"
#include "configs/names.h"
#include "configs/path.h"
#include "configs/validate_parts.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_root(const char *path)
{
	return strcmp(path, "/") == 0;
}

/* Is one of two paths that are no more than written the other one, or in it? */
static bool are_nested(const char *one, const char *other)
{
	char first[LCT_PATH_ROOM], second[LCT_PATH_ROOM];

	if (!lc_path_clean(one, first, sizeof(first)) || !lc_path_clean(other, second, sizeof(second)))
		return false;
	return !is_root(first) && !is_root(second) &&
	       (lc_path_is_below(first, second) || lc_path_is_below(second, first));
}

/* --- of a mount --- */

/* Is `path` nested with one of those from `rest` on? */
static bool is_nested_with(const char *path, const char *rest)
{
	char lower[LCT_PATH_ROOM];

	while (lc_layers_next(&rest, lower, sizeof(lower)) > 0)
		if (are_nested(path, lower))
			return true;
	return false;
}

static const char *nested_option(const char *lower, const char *upper, const char *work)
{
	char path[LCT_PATH_ROOM];

	if (upper != NULL && (are_nested(upper, work) || is_nested_with(upper, lower)))
		return "upperdir=";
	if (work != NULL && is_nested_with(work, lower))
		return "workdir=";
	while (lc_layers_next(&lower, path, sizeof(path)) > 0)
		if (is_nested_with(path, lower))
			return "lowerdir=";
	return NULL;
}

int lc_validate_mount_layers(const struct lc_config_mount *mount, size_t number, struct lc_error *err)
{
	const char *lower = lc_layers_value(&mount->options, "lowerdir=");
	const char *upper = lc_layers_value(&mount->options, "upperdir=");
	const char *work = lc_layers_value(&mount->options, "workdir=");
	const char *nested;
	char path[LCT_PATH_ROOM];
	int count = lc_layers_count(lower);

	if (count == 0)
		return lc_refuse(err, EINVAL, "mounts[%zu].options: lowerdir= is missing", number);
	if (count < 0)
		return lc_refuse(err, EINVAL, "mounts[%zu].options: lowerdir= must be absolute", number);
	if (count > LCT_LAYERS_MAX)
		return lc_refuse(err, E2BIG, "mounts[%zu].options: lowerdir= of more than %d", number,
			LCT_LAYERS_MAX);
	if ((upper != NULL) != (work != NULL))
		return lc_refuse(err, EINVAL, "mounts[%zu].options: %s is missing", number,
			upper != NULL ? "workdir=" : "upperdir=");
	if (upper != NULL && (!lc_path_clean(upper, path, sizeof(path)) ||
				     !lc_path_clean(work, path, sizeof(path))))
		return lc_refuse(err, EINVAL, "mounts[%zu].options: %s must be absolute", number,
			lc_path_clean(upper, path, sizeof(path)) ? "workdir=" : "upperdir=");
	nested = nested_option(lower, upper, work);
	return nested == NULL ? 0
			      : lc_refuse(err, EINVAL, "mounts[%zu].options: %s is in another layer, or around one",
					number, nested);
}

/* --- of a root --- */

static int check_lower(const struct lc_config_overlay *overlay, const char *rootfs, struct lc_error *err)
{
	const struct lc_strings *lower = &overlay->lower;

	for (size_t i = 0; i < lower->count; i++) {
		bool is_nested = are_nested(lower->items[i], rootfs);

		for (size_t j = i + 1; j < lower->count; j++)
			is_nested = is_nested || are_nested(lower->items[i], lower->items[j]);
		if (is_nested)
			return lc_refuse(err, EINVAL, "overlay.lower[%zu]: in another layer, or around one", i + 1);
	}
	return 0;
}

/* Its two directories: beside them there may be others. */
static int check_layer(const struct lc_config_overlay *overlay, const char *rootfs, struct lc_error *err)
{
	static const char *const parts[] = {"upper", "work"};
	const struct lc_strings *lower = &overlay->lower;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		char path[LCT_PATH_ROOM];
		int length = snprintf(path, sizeof(path), "%s/%s", overlay->layer, parts[i]);
		bool is_nested = length >= (int) sizeof(path) || are_nested(path, rootfs);

		for (size_t j = 0; j < lower->count; j++)
			is_nested = is_nested || are_nested(path, lower->items[j]);
		if (is_nested)
			return lc_refuse(err, EINVAL, "overlay.layer: in a layer that is below it, or around one");
	}
	return 0;
}

int lc_validate_layers(const struct lc_config_config *config, uint64_t namespaces, struct lc_error *err)
{
	const struct lc_config_overlay *overlay = config->overlay;
	int r = 0;

	if (overlay == NULL)
		return 0;
	if (overlay->layer != NULL && overlay->memory.is_set)
		return lc_refuse(err, EINVAL, "overlay.memory: layer is given too");
	if (overlay->mapped && (namespaces & lc_namespace_flag("user")) == 0)
		return lc_refuse(err, EINVAL, "overlay.mapped: needs the user namespace");
	if (overlay->layer != NULL)
		r = check_layer(overlay, config->rootfs, err);
	return r == 0 ? check_lower(overlay, config->rootfs, err) : r;
}
