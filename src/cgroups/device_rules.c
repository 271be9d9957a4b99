/* SPDX-License-Identifier: MIT */
/*
 * Device rules → what the kernel keeps of them on v1: a default and exceptions to it, each exception
 * known by type, major and minor, and bits are taken away only from exactly that one. So the rules, of
 * which a later one goes over an earlier one, are reduced to such a list; what cannot be said that way
 * (all of 1:* but not 1:3) is refused, where the unified tree would take it. And an open for reading
 * and writing must be within one exception: what several say of a device together, one says once more.
 */
#include "cgroups/driver.h"

#include <stdio.h>
#include <string.h>

#define ALL (LCT_DEVICE_READ | LCT_DEVICE_WRITE | LCT_DEVICE_MKNOD)

static bool overlaps(int a, int b)
{
	return a == b || a == LCT_DEVICE_ANY || b == LCT_DEVICE_ANY;
}

static bool covers(int wide, int narrow)
{
	return wide == narrow || wide == LCT_DEVICE_ANY;
}

static int refuse_hole(const struct lc_device_rule *rule, struct lc_error *err)
{
	char subject[128];

	(void) snprintf(subject, sizeof(subject),
		"cgroups.devices[%u]: cgroup v1 cannot forbid a part of what an earlier rule allows",
		rule->item);
	return lc_fail(err, LCT_STEP_CONFIG, EINVAL, subject);
}

/* Take the rule's bits from the exceptions: those within it, as others cannot be cut. */
static int take_away(
	struct lc_device_list *list, const struct lc_device_rule *rule, struct lc_error *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct lc_device_rule *item = &list->items[i];

		if (item->type == rule->type && overlaps(item->major, rule->major) &&
			overlaps(item->minor, rule->minor) && (item->access & rule->access) != 0) {
			if (!covers(rule->major, item->major) || !covers(rule->minor, item->minor))
				return refuse_hole(rule, err);
			item->access &= ~rule->access;
		}
		if (item->access != 0)
			list->items[kept++] = *item;
	}
	list->count = kept;
	return 0;
}

static void add(struct lc_device_list *list, const struct lc_device_rule *rule)
{
	for (size_t i = 0; i < list->count; i++) {
		struct lc_device_rule *item = &list->items[i];

		if (item->type == rule->type && item->major == rule->major &&
			item->minor == rule->minor) {
			item->access |= rule->access;
			item->is_optional = item->is_optional && rule->is_optional;
			return;
		}
	}
	list->items[list->count++] = *rule;
}

static int narrower(int a, int b)
{
	return a == LCT_DEVICE_ANY ? b : a;
}

/* What two exceptions are both about has what either allows. Those that every container has say all or
 * nothing, and are left alone. */
static int join_overlaps(struct lc_device_list *list, struct lc_arena *arena, struct lc_error *err)
{
	const unsigned either = LCT_DEVICE_READ | LCT_DEVICE_WRITE;
	size_t given = list->count, room = given;

	for (size_t n = 0; n < given * given; n++) {
		struct lc_device_rule both = list->items[n / given], *items;
		const struct lc_device_rule *other = &list->items[n % given];

		if (both.type != other->type || both.is_optional || other->is_optional ||
			!overlaps(both.major, other->major) ||
			!overlaps(both.minor, other->minor) ||
			((both.access ^ other->access) & either) == 0)
			continue;
		both.major = narrower(both.major, other->major);
		both.minor = narrower(both.minor, other->minor);
		both.access = (both.access | other->access) & either;
		items = lc_arena_grow(arena, list->items, list->count, &room, sizeof(*items));
		if (items == NULL)
			return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
		list->items = items;
		add(list, &both);
	}
	return 0;
}

static int apply_rule(
	struct lc_device_list *list, const struct lc_device_rule *rule, struct lc_error *err)
{
	if (rule->is_allowed == list->allows_all)
		return take_away(list, rule, err);
	add(list, rule);
	return 0;
}

int lc_device_reduce(const struct lc_device_rules *rules, struct lc_arena *arena,
	struct lc_device_list *out, struct lc_error *err)
{
	int r = 0;

	*out = (struct lc_device_list){.allows_all = true};
	/* a rule for all types may become two exceptions */
	out->items = lc_arena_array(arena, 2 * rules->count + 1, sizeof(*out->items));
	if (out->items == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	for (size_t i = 0; i < rules->count && r >= 0; i++) {
		struct lc_device_rule rule = rules->items[i];

		if (rule.type != 'a') {
			r = apply_rule(out, &rule, err);
		} else if (rule.access == ALL) {
			out->allows_all = rule.is_allowed;
			out->count = 0;
		} else {
			rule.type = 'b';
			r = apply_rule(out, &rule, err);
			rule.type = 'c';
			r = r < 0 ? r : apply_rule(out, &rule, err);
		}
	}
	return r < 0 || out->allows_all ? r : join_overlaps(out, arena, err);
}
