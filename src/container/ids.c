/* SPDX-License-Identifier: MIT */
#include "container/ids.h"

#include "base/file.h"
#include "configs/mappings.h"
#include "nsenter/idmap.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>

int lc_ids_write(const struct lc_config_config *config, const struct lc_process *init,
	struct lc_error *err)
{
	char uids[LCT_MAPPINGS_TEXT], gids[LCT_MAPPINGS_TEXT];

	if (lc_mappings_text(&config->uid_mappings, uids) < 0 ||
		lc_mappings_text(&config->gid_mappings, gids) < 0)
		return lc_fail(err, LCT_STEP_CONFIG, E2BIG, "uid_mappings");
	return lc_idmap_write(init->pid, init->pidfd, uids, gids, err);
}

bool lc_ids_will_fix_groups(const struct lc_config_config *config)
{
	char gids[LCT_MAPPINGS_TEXT];

	return config->gid_mappings.count > 0 &&
	       lc_mappings_text(&config->gid_mappings, gids) >= 0 && lc_idmap_denies_groups(gids);
}

int lc_ids_has_fixed_groups(const struct lc_config_config *config, const struct lc_process *init,
	bool *out, struct lc_error *err)
{
	char path[40], text[16];
	long r;

	*out = false;
	if (config->gid_mappings.count == 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/setgroups", (int) init->pid);
	r = lc_file_read(AT_FDCWD, path, text, sizeof(text), LCT_STEP_NAMESPACE, err);
	if (r < 0)
		return (int) r;
	*out = strncmp(text, "deny", 4) == 0;
	return 0;
}

/* A line of the kernel's is three numbers of ten places. */
#define LCT_MAP_ROOM (340 * 33 + 1)

static bool has_range(const struct lc_objects *list, const struct lc_config_id_mapping *range)
{
	const struct lc_config_id_mapping *ranges = list->items;

	for (size_t i = 0; i < list->count; i++)
		if (ranges[i].container_id.value == range->container_id.value &&
			ranges[i].host_id.value == range->host_id.value &&
			ranges[i].size.value == range->size.value)
			return true;
	return false;
}

static bool are_alike(const struct lc_objects *said, const struct lc_objects *found)
{
	const struct lc_config_id_mapping *ranges = said->items;

	for (size_t i = 0; i < said->count; i++)
		if (!has_range(found, &ranges[i]))
			return false;
	return said->count == found->count;
}

static int parse_map(const char *text, struct lc_arena *arena, struct lc_objects *out,
	struct lc_error *err)
{
	struct lc_config_id_mapping *ranges;
	size_t lines = 0;

	for (const char *at = text; *at != '\0'; at++)
		lines += *at == '\n';
	ranges = lc_arena_array(arena, lines, sizeof(*ranges));
	if (ranges == NULL && lines > 0)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	*out = (struct lc_objects){.items = ranges, .count = lines};
	for (size_t i = 0; i < lines; i++) {
		unsigned inside, host, size;

		if (sscanf(text, "%u %u %u", &inside, &host, &size) != 3)
			return lc_fail(err, LCT_STEP_NAMESPACE, EPROTO, "uid_map");
		ranges[i] = (struct lc_config_id_mapping){.container_id = {inside, true},
			.host_id = {host, true}, .size = {size, true}};
		text = strchr(text, '\n') + 1;
	}
	return 0;
}

/* The kernel's word on a map. Nobody can be set up where nobody is mapped. */
static int read_map(const struct lc_process *process, const char *kind, const struct lc_objects *said,
	struct lc_arena *arena, struct lc_objects *out, struct lc_error *err)
{
	char path[40], text[LCT_MAP_ROOM], subject[LCT_SUBJECT_MAX];
	long r;

	(void) snprintf(path, sizeof(path), "/proc/%d/%s_map", (int) process->pid, kind);
	r = lc_file_read(AT_FDCWD, path, text, sizeof(text), LCT_STEP_NAMESPACE, err);
	if (r >= 0)
		r = parse_map(text, arena, out, err);
	if (r < 0)
		return (int) r;
	if (said->count > 0 && !are_alike(said, out)) {
		(void) snprintf(subject, sizeof(subject),
			"%s_mappings: are not those of the user namespace that is joined", kind);
		return lc_fail(err, LCT_STEP_CONFIG, EINVAL, subject);
	}
	if (out->count == 0 || !lc_mappings_hold(out, 0)) {
		(void) snprintf(subject, sizeof(subject),
			"namespaces.user: nobody is %s 0 there, who sets the container up", kind);
		return lc_fail(err, LCT_STEP_CONFIG, EINVAL, subject);
	}
	return 0;
}

static bool is_user_joined(const struct lc_config_config *config)
{
	for (size_t i = 0; i < config->namespace_paths.count; i++)
		if (strcmp(config->namespace_paths.items[i].key, "user") == 0)
			return true;
	return false;
}

int lc_ids_complete(const struct lc_config_config *config, const struct lc_process *process,
	struct lc_arena *arena, const struct lc_config_config **out, struct lc_error *err)
{
	struct lc_config_config *complete;
	int r;

	*out = config;
	if (!is_user_joined(config))
		return 0;
	complete = lc_arena_array(arena, 1, sizeof(*complete));
	if (complete == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	*complete = *config;
	r = read_map(process, "uid", &config->uid_mappings, arena, &complete->uid_mappings, err);
	if (r >= 0)
		r = read_map(process, "gid", &config->gid_mappings, arena, &complete->gid_mappings, err);
	if (r >= 0)
		*out = complete;
	return r;
}

static int refuse(struct lc_error *err, const char *what, uint32_t id, const char *field)
{
	char subject[LCT_SUBJECT_MAX];

	snprintf(subject, sizeof(subject), "process.user: %s %u is not in %s", what, id, field);
	return lc_fail(err, LCT_STEP_CONFIG, EINVAL, subject);
}

int lc_ids_check(const struct lc_config_config *config, const struct lc_identity *identity,
	bool has_fixed_groups, struct lc_error *err)
{
	if (!lc_mappings_hold(&config->uid_mappings, identity->uid))
		return refuse(err, "user", identity->uid, "uid_mappings");
	if (!lc_mappings_hold(&config->gid_mappings, identity->gid))
		return refuse(err, "group", identity->gid, "gid_mappings");
	for (size_t i = 0; i < identity->groups_count; i++)
		if (!lc_mappings_hold(&config->gid_mappings, identity->groups[i]))
			return refuse(err, "group", identity->groups[i], "gid_mappings");
	if (has_fixed_groups && identity->groups_count > 0)
		return lc_fail(err, LCT_STEP_CONFIG, EPERM,
			"process.user: groups cannot be set where one group alone is mapped by an "
			"ordinary user");
	return 0;
}
