/* SPDX-License-Identifier: MIT */
#include "container/scout.h"

#include "configs/compile.h"
#include "configs/names.h"
#include "container/attendant.h"
#include "container/ids.h"
#include "nsenter/idmap.h"
#include "plan/write.h"
#include "sys/sys.h"

#include <stdio.h>

static uint64_t joined(const struct lc_config_config *config)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < config->namespace_paths.count; i++)
		flags |= lc_namespace_flag(config->namespace_paths.items[i].key);
	return flags & (CLONE_NEWUSER | CLONE_NEWNS);
}

/* An ordinary user may look at who is dumpable, as the init is at this gate alone. Root may look at anybody. */
static int go(struct lc_scout *scout, struct lc_host *host, uint64_t where, struct lc_arena *arena,
	struct lc_plan_writer *writer, struct lc_error *err)
{
	bool is_privileged = lc_idmap_is_privileged();
	int r;

	if (lc_plan_writer_init(writer, arena) < 0)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	LCT_PLAN(writer, reset);
	LCT_PLAN(writer, parent_death, .signal = SIGKILL);
	lc_compile_enter_joined(scout->config, where, is_privileged, writer);
	if (is_privileged)
		LCT_PLAN(writer, ready);
	else
		lc_plan_gate(writer, LCT_GATE_IDS);
	r = lc_attendant_start(host, "scout", writer, -1, -1, &scout->session, err);
	if (r >= 0)
		r = lc_attendant_await(&scout->session, is_privileged ? LCT_SESSION_READY : LCT_SESSION_GATE,
			LCT_STEP_NAMESPACE, "scout", err);
	return r;
}

/* In the mount namespace of the host there would be no root but the host's, and all of it. */
static int look_at_root(struct lc_scout *scout, struct lc_error *err)
{
	struct statx ours, there;
	char path[40];
	long r;

	(void) snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int) scout->session.process.pid);
	r = lc_sys_statx(AT_FDCWD, path, 0, STATX_INO, &there);
	if (r >= 0)
		r = lc_sys_statx(AT_FDCWD, "/proc/thread-self/ns/mnt", 0, STATX_INO, &ours);
	if (r < 0)
		return lc_fail(err, LCT_STEP_NAMESPACE, r, path);
	if (there.stx_ino == ours.stx_ino)
		return lc_fail(err, LCT_STEP_CONFIG, EINVAL, "namespaces.mount: is that of the host");
	(void) snprintf(scout->place, sizeof(scout->place), "/proc/%d/root",
		(int) scout->session.process.pid);
	scout->root = scout->place;
	return 0;
}

int lc_scout_send(struct lc_scout *scout, struct lc_host *host, const struct lc_config_config *config,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_error *err)
{
	uint64_t where = joined(config);
	int r;

	*scout = (struct lc_scout){.session = LCT_SESSION_INIT,
		.config = config,
		.root = config->rootfs,
		.has_fixed_groups = (where & CLONE_NEWUSER) == 0 && lc_ids_will_fix_groups(config)};
	if (where == 0)
		return 0;
	r = go(scout, host, where, arena, writer, err);
	if (r >= 0 && (where & CLONE_NEWNS) != 0)
		r = look_at_root(scout, err);
	if (r >= 0 && (where & CLONE_NEWUSER) != 0)
		r = lc_ids_complete(config, &scout->session.process, arena, &scout->config, err);
	if (r >= 0 && (where & CLONE_NEWUSER) != 0)
		r = lc_ids_has_fixed_groups(
			scout->config, &scout->session.process, &scout->has_fixed_groups, err);
	if (r < 0)
		lc_scout_recall(scout);
	return r < 0 ? r : 0;
}

void lc_scout_recall(struct lc_scout *scout)
{
	if (scout->session.process.pidfd >= 0)
		lc_session_abort(&scout->session);
	scout->session = (struct lc_session) LCT_SESSION_INIT;
}
