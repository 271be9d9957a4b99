/* SPDX-License-Identifier: MIT */
/* The systemd driver without a systemd: names of units and slices, and limits as properties. */
#include "test.h"

#include "cgroups/systemd.h"

#include <stdlib.h>
#include <string.h>

static bool named(const char *path, const char *fallback, bool is_user, const char *unit,
	const char *slice)
{
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_cgroup_scope scope = {.unit = NULL};
	struct lc_error err;
	bool is_so = lc_cgroup_scope_names(path, fallback, is_user, &arena, &scope, &err) == 0 &&
		     strcmp(scope.unit, unit) == 0 && strcmp(scope.slice, slice) == 0;

	lc_arena_done(&arena);
	return is_so;
}

static void test_names(struct test *t)
{
	OK(named(NULL, "libcontainer-1-web", false, "libcontainer-1-web.scope", "system.slice"),
		"[O84] without a path the scope has our own name, in system.slice");
	OK(named(NULL, "libcontainer-1-web", true, "libcontainer-1-web.scope", "user.slice"),
		"[O84] a user's is in user.slice");
	OK(named("pods.slice:cri:web", "x", false, "cri-web.scope", "pods.slice") &&
			named(":cri:web", "x", false, "cri-web.scope", "system.slice") &&
			named("-.slice::web", "x", false, "web.scope", "-.slice") &&
			named(":a:web.scope", "x", false, "a-web.scope", "system.slice"),
		"[O84] slice:prefix:name, where slice and prefix may be empty");
	OK(named(NULL, "a+b", false, "a\\x2bb.scope", "system.slice") &&
			named(":p q:web", "x", false, "p\\x20q-web.scope", "system.slice"),
		"[O84] what no unit's name may hold is escaped");
}

static void test_refused(struct test *t)
{
	static const char *const bad[] = {"web", "a.slice:web", "a:b:c", "a.slice:b:", "a.slice:b:c:d",
		"a--b.slice:b:c", "-a.slice:b:c", "a-.slice:b:c", "../a.slice:b:c", ".slice:b:c",
		"a.slice:b:c.slice", "a.slice:../b:c", "a.slice:b:c/../d", "::.hidden", "::-web", ""};
	char longest[300] = "::";
	bool refused = true;
	struct lc_error err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct lc_arena arena = LCT_ARENA_INIT;
		struct lc_cgroup_scope scope = {.unit = NULL};

		err = (struct lc_error){.errnum = 0};
		if (lc_cgroup_scope_names(bad[i], "x", false, &arena, &scope, &err) != -EINVAL ||
			err.step != LCT_STEP_SYSTEMD || scope.unit != NULL) {
			printf("# %s\n", bad[i]);
			refused = false;
		}
		lc_arena_done(&arena);
	}
	OK(refused, "[O84] what is not slice:prefix:name, or leads elsewhere, is refused");
	memset(longest + 2, 'x', 260);
	longest[262] = '\0';
	{
		struct lc_arena arena = LCT_ARENA_INIT;
		struct lc_cgroup_scope scope = {.unit = NULL};

		OK(lc_cgroup_scope_names(longest, "x", false, &arena, &scope, &err) ==
				-ENAMETOOLONG,
			"a name of more than 255 bytes is too long");
		lc_arena_done(&arena);
	}
}

static bool path_is(const char *slice, const char *path)
{
	struct lc_arena arena = LCT_ARENA_INIT;
	const char *found = lc_systemd_slice_path(slice, &arena);
	bool is_so = found != NULL && strcmp(found, path) == 0;

	lc_arena_done(&arena);
	return is_so;
}

/* --- limits --- */

static const struct lc_unit_property *find(const struct lc_unit_properties *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].name, name) == 0)
			return &list->items[i];
	return NULL;
}

static bool is(const struct lc_unit_properties *list, const char *name, uint64_t number)
{
	const struct lc_unit_property *found = find(list, name);

	return found != NULL && found->type == 't' && found->number == number;
}

static bool is_set(const struct lc_unit_properties *list, const char *name, const char *bytes,
	size_t size)
{
	const struct lc_unit_property *found = find(list, name);

	return found != NULL && found->type == 'y' && found->size == size &&
	       memcmp(found->bytes, bytes, size) == 0;
}

#define LIMIT(number) {.value = (number), .is_set = true}

static void test_limits(struct test *t)
{
	static const struct lc_cgroup_mounts pure = {
		.items = {{.name = (char *) "", .controllers = (char *) "cpuset,cpu,io,memory,pids",
			.is_unified = true}},
		.count = 1,
	};
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_cgroup cg = {.mounts = &pure, .dirs = {{.hierarchy = 0}}, .count = 1};
	struct lc_unit_properties list = {.count = 0};
	struct lc_resources nothing = {.may_kill = false};
	struct lc_resources limits = {
		.memory = LIMIT(1 << 20),
		.memory_swap = LIMIT(3 << 20),
		.memory_reservation = LIMIT(4096),
		.cpu_shares = LIMIT(1024),
		.cpu_quota = LIMIT(25500),
		.cpu_period = LIMIT(50000),
		.pids_limit = LIMIT(20),
		.blkio_weight = LIMIT(500),
		.cpuset_cpus = "0-2,9",
		.cpuset_mems = "0",
	};

	OK(lc_systemd_limits(&cg, &nothing, &arena, &list) == 0 && list.count == 0,
		"what has no limit gets no property");
	OK(lc_systemd_limits(&cg, &limits, &arena, &list) == 0, "limits become properties");
	OK(is(&list, "MemoryMax", 1 << 20) && is(&list, "MemorySwapMax", 2 << 20) &&
			is(&list, "MemoryLow", 4096),
		"[O84] memory, swap alone, and the reservation");
	OK(is(&list, "CPUWeight", 100) && is(&list, "IOWeight", 4950), "weights in systemd's scale");
	OK(is(&list, "CPUQuotaPerSecUSec", 510000) && is(&list, "CPUQuotaPeriodUSec", 50000),
		"a quota is that of a second");
	OK(is(&list, "TasksMax", 21), "one task more than the limit, for the keeper");
	OK(is_set(&list, "AllowedCPUs", "\x07\x02", 2) && is_set(&list, "AllowedMemoryNodes", "\1", 1),
		"processors and nodes are bits");

	limits = (struct lc_resources){.memory = LIMIT(-1), .memory_swap = LIMIT(-1),
		.pids_limit = LIMIT(-1), .cpu_quota = LIMIT(-1), .cpu_weight = LIMIT(7)};
	list.count = 0;
	OK(lc_systemd_limits(&cg, &limits, &arena, &list) == 0 && is(&list, "MemoryMax", UINT64_MAX) &&
			is(&list, "MemorySwapMax", UINT64_MAX) && is(&list, "TasksMax", UINT64_MAX) &&
			is(&list, "CPUQuotaPerSecUSec", UINT64_MAX) && is(&list, "CPUWeight", 7),
		"-1 is infinity");
	limits = (struct lc_resources){.cpu_quota = LIMIT(33333), .pids_limit = LIMIT(0)};
	list.count = 0;
	OK(lc_systemd_limits(&cg, &limits, &arena, &list) == 0 &&
			is(&list, "CPUQuotaPerSecUSec", 340000) && is(&list, "TasksMax", 1),
		"[O95] a quota is rounded up, and 0 tasks leave room for the keeper");
	lc_arena_done(&arena);
}

void test_systemd(struct test *t)
{
	test_names(t);
	test_refused(t);
	OK(path_is("system.slice", "system.slice") && path_is("-.slice", "") &&
			path_is("a-b-c.slice", "a.slice/a-b.slice/a-b-c.slice"),
		"[O84] dashes of a slice's name lead through its parents");
	test_limits(t);
}
