/* SPDX-License-Identifier: MIT */
/*
 * Who the program is and what it may do: capability sets, user and groups, the filter. Exactly what
 * was asked for; what was not asked for is empty, inheritable and ambient above all.
 */
#include "configs/compile_parts.h"
#include "configs/names.h"

/* Capabilities that the running kernel does not have yet are left out of every set. */
static uint64_t mask_of(const struct lc_compile *c, const struct lc_strings *names)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < names->count; i++) {
		int number = lc_capability_number(names->items[i]);

		if (number >= 0 && (uint64_t) number <= c->in->last_capability)
			mask |= UINT64_C(1) << number;
	}
	return mask;
}

/* The sets in force, with their label set; NULL is none of any. */
static const struct lc_config_capabilities *sets_of(struct lc_compile *c)
{
	bool is_own = c->process->capabilities != NULL;

	lc_plan_origin(c->w, "%scapabilities", is_own ? "process." : "");
	return is_own ? c->process->capabilities : c->config->capabilities;
}

void lc_compile_bounding(struct lc_compile *c)
{
	const struct lc_config_capabilities *sets = sets_of(c);

	LCT_PLAN(c->w, bounding, .set = sets == NULL ? 0 : mask_of(c, &sets->bounding));
}

void lc_compile_user(struct lc_compile *c)
{
	lc_plan_origin(c->w, "process.user");
	LCT_PLAN(c->w, user, .uid = c->in->uid, .gid = c->in->gid,
		.groups = lc_plan_blob(
			c->w, c->in->groups, c->in->groups_count * sizeof(*c->in->groups)),
		.keep_groups = c->in->has_fixed_groups);
}

void lc_compile_capabilities(struct lc_compile *c)
{
	const struct lc_config_capabilities *sets = sets_of(c);
	static const struct lc_config_capabilities none;

	if (sets == NULL)
		sets = &none;
	LCT_PLAN(c->w, capabilities, .effective = mask_of(c, &sets->effective),
		.permitted = mask_of(c, &sets->permitted),
		.inheritable = mask_of(c, &sets->inheritable),
		.ambient = mask_of(c, &sets->ambient), .bounding = mask_of(c, &sets->bounding));
}

static void label(struct lc_compile *c, const char *module, const char *field, const char *own,
	const char *of_container)
{
	if (own == NULL && of_container == NULL)
		return;
	lc_plan_origin(c->w, "%s%s", own != NULL ? "process." : "", field);
	LCT_PLAN(c->w, label, .module = lc_plan_intern(c->w, module),
		.label = lc_plan_intern(c->w, own != NULL ? own : of_container));
}

/* On exec; by whom there is a process between us and that inherits it. */
void lc_compile_label(struct lc_compile *c)
{
	label(c, "apparmor", "apparmor_profile", c->process->apparmor_profile,
		c->config->apparmor_profile);
	label(c, "selinux", "process_label", c->process->process_label, c->config->process_label);
}

void lc_compile_seccomp(struct lc_compile *c)
{
	if (c->in->filter == NULL)
		return;
	lc_plan_origin(c->w, "seccomp");
	LCT_PLAN(c->w, seccomp, .flags = c->in->filter_flags,
		.filter = lc_plan_blob(c->w, c->in->filter, c->in->filter_size));
}
