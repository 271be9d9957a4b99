/* SPDX-License-Identifier: MIT */
/*
 * A Landlock domain. Its rules are made while we may still reach every path of the container; a
 * process that joins takes the ruleset along through its last fork. Entered when nothing but the filter
 * and the exec is left, since it holds for us too.
 */
#include "init/init.h"

#define RULE_PATH_BENEATH 1
#define RULE_NET_PORT 2
/* What can be allowed of a file that is no directory: execute, write, read, truncate, ioctl. */
#define OF_FILES (UINT64_C(1) << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15)

/* linux/landlock.h; older kernels take what is longer when it ends in zeroes. */
struct ruleset {
	uint64_t files, network, scope;
};
struct path_rule {
	uint64_t access;
	int32_t parent;
} __attribute__((packed));
struct port_rule {
	uint64_t access, port;
};

int lc_init_landlock(struct lc_init *init, const struct lc_op_landlock *op, struct lc_error *err)
{
	const struct ruleset ruleset = {op->files, op->network, op->scope};
	long r = lc_sys_landlock_create_ruleset(&ruleset, sizeof(ruleset), 0);

	init->landlock = (int) r; /* it closes on exec */
	return r < 0 ? lc_fail(err, LCT_STEP_LANDLOCK, r, "ruleset") : 0;
}

int lc_init_landlock_path(
	struct lc_init *init, const struct lc_op_landlock_path *op, struct lc_error *err)
{
	const char *path = lc_plan_string(&init->plan, op->path);
	LCT_INIT_FD int parent = lc_path_open(init, path, O_PATH, 0);
	struct path_rule rule = {.access = op->access, .parent = parent};
	struct statx seen;
	long r = parent;

	if (r >= 0)
		r = lc_path_stat(parent, &seen);
	if (r >= 0 && (seen.stx_mode & S_IFMT) != S_IFDIR) {
		rule.access &= OF_FILES;
		if (rule.access == 0)
			r = -ENOTDIR;
	}
	if (r >= 0)
		r = lc_sys_landlock_add_rule(init->landlock, RULE_PATH_BENEATH, &rule);
	return r < 0 ? lc_fail(err, LCT_STEP_LANDLOCK, r, path) : 0;
}

int lc_init_landlock_port(
	struct lc_init *init, const struct lc_op_landlock_port *op, struct lc_error *err)
{
	const struct port_rule rule = {op->access, op->port};
	long r = lc_sys_landlock_add_rule(init->landlock, RULE_NET_PORT, &rule);

	return r < 0 ? lc_fail(err, LCT_STEP_LANDLOCK, r, "port") : 0;
}

int lc_init_landlock_restrict(
	struct lc_init *init, const struct lc_op_landlock_restrict *op, struct lc_error *err)
{
	long r = lc_sys_landlock_restrict_self(init->landlock);

	(void) op;
	return r < 0 ? lc_fail(err, LCT_STEP_LANDLOCK, r, "restrict_self") : 0;
}
