/* SPDX-License-Identifier: MIT */
/*
 * What the core refuses whoever calls it. First what the schema says of each field alone
 * (validate_fields.c), then what fields say of each other. Pure: whether a path exists or is a link
 * is looked at by src/container/ and again by the init, which has the descriptor.
 */
#include "configs/validate.h"
#include "configs/names.h"
#include "configs/path.h"
#include "configs/validate_parts.h"
#include <linux/sched.h>
#include <string.h>

#define DIGITS "0123456789"
#define ID_MAX 255

/* The root and its mounts are those that are there; who joins them changes nothing. [O64] */
static int check_joined_root(const struct lc_config_config *config, struct lc_error *err)
{
	static const char *const what = "is of a root that is made, and the mount namespace is joined";
	const struct lc_config_hooks *hooks = config->hooks;

	if (strcmp(config->rootfs, "/") != 0)
		return lc_refuse(err, EINVAL, "rootfs: %s", what);
	if (config->mounts.count > 0)
		return lc_refuse(err, EINVAL, "mounts: %s", what);
	if (config->devices.count > 0)
		return lc_refuse(err, EINVAL, "devices: %s", what);
	if (config->mask_paths.count > 0)
		return lc_refuse(err, EINVAL, "mask_paths: %s", what);
	if (config->readonly_paths.count > 0)
		return lc_refuse(err, EINVAL, "readonly_paths: %s", what);
	if (config->readonlyfs)
		return lc_refuse(err, EINVAL, "readonlyfs: %s", what);
	if (config->rootfs_propagation != NULL)
		return lc_refuse(err, EINVAL, "rootfs_propagation: %s", what);
	if (config->overlay != NULL)
		return lc_refuse(err, EINVAL, "overlay: %s", what);
	if (hooks != NULL && hooks->create_container.count > 0)
		return lc_refuse(err, EINVAL, "hooks.create_container: %s", what);
	return 0;
}

static int check_joined(const struct lc_config_config *config, uint64_t wanted, struct lc_error *err)
{
	const struct lc_pairs *paths = &config->namespace_paths;

	for (size_t i = 0; i < paths->count; i++) {
		uint64_t flag = lc_namespace_flag(paths->items[i].key);

		if (flag == 0)
			return lc_refuse(err, EINVAL, "namespaces.%.100s: is no namespace",
				paths->items[i].key);
		if ((wanted & flag) == 0 || paths->items[i].value[0] != '/')
			return lc_refuse(err, EINVAL, "namespaces.%.100s: must be an absolute path",
				paths->items[i].key);
	}
	return (lc_config_joined(config) & CLONE_NEWNS) != 0 ? check_joined_root(config, err) : 0;
}

static int check_namespaces(const struct lc_config_config *config, struct lc_error *err)
{
	uint64_t seen = 0;
	int r;

	for (size_t i = 0; i < config->namespaces.count; i++) {
		uint64_t flag = lc_namespace_flag(config->namespaces.items[i]);

		if ((flag & ~(uint64_t) LCT_NAMESPACES_KNOWN) != 0)
			return lc_refuse(err, ENOSYS, "namespaces[%zu]: %s", i + 1,
				config->namespaces.items[i]);
		if ((seen & flag) != 0)
			return lc_refuse(err, EINVAL, "namespaces[%zu]: listed twice", i + 1);
		seen |= flag;
	}
	seen = lc_config_namespaces(config);
	if ((seen & CLONE_NEWNS) == 0)
		return lc_refuse(err, EINVAL,
			"namespaces: the root and its mounts need the mount namespace");
	if (config->hostname != NULL && (seen & CLONE_NEWUTS) == 0)
		return lc_refuse(err, EINVAL, "hostname: needs the uts namespace");
	if (config->domainname != NULL && (seen & CLONE_NEWUTS) == 0)
		return lc_refuse(err, EINVAL, "domainname: needs the uts namespace");
	r = check_joined(config, seen, err);
	if (r < 0)
		return r;
	if (config->time_offsets != NULL && (lc_config_joined(config) & CLONE_NEWTIME) != 0)
		return lc_refuse(err, EINVAL, "time_offsets: of a namespace that is joined");
	if (config->time_offsets != NULL && (seen & CLONE_NEWTIME) == 0)
		return lc_refuse(err, EINVAL, "time_offsets: needs the time namespace");
	return lc_validate_mappings(config, (seen & CLONE_NEWUSER) != 0, err);
}

static int read_set(const struct lc_strings *names, const char *prefix, const char *set,
	uint64_t *out, struct lc_error *err)
{
	*out = 0;
	for (size_t i = 0; i < names->count; i++) {
		int number = lc_capability_number(names->items[i]);

		if (number < 0)
			return lc_refuse(err, EINVAL, "%scapabilities.%s[%zu]: %.100s", prefix, set,
				i + 1, names->items[i]);
		*out |= UINT64_C(1) << number;
	}
	return 0;
}

static int check_capabilities(const struct lc_config_capabilities *caps, const char *prefix,
	struct lc_error *err)
{
	uint64_t bounding, effective, permitted, inheritable, ambient;
	int r;

	if (caps == NULL)
		return 0;
	r = read_set(&caps->bounding, prefix, "bounding", &bounding, err);
	if (r == 0)
		r = read_set(&caps->effective, prefix, "effective", &effective, err);
	if (r == 0)
		r = read_set(&caps->permitted, prefix, "permitted", &permitted, err);
	if (r == 0)
		r = read_set(&caps->inheritable, prefix, "inheritable", &inheritable, err);
	if (r == 0)
		r = read_set(&caps->ambient, prefix, "ambient", &ambient, err);
	if (r < 0)
		return r;
	if ((effective & ~permitted) != 0)
		return lc_refuse(
			err, EINVAL, "%scapabilities.effective: must be permitted too", prefix);
	/* An exec leaves of it what may be gained or is inherited, root's too. */
	if ((permitted & ~(bounding | inheritable)) != 0)
		return lc_refuse(
			err, EINVAL, "%scapabilities.permitted: must be bounding too", prefix);
	if ((ambient & ~(permitted & inheritable)) != 0)
		return lc_refuse(err, EINVAL,
			"%scapabilities.ambient: must be permitted and inheritable too", prefix);
	return 0;
}

static int check_rlimits(const struct lc_objects *list, const char *prefix, struct lc_error *err)
{
	const struct lc_config_rlimit *rlimits = list->items;
	uint64_t seen = 0;

	for (size_t i = 0; i < list->count; i++) {
		uint64_t bit = UINT64_C(1) << lc_rlimit_number(rlimits[i].type);

		if ((seen & bit) != 0)
			return lc_refuse(err, EINVAL, "%srlimits[%zu].type: listed twice", prefix,
				i + 1);
		seen |= bit;
		/* -1 is unlimited, and the largest number without a sign */
		if ((uint64_t) rlimits[i].soft.value > (uint64_t) rlimits[i].hard.value)
			return lc_refuse(err, EINVAL, "%srlimits[%zu].soft: more than hard", prefix,
				i + 1);
	}
	return 0;
}

/* A number of digits only must be an id (0..2^32-2); anything else is a name. */
static bool is_id_or_name(const char *text, size_t length)
{
	uint64_t id = 0;

	if (length == 0)
		return false;
	if (strspn(text, DIGITS) < length)
		return true;
	for (size_t i = 0; i < length; i++) {
		id = id * 10 + (uint64_t) (text[i] - '0');
		if (id >= UINT32_MAX)
			return false;
	}
	return true;
}

static int check_groups(const struct lc_strings *groups, const char *prefix, struct lc_error *err)
{
	for (size_t i = 0; i < groups->count; i++)
		if (!is_id_or_name(groups->items[i], strlen(groups->items[i])))
			return lc_refuse(err, EINVAL, "%sadditional_groups[%zu]", prefix, i + 1);
	return 0;
}

static int check_user(const char *user, struct lc_error *err)
{
	size_t length;

	if (user == NULL)
		return 0;
	length = strcspn(user, ":");
	if (!is_id_or_name(user, length))
		return lc_refuse(err, EINVAL, "process.user");
	if (user[length] == '\0')
		return 0;
	user += length + 1;
	if (strchr(user, ':') != NULL || !is_id_or_name(user, strlen(user)))
		return lc_refuse(err, EINVAL, "process.user");
	return 0;
}

static bool asks_for_rdt(const struct lc_config_intel_rdt *rdt)
{
	return rdt != NULL && (rdt->clos_id != NULL || rdt->l3_cache_schema != NULL ||
				      rdt->mem_bw_schema != NULL || rdt->schemata.count > 0 ||
				      rdt->enable_monitoring);
}

int lc_config_validate(const struct lc_config_config *config, struct lc_error *err)
{
	int r = lc_validate_fields(lc_schema_section("config"), config, "", err);

	if (r == 0 && !lc_path_is_clean(config->rootfs))
		r = lc_refuse(
			err, EINVAL, "rootfs: must be absolute, without . and .. and trailing /");
	if (r == 0)
		r = check_namespaces(config, err);
	if (r == 0)
		r = lc_validate_mounts(config, err);
	if (r == 0)
		r = lc_validate_networks(config, lc_config_namespaces(config), err);
	if (r == 0)
		r = lc_validate_sysctl(config, lc_config_namespaces(config), err);
	if (r == 0)
		r = check_capabilities(config->capabilities, "", err);
	if (r == 0)
		r = check_rlimits(&config->rlimits, "", err);
	if (r == 0)
		r = lc_validate_cgroups(config->cgroups, err);
	if (r == 0)
		r = check_groups(&config->additional_groups, "", err);
	if (r == 0)
		r = lc_validate_memory_policy(config->memory_policy, err);
	if (r == 0 && config->landlock != NULL && config->no_new_privileges.is_set &&
		!config->no_new_privileges.value)
		r = lc_refuse(err, EINVAL, "landlock: needs no_new_privileges");
	if (r == 0 && asks_for_rdt(config->intel_rdt))
		r = lc_refuse(err, ENOSYS, "intel_rdt");
	return r;
}

int lc_process_validate(const struct lc_config_config *config,
	const struct lc_config_process *process, struct lc_error *err)
{
	const struct lc_config_cgroups *cgroups = process->cgroups;
	int r = lc_validate_fields(lc_schema_section("process"), process, "process.", err);

	if (r == 0 && config != NULL && config->landlock != NULL && process->no_new_privileges.is_set &&
		!process->no_new_privileges.value)
		r = lc_refuse(err, EINVAL, "process.no_new_privileges: landlock needs it");
	if (r == 0 && process->args.items[0][0] == '\0')
		r = lc_refuse(err, EINVAL, "process.args[1]: empty");
	for (size_t i = 0; r == 0 && i < process->env.count; i++)
		if (process->env.items[i][0] == '=' || strchr(process->env.items[i], '=') == NULL)
			r = lc_refuse(err, EINVAL, "process.env[%zu]: must be KEY=value", i + 1);
	if (r == 0)
		r = check_user(process->user, err);
	if (r == 0)
		r = check_groups(&process->additional_groups, "process.", err);
	if (r == 0)
		r = check_capabilities(process->capabilities, "process.", err);
	if (r == 0)
		r = check_rlimits(&process->rlimits, "process.", err);
	if (r == 0)
		r = lc_validate_process_attributes(process, err);
	if (r == 0)
		r = lc_validate_cgroups(cgroups, err);
	if (r == 0 && cgroups != NULL && cgroups->path != NULL)
		r = lc_refuse(err, EINVAL, "process.cgroups.path: it is in the container's");
	if (r == 0 && cgroups != NULL && process->sub_cgroups.count > 0)
		r = lc_refuse(err, EINVAL, "process.sub_cgroups: it has limits in a cgroup of its own");
	if (r == 0 && process->terminal_size != NULL && !process->terminal)
		r = lc_refuse(err, EINVAL, "process.terminal_size: needs a terminal");
	if (r == 0 && process->console != NULL && !process->terminal)
		r = lc_refuse(err, EINVAL, "process.console: needs a terminal");
	return r;
}

bool lc_id_is_valid(const char *id, size_t length)
{
	if (length < 1 || length > ID_MAX)
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = id[i];
		bool is_alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
				       (c >= 'a' && c <= 'z');

		if (!is_alphanumeric && c != '_' && c != '+' && c != '-' && c != '.')
			return false;
	}
	return !(id[0] == '.' && (length == 1 || (length == 2 && id[1] == '.')));
}
