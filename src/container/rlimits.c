/* SPDX-License-Identifier: MIT */
#include "container/rlimits.h"

#include "configs/compile.h"
#include "configs/names.h"
#include "sys/sys.h"

static long raise_one(pid_t pid, int resource, uint64_t hard)
{
	struct rlimit64 limit;
	long r = lc_sys_prlimit((int) pid, resource, NULL, &limit);

	if (r < 0 || hard <= limit.rlim_max)
		return r;
	limit.rlim_max = hard;
	return lc_sys_prlimit((int) pid, resource, &limit, NULL);
}

int lc_rlimits_raise(const struct lc_config_config *config, const struct lc_config_process *process,
	const struct lc_process *init, struct lc_error *err)
{
	const struct lc_objects *list = lc_compile_rlimits_of(config, process);
	const struct lc_config_rlimit *limits = list->items;

	for (size_t i = 0; i < list->count; i++) {
		long r = raise_one(init->pid, lc_rlimit_number(limits[i].type),
			(uint64_t) limits[i].hard.value);

		if (r < 0 && r != -EPERM)
			return lc_fail(err, LCT_STEP_RLIMIT, r, limits[i].type);
	}
	return 0;
}
