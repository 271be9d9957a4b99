/* SPDX-License-Identifier: MIT */
/*
 * Limits → properties of the scope. They are what systemd shows, keeps over a daemon-reload, and
 * enforces around the container; the exact ones are in the container's own cgroup, and all those
 * that systemd has no property for. So these are never tighter than those: processor time is
 * rounded up, as systemd does it to 10 ms, and the keeper is one more task.
 */
#include "base/parse.h"
#include "cgroups/systemd.h"

#include <string.h>

#define INFINITE UINT64_MAX
#define CPU_STEP 10000 /* systemd's precision, in microseconds a second */
#define PERIOD 100000
#define BIT_MAX 8192

static void put(struct lc_unit_properties *out, const char *name, int64_t value)
{
	if (out->count == LCT_UNIT_PROPERTIES_MAX)
		return;
	out->items[out->count++] = (struct lc_unit_property){
		.name = name,
		.type = 't',
		.number = value < 0 ? INFINITE : (uint64_t) value,
	};
}

static void put_limit(struct lc_unit_properties *out, const char *name, const struct lc_limit *limit)
{
	if (limit->is_set)
		put(out, name, limit->value);
}

static void put_memory(const struct lc_resources *resources, struct lc_unit_properties *out)
{
	const struct lc_limit *memory = &resources->memory, *swap = &resources->memory_swap;

	put_limit(out, "MemoryMax", memory);
	if (swap->is_set && swap->value < 0)
		put(out, "MemorySwapMax", -1);
	else if (swap->is_set && memory->is_set && swap->value >= memory->value)
		put(out, "MemorySwapMax", swap->value - memory->value);
	put_limit(out, "MemoryLow",
		resources->memory_low.is_set ? &resources->memory_low
					     : &resources->memory_reservation);
	put_limit(out, "MemoryMin", &resources->memory_min);
	put_limit(out, "MemoryHigh", &resources->memory_high);
}

static void put_cpu(const struct lc_resources *resources, struct lc_unit_properties *out)
{
	const struct lc_limit *quota = &resources->cpu_quota, *period = &resources->cpu_period;
	uint64_t each = period->is_set && period->value > 0 ? (uint64_t) period->value : PERIOD;
	uint64_t second;

	if (resources->cpu_weight.is_set)
		put_limit(out, "CPUWeight", &resources->cpu_weight);
	else if (resources->cpu_shares.is_set)
		put(out, "CPUWeight",
			(int64_t) lc_cgroup_weight((uint64_t) resources->cpu_shares.value));
	if (!quota->is_set)
		return;
	if (quota->value < 0) {
		put(out, "CPUQuotaPerSecUSec", -1);
		return;
	}
	if (__builtin_mul_overflow((uint64_t) quota->value, 1000000u, &second))
		return; /* more time than there is: as good as no limit */
	second = (second + each - 1) / each;
	put(out, "CPUQuotaPerSecUSec", (int64_t) ((second + CPU_STEP - 1) / CPU_STEP * CPU_STEP));
	if (period->is_set)
		put(out, "CPUQuotaPeriodUSec", period->value);
}

/* "0-3,7" as bytes, bit n of them for number n. */
static int put_set(const char *list, const char *name, struct lc_arena *arena,
	struct lc_unit_properties *out)
{
	uint8_t *bytes = lc_arena_alloc(arena, BIT_MAX / 8);
	size_t size = 0;
	uint64_t first, last;

	if (bytes == NULL)
		return -ENOMEM;
	while (lc_parse_range(&list, &first, &last) > 0) {
		for (uint64_t bit = first; bit <= last && bit < BIT_MAX; bit++) {
			bytes[bit / 8] |= (uint8_t) (1u << bit % 8);
			size = bit / 8 + 1 > size ? bit / 8 + 1 : size;
		}
	}
	if (size > 0 && out->count < LCT_UNIT_PROPERTIES_MAX)
		out->items[out->count++] = (struct lc_unit_property){
			.name = name,
			.type = 'y',
			.is_array = true,
			.bytes = bytes,
			.size = size,
		};
	return 0;
}

int lc_systemd_limits(const struct lc_cgroup *cg, const struct lc_resources *resources,
	struct lc_arena *arena, struct lc_unit_properties *out)
{
	int r = 0;

	put_memory(resources, out);
	put_cpu(resources, out);
	if (resources->pids_limit.is_set)
		put(out, "TasksMax",
			resources->pids_limit.value < 0 ? -1 : resources->pids_limit.value + 1);
	if (resources->blkio_weight.is_set)
		put(out, "IOWeight",
			(int64_t) lc_cgroup_io_weight((uint64_t) resources->blkio_weight.value));
	/* systemd has these for the unified tree alone */
	if (lc_cgroup_has_v2(cg, "cpuset") && resources->cpuset_cpus != NULL)
		r = put_set(resources->cpuset_cpus, "AllowedCPUs", arena, out);
	if (r >= 0 && lc_cgroup_has_v2(cg, "cpuset") && resources->cpuset_mems != NULL)
		r = put_set(resources->cpuset_mems, "AllowedMemoryNodes", arena, out);
	return r;
}
