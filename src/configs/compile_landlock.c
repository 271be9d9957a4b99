/* SPDX-License-Identifier: MIT */
/*
 * A Landlock domain: words become bits, as far as the kernel knows them. A word that it does not know is
 * an error, unless the configuration says that it may be left out; what is refused where no rule allows
 * it is all that the kernel knows.
 */
#include "configs/compile_parts.h"
#include "configs/names.h"
#include "configs/validate_parts.h"
#include <string.h>

struct domain {
	const struct lc_config_landlock *config;
	int abi;
	uint64_t files, network, scope;
};

/* May a right of this ABI be used? 0: it is left out. */
static int check_abi(const struct domain *d, int abi, const char *field, size_t index, const char *word,
	struct lc_error *err)
{
	if (abi <= d->abi)
		return 1;
	if (d->config->best_effort)
		return 0;
	return lc_refuse(err, ENOSYS, "landlock.%s[%zu]: %s needs Landlock ABI %d, this kernel has %d",
		field, index + 1, word, abi, d->abi);
}

static int read_refused(struct domain *d, struct lc_error *err)
{
	const struct lc_config_landlock *config = d->config;
	bool files = config->refuse.count == 0 && config->paths.count > 0;
	uint64_t network = config->refuse.count == 0 && config->ports.count > 0 ? 3 : 0;
	int abi, r = 0;

	for (size_t i = 0; r >= 0 && i < config->refuse.count; i++) {
		uint64_t bit = lc_landlock_network(config->refuse.items[i], &abi);

		files = files || bit == 0;
		r = bit == 0 ? 0 : check_abi(d, abi, "refuse", i, config->refuse.items[i], err);
		network |= r > 0 ? bit : 0;
	}
	for (size_t i = 0; r >= 0 && i < config->scope.count; i++) {
		uint64_t bit = lc_landlock_scope(config->scope.items[i], &abi);

		r = check_abi(d, abi, "scope", i, config->scope.items[i], err);
		d->scope |= r > 0 ? bit : 0;
	}
	if (r < 0)
		return r;
	d->files = files ? lc_landlock_files("all", d->abi, &abi) : 0;
	d->network = network != 0 && d->abi >= 4 ? network : 0;
	return network != 0 ? check_abi(d, 4, "ports", 0, "TCP", err) : 0;
}

static int add_paths(struct lc_compile *c, const struct domain *d, struct lc_error *err)
{
	const struct lc_config_landlock_path *rules = d->config->paths.items;

	for (size_t i = 0; i < d->config->paths.count; i++) {
		uint64_t access = 0;
		int abi, r;

		for (size_t k = 0; k < rules[i].access.count; k++) {
			access |= lc_landlock_files(rules[i].access.items[k], d->abi, &abi);
			r = check_abi(d, abi, "paths", i, rules[i].access.items[k], err);
			if (r < 0)
				return r;
		}
		access &= d->files;
		for (size_t k = 0; access != 0 && k < rules[i].paths.count; k++) {
			lc_plan_origin(c->w, "landlock.paths[%zu].paths[%zu]", i + 1, k + 1);
			LCT_PLAN(c->w, landlock_path,
				.path = lc_plan_intern(c->w, rules[i].paths.items[k]), .access = access);
		}
	}
	return 0;
}

static void add_ports(struct lc_compile *c, const struct domain *d)
{
	const struct lc_config_landlock_port *rules = d->config->ports.items;
	int abi;

	for (size_t i = 0; i < d->config->ports.count; i++) {
		uint64_t access = 0;

		for (size_t k = 0; k < rules[i].access.count; k++)
			access |= lc_landlock_network(rules[i].access.items[k], &abi);
		access &= d->network;
		lc_plan_origin(c->w, "landlock.ports[%zu]", i + 1);
		if (access != 0)
			LCT_PLAN(c->w, landlock_port, .port = (uint32_t) rules[i].port.value,
				.access = access);
	}
}

int lc_compile_landlock(struct lc_compile *c, struct lc_error *err)
{
	struct domain d = {.config = c->config->landlock, .abi = c->in->landlock_abi};
	int r;

	if (d.config == NULL)
		return 0;
	r = check_abi(&d, 1, "paths", 0, "a domain", err);
	if (r <= 0)
		return r;
	r = read_refused(&d, err);
	if (r < 0 || (d.files | d.network | d.scope) == 0)
		return r < 0 ? r : 0;
	lc_plan_origin(c->w, "landlock");
	LCT_PLAN(c->w, landlock, .files = d.files, .network = d.network, .scope = d.scope);
	c->has_landlock = true;
	r = add_paths(c, &d, err);
	if (r >= 0)
		add_ports(c, &d);
	lc_plan_origin(c->w, NULL);
	return r;
}

void lc_compile_landlock_restrict(struct lc_compile *c)
{
	if (!c->has_landlock)
		return;
	lc_plan_origin(c->w, "landlock");
	LCT_PLAN(c->w, landlock_restrict);
	lc_plan_origin(c->w, NULL);
}
