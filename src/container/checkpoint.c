/* SPDX-License-Identifier: MIT */
/* Short plans that end in criu, and the taking over of what it has made. */
#include "container/checkpoint.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "configs/compile.h"
#include "configs/validate.h"
#include "configs/validate_parts.h"
#include "container/keeper.h"
#include "container/launch.h"
#include "container/network.h"
#include "container/resources.h"
#include "plan/write.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>

/* criu looks for iptables-restore, ip and tar on its own. Nothing else of the host's environment
 * reaches a program that runs with all privileges. */
#define SEARCH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Images hold the memory of the container: nobody else may read them. */
#define UMASK 077

static void begin(struct lc_plan_writer *w)
{
	LCT_PLAN(w, reset);
	LCT_PLAN(w, parent_death, .signal = SIGKILL);
	LCT_PLAN(w, session); /* a group of its own, by which it is ended */
	LCT_PLAN(w, umask, .mask = UMASK);
}

static void become(struct lc_plan_writer *w, const struct lc_strings *args)
{
	static const char *const environment[] = {"PATH=" SEARCH};

	LCT_PLAN(w, lookup, .program = lc_plan_intern(w, args->items[0]),
		.search = lc_plan_intern(w, SEARCH));
	LCT_PLAN(w, ready);
	LCT_PLAN(w, exec, .argv = lc_plan_strings(w, args->items, args->count),
		.envp = lc_plan_strings(w, environment, 1));
}

/* The root has to be a mount of its own, as criu wants it, also when it is the host's. */
static int place_root(
	struct lc_plan_writer *w, const struct lc_start *start, struct lc_error *err)
{
	const struct lc_compile_inputs in = {.config = start->config, .layer = start->layer};
	const char *place = lc_arena_printf(w->arena, "%s/root", start->scratch);
	const char *masks = lc_arena_printf(w->arena, "%s/masks", start->scratch);
	int r;

	if (place == NULL || masks == NULL)
		w->failed = -ENOMEM;
	LCT_PLAN(w, propagation, .flags = MS_SLAVE | MS_REC);
	r = lc_compile_bare_root(&in, w, place, err);
	if (r < 0)
		return r;
	lc_plan_origin(w, "mask_paths");
	LCT_PLAN(w, mask_place, .path = lc_plan_intern(w, masks));
	lc_plan_origin(w, NULL);
	return 0;
}

static void set_keyring(struct lc_plan_writer *w, const struct lc_start *start)
{
	const struct lc_choice3 *wish = &start->config->session_keyring;

	if (wish->is_set && !wish->value)
		return;
	lc_plan_origin(w, "session_keyring");
	LCT_PLAN(w, keyring, .name = lc_plan_intern(w, start->id));
	lc_plan_origin(w, NULL);
}

static void add_networks(struct lc_plan_writer *w, const struct lc_start *start)
{
	const struct lc_compile_inputs in = {.config = start->config, .mark = start->mark};

	lc_compile_restored_networks(&in, w);
}

static int plan_restore(
	struct lc_plan_writer *w, const struct lc_start *start, struct lc_error *err)
{
	int r;

	begin(w);
	LCT_PLAN(w, umask, .mask = 0); /* of places for mounts, everybody goes through them */
	/* The new cgroup namespace is rooted where we stand: in the container's cgroups. */
	LCT_PLAN(w, unshare, .flags = CLONE_NEWNS |
		(lc_config_namespaces(start->config) & CLONE_NEWCGROUP));
	r = place_root(w, start, err);
	if (r < 0)
		return r;
	set_keyring(w, start);
	if (start->process->no_new_privileges.is_set && start->process->no_new_privileges.value)
		LCT_PLAN(w, no_new_privileges);
	add_networks(w, start); /* looked at now, done when criu is through */
	LCT_PLAN(w, umask, .mask = UMASK);
	become(w, &start->process->args);
	return 0;
}

static int run_in_cgroups(struct lc_container *container, const struct lc_start *start,
	struct lc_plan_writer *w, struct lc_session *session, struct lc_error *err)
{
	int join[LCT_CGROUP_HIERARCHIES_MAX];
	struct lc_session_start how;
	int r = lc_launch_prepare(container->host, start, w, &how, err);

	how.join_fds = join;
	if (r >= 0)
		r = lc_cgroup_join_fds(&container->cgroup, &how.cgroup_fd, join,
			LCT_CGROUP_HIERARCHIES_MAX, &how.join_count, err);
	return r < 0 ? r : lc_launch(session, &how, err);
}

int lc_checkpoint_begin(struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_session *session,
	struct lc_error *err)
{
	struct lc_session_start how;
	int r;

	*session = (struct lc_session) LCT_SESSION_INIT;
	if (lc_plan_writer_init(writer, arena) < 0)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	begin(writer);
	become(writer, &start->process->args);
	r = lc_launch_prepare(container->host, start, writer, &how, err);
	return r < 0 ? r : lc_launch(session, &how, err);
}

/* Run what has been planned, by somebody who enters namespaces of the container. */
static int run_inside(struct lc_container *container, const struct lc_start *start,
	struct lc_plan_writer *w, struct lc_session *session, struct lc_error *err)
{
	struct lc_session_start how;
	int r = lc_launch_prepare(container->host, start, w, &how, err);

	how.join_pidfd = container->init.pidfd;
	if (r >= 0)
		r = lc_launch(session, &how, err);
	session->makes_child = false; /* it makes no second process */
	return r;
}

static int begin_inside(struct lc_container *container, uint64_t namespaces,
	struct lc_arena *arena, struct lc_plan_writer *w, struct lc_session *session,
	struct lc_error *err)
{
	*session = (struct lc_session) LCT_SESSION_INIT;
	if (container->init.pidfd < 0)
		return lc_fail(err, LCT_STEP_PROCESS, ESRCH, "the init has ended");
	if (lc_plan_writer_init(w, arena) < 0)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	begin(w);
	LCT_PLAN(w, join, .flags = namespaces);
	return 0;
}

int lc_checkpoint_repair(struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_session *session,
	struct lc_error *err)
{
	int r = begin_inside(container, CLONE_NEWNET, arena, writer, session, err);

	if (r < 0)
		return r;
	become(writer, &start->process->args);
	return run_inside(container, start, writer, session, err);
}

int lc_restore_close_root(struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_session *session,
	struct lc_error *err)
{
	int r = begin_inside(container, CLONE_NEWNS, arena, writer, session, err);

	if (r < 0)
		return r;
	lc_plan_origin(writer, "readonlyfs");
	LCT_PLAN(writer, root_readonly);
	LCT_PLAN(writer, ready);
	return run_inside(container, start, writer, session, err);
}

int lc_restore_networks(struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_session *session,
	struct lc_error *err)
{
	int r = begin_inside(container, CLONE_NEWNET, arena, writer, session, err);

	if (r < 0)
		return r;
	lc_plan_origin(writer, "networks");
	lc_plan_gate(writer, LCT_GATE_NETWORK);
	add_networks(writer, start);
	LCT_PLAN(writer, ready);
	return run_inside(container, start, writer, session, err);
}

int lc_restore_begin(struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_session *session,
	struct lc_error *err)
{
	struct lc_resources resources;
	int r;

	*session = (struct lc_session) LCT_SESSION_INIT;
	r = lc_config_validate(start->config, err);
	if (r >= 0)
		r = lc_resources_read(start->config->cgroups, &start->config->devices, arena,
			&resources, err);
	if (r < 0)
		return r;
	if (lc_plan_writer_init(writer, arena) < 0)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	r = plan_restore(writer, start, err);
	if (r >= 0)
		r = lc_network_check(writer, start->mark, err);
	if (r >= 0)
		r = lc_keeper_start(container, err);
	if (r >= 0)
		r = lc_cgroup_create(&container->cgroup, &resources, err);
	if (r >= 0) {
		r = run_in_cgroups(container, start, writer, session, err);
		if (r < 0)
			(void) lc_cgroup_destroy(&container->cgroup, 10000, NULL);
	}
	if (r < 0)
		lc_keeper_end(container);
	return r;
}

/* Is it a child of ours? Else somebody has put another number into the file that criu wrote. */
static bool is_our_child(pid_t pid)
{
	char path[32], text[1024];
	const char *rest;
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int) pid);
	if (lc_file_read(AT_FDCWD, path, text, sizeof(text), LCT_STEP_RESTORE, NULL) < 0)
		return false;
	rest = strrchr(text, ')');
	return rest != NULL && sscanf(rest, ") %*c %d", &parent) == 1 &&
	       parent == (int) lc_sys_getpid();
}

int lc_restore_take(struct lc_container *container, pid_t pid, struct lc_error *err)
{
	uint64_t start;
	int r = lc_process_start_time(pid, &start, err);

	if (r >= 0)
		r = lc_container_adopt(container, pid, start, false, err);
	if (r < 0)
		return r;
	if (container->init.pidfd >= 0 && !is_our_child(pid))
		lc_process_done(&container->init);
	lc_cgroup_rest(&container->cgroup);
	return container->init.pidfd >= 0 ? 0 : lc_fail(
		err, LCT_STEP_RESTORE, ESRCH, "what criu has restored is not the container's");
}

/* Alive or a zombie of ours, criu holds its number, and the group of that number is its own. */
static void end_group(const struct lc_process *criu)
{
	uint64_t start;

	if (!criu->has_ended && lc_process_start_time(criu->pid, &start, NULL) >= 0 &&
		start == criu->start)
		(void) lc_sys_kill(-criu->pid, SIGKILL);
}

int lc_checkpoint_poll(struct lc_process *criu, bool *out_ended, struct lc_error *err)
{
	siginfo_t info;
	long r;

	memset(&info, 0, sizeof(info));
	r = lc_sys_waitid(P_PIDFD, criu->pidfd, &info, WEXITED | WNOHANG | WNOWAIT | __WALL, NULL);
	if (r >= 0 && info.si_pid != 0 && (info.si_code != CLD_EXITED || info.si_status != 0))
		end_group(criu);
	return lc_process_poll(criu, out_ended, err);
}

int lc_checkpoint_end(struct lc_process *criu, int timeout_ms, struct lc_error *err)
{
	end_group(criu);
	return criu->has_ended ? 0 : lc_process_kill(criu, timeout_ms, err);
}
