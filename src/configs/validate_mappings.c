/* SPDX-License-Identifier: MIT */
/* The id mappings of a user namespace against each other, before the kernel says EINVAL to all of
 * them at once. [O67] */
#include "configs/mappings.h"
#include "configs/validate_parts.h"
#include <linux/sched.h>

#define ID_END INT64_C(4294967295) /* no id itself: it means "unchanged" to the kernel */

static bool is_overlap(int64_t first, int64_t size, int64_t other, int64_t other_size)
{
	return first < other + other_size && other < first + size;
}

int lc_validate_ranges(const struct lc_objects *list, const char *field, struct lc_error *err)
{
	const struct lc_config_id_mapping *ranges = list->items;
	char text[LCT_MAPPINGS_TEXT];

	for (size_t i = 0; i < list->count; i++) {
		const struct lc_config_id_mapping *a = &ranges[i];

		if (a->container_id.value + a->size.value > ID_END ||
			a->host_id.value + a->size.value > ID_END)
			return lc_refuse(err, EINVAL, "%s[%zu].size: out of range", field, i + 1);
		for (size_t j = 0; j < i; j++) {
			const struct lc_config_id_mapping *b = &ranges[j];

			if (is_overlap(a->container_id.value, a->size.value,
				    b->container_id.value, b->size.value) ||
				is_overlap(a->host_id.value, a->size.value, b->host_id.value,
					b->size.value))
				return lc_refuse(err, EINVAL, "%s[%zu]: overlaps %s[%zu]", field,
					i + 1, field, j + 1);
		}
	}
	return lc_mappings_text(list, text) < 0 ? lc_refuse(err, E2BIG, "%s", field) : 0;
}

static int check_list(const struct lc_objects *list, const char *field, bool has_namespace,
	bool is_joined, struct lc_error *err)
{
	int r;

	if (!has_namespace)
		return list->count == 0 ?
			0 : lc_refuse(err, EINVAL, "%s: needs the user namespace", field);
	if (list->count == 0 && is_joined)
		return 0; /* they are what they are */
	if (list->count == 0)
		return lc_refuse(err, EINVAL, "%s: the user namespace needs them", field);
	r = lc_validate_ranges(list, field, err);
	if (r < 0)
		return r;
	if (!lc_mappings_hold(list, 0))
		return lc_refuse(err, EINVAL, "%s: no mapping of 0", field);
	return 0;
}

int lc_validate_mappings(const struct lc_config_config *config, bool has_namespace,
	struct lc_error *err)
{
	bool is_joined = (lc_config_joined(config) & CLONE_NEWUSER) != 0;
	int r = check_list(&config->uid_mappings, "uid_mappings", has_namespace, is_joined, err);

	return r < 0 ? r : check_list(&config->gid_mappings, "gid_mappings", has_namespace, is_joined, err);
}
