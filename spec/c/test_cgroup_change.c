/* SPDX-License-Identifier: MIT */
/*
 * What a change that fails puts back, from what files of kernels hold that this one may lack: bfq's and CFQ's
 * weights, rdma. A plain file keeps what was written last at its beginning.
 */
#include "fake_cgroup.h"
#include "test.h"

struct put_back {
	const char *file, *held, *text, *back;
};

static const struct put_back numbers[] = {
	{"blkio.bfq.weight", "100\n", "500", "100"},
	{"blkio.weight", "1000\n", "10", "1000"},
	{"memory.max", "max\n", "4096", "max"},
	{"memory.oom_control", "oom_kill_disable 0\nunder_oom 1\noom_kill 3\n", "1", "0"},
	{"cpuset.cpus", "\n", "0-3", "\n"},
};

static const struct put_back lines[] = {
	{"blkio.bfq.weight_device", "8:0 300\n8:16 400\n", "8:16 500", "8:16 400"},
	{"blkio.weight_device", "8:0 300\n", "8:0 500", "8:0 300"},
	{"blkio.leaf_weight_device", "8:0 300\n", "8:0 20", "8:0 300"},
	{"blkio.throttle.read_bps_device", "8:0 7\n", "8:0 5", "8:0 7"},
	{"io.weight", "default 100\n8:0 300\n", "default 4950", "default 100"},
	{"io.bfq.weight", "default 100\n8:0 300\n", "default 500", "default 100"},
	{"io.bfq.weight", "default 100\n8:0 300\n", "8:0 500", "8:0 300"},
	{"io.max", "8:0 rbps=1 wbps=max riops=max wiops=max\n", "8:0 wiops=5",
		"8:0 rbps=1 wbps=max riops=max wiops=max"},
	{"io.latency", "8:0 target=5\n", "8:0 target=9", "8:0 target=5"},
	{"rdma.max", "mlx4_0 hca_handle=2 hca_object=max\n", "mlx4_0 hca_object=3",
		"mlx4_0 hca_handle=2 hca_object=max"},
	{"misc.max", "sev 5\n", "sev 6", "sev 5"},
	{"net_prio.ifpriomap", "lo 0\neth0 5\n", "eth0 6", "eth0 5"},
};

static const struct put_back absent[] = {
	{"blkio.bfq.weight_device", "8:160 300\n", "8:16 500", "8:16 default"},
	{"blkio.weight_device", "", "8:0 500", "8:0 0"},
	{"blkio.leaf_weight_device", "", "8:0 20", "8:0 0"},
	{"blkio.throttle.write_iops_device", "8:1 4\n", "8:0 5", "8:0 0"},
	{"io.weight", "default 100\n", "8:0 500", "8:0 default"},
	{"io.bfq.weight", "default 100\n", "8:0 500", "8:0 default"},
	{"io.max", "", "8:0 wiops=5", "8:0 rbps=max wbps=max riops=max wiops=max"},
	{"io.latency", "", "8:0 target=9", "8:0 target=0"},
	{"rdma.max", "", "mlx4_0 hca_object=3", "mlx4_0 hca_handle=max hca_object=max"},
	{"misc.max", "", "sev 6", "sev max"},
	{"net_prio.ifpriomap", "", "eth0 6", "eth0 0"},
};

/* A change of it and of a file that is not there. */
static bool comes_back(const struct put_back *row)
{
	const struct kernel_file file = {row->file, row->held};
	struct lc_cgroup_change change = {.count = 0};
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_cgroup_writes writes = {.arena = &arena};
	struct fake_cgroup fake;
	struct lc_error err;
	char now[256] = "";
	int fd;
	bool is_back;

	fake_cgroup_make(&fake, "blkio", false, &file, 1);
	(void) lc_cgroup_put(&writes, 0, row->file, "first", "%s", row->text);
	(void) lc_cgroup_put(&writes, 0, "nowhere", "second", "1");
	is_back = lc_cgroup_carry_out(&fake.cg, &writes, &change, &err) == -ENODEV &&
		  strcmp(err.subject, "cgroups.second: nowhere") == 0;
	fd = openat(fake.cg.dirs[0].fd, row->file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, now, sizeof(now) - 1) < 0)
		abort();
	(void) close(fd);
	is_back = is_back && strncmp(now, row->back, strlen(row->back)) == 0;
	if (!is_back)
		printf("# %s: %s: %s\n", row->file, err.subject, now);
	lc_cgroup_change_done(&change);
	lc_arena_done(&arena);
	fake_cgroup_remove(&fake);
	return is_back;
}

static bool all_come_back(const struct put_back *rows, size_t count)
{
	bool all = true;

	for (size_t i = 0; i < count; i++)
		all = comes_back(&rows[i]) && all;
	return all;
}

#define ALL_COME_BACK(rows) all_come_back((rows), sizeof(rows) / sizeof((rows)[0]))

/* A suite: test_main.c calls it. */
void test_cgroup_change(struct test *t)
{
	OK(ALL_COME_BACK(numbers), "[L45] a change that fails puts back what each file held");
	OK(ALL_COME_BACK(lines), "[L45] and of a file with a line for each device that device's");
	OK(ALL_COME_BACK(absent), "[L45] and for a device that had none what it is without");
}
