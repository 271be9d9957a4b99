/* SPDX-License-Identifier: MIT */
/*
 * Into a running container. Namespaces are those of the init behind our pidfd, which was proved when
 * it was opened; cgroups are those that we made. The order: look whether it is paused before
 * anything is put into its cgroups, because what enters a frozen one sleeps and takes us along.
 */
#include "container/join.h"

#include "configs/compile.h"
#include "configs/validate.h"
#include "container/ids.h"
#include "container/launch.h"
#include "container/resources.h"
#include "plan/write.h"
#include "sys/sys.h"

#include <stdio.h>

static int fail_ended(struct lc_error *err)
{
	return lc_fail(err, LCT_STEP_PROCESS, ESRCH, "the init has ended");
}

int lc_join_explain(const struct lc_container *container, int result, struct lc_error *err)
{
	return result < 0 && lc_process_is_ending(&container->init) ? fail_ended(err) : result;
}

static int check_runs(const struct lc_container *container, struct lc_error *err)
{
	int r = container->init.pidfd < 0 ? 0 : lc_process_await(&container->init, 0, err);

	if (r == -ETIMEDOUT)
		return 0;
	return r < 0 ? r : fail_ended(err);
}

int lc_join_plan(const struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_error *err)
{
	struct lc_start informed = *start;
	struct lc_compile_inputs in;
	bool has_fixed_groups;
	char root[32];
	int r = check_runs(container, err);

	if (r < 0)
		return r;
	snprintf(root, sizeof(root), "/proc/%d/root", (int) container->init.pid);
	r = lc_ids_complete(start->config, &container->init, arena, &informed.config, err);
	if (r >= 0)
		r = lc_ids_has_fixed_groups(
			informed.config, &container->init, &has_fixed_groups, err);
	if (r >= 0)
		r = lc_container_inputs(
			container, &informed, root, has_fixed_groups, arena, &in, err);
	if (r < 0)
		return r;
	/* The number was still its own: so that was its root. */
	r = check_runs(container, err);
	if (r < 0)
		return r;
	if (lc_plan_writer_init(writer, arena) < 0)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	return lc_compile_join(&in, writer, err);
}

static int check_thawed(struct lc_container *container, struct lc_error *err)
{
	bool is_frozen = false;
	int r = lc_cgroup_frozen(&container->cgroup, &is_frozen, err);

	if (r >= 0 && is_frozen)
		return lc_fail(err, LCT_STEP_FREEZE, EBUSY, "the container is paused");
	return r;
}

static int spawn(struct lc_container *container, struct lc_cgroup *group,
	struct lc_session_start *how, struct lc_session *session, struct lc_error *err)
{
	int fds[LCT_CGROUP_HIERARCHIES_MAX];
	int r = lc_cgroup_join_child(&container->cgroup, group, &how->cgroup_fd, fds,
		LCT_CGROUP_HIERARCHIES_MAX, &how->join_count, err);

	how->join_fds = fds;
	return r < 0 ? r : lc_launch(session, how, err);
}

/* Those that are there, and are thawed too. */
static int open_inside(struct lc_container *container, const struct lc_pairs *paths,
	struct lc_cgroup *out, struct lc_error *err)
{
	struct lc_cgroup_saved places[LCT_CGROUP_HIERARCHIES_MAX];
	size_t count = 0;
	bool is_frozen = false;
	int r;

	for (; count < paths->count && count < LCT_CGROUP_HIERARCHIES_MAX; count++)
		places[count] = (struct lc_cgroup_saved){
			.name = paths->items[count].key, .path = paths->items[count].value};
	r = lc_cgroup_init_inside(out, &container->cgroup, places, count, err);
	if (r < 0)
		return r;
	r = lc_cgroup_frozen(out, &is_frozen, err);
	if (r >= 0 && is_frozen)
		r = lc_fail(err, LCT_STEP_FREEZE, EBUSY, "a cgroup that is to be joined is frozen");
	if (r < 0)
		lc_cgroup_done(out);
	return r;
}

/* Into its own group, those inside the container's that it names, or the container's. */
static int enter(struct lc_container *container, const struct lc_start *start,
	struct lc_session_start *how, struct lc_session *session, struct lc_error *err)
{
	struct lc_cgroup inside;
	int r;

	if (start->process->sub_cgroups.count == 0)
		return spawn(container, start->group, how, session, err);
	r = open_inside(container, &start->process->sub_cgroups, &inside, err);
	if (r < 0)
		return r;
	r = spawn(container, &inside, how, session, err);
	lc_cgroup_done(&inside);
	return r;
}

static int begin(struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_session *session,
	struct lc_error *err)
{
	struct lc_session_start how;
	int r;

	*session = (struct lc_session) LCT_SESSION_INIT;
	r = lc_join_plan(container, start, arena, writer, err);
	if (r >= 0)
		r = lc_launch_prepare(container->host, start, writer, &how, err);
	if (r < 0)
		return r;
	how.join_pidfd = container->init.pidfd;
	how.given_fds = start->passed;
	how.given_count = start->passed_count;
	how.goes_at_once = !lc_compile_join_waits(start->process);
	r = check_thawed(container, err);
	if (r >= 0)
		r = enter(container, start, &how, session, err);
	lc_cgroup_rest(&container->cgroup);
	if (start->group != NULL)
		lc_cgroup_rest(start->group);
	return r;
}

static int make_group(struct lc_container *container, const struct lc_config_process *process,
	struct lc_arena *arena, struct lc_cgroup *out, struct lc_error *err)
{
	static const struct lc_objects no_nodes;
	struct lc_resources resources;
	char name[32];
	uint32_t chance;
	long r = check_runs(container, err);

	if (r >= 0)
		r = lc_process_validate(NULL, process, err);
	if (r >= 0)
		r = lc_resources_read(process->cgroups, &no_nodes, arena, &resources, err);
	if (r >= 0)
		r = check_thawed(container, err);
	if (r < 0)
		return (int) r;
	do {
		r = lc_sys_getrandom(&chance, sizeof(chance), 0);
	} while (r == -EINTR);
	if (r < 0)
		return lc_fail(err, LCT_STEP_CGROUP, r, "getrandom");
	snprintf(name, sizeof(name), "exec-%08x", chance);
	if (resources.pids_limit.is_set && resources.pids_limit.value >= 0)
		resources.pids_limit.value = resources.pids_limit.value < 1 ?
			2 : resources.pids_limit.value + 1;
	return lc_cgroup_create_child(out, &container->cgroup, name, &resources, err);
}

int lc_join_group(struct lc_container *container, const struct lc_config_process *process,
	struct lc_arena *arena, struct lc_cgroup *out, struct lc_error *err)
{
	return lc_join_explain(container, make_group(container, process, arena, out, err), err);
}

int lc_join_begin(struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_session *session,
	struct lc_error *err)
{
	return lc_join_explain(
		container, begin(container, start, arena, writer, session, err), err);
}

int lc_join_schedule(const struct lc_session *session, const struct lc_config_process *process,
	struct lc_error *err)
{
	struct lc_compile_policy policy;
	struct lc_sched_attr attr;
	long r;

	if (process->scheduler == NULL)
		return 0;
	policy = lc_compile_policy(process->scheduler);
	attr = (struct lc_sched_attr){
		.size = sizeof(attr),
		.policy = policy.policy,
		.flags = policy.flags,
		.nice = policy.nice,
		.priority = policy.priority,
		.runtime = policy.runtime,
		.deadline = policy.deadline,
		.period = policy.period,
	};
	/* A child of ours that waits: the number is its own. */
	r = lc_sys_sched_setattr(session->process.pid, &attr);
	return r < 0 ? lc_fail(err, LCT_STEP_PROCESS, r, "scheduler") : 0;
}
