/* SPDX-License-Identifier: MIT */
/*
 * The systemd driver: a transient scope, delegated to us, around the container's cgroup. It is no
 * driver of files; those work below the scope as they do anywhere.
 *
 * A scope is made around processes that exist, but a container's init is born in its cgroup. So the
 * scope begins with a keeper, a process of ours that does nothing. It stays as long as the object
 * that owns the container, because systemd removes a scope with everything in it as soon as its last
 * process has ended: who then reads how much memory the container had used, or whether the OOM
 * killer struck, would come too late. It has a cgroup of its own, so that it is in nobody's
 * accounts and no limit counts it, and since only a cgroup without processes may pass controllers
 * on. When its host dies it ends too.
 *
 * What is in a scope is ended by us, because systemd would ask politely first, and wait.
 */
#include "cgroups/systemd.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/parse.h"
#include "base/user.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_MS 30000
#define PROBE_MS 10000
#define ORPHAN_MS 1000 /* for systemd to see an empty scope when the bus is gone */
#define PAUSE_MS 5
#define BOOTED "/run/systemd/system" /* sd_booted(3) */

/* --- is it there --- */

/* Would making a directory where the drivers of files make it be allowed to us? */
static bool may_make(const struct lc_cgroup_mounts *mounts)
{
	const struct lc_cgroup_hierarchy *where = &mounts->items[0];
	const char *own = where->own + 1;
	size_t length = lc_cgroup_parent_length(own, strlen(own));
	char parent[PATH_MAX];

	if (length >= sizeof(parent))
		return true;
	(void) snprintf(parent, sizeof(parent), "./%.*s", (int) length, own);
	return lc_sys_faccessat2(where->mount_fd, parent, W_OK, AT_EACCESS) >= 0;
}

/* Root makes cgroups wherever he likes, and systemd is not in between. A user may not, but has a
 * systemd of his own that may. */
static bool is_wanted(const struct lc_cgroup_mounts *mounts, enum lc_cgroup_manager manager)
{
	if (manager != LCT_MANAGER_AUTO)
		return manager == LCT_MANAGER_SYSTEMD;
	return mounts->driver == &lc_cgroup_v2_ops && mounts->is_user &&
	       lc_sys_faccessat(AT_FDCWD, BOOTED, F_OK) >= 0 && !may_make(mounts);
}

/* Is it the systemd of a user that makes our scopes? Root of a user namespace is asked for by an ordinary user, who
 * has one and says where; in a machine of his own that he is root of, he says nothing. */
static bool is_users(void)
{
	return lc_sys_geteuid() != 0 || (lc_user_is_nested() && getenv("XDG_RUNTIME_DIR") != NULL);
}

int lc_systemd_find(
	struct lc_cgroup_mounts *mounts, enum lc_cgroup_manager manager, struct lc_error *err)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_bus *bus = NULL;
	char root[PATH_MAX];
	const char *plain = root;
	int r;

	mounts->is_user = is_users();
	if (!is_wanted(mounts, manager))
		return 0;
	r = lc_bus_open(mounts->is_user, PROBE_MS, &arena, &bus, err);
	if (r >= 0)
		r = lc_bus_manager_text(bus, "ControlGroup", root, sizeof(root), err);
	lc_bus_close(bus);
	/* a wish that nobody has uttered is no failure */
	if (r < 0)
		return manager == LCT_MANAGER_AUTO ? 0 : r;
	plain += *plain == '/';
	if (!lc_cgroup_path_is_plain(plain))
		return lc_fail(err, LCT_STEP_SYSTEMD, EPROTO, root);
	mounts->systemd_root = lc_arena_copy(&mounts->arena, plain, strlen(plain));
	if (mounts->systemd_root == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	mounts->has_systemd = true;
	return 0;
}

/* --- where --- */

int lc_systemd_place(struct lc_cgroup *cg, const char *path, const char *fallback,
	char **out_place, struct lc_error *err)
{
	const char *root = cg->mounts->systemd_root != NULL ? cg->mounts->systemd_root : "";
	int r = lc_cgroup_scope_names(
		path, fallback, cg->mounts->is_user, &cg->arena, &cg->scope, err);
	char *slice;

	if (r < 0)
		return r;
	cg->scope.owner = lc_arena_copy(&cg->arena, fallback, strlen(fallback));
	slice = lc_systemd_slice_path(cg->scope.slice, &cg->arena);
	if (slice == NULL || cg->scope.owner == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	*out_place = lc_arena_printf(&cg->arena, "%s%s%s%s%s/" LCT_SCOPE_CONTAINER,
		root, *root != '\0' ? "/" : "", slice, *slice != '\0' ? "/" : "", cg->scope.unit);
	return *out_place != NULL ? 0 : lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
}

int lc_cgroup_init_scope(
	struct lc_cgroup *cg, const struct lc_cgroup_scope *scope, struct lc_error *err)
{
	cg->scope = (struct lc_cgroup_scope){
		.unit = lc_arena_copy(&cg->arena, scope->unit, strlen(scope->unit)),
		.slice = lc_arena_copy(&cg->arena, scope->slice, strlen(scope->slice)),
		.owner = lc_arena_copy(&cg->arena, scope->owner, strlen(scope->owner)),
		.is_user = scope->is_user,
	};
	if (cg->scope.unit == NULL || cg->scope.slice == NULL || cg->scope.owner == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	return 0;
}

/* The directory of the container in the hierarchy where systemd looks for processes; NULL: it has
 * none here. */
static struct lc_cgroup_dir *main_dir(struct lc_cgroup *cg)
{
	int index = lc_cgroup_find_unified(cg);

	if (index < 0)
		index = lc_cgroup_find_v1(cg, "name=systemd");
	return index >= 0 ? &cg->dirs[index] : NULL;
}

/* The scope's own directory, -ENOENT when there is none. */
static int open_scope(struct lc_cgroup *cg)
{
	const struct lc_cgroup_dir *dir = main_dir(cg);

	if (dir == NULL)
		return -ENOENT;
	return lc_cgroup_open_prefix(cg, dir,
		lc_cgroup_parent_length(dir->path, strlen(dir->path)), O_RDONLY | O_DIRECTORY);
}

/* --- making it --- */

static void add(struct lc_unit_properties *out, const char *name, char type, const char *text,
	uint64_t number)
{
	out->items[out->count++] = (struct lc_unit_property){
		.name = name, .type = type, .text = text, .number = number};
}

/* What the configuration asks for: not too many, and readable, as the caller has seen to. */
static int add_asked(const struct lc_resources *resources, struct lc_arena *arena,
	struct lc_unit_properties *out)
{
	const char *problem;
	int r = 0;

	for (size_t i = 0; i < resources->unit_properties_count && r >= 0; i++)
		r = lc_systemd_property(resources->unit_properties[i].name,
			resources->unit_properties[i].value, arena, &out->items[out->count++],
			&problem);
	return r;
}

/* Of two properties of one name the later one counts: the configuration's limits over what it asks
 * for by that name, and that over what we would say. */
static int describe(const struct lc_cgroup *cg, struct lc_arena *arena,
	const struct lc_resources *resources, struct lc_unit_properties *out)
{
	const char *description = lc_arena_printf(arena, "container %s", cg->scope.owner);
	uint32_t *pids = lc_arena_alloc(arena, sizeof(*pids));
	int r;

	*out = (struct lc_unit_properties){.count = 0};
	if (description == NULL || pids == NULL)
		return -ENOMEM;
	*pids = (uint32_t) cg->scope.keeper;
	add(out, "Description", 's', description, 0);
	add(out, "Slice", 's', cg->scope.slice, 0);
	add(out, "Delegate", 'b', NULL, true);
	out->items[out->count++] = (struct lc_unit_property){.name = "PIDs",
		.type = 'u',
		.is_array = true,
		.bytes = (const uint8_t *) pids,
		.size = sizeof(*pids)};
	add(out, "DefaultDependencies", 'b', NULL, false);
	add(out, "CollectMode", 's', "inactive-or-failed", 0);
	r = add_asked(resources, arena, out);
	return r < 0 ? r : lc_systemd_limits(cg, resources, arena, out);
}

/* Is the unit of this name the container's, and not a stranger's? -EBUSY. */
static int prove_ours(struct lc_cgroup *cg, struct lc_bus *bus, struct lc_error *err)
{
	char text[2 * LCT_UNIT_NAME_MAX], subject[LCT_SUBJECT_MAX];
	size_t length = strlen("container ");
	int r = lc_bus_unit_text(bus, cg->scope.unit, "Description", text, sizeof(text), err);

	if (r < 0 || (strncmp(text, "container ", length) == 0 &&
			     strcmp(text + length, cg->scope.owner) == 0))
		return r;
	(void) snprintf(subject, sizeof(subject), "%.100s is somebody else's: \"%.100s\"",
		cg->scope.unit, text);
	return lc_fail(err, LCT_STEP_SYSTEMD, EBUSY, subject);
}

/* What a container of this name has left goes; one that still has processes is in use. [L48] */
static int clear_stale(struct lc_cgroup *cg, struct lc_bus *bus, struct lc_error *err)
{
	LCT_CLEANUP(fd) int scope = open_scope(cg);
	bool is_populated = false;
	int r = prove_ours(cg, bus, err);

	if (r >= 0 && scope >= 0)
		r = lc_cgroup_populated(scope, &is_populated);
	if (r >= 0 && is_populated)
		return lc_fail(err, LCT_STEP_SYSTEMD, EBUSY, cg->scope.unit);
	if (r >= 0)
		r = lc_bus_stop(bus, cg->scope.unit, err);
	if (r >= 0)
		r = lc_bus_await(bus, cg->scope.unit, err);
	if (r >= 0)
		r = lc_bus_reset_failed(bus, cg->scope.unit, err);
	return r == -ENOENT ? 0 : r; /* it has gone meanwhile */
}

/* Out of the scope's own cgroup, which is to pass controllers on. */
static int settle_keeper(struct lc_cgroup *cg, struct lc_error *err)
{
	const struct lc_cgroup_dir *dir = main_dir(cg);
	LCT_CLEANUP(fd) int scope = open_scope(cg);
	LCT_CLEANUP(fd) int place = -1;
	char pid[16];
	long r = scope;

	if (r == -ENOENT)
		return lc_fail(err, LCT_STEP_SYSTEMD, EPROTO, dir != NULL ? dir->path : "");
	if (r >= 0 && !lc_cgroup_where(cg, dir)->is_unified)
		return 0;
	if (r >= 0)
		r = lc_sys_mkdirat(scope, LCT_SCOPE_KEEPER, 0755);
	if (r >= 0 || r == -EEXIST)
		r = place = lc_cgroup_open_at(scope, LCT_SCOPE_KEEPER, O_RDONLY | O_DIRECTORY);
	if (r >= 0) {
		(void) snprintf(pid, sizeof(pid), "%d", (int) cg->scope.keeper);
		r = lc_cgroup_write(place, "cgroup.procs", pid);
	}
	return r < 0 ? lc_fail(err, LCT_STEP_SYSTEMD, r, LCT_SCOPE_KEEPER) : 0;
}

int lc_systemd_start(
	struct lc_cgroup *cg, const struct lc_resources *resources, struct lc_error *err)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_unit_properties properties;
	struct lc_bus *bus = NULL;
	bool has_begun = false;
	int r = describe(cg, &arena, resources, &properties);

	if (r < 0)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	r = lc_bus_open(cg->scope.is_user, START_MS, &arena, &bus, err);
	if (r >= 0)
		r = lc_bus_start(bus, cg->scope.unit, &properties, err);
	if (r == -EEXIST) {
		r = clear_stale(cg, bus, err);
		if (r >= 0)
			r = lc_bus_start(bus, cg->scope.unit, &properties, err);
	}
	if (r >= 0) {
		has_begun = true;
		r = lc_bus_await(bus, cg->scope.unit, err);
	}
	lc_bus_close(bus);
	if (r >= 0)
		r = settle_keeper(cg, err);
	if (r < 0 && has_begun)
		(void) lc_systemd_stop(cg, ORPHAN_MS, NULL);
	return r;
}

/* --- changing it --- */

int lc_systemd_set(struct lc_cgroup *cg, const struct lc_resources *resources,
	struct lc_cgroup_change *change, struct lc_error *err)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_unit_properties properties = {.count = 0}, *before;
	struct lc_bus *bus = NULL;
	int r = lc_systemd_limits(cg, resources, &arena, &properties);

	if (r >= 0 && properties.count == 0)
		return 0;
	before = lc_arena_alloc(&change->arena, sizeof(*before));
	if (r < 0 || before == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	*before = properties;
	r = lc_bus_open(cg->scope.is_user, START_MS, &arena, &bus, err);
	for (size_t i = 0; i < before->count && r >= 0; i++)
		r = lc_bus_unit_get(bus, cg->scope.unit, &before->items[i], &change->arena, err);
	if (r >= 0)
		r = lc_bus_set(bus, cg->scope.unit, &properties, err);
	lc_bus_close(bus);
	if (r >= 0)
		change->scope = before;
	return r;
}

int lc_systemd_put_back(
	struct lc_cgroup *cg, const struct lc_cgroup_change *change, struct lc_error *err)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_bus *bus = NULL;
	int r;

	if (change->scope == NULL)
		return 0;
	r = lc_bus_open(cg->scope.is_user, START_MS, &arena, &bus, err);
	if (r >= 0)
		r = lc_bus_set(bus, cg->scope.unit, change->scope, err);
	lc_bus_close(bus);
	return r;
}

/* --- the end --- */

/* Wait until the scope's directory has gone; false when the time is over. */
static bool await_gone(struct lc_cgroup *cg, int64_t deadline)
{
	for (;;) {
		int scope = open_scope(cg);

		if (scope == -ENOENT)
			return true;
		lc_fd_close(&scope);
		if (lc_cgroup_now_ms() >= deadline)
			return false;
		lc_cgroup_sleep_ms(PAUSE_MS);
	}
}

static int stop_unit(struct lc_cgroup *cg, struct lc_bus *bus, int scope, struct lc_error *err)
{
	int r = prove_ours(cg, bus, err);

	if (r >= 0)
		r = lc_cgroup_signal_tree(scope, SIGKILL);
	if (r >= 0)
		r = lc_bus_stop(bus, cg->scope.unit, err);
	if (r >= 0)
		r = lc_bus_await(bus, cg->scope.unit, err);
	return r == -ENOENT || lc_cgroup_is_gone(r) ? 0 : r;
}

int lc_systemd_stop(struct lc_cgroup *cg, int timeout_ms, struct lc_error *err)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	int64_t deadline = lc_cgroup_now_ms() + timeout_ms;
	LCT_CLEANUP(fd) int scope = open_scope(cg);
	struct lc_bus *bus = NULL;
	int r;

	/* One that is not there was collected by systemd when its last process ended. */
	if (scope < 0)
		return scope == -ENOENT ? 0 : lc_fail(err, LCT_STEP_SYSTEMD, scope, cg->scope.unit);
	r = lc_bus_open(cg->scope.is_user, timeout_ms, &arena, &bus, err);
	if (r >= 0)
		r = stop_unit(cg, bus, scope, err);
	lc_bus_close(bus);
	if (r >= 0)
		return await_gone(cg, deadline)
			       ? 0
			       : lc_fail(err, LCT_STEP_SYSTEMD, ETIMEDOUT, cg->scope.unit);
	/* Without a bus: systemd sees an empty scope all the same. */
	deadline = lc_cgroup_now_ms() + (timeout_ms < ORPHAN_MS ? timeout_ms : ORPHAN_MS);
	return await_gone(cg, deadline) ? 0 : r;
}
