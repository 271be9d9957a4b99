/* SPDX-License-Identifier: MIT */
/*
 * Where things may be put in a container, and how. Destinations are judged in their cleaned form,
 * and the plan uses that same form; that a link of the image leads elsewhere is the init's to
 * notice. /proc is what security decisions inside are read from, so nothing may cover any of it but
 * a short list of figures.
 */
#include "configs/compile.h"
#include "configs/layers.h"
#include "configs/names.h"
#include "configs/path.h"
#include "configs/validate_parts.h"
#include <stdio.h>
#include <string.h>

/* Files of /proc that show the host's figures and may be covered. */
static const char *const proc_files[] = {
	"/proc/cpuinfo",
	"/proc/diskstats",
	"/proc/meminfo",
	"/proc/stat",
	"/proc/swaps",
	"/proc/uptime",
	"/proc/loadavg",
	"/proc/slabinfo",
	"/proc/sys/kernel/ns_last_pid",
	"/proc/sys/crypto/fips_enabled",
};

static bool is_bind_mount(const struct lc_config_mount *mount)
{
	if (mount->type != NULL && strcmp(mount->type, "bind") == 0)
		return true;
	for (size_t i = 0; i < mount->options.count; i++) {
		const struct lc_mount_option *option = lc_mount_option(mount->options.items[i]);

		if (option != NULL && option->is_bind)
			return true;
	}
	return false;
}

static bool is_proc_file(const char *path)
{
	for (size_t i = 0; i < sizeof(proc_files) / sizeof(proc_files[0]); i++)
		if (strcmp(path, proc_files[i]) == 0)
			return true;
	return false;
}

static int check_destination(const struct lc_config_mount *mount, size_t number, bool is_bind,
	struct lc_error *err)
{
	const char *type = is_bind ? "bind" : mount->type;
	char path[LCT_PATH_ROOM];

	if (!lc_path_clean(mount->destination, path, sizeof(path)))
		return lc_refuse(err, EINVAL, "mounts[%zu].destination", number);
	if (strcmp(path, "/") == 0)
		return lc_refuse(err, EINVAL,
			"mounts[%zu].destination: / is the root itself", number);
	/* That what is bound is a procfs is the init's to prove. */
	if (strcmp(path, "/proc") == 0 && !is_bind && strcmp(type, "proc") != 0)
		return lc_refuse(err, EINVAL,
			"mounts[%zu].destination: only proc goes on /proc", number);
	if (strcmp(path, "/proc") != 0 && lc_path_is_below(path, "/proc") && !is_proc_file(path))
		return lc_refuse(err, EINVAL,
			"mounts[%zu].destination: /proc must not be covered", number);
	if (strcmp(path, "/sys") == 0 && strcmp(type, "sysfs") != 0 && strcmp(type, "bind") != 0 &&
		strcmp(type, "tmpfs") != 0)
		return lc_refuse(err, EINVAL,
			"mounts[%zu].destination: only sysfs, bind or tmpfs goes on /sys", number);
	return 0;
}

static bool is_overlay(const struct lc_config_mount *mount, bool is_bind)
{
	return !is_bind && strcmp(mount->type, "overlay") == 0;
}

/* Why an option cannot be, NULL for a good one. */
static const char *fault_of_option(const struct lc_config_mount *mount, const char *text, bool is_bind)
{
	bool is_cgroup = !is_bind && strcmp(mount->type, "cgroup") == 0;
	const struct lc_mount_option *option = lc_mount_option(text);

	if (option != NULL) {
		switch (lc_mount_option_scope(option)) {
		case LCT_OPTION_PATH:
			if (is_bind && mount->source_fd.is_set)
				return "for sources by path";
			return is_bind ? NULL : "an option of bind mounts alone";
		case LCT_OPTION_BIND:
			return is_bind ? NULL : "an option of bind mounts alone";
		case LCT_OPTION_TMPFS:
			return !is_bind && strcmp(mount->type, "tmpfs") == 0 ? NULL : "an option of tmpfs alone";
		case LCT_OPTION_FILE_SYSTEM:
			return is_bind ? "no option of a bind mount" : NULL;
		case LCT_OPTION_ANY:
			return NULL;
		}
	}
	if (is_overlay(mount, is_bind) && lc_layers_is_option(text))
		return NULL; /* looked at by validate_layers.c */
	/* The init cuts options at commas, so one in a value would smuggle a second option. */
	if (text[0] == '\0' || strchr(text, ',') != NULL)
		return "one option an entry";
	if (strcmp(text, "remount") == 0)
		return "nothing is mounted yet";
	if (is_bind)
		return "no option of a bind mount";
	return is_cgroup && strcmp(text, "nsdelegate") != 0 ? "no option of a cgroup mount" : NULL;
}

static int check_options(const struct lc_config_mount *mount, size_t number, bool is_bind,
	struct lc_error *err)
{
	for (size_t i = 0; i < mount->options.count; i++) {
		const char *text = mount->options.items[i];
		const char *fault = fault_of_option(mount, text, is_bind);

		if (fault != NULL)
			return lc_refuse(
				err, EINVAL, "mounts[%zu].options[%zu]: %s", number, i + 1, fault);
	}
	return 0;
}

/* Both lists, or the container's own. */
static int check_ids(const struct lc_config_mount *mount, size_t number, bool is_bind,
	uint64_t namespaces, struct lc_error *err)
{
	char field[48];
	int r;

	if (lc_compile_is_mapped(mount) == LCT_MAPPED_NOT && mount->gid_mappings.count == 0)
		return 0;
	if (!is_bind)
		return lc_refuse(
			err, EINVAL, "mounts[%zu].uid_mappings: for bind mounts alone", number);
	if ((mount->uid_mappings.count > 0) != (mount->gid_mappings.count > 0))
		return lc_refuse(err, EINVAL, "mounts[%zu].%s: missing", number,
			mount->uid_mappings.count > 0 ? "gid_mappings" : "uid_mappings");
	if (mount->uid_mappings.count == 0)
		return (namespaces & lc_namespace_flag("user")) != 0 ? 0 :
			lc_refuse(err, EINVAL,
				"mounts[%zu].uid_mappings: missing, and there is no user namespace",
				number);
	(void) snprintf(field, sizeof(field), "mounts[%zu].uid_mappings", number);
	r = lc_validate_ranges(&mount->uid_mappings, field, err);
	if (r < 0)
		return r;
	(void) snprintf(field, sizeof(field), "mounts[%zu].gid_mappings", number);
	return lc_validate_ranges(&mount->gid_mappings, field, err);
}

static int check_mount(const struct lc_config_mount *mount, size_t number, uint64_t namespaces,
	struct lc_error *err)
{
	bool is_bind = is_bind_mount(mount);
	int r;

	if (!is_bind && (mount->type == NULL || mount->type[0] == '\0'))
		return lc_refuse(err, EINVAL, "mounts[%zu].type: missing", number);
	if (mount->source_fd.is_set && (!is_bind || mount->source != NULL))
		return lc_refuse(err, EINVAL, "mounts[%zu].source_fd: %s", number,
			is_bind ? "source is given too" : "for bind mounts alone");
	if (is_bind && !mount->source_fd.is_set && (mount->source == NULL || mount->source[0] != '/'))
		return lc_refuse(err, EINVAL, "mounts[%zu].source: must be absolute", number);
	/* Seen from the host's cgroup namespace, a new cgroup2 is the host's whole tree. */
	if (!is_bind && strcmp(mount->type, "cgroup2") == 0 &&
		(namespaces & lc_namespace_flag("cgroup")) == 0)
		return lc_refuse(err, EINVAL,
			"mounts[%zu].type: cgroup2 needs the cgroup namespace; use cgroup", number);
	r = check_ids(mount, number, is_bind, namespaces, err);
	if (r == 0)
		r = check_destination(mount, number, is_bind, err);
	if (r == 0)
		r = check_options(mount, number, is_bind, err);
	return r == 0 && is_overlay(mount, is_bind) ? lc_validate_mount_layers(mount, number, err) : r;
}

static bool is_mounted_on(const struct lc_config_config *config, const char *directory)
{
	const struct lc_config_mount *mounts = config->mounts.items;
	char path[LCT_PATH_ROOM];

	for (size_t i = 0; i < config->mounts.count; i++)
		if (lc_path_clean(mounts[i].destination, path, sizeof(path)) &&
			strcmp(path, directory) == 0)
			return true;
	return false;
}

static int check_devices(const struct lc_config_config *config, struct lc_error *err)
{
	const struct lc_config_device *devices = config->devices.items;
	bool has_dev = strcmp(config->rootfs, "/") != 0 || config->overlay != NULL ||
		is_mounted_on(config, "/dev");
	char path[LCT_PATH_ROOM];

	for (size_t i = 0; i < config->devices.count; i++) {
		if (!lc_path_clean(devices[i].path, path, sizeof(path)) || strcmp(path, "/") == 0)
			return lc_refuse(err, EINVAL, "devices[%zu].path", i + 1);
		if (lc_path_is_below(path, "/proc") || lc_path_is_below(path, "/sys"))
			return lc_refuse(
				err, EINVAL, "devices[%zu].path: no place for a device", i + 1);
		if (!has_dev && lc_path_is_below(path, "/dev"))
			return lc_refuse(err, EINVAL,
				"devices[%zu].path: mount a tmpfs on /dev first", i + 1);
	}
	return 0;
}

static int check_hidden(const struct lc_strings *paths, const char *field, struct lc_error *err)
{
	char path[LCT_PATH_ROOM];

	for (size_t i = 0; i < paths->count; i++)
		if (!lc_path_clean(paths->items[i], path, sizeof(path)) || strcmp(path, "/") == 0)
			return lc_refuse(
				err, EINVAL, "%s[%zu]: / is the root itself", field, i + 1);
	return 0;
}

int lc_validate_mounts(const struct lc_config_config *config, struct lc_error *err)
{
	const struct lc_config_mount *mounts = config->mounts.items;
	uint64_t namespaces = lc_config_namespaces(config);
	const struct lc_config_overlay *overlay = config->overlay;
	size_t given = lc_compile_is_root_given(config) ? overlay->lower.count + 1 : 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < config->mounts.count; i++) {
		r = check_mount(&mounts[i], i + 1, namespaces, err);
		given += lc_compile_is_given(&mounts[i]);
		if (r == 0 && given > LCT_GIVEN_MAX)
			r = lc_refuse(err, E2BIG, "mounts[%zu]: more than %d by descriptor", i + 1,
				LCT_GIVEN_MAX);
	}
	if (r == 0)
		r = lc_validate_layers(config, namespaces, err);
	if (r == 0)
		r = check_devices(config, err);
	if (r == 0)
		r = check_hidden(&config->mask_paths, "mask_paths", err);
	if (r == 0)
		r = check_hidden(&config->readonly_paths, "readonly_paths", err);
	return r;
}
