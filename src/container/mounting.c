/* SPDX-License-Identifier: MIT */
/*
 * Sources are opened on the host, as trees that are attached nowhere; then the attendant enters the container's
 * mount namespace, and there no path names a file of the host any more. It is in no cgroup of the container, so
 * a paused one gets its mounts too, and it has no number in its pid namespace.
 */
#include "container/mounting.h"

#include "base/cleanup.h"
#include "base/user.h"
#include "configs/compile.h"
#include "configs/validate.h"
#include "container/attendant.h"
#include "container/ids.h"
#include "nsenter/idmap.h"
#include "plan/write.h"
#include "sys/sys.h"

typedef int compile_fn(const struct lc_compile_inputs *in, const char *path, struct lc_plan_writer *w,
	struct lc_error *err);

static int compile_addition(
	const struct lc_compile_inputs *in, const char *path, struct lc_plan_writer *w, struct lc_error *err)
{
	(void) path;
	return lc_compile_addition(in, w, err);
}

static int run(const struct lc_container *container, const struct lc_config_config *config, compile_fn *compile,
	const char *path, struct lc_error *err)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_session session = LCT_SESSION_INIT;
	const struct lc_config_process nobody = {0};
	struct lc_compile_inputs in = {
		.config = config,
		.process = &nobody,
		.id = "",
		.is_privileged = lc_idmap_is_privileged(),
		.is_nested = lc_user_is_nested(),
	};
	struct lc_plan_writer writer;
	int r;

	if (container->init.pidfd < 0)
		return lc_fail(err, LCT_STEP_PROCESS, ESRCH, "");
	r = lc_config_validate(config, err);
	if (r >= 0)
		r = lc_ids_has_fixed_groups(config, &container->init, &in.has_fixed_groups, err);
	if (r >= 0 && lc_plan_writer_init(&writer, &arena) < 0)
		r = lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	if (r >= 0)
		r = compile(&in, path, &writer, err);
	if (r >= 0)
		r = lc_attendant_start(
			container->host, "mounter", &writer, -1, container->init.pidfd, &session, err);
	if (r < 0)
		return r;
	r = lc_attendant_await(&session, LCT_SESSION_READY, LCT_STEP_MOUNT, "mounter", err);
	if (r < 0 && err != NULL)
		err->op = LCT_NO_OP; /* of its plan, and not of the container's */
	lc_session_abort(&session);
	return r < 0 ? r : 0;
}

int lc_mounting_add(const struct lc_container *container, const struct lc_config_config *config, struct lc_error *err)
{
	return run(container, config, compile_addition, NULL, err);
}

int lc_mounting_remove(const struct lc_container *container, const struct lc_config_config *config, const char *path,
	struct lc_error *err)
{
	return run(container, config, lc_compile_removal, path, err);
}
