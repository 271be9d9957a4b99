/* SPDX-License-Identifier: MIT */
/*
 * Limits → writes to the files of v1 hierarchies, each controller's where it is mounted. What is
 * bound to the unified tree on a hybrid machine is v2_limits.c's.
 */
#include "cgroups/driver.h"

#include <inttypes.h>
#include <string.h>

/* bfq's own name first: the other one was CFQ's. */
static const char *weight_file(const struct lc_cgroup *cg, int dir, bool is_device)
{
	const char *files[2][2] = {
		{"blkio.bfq.weight", "blkio.weight"},
		{"blkio.bfq.weight_device", "blkio.weight_device"},
	};
	const char **names = files[is_device];

	return lc_cgroup_has_file(cg->dirs[dir].fd, names[1]) ? names[1] : names[0];
}

static void put_own(struct lc_cgroup *cg, int dir, const struct lc_limit_row *row, int64_t value,
	struct lc_cgroup_writes *writes)
{
	if (strcmp(row->name, "cpu_weight") == 0)
		lc_cgroup_put_row(writes, dir, row, LCT_FORM_NUMBER, row->v1_file,
			(int64_t) lc_cgroup_shares((uint64_t) value));
	else /* blkio_weight */
		lc_cgroup_put_row(writes, dir, row, LCT_FORM_NUMBER, weight_file(cg, dir, false),
			value);
}

static void put_rows(struct lc_cgroup *cg, const struct lc_resources *resources,
	struct lc_cgroup_writes *writes)
{
	size_t count;
	const struct lc_limit_row *rows = lc_limit_rows(&count);

	for (size_t i = 0; i < count; i++) {
		const struct lc_limit *limit = lc_limit_of(&rows[i], resources);
		int dir = limit->is_set ? lc_cgroup_find_v1(cg, rows[i].controller) : -1;

		if (dir < 0 || rows[i].v1 == LCT_FORM_NEVER)
			continue;
		if (rows[i].v1 == LCT_FORM_OWN)
			put_own(cg, dir, &rows[i], limit->value, writes);
		else
			lc_cgroup_put_row(
				writes, dir, &rows[i], rows[i].v1, rows[i].v1_file, limit->value);
	}
}

static void put_cpuset(struct lc_cgroup *cg, const struct lc_resources *resources,
	struct lc_cgroup_writes *writes)
{
	int dir = lc_cgroup_find_v1(cg, "cpuset");

	if (dir >= 0 && resources->cpuset_cpus != NULL)
		(void) lc_cgroup_put(writes, dir, "cpuset.cpus", "cpuset_cpus", "%s",
			resources->cpuset_cpus);
	if (dir >= 0 && resources->cpuset_mems != NULL)
		(void) lc_cgroup_put(writes, dir, "cpuset.mems", "cpuset_mems", "%s",
			resources->cpuset_mems);
}

static void put_block(struct lc_cgroup *cg, const struct lc_resources *resources,
	struct lc_cgroup_writes *writes)
{
	static const char *const files[LCT_RATE_KINDS] = {
		[LCT_RATE_READ_BPS] = "blkio.throttle.read_bps_device",
		[LCT_RATE_WRITE_BPS] = "blkio.throttle.write_bps_device",
		[LCT_RATE_READ_IOPS] = "blkio.throttle.read_iops_device",
		[LCT_RATE_WRITE_IOPS] = "blkio.throttle.write_iops_device",
	};
	int dir = lc_cgroup_find_v1(cg, "blkio");

	for (size_t i = 0; dir >= 0 && i < resources->block_weights_count; i++) {
		const struct lc_block_weight *w = &resources->block_weights[i];
		const char *field = lc_cgroup_item(writes, "blkio_weight_device", i);

		if (w->weight.is_set)
			(void) lc_cgroup_put(writes, dir, weight_file(cg, dir, true), field,
				"%u:%u %" PRId64, w->major, w->minor, w->weight.value);
		if (w->leaf_weight.is_set)
			(void) lc_cgroup_put(writes, dir, "blkio.leaf_weight_device", field,
				"%u:%u %" PRId64, w->major, w->minor, w->leaf_weight.value);
	}
	for (size_t kind = 0; dir >= 0 && kind < LCT_RATE_KINDS; kind++)
		for (size_t i = 0; i < resources->block_rates[kind].count; i++) {
			const struct lc_block_rate *rate = &resources->block_rates[kind].items[i];

			(void) lc_cgroup_put(writes, dir, files[kind],
				lc_cgroup_item(writes, lc_rate_fields[kind], i), "%u:%u %" PRId64,
				rate->major, rate->minor, rate->rate);
		}
}

static void put_net_priorities(struct lc_cgroup *cg, const struct lc_resources *resources,
	struct lc_cgroup_writes *writes)
{
	int dir = lc_cgroup_find_v1(cg, "net_prio");

	for (size_t i = 0; dir >= 0 && i < resources->net_priorities_count; i++)
		(void) lc_cgroup_put(writes, dir, "net_prio.ifpriomap",
			lc_cgroup_item(writes, "net_prio_ifpriomap", i), "%s %" PRId64,
			resources->net_priorities[i].interface,
			resources->net_priorities[i].priority);
}

int lc_cgroup_v1_limits(struct lc_cgroup *cg, const struct lc_resources *resources,
	struct lc_cgroup_writes *writes, struct lc_error *err)
{
	int devices = lc_cgroup_find_v1(cg, "devices"), rdma = lc_cgroup_find_v1(cg, "rdma");
	int hugetlb = lc_cgroup_find_v1(cg, "hugetlb");

	put_rows(cg, resources, writes);
	put_cpuset(cg, resources, writes);
	put_block(cg, resources, writes);
	if (hugetlb >= 0)
		lc_cgroup_put_hugetlb(cg, writes, hugetlb, resources, "limit_in_bytes");
	put_net_priorities(cg, resources, writes);
	if (rdma >= 0)
		lc_cgroup_put_rdma(writes, rdma, resources);
	if (devices >= 0 && resources->devices.count > 0)
		return lc_device_put_v1(writes, devices, resources, err);
	return 0;
}
