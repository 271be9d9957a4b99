/* SPDX-License-Identifier: MIT */
/* A process that waits for our end. */
#include "container/watcher.h"

#include "base/cleanup.h"
#include "container/stdio.h"
#include "plan/write.h"

static int make_plan(const struct lc_console_saved *saved, struct lc_arena *arena, const void **out,
	size_t *out_size, struct lc_error *err)
{
	struct lc_plan_writer writer;

	if (lc_plan_writer_init(&writer, arena) < 0)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	LCT_PLAN(&writer, reset);
	/* Away from the terminal's process group, and what is typed there cannot end it. */
	LCT_PLAN(&writer, session);
	LCT_PLAN(&writer, terminal_watch, .raw = lc_plan_blob(&writer, saved->raw, saved->size),
		.before = lc_plan_blob(&writer, saved->settings, saved->size));
	return lc_plan_finish(&writer, out, out_size, err);
}

int lc_watcher_start(struct lc_host *host, int terminal, const struct lc_console_saved *saved,
	struct lc_session *out, struct lc_error *err)
{
	static char *const argv[] = {(char *) "watcher", NULL};
	static char *const no_environment[] = {NULL};
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	LCT_CLEANUP(fd) int null = -1;
	struct lc_session_start how = {
		.init_argv = argv,
		.init_envp = no_environment,
		.cgroup_fd = -1,
		.join_pidfd = -1,
	};
	int r = make_plan(saved, &arena, &how.plan, &how.plan_size, err);

	if (r >= 0)
		r = null = lc_stdio_null(err);
	if (r >= 0)
		r = how.helper_fd = lc_host_helper(host, err);
	if (r < 0)
		return r;
	how.stdio[0] = terminal;
	how.stdio[1] = how.stdio[2] = null;
	return lc_session_start(out, &how, err);
}
