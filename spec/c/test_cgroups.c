/* SPDX-License-Identifier: MIT */
/* The parts of src/cgroups/ that need no privilege and no cgroup: reading what is mounted, choosing
 * places, refusing, converting units. What the kernel does with it is tested from Lua. */
#include "test.h"

#include "cgroups/driver.h"

#include <string.h>

#define NAME "libcontainer-1a2b3c4d-web-1"

static bool strips(const char *root, const char *own, const char *expected)
{
	const char *got = lc_cgroup_strip_root(root, own);

	return expected == NULL ? got == NULL : got != NULL && strcmp(got, expected) == 0;
}

static void test_roots(struct test *t)
{
	OK(strips("/", "/", "/") && strips("/", "/a/b", "/a/b"), "a mount of the whole hierarchy");
	OK(strips("/docker/1", "/docker/1/x", "/x") && strips("/docker/1", "/docker/1", "/"),
		"[D45] a mount of a part shows the caller relative to it");
	OK(strips("/docker/1", "/docker/10", NULL) && strips("/docker/1", "/other", NULL),
		"[D45] a caller outside of the part does not fit");
	OK(strips("/../..", "/", NULL) && strips("/", "/../x", NULL) &&
			strips("/..", "/../../x", NULL),
		"[D45] above the root of a cgroup namespace nothing fits");
	OK(strips("/", "/a (deleted)", NULL), "a removed cgroup is no place");
}

static void test_lines(struct test *t)
{
	char text[] = "4:memory:/a:b/c\n1:name=systemd:/\n0::/x y\nrubbish\n";
	char *cursor = text, *controllers = NULL, *path = NULL;

	OK(lc_cgroup_next_line(&cursor, &controllers, &path) == 1 &&
			strcmp(controllers, "memory") == 0 && strcmp(path, "/a:b/c") == 0,
		"[F08] a colon in a cgroup's name stays");
	OK(lc_cgroup_next_line(&cursor, &controllers, &path) == 1 &&
			strcmp(controllers, "name=systemd") == 0 && strcmp(path, "/") == 0,
		"[O86] a named hierarchy is one like the others");
	OK(lc_cgroup_next_line(&cursor, &controllers, &path) == 1 && *controllers == '\0' &&
			strcmp(path, "/x y") == 0,
		"[O86] the unified line has no controllers");
	OK(lc_cgroup_next_line(&cursor, &controllers, &path) == -EINVAL, "[F08] rubbish is EINVAL");
	OK(lc_cgroup_next_line(&cursor, &controllers, &path) == 0, "the end is 0");
}

static char memory_name[] = "memory", both_name[] = "cpu,cpuacct", unified_name[] = "unified";
static char root[] = "/", deep[] = "/jobs/one", controllers_hugetlb[] = "hugetlb";
static char controllers_all[] = "cpuset,cpu,io,memory,pids", mount_point[] = "/nowhere";

static struct lc_cgroup_mounts hybrid_mounts(void)
{
	return (struct lc_cgroup_mounts){
		.items =
			{
				{memory_name, memory_name, mount_point, deep, -1, false},
				{both_name, both_name, mount_point, root, -1, false},
				{unified_name, controllers_hugetlb, mount_point, deep, -1, true},
			},
		.count = 3,
		.driver = &lc_cgroup_hybrid_ops,
	};
}

static bool is_at(const struct lc_cgroup *cg, size_t index, const char *path)
{
	return cg->count > index && strcmp(cg->dirs[index].path, path) == 0;
}

static void test_places(struct test *t)
{
	struct lc_cgroup_mounts mounts = hybrid_mounts();
	struct lc_cgroup cg;

	(void) lc_cgroup_init(&cg, &mounts, NULL, NAME, LCT_MANAGER_AUTO, NULL);
	OK(is_at(&cg, 0, "jobs/one/" NAME) && is_at(&cg, 1, NAME) &&
			is_at(&cg, 2, "jobs/one/" NAME),
		"[D45] without a path it is below the caller's own cgroup of each hierarchy");
	lc_cgroup_done(&cg);
	(void) lc_cgroup_init(&cg, &mounts, "/a/b", NAME, LCT_MANAGER_AUTO, NULL);
	OK(is_at(&cg, 0, "a/b") && is_at(&cg, 1, "a/b"),
		"[O83] an absolute path is below the mount");
	lc_cgroup_done(&cg);
	(void) lc_cgroup_init(&cg, &mounts, "a/b", NAME, LCT_MANAGER_AUTO, NULL);
	OK(is_at(&cg, 0, "jobs/one/a/b") && is_at(&cg, 1, "a/b"),
		"[O83] a relative path is below the caller's own cgroup");
	lc_cgroup_done(&cg);
	mounts.items[2].controllers = controllers_all;
	(void) lc_cgroup_init(&cg, &mounts, NULL, NAME, LCT_MANAGER_AUTO, NULL);
	OK(is_at(&cg, 2, "jobs/" NAME), "[O87] where v2 gives the controllers it is beside the "
					"caller, who holds processes");
	lc_cgroup_done(&cg);
}

static void test_refused_places(struct test *t)
{
	static const char *const bad[] = {"", "/", "..", "a/..", "../a", "/a/../b", "a//b", "/a/",
		"//a", ".", "a/./b", "a\nb"};
	struct lc_cgroup_mounts mounts = hybrid_mounts();
	struct lc_cgroup_saved saved = {memory_name, "a/../.."};
	struct lc_cgroup cg;
	struct lc_error err;
	bool refused = true;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused = refused && lc_cgroup_init(&cg, &mounts, bad[i], NAME, LCT_MANAGER_AUTO, &err) == -EINVAL &&
			  strcmp(err.subject, bad[i]) == 0;
	OK(refused, "[O83] .., empty and dot components and newlines are EINVAL, naming the path");
	OK(lc_cgroup_init(&cg, &mounts, NULL, "a/b", LCT_MANAGER_AUTO, &err) == -EINVAL,
		"a fallback is one component");
	OK(lc_cgroup_init(&cg, &mounts, "/jobs", NAME, LCT_MANAGER_AUTO, &err) == -EBUSY &&
			lc_cgroup_init(&cg, &mounts, "/jobs/one", NAME, LCT_MANAGER_AUTO, &err) == -EBUSY,
		"[A89] the caller's own cgroup and those above it are EBUSY");
	OK(lc_cgroup_init_saved(&cg, &mounts, &saved, 1, "box", &err) == -EINVAL,
		"[L17] a saved path with .. is refused");
	saved.path = "";
	OK(lc_cgroup_init_saved(&cg, &mounts, &saved, 1, "box", &err) == -EINVAL,
		"[L17] a saved path that is the whole hierarchy is refused");
	saved.path = "jobs/one";
	OK(lc_cgroup_init_saved(&cg, &mounts, &saved, 1, "box", &err) == -EBUSY,
		"[L17] a saved path that holds the caller is refused");
}

static void test_controllers(struct test *t)
{
	struct lc_cgroup_mounts mounts = hybrid_mounts(), nothing = {.driver = &lc_cgroup_none_ops};
	struct lc_resources resources = {.pids_limit = {5, true}};
	struct lc_resources quota = {.cpu_quota = {1000, true}}, none = {.cpuset_cpus = NULL};
	struct lc_cgroup cg;
	struct lc_error err;

	(void) lc_cgroup_init(&cg, &mounts, NULL, NAME, LCT_MANAGER_AUTO, NULL);
	OK(lc_cgroup_check(&cg, &resources, &err) == -ENODEV &&
			strcmp(err.subject, "cgroups.pids_limit: pids") == 0,
		"[O87] a limit without its controller is ENODEV and names both");
	OK(lc_cgroup_check(&cg, &quota, &err) == 0, "a co-mounted controller is found");
	lc_cgroup_done(&cg);
	(void) lc_cgroup_init(&cg, &nothing, NULL, NAME, LCT_MANAGER_AUTO, NULL);
	OK(lc_cgroup_check(&cg, &quota, &err) == -ENODEV, "without cgroups a limit is refused");
	OK(lc_cgroup_create(&cg, &none, &err) == 0 && lc_cgroup_kill(&cg, 0, &err) == 0 &&
			lc_cgroup_destroy(&cg, 0, &err) == 0,
		"without cgroups and limits everything succeeds");
	lc_cgroup_done(&cg);
	lc_cgroup_done(&cg);
}

static void test_other_limits(struct test *t)
{
	static const struct lc_block_weight weight = {8, 0, {500, true}, {0, false}};
	static const struct lc_block_rate rate = {8, 0, 1};
	static const struct lc_hugetlb_limit pages = {"2MB", 1};
	static const struct lc_net_priority priority = {"lo", 1};
	static const struct lc_rdma_limit rdma = {"mlx4_0", {1, true}, {0, false}};
	static const struct lc_device_rule rule = {.is_allowed = true, .type = 'a'};
	static const struct lc_cgroup_file file = {"io.latency", "8:0 target=9"};
	const struct {
		const char *said;
		struct lc_resources resources;
	} lacking[] = {
		{"cgroups.cpuset_cpus: cpuset", {.cpuset_cpus = "0"}},
		{"cgroups.cpuset_mems: cpuset", {.cpuset_mems = "0"}},
		{"cgroups.blkio_weight_device: blkio",
			{.block_weights = &weight, .block_weights_count = 1}},
		{"cgroups.blkio_throttle_read_bps_device: blkio",
			{.block_rates[LCT_RATE_READ_BPS] = {&rate, 1}}},
		{"cgroups.blkio_throttle_write_bps_device: blkio",
			{.block_rates[LCT_RATE_WRITE_BPS] = {&rate, 1}}},
		{"cgroups.blkio_throttle_read_iops_device: blkio",
			{.block_rates[LCT_RATE_READ_IOPS] = {&rate, 1}}},
		{"cgroups.blkio_throttle_write_iops_device: blkio",
			{.block_rates[LCT_RATE_WRITE_IOPS] = {&rate, 1}}},
		{"cgroups.hugetlb_limit: hugetlb", {.hugetlb = &pages, .hugetlb_count = 1}},
		{"cgroups.net_prio_ifpriomap: net_prio",
			{.net_priorities = &priority, .net_priorities_count = 1}},
		{"cgroups.rdma: rdma", {.rdma = &rdma, .rdma_count = 1}},
		{"cgroups.devices: devices", {.devices = {&rule, 1, false}}},
		{"cgroups.unified.io.latency: cgroup v2", {.unified = &file, .unified_count = 1}},
		/* a kernel that was started without swap accounting */
		{"cgroups.memory_swap: memory.memsw.limit_in_bytes", {.memory_swap = {9, true}}},
	};
	static const struct lc_hugetlb_limit larger = {"1GB", 1};
	const struct lc_resources large = {.hugetlb = &larger, .hugetlb_count = 1};
	struct lc_cgroup_mounts mounts = hybrid_mounts();
	struct lc_error err;
	struct lc_cgroup cg;
	bool all = true;

	mounts.count = 2; /* memory, and cpu with cpuacct */
	strcpy(mounts.page_sizes, "2MB");
	for (size_t i = 0; i < sizeof(lacking) / sizeof(lacking[0]); i++) {
		int r;

		err = (struct lc_error){.errnum = 0};
		(void) lc_cgroup_init(&cg, &mounts, NULL, NAME, LCT_MANAGER_AUTO, NULL);
		r = lc_cgroup_check(&cg, &lacking[i].resources, &err);
		if (r != -ENODEV || strcmp(err.subject, lacking[i].said) != 0) {
			printf("# %s: %s\n", lacking[i].said, err.subject);
			all = false;
		}
		lc_cgroup_done(&cg);
	}
	OK(all, "[O87] what is no number of a row is ENODEV without its controller and names both");

	mounts.count = 3; /* that has hugetlb */
	(void) lc_cgroup_init(&cg, &mounts, NULL, NAME, LCT_MANAGER_AUTO, NULL);
	OK(lc_cgroup_check(&cg, &large, &err) == -ENODEV &&
			strcmp(err.subject, "cgroups.hugetlb_limit[1]: huge pages of 1GB, of 2MB") == 0,
		"a size of pages that the kernel lacks is ENODEV and names those that it has");
	lc_cgroup_done(&cg);
}

/* A suite: test_main.c calls it. */
void test_cgroups(struct test *t);
void test_cgroups(struct test *t)
{
	test_roots(t);
	test_lines(t);
	test_places(t);
	test_refused_places(t);
	test_controllers(t);
	test_other_limits(t);
}
