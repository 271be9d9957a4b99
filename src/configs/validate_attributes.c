/* SPDX-License-Identifier: MIT */
/* What the fields of a scheduling policy say of each other, and those of a memory policy. */
#include "base/parse.h"
#include "configs/names.h"
#include "configs/validate_parts.h"
#include <string.h>

#define NUMBER_MAX 8191 /* of a processor or a node */
#define RUNTIME_MIN 1024 /* nanoseconds; the kernel takes no less */

static int check_list(const char *list, const char *field, struct lc_error *err)
{
	uint64_t first, last;
	int r = 1;

	while (list != NULL && r == 1) {
		r = lc_parse_range(&list, &first, &last);
		if (r < 0 || (r == 1 && last > NUMBER_MAX))
			return lc_refuse(err, EINVAL, "%s: must be a list such as 0-3,7", field);
	}
	return 0;
}

static bool is_policy(const struct lc_config_scheduler *scheduler, const char *a, const char *b)
{
	return strcmp(scheduler->policy, a) == 0 || strcmp(scheduler->policy, b) == 0;
}

static int check_deadline(const struct lc_config_scheduler *scheduler, struct lc_error *err)
{
	int64_t runtime = scheduler->runtime.value, deadline = scheduler->deadline.value;
	int64_t period = scheduler->period.value;

	if (strcmp(scheduler->policy, "DEADLINE") != 0)
		return runtime == 0 && deadline == 0 && period == 0
			       ? 0
			       : lc_refuse(err, EINVAL,
					 "process.scheduler.policy: runtime, deadline and period need DEADLINE");
	if (runtime < RUNTIME_MIN || deadline < runtime || (period != 0 && period < deadline))
		return lc_refuse(err, EINVAL,
			"process.scheduler.runtime: 1024 <= runtime <= deadline <= period");
	return 0;
}

static int check_scheduler(const struct lc_config_scheduler *scheduler, struct lc_error *err)
{
	bool is_real_time;

	if (scheduler == NULL)
		return 0;
	is_real_time = is_policy(scheduler, "FIFO", "RR");
	if (scheduler->nice.value != 0 && !is_policy(scheduler, "OTHER", "BATCH"))
		return lc_refuse(err, EINVAL, "process.scheduler.nice: needs OTHER or BATCH");
	if (is_real_time != (scheduler->priority.value != 0))
		return lc_refuse(err, EINVAL, "process.scheduler.priority: FIFO and RR need one");
	return check_deadline(scheduler, err);
}

int lc_validate_process_attributes(const struct lc_config_process *process, struct lc_error *err)
{
	const struct lc_config_cpu_affinity *affinity = process->exec_cpu_affinity;
	const struct lc_config_io_priority *io = process->io_priority;
	int r = check_scheduler(process->scheduler, err);

	if (r == 0 && io != NULL && io->priority.value != 0 && strcmp(io->class, "IDLE") == 0)
		r = lc_refuse(err, EINVAL, "process.io_priority.priority: IDLE has none");
	if (r == 0 && affinity != NULL)
		r = check_list(affinity->initial, "process.exec_cpu_affinity.initial", err);
	if (r == 0 && affinity != NULL)
		r = check_list(affinity->final, "process.exec_cpu_affinity.final", err);
	return r;
}

int lc_validate_memory_policy(const struct lc_config_memory_policy *policy, struct lc_error *err)
{
	uint32_t flags = 0;
	bool has_none, wants_some;
	int r;

	if (policy == NULL)
		return 0;
	has_none = strcmp(policy->mode, "DEFAULT") == 0 || strcmp(policy->mode, "LOCAL") == 0;
	wants_some = !has_none && strcmp(policy->mode, "PREFERRED") != 0;
	for (size_t i = 0; i < policy->flags.count; i++)
		flags |= lc_memory_flag(policy->flags.items[i]);
	r = check_list(policy->nodes, "memory_policy.nodes", err);
	if (r == 0 && policy->nodes != NULL && has_none)
		r = lc_refuse(err, EINVAL, "memory_policy.nodes: %s has none", policy->mode);
	if (r == 0 && policy->nodes == NULL && wants_some)
		r = lc_refuse(err, EINVAL, "memory_policy.nodes: %s needs them", policy->mode);
	if (r == 0 && policy->nodes == NULL && flags != 0)
		r = lc_refuse(err, EINVAL, "memory_policy.flags: are of nodes");
	if (r == 0 && (flags & lc_memory_flag("STATIC_NODES")) != 0 &&
		(flags & lc_memory_flag("RELATIVE_NODES")) != 0)
		r = lc_refuse(err, EINVAL, "memory_policy.flags: STATIC_NODES or RELATIVE_NODES");
	if (r == 0 && (flags & lc_memory_flag("NUMA_BALANCING")) != 0 &&
		strcmp(policy->mode, "BIND") != 0 && strcmp(policy->mode, "PREFERRED_MANY") != 0)
		r = lc_refuse(err, EINVAL, "memory_policy.flags: NUMA_BALANCING is of BIND");
	return r;
}
