/* SPDX-License-Identifier: MIT */
/*
 * A process that puts the caller's terminal back when the host is killed and cannot. See attendant.h.
 */
#ifndef LCT_CONTAINER_WATCHER_H
#define LCT_CONTAINER_WATCHER_H

#include "container/console.h"
#include "container/host.h"
#include "container/session.h"

/* Start it for this terminal, which is not raw yet: 0, and `out` is what lc_session_abort ends, or
 * -errno. */
int lc_watcher_start(struct lc_host *host, int terminal, const struct lc_console_saved *saved,
	struct lc_session *out, struct lc_error *err);

#endif
