/* SPDX-License-Identifier: MIT */
/* A process that waits for our end. */
#include "container/watcher.h"

#include "base/cleanup.h"
#include "container/attendant.h"
#include "plan/write.h"

int lc_watcher_start(struct lc_host *host, int terminal, const struct lc_console_saved *saved,
	struct lc_session *out, struct lc_error *err)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_plan_writer writer;

	if (lc_plan_writer_init(&writer, &arena) < 0)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	LCT_PLAN(&writer, reset);
	/* Away from the terminal's process group, and what is typed there cannot end it. */
	LCT_PLAN(&writer, session);
	LCT_PLAN(&writer, terminal_watch, .raw = lc_plan_blob(&writer, saved->raw, saved->size),
		.before = lc_plan_blob(&writer, saved->settings, saved->size));
	return lc_attendant_start(host, "watcher", &writer, terminal, -1, out, err);
}
