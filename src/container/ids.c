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
