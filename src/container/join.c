/* SPDX-License-Identifier: MIT */
/*
 * Into a running container. Namespaces are those of the init behind our pidfd, which was proved when
 * it was opened; cgroups are those that we made. The order: look whether it is paused before
 * anything is put into its cgroups, because what enters a frozen one sleeps and takes us along.
 */
#include "container/join.h"

#include "configs/compile.h"
#include "configs/validate.h"
#include "container/resources.h"
#include "plan/write.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>

static int fail_ended(struct lc_error *err)
{
	return lc_fail(err, LCT_STEP_PROCESS, ESRCH, "the init has ended");
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
	struct lc_compile_inputs in;
	char root[32];
	int r = check_runs(container, err);

	if (r < 0)
		return r;
	snprintf(root, sizeof(root), "/proc/%d/root", (int) container->init.pid);
	r = lc_container_inputs(container, start, root, arena, &in, err);
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

static int spawn(struct lc_container *container, const struct lc_start *start, const void *plan,
	size_t plan_size, struct lc_session *session, struct lc_error *err)
{
	static char *const argv[] = {(char *) "init", NULL};
	static char *const no_environment[] = {NULL};
	int fds[LCT_CGROUP_HIERARCHIES_MAX], r;
	struct lc_session_start how = {
		.helper_fd = lc_host_helper(container->host, err),
		.init_argv = argv,
		.init_envp = no_environment,
		.plan = plan,
		.plan_size = plan_size,
		.join_fds = fds,
		.join_pidfd = container->init.pidfd,
		.has_filter = start->filter != NULL,
		.has_terminal = start->process->terminal,
	};

	if (how.helper_fd < 0)
		return how.helper_fd;
	memcpy(how.stdio, start->stdio, sizeof(how.stdio));
	r = start->group != NULL ? lc_cgroup_open(start->group, err) : 0;
	if (r >= 0)
		r = lc_cgroup_join_child(&container->cgroup, start->group, &how.cgroup_fd, fds,
			LCT_CGROUP_HIERARCHIES_MAX, &how.join_count, err);
	if (r < 0)
		return r;
	r = lc_session_start(session, &how, err);
	for (size_t i = 0; i < how.join_count; i++)
		(void) lc_sys_close(fds[i]);
	return r;
}

static int begin(struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_session *session,
	struct lc_error *err)
{
	const void *plan;
	size_t plan_size;
	int r;

	*session = (struct lc_session) LCT_SESSION_INIT;
	r = lc_join_plan(container, start, arena, writer, err);
	if (r >= 0)
		r = lc_plan_finish(writer, &plan, &plan_size, err);
	if (r < 0)
		return r;
#ifdef LCT_FAULT
	((struct lc_plan_header *) (uintptr_t) plan)->fault_nth = start->fault_nth;
	((struct lc_plan_header *) (uintptr_t) plan)->fault_errno = start->fault_errno;
#endif
	r = check_thawed(container, err);
	if (r >= 0)
		r = lc_cgroup_open(&container->cgroup, err);
	if (r >= 0)
		r = spawn(container, start, plan, plan_size, session, err);
	lc_cgroup_rest(&container->cgroup);
	if (start->group != NULL)
		lc_cgroup_rest(start->group);
	return r;
}

int lc_join_group(struct lc_container *container, const struct lc_config_process *process,
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
	if (resources.pids_limit.is_set && resources.pids_limit.value > 0)
		resources.pids_limit.value++;
	return lc_cgroup_create_child(out, &container->cgroup, name, &resources, err);
}

int lc_join_settle(struct lc_cgroup *group, int64_t pids_limit, struct lc_error *err)
{
	struct lc_resources resources = {.pids_limit = {pids_limit, true}};
	struct lc_cgroup_change change = {.count = 0};
	int r = lc_cgroup_set(group, &resources, &change, err);

	lc_cgroup_change_done(&change);
	lc_cgroup_rest(group);
	return r;
}

int lc_join_begin(struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_session *session,
	struct lc_error *err)
{
	int r = begin(container, start, arena, writer, session, err);

	/* An init that is about to end has no namespaces to enter any more, no root, and no place for
	 * another process (ENOMEM): said as what it is, not by what failed first. */
	if (r < 0 && lc_process_is_ending(&container->init))
		return fail_ended(err);
	return r;
}
