/* SPDX-License-Identifier: MIT */
/* A short plan, and the places that it is carried out in: the host's, or those of an init that waits. */
#include "container/hook.h"

#include "configs/compile.h"
#include "container/ids.h"
#include "container/launch.h"
#include "plan/write.h"
#include "sys/sys.h"

#include <stdio.h>
#include <unistd.h>

static int compile(const struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_error *err)
{
	struct lc_compile_inputs in = {.process = start->process};
	struct lc_start informed = *start;
	char root[32];
	int r = 0;

	if (start->place != LCT_HOOK_HOST)
		r = lc_ids_complete(start->config, start->init, arena, &informed.config, err);
	in.config = informed.config;
	if (r >= 0 && start->place != LCT_HOOK_HOST)
		r = lc_ids_has_fixed_groups(
			in.config, start->init, &in.has_fixed_groups, err);
	if (r >= 0 && start->place == LCT_HOOK_INSIDE) {
		snprintf(root, sizeof(root), "/proc/%d/root", (int) start->init->pid);
		r = lc_container_inputs(
			container, &informed, root, in.has_fixed_groups, arena, &in, err);
	}
	if (r >= 0 && lc_plan_writer_init(writer, arena) < 0)
		r = lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	if (r < 0)
		return r;
	in.hook = start->hook;
	in.hook_directory = start->directory;
	return lc_compile_hook(&in, start->place, writer, err);
}

/* With the container's limits; the others are outside of it. */
static int enter_cgroups(struct lc_container *container, struct lc_session_start *how, int *fds,
	struct lc_error *err)
{
	how->join_fds = fds;
	return lc_cgroup_join_child(&container->cgroup, NULL, &how->cgroup_fd, fds,
		LCT_CGROUP_HIERARCHIES_MAX, &how->join_count, err);
}

int lc_hook_check(const char *path, struct lc_error *err)
{
	struct statx st;
	long r = lc_sys_statx(AT_FDCWD, path, 0, STATX_TYPE, &st);

	if (r >= 0 && !S_ISREG(st.stx_mode))
		r = -EACCES; /* as execve(2) says it */
	if (r >= 0)
		r = lc_sys_faccessat(AT_FDCWD, path, X_OK);
	return r < 0 ? lc_fail(err, LCT_STEP_EXEC, r, path) : 0;
}

int lc_hook_begin(struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_session *session,
	struct lc_error *err)
{
	int fds[LCT_CGROUP_HIERARCHIES_MAX];
	struct lc_session_start how;
	int r;

	*session = (struct lc_session) LCT_SESSION_INIT;
	r = compile(container, start, arena, writer, err);
	if (r >= 0)
		r = lc_launch_prepare(container->host, start, writer, &how, err);
	if (r < 0)
		return r;
	if (start->place != LCT_HOOK_HOST)
		how.join_pidfd = start->init->pidfd;
	if (start->place == LCT_HOOK_INSIDE)
		r = enter_cgroups(container, &how, fds, err);
	if (r >= 0)
		r = lc_launch(session, &how, err);
	session->makes_child = false; /* the one that it makes is its own child */
	session->is_guard = r >= 0;
	lc_cgroup_rest(&container->cgroup);
	return r;
}
