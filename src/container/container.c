/* SPDX-License-Identifier: MIT */
/* The lifecycle: plan → cgroups → init → (conversation: session.c) → end. Undone in reverse. */
#include "container/container.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/user.h"
#include "configs/compile.h"
#include "configs/validate.h"
#include "container/ids.h"
#include "container/features.h"
#include "container/keeper.h"
#include "container/latch.h"
#include "container/launch.h"
#include "container/network.h"
#include "container/pids.h"
#include "container/resources.h"
#include "container/scout.h"
#include "container/sibling.h"
#include "container/trees.h"
#include "container/users.h"
#include "nsenter/idmap.h"
#include "plan/write.h"
#include "sys/sys.h"

#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>

static void begin_empty(struct lc_container *container, struct lc_host *host)
{
	memset(container, 0, sizeof(*container));
	container->host = host;
	container->init.pidfd = -1;
	container->keeper = (struct lc_session) LCT_SESSION_INIT;
}

int lc_container_init(struct lc_container *container, struct lc_host *host, const char *path,
	const char *fallback, enum lc_cgroup_manager manager, struct lc_error *err)
{
	int r;

	begin_empty(container, host);
	r = path == NULL && fallback == NULL
		? lc_cgroup_init_saved(&container->cgroup, &host->mounts, NULL, 0, NULL, err)
		: lc_cgroup_init(
			  &container->cgroup, &host->mounts, path, fallback, manager, err);
	container->has_cgroup = r >= 0;
	return r < 0 ? r : 0;
}

int lc_container_check(struct lc_container *container, const struct lc_config_config *config,
	struct lc_arena *arena, struct lc_error *err)
{
	struct lc_resources resources;
	int r = lc_resources_read(config->cgroups, &config->devices, arena, &resources, err);

	return r < 0 ? r : lc_cgroup_check(&container->cgroup, &resources, err);
}

int lc_container_probe(struct lc_container *container, struct lc_error *err)
{
	return lc_cgroup_probe(&container->cgroup, err);
}

int lc_container_init_saved(struct lc_container *container, struct lc_host *host,
	const struct lc_container_saved *saved, struct lc_error *err)
{
	int r;

	begin_empty(container, host);
	r = lc_cgroup_init_saved(&container->cgroup, &host->mounts, saved->places, saved->count,
		saved->owner, err);
	container->has_cgroup = r >= 0;
	if (r >= 0 && saved->scope != NULL)
		r = lc_cgroup_init_scope(&container->cgroup, saved->scope, err);
	return r < 0 ? r : 0;
}

int lc_container_init_found(struct lc_container *container, struct lc_host *host, const char *owner,
	struct lc_error *err)
{
	int r;

	begin_empty(container, host);
	r = lc_cgroup_init_found(&container->cgroup, &host->mounts, owner, err);
	container->has_cgroup = r >= 0;
	return r < 0 ? r : 0;
}

void lc_container_done(struct lc_container *container)
{
	if (container->host == NULL)
		return;
	lc_keeper_end(container);
	/* Nobody else has what gives them back; while it runs they are its own. A forked child only lets go. */
	if (container->host->owner == lc_sys_getpid() &&
		(container->init.pidfd < 0 || lc_process_await(&container->init, 0, NULL) >= 0))
		(void) lc_network_give_back(container, NULL);
	lc_network_done(container);
	lc_process_done(&container->init);
	lc_cgroup_change_done(&container->change);
	if (container->has_cgroup)
		lc_cgroup_done(&container->cgroup);
	memset(container, 0, sizeof(*container));
	container->init.pidfd = -1;
	container->cgroup.leaf_fd = -1;
	container->keeper = (struct lc_session) LCT_SESSION_INIT;
}

struct search {
	pid_t pid;
	bool is_found;
};

static int find_pid(void *context, pid_t pid)
{
	struct search *search = context;

	search->is_found = pid == search->pid;
	return search->is_found;
}

int lc_container_renew(struct lc_container *container, const char *path, const char *fallback,
	struct lc_error *err)
{
	struct lc_host *host = container->host;
	int r;

	lc_container_done(container);
	r = lc_container_init(container, host, path, fallback, LCT_MANAGER_AUTO, err);
	if (r >= 0)
		r = lc_container_probe(container, err);
	if (r < 0 && container->has_cgroup)
		lc_cgroup_done(&container->cgroup);
	return r;
}

int lc_container_follow(struct lc_container *container, const struct lc_container_saved *saved,
	struct lc_error *err)
{
	struct lc_host *host = container->host;

	lc_container_done(container);
	return lc_container_init_saved(container, host, saved, err);
}

/* Does the kernel say of the open init that it is the container's? */
static int prove_init(struct lc_container *container, bool is_first, bool *out, struct lc_error *err)
{
	struct search search = {.pid = container->init.pid};
	int r;

	if (container->cgroup.count == 0) {
		*out = true;
		return is_first ? lc_pid_is_first(search.pid, out, err) : 0;
	}
	r = lc_cgroup_pids(&container->cgroup, find_pid, &search, err);
	*out = search.is_found;
	return r;
}

static int adopt(struct lc_container *container, pid_t pid, uint64_t start, bool is_first,
	struct lc_error *err)
{
	bool is_proved = false;
	int r;

	lc_process_done(&container->init);
	container->init = (struct lc_process) LCT_PROCESS_INIT;
	container->was_started = pid > 0;
	if (pid <= 0)
		return 0;
	r = lc_process_open(pid, start, &container->init, err);
	if (r == -ESRCH)
		return 0; /* it has ended: that is a status, no error */
	if (r < 0)
		return r;
	r = prove_init(container, is_first, &is_proved, err);
	lc_cgroup_rest(&container->cgroup); /* a list of a thousand holds no ten thousand descriptors */
	/* A zombie is in no list, nor who is about to be one. It is kept, because a destroy has to reap
	 * it if it is our child. */
	if (r < 0 || (!is_proved && !lc_process_is_ending(&container->init) &&
			     lc_process_await(&container->init, 0, NULL) < 0))
		lc_process_done(&container->init);
	return r;
}

int lc_container_adopt(struct lc_container *container, pid_t pid, uint64_t start, bool is_first,
	struct lc_error *err)
{
	int r = adopt(container, pid, start, is_first, err);

	lc_cgroup_rest(&container->cgroup);
	return r;
}

/* The hierarchies as the compiler wants them: for mounts of type cgroup. */
static int list_cgroups(const struct lc_cgroup *cg, struct lc_arena *arena,
	struct lc_compile_inputs *in, struct lc_error *err)
{
	struct lc_compile_cgroup *list =
		lc_arena_array(arena, cg->count, sizeof(struct lc_compile_cgroup));

	if (list == NULL && cg->count > 0)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	for (size_t i = 0; i < cg->count; i++) {
		const struct lc_cgroup_hierarchy *h = &cg->mounts->items[cg->dirs[i].hierarchy];

		list[i] = (struct lc_compile_cgroup){
			.name = h->name,
			.options = h->is_unified ? "" : h->controllers,
			.is_unified = h->is_unified,
			.host_path = lc_arena_printf(arena, "%s/%s", h->mount_point, cg->dirs[i].path),
		};
		if (list[i].host_path == NULL)
			return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	}
	in->cgroups = list;
	in->cgroups_count = cg->count;
	in->is_pure_v2 = cg->count == 1 && list[0].is_unified && list[0].name[0] == '\0';
	return 0;
}

/* Where the files of the root are: the layers of an overlay that is not mounted yet, or `root`. */
static int list_roots(const struct lc_start *start, const char *root, struct lc_arena *arena,
	struct lc_strings *out, struct lc_error *err)
{
	const struct lc_config_overlay *overlay = start->config->overlay;
	const char **items = lc_arena_array(
		arena, 2 + (overlay != NULL ? overlay->lower.count : 0), sizeof(*items));

	*out = (struct lc_strings){.items = items};
	if (items != NULL && overlay != NULL && root == start->config->rootfs) {
		if (start->layer != NULL)
			items[out->count++] = lc_arena_printf(arena, "%s/upper", start->layer);
		for (size_t i = 0; i < overlay->lower.count; i++)
			items[out->count++] = overlay->lower.items[i];
	}
	if (items == NULL || (out->count > 0 && items[0] == NULL))
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "rootfs");
	items[out->count++] = root;
	return 0;
}

/* Is its writable layer a directory, which the caller has made? */
static bool needs_layer(const struct lc_config_config *config)
{
	const struct lc_config_overlay *overlay = config->overlay;

	return overlay != NULL && !overlay->memory.is_set;
}

int lc_container_inputs(const struct lc_container *container, const struct lc_start *start,
	const char *root, bool has_fixed_groups, struct lc_arena *arena,
	struct lc_compile_inputs *out, struct lc_error *err)
{
	struct lc_identity identity;
	struct lc_strings roots;
	char score[16];
	int r;

	*out = (struct lc_compile_inputs){
		.config = start->config,
		.process = start->process,
		.id = start->id,
		.layer = start->layer,
		.mark = start->mark,
		.filter = start->filter,
		.filter_size = start->filter_size,
		.filter_flags = start->filter_flags,
		.last_capability = container->host->last_capability,
		.is_privileged = lc_idmap_is_privileged(),
		.is_nested = lc_user_is_nested(),
		.has_fixed_groups = has_fixed_groups,
		.is_latched = start->latch >= 0,
		.passed = (uint32_t) start->passed_count,
	};
	if (start->config->landlock != NULL)
		out->landlock_abi = lc_features_landlock();
	/* What protects the host from the OOM killer would protect a container at its limit. [E04] */
	out->is_spared = lc_file_read(AT_FDCWD, "/proc/self/oom_score_adj", score, sizeof(score),
				 LCT_STEP_PROCESS, NULL) > 0 &&
			 score[0] == '-';
	r = lc_config_validate(start->config, err);
	if (r >= 0)
		r = lc_process_validate(start->config, start->process, err);
	if (r >= 0 && needs_layer(start->config) && root == start->config->rootfs &&
		start->layer == NULL)
		r = lc_fail(err, LCT_STEP_CONFIG, EINVAL, "overlay");
	if (r >= 0)
		r = list_roots(start, root, arena, &roots, err);
	if (r >= 0)
		r = lc_identity_resolve(&roots, start->process->user,
			&start->process->additional_groups, &start->config->additional_groups, arena,
			&identity, err);
	if (r >= 0)
		r = lc_ids_check(start->config, &identity, has_fixed_groups, err);
	if (r < 0)
		return r;
	out->uid = identity.uid;
	out->gid = identity.gid;
	out->groups = identity.groups;
	out->groups_count = identity.groups_count;
	out->home = identity.home;
	memcpy(out->stdio_null, start->stdio_null, sizeof(out->stdio_null));
	return 0;
}

/* What is found out of namespaces that are joined goes into the configuration of `start`. */
static int make_plan(const struct lc_container *container, struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_error *err)
{
	struct lc_compile_inputs in;
	struct lc_scout scout;
	int r = lc_scout_send(&scout, container->host, start->config, arena, writer, err);

	if (r < 0)
		return r;
	start->config = scout.config;
	r = lc_container_inputs(
		container, start, scout.root, scout.has_fixed_groups, arena, &in, err);
	lc_scout_recall(&scout);
	if (r >= 0)
		r = list_cgroups(&container->cgroup, arena, &in, err);
	if (r < 0)
		return r;
	if (lc_plan_writer_init(writer, arena) < 0)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	return lc_compile_init(&in, writer, err);
}

int lc_container_plan(const struct lc_container *container, const struct lc_start *start,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_error *err)
{
	struct lc_start own = *start;

	return make_plan(container, &own, arena, writer, err);
}

/* A root that is missing, no directory, or a link is told before anything is made. */
static int check_rootfs(const char *rootfs, struct lc_error *err)
{
	struct statx st;
	long r = lc_sys_statx(AT_FDCWD, rootfs, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &st);

	if (r < 0)
		return lc_fail(err, LCT_STEP_ROOTFS, r, rootfs);
	if (S_ISLNK(st.stx_mode))
		return lc_fail(err, LCT_STEP_ROOTFS, ELOOP, rootfs);
	if (!S_ISDIR(st.stx_mode))
		return lc_fail(err, LCT_STEP_ROOTFS, ENOTDIR, rootfs);
	return 0;
}

/* Which operation takes the tree of that field, if it is one's: it is the error's. */
static void blame_field(const struct lc_plan_writer *writer, const char *field, struct lc_error *err)
{
	for (uint32_t i = 0; *field != '\0' && i < writer->count && i < LCT_NO_OP; i++)
		if (strcmp(writer->origins[i], field) == 0) {
			err->op = (uint16_t) i;
			return;
		}
}

/* In the order of the plan: trees, the latch, and what the program gets. */
static int list_given(const struct lc_trees *trees, int latch, const struct lc_start *start,
	struct lc_arena *arena, struct lc_session_start *how, struct lc_error *err)
{
	int *given = lc_arena_array(
		arena, trees->count + 1 + start->passed_count, sizeof(*given));

	if (given == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	for (how->given_count = 0; how->given_count < trees->count; how->given_count++)
		given[how->given_count] = trees->fds[how->given_count];
	if (latch >= 0)
		given[how->given_count++] = latch;
	for (size_t i = 0; i < start->passed_count; i++)
		given[how->given_count++] = start->passed[i];
	how->given_fds = given;
	return 0;
}

static int spawn_init(struct lc_container *container, const struct lc_start *start,
	const struct lc_plan_writer *writer, struct lc_session_start *how,
	struct lc_session *session, struct lc_error *err)
{
	int join[LCT_CGROUP_HIERARCHIES_MAX];
	LCT_CLEANUP(fd) int latch = -1;
	struct lc_trees trees;
	char field[LCT_TREES_FIELD] = "";
	int r = lc_trees_open(&trees, container->host, start->config, start->sources,
		start->sources_count, writer->arena, field, err);

	if (r < 0) {
		blame_field(writer, field, err);
		return r;
	}
	how->is_latched = start->latch >= 0;
	if (how->is_latched) {
		/* what is done behind it is done with another host */
		how->gates &= ~lc_compile_gates_at_start(start->config);
		r = latch = lc_latch_make(start->latch, err);
	}
	if (r >= 0)
		r = list_given(&trees, latch, start, writer->arena, how, err);
	if (r >= 0)
		r = lc_cgroup_join_fds(&container->cgroup, &how->cgroup_fd, join,
			LCT_CGROUP_HIERARCHIES_MAX, &how->join_count, err);
	how->join_fds = join;
	if (r >= 0)
		r = lc_launch(session, how, err);
	lc_trees_close(&trees);
	return r;
}

/* Where fewer processes may be than the making of the first one takes, the limit comes behind it. */
static void spare_limit(struct lc_container *container, bool has_helper, struct lc_resources *resources)
{
	int64_t needed = has_helper ? 2 : 1;

	container->late_pids_limit.is_set =
		resources->pids_limit.is_set && resources->pids_limit.value >= 0 &&
		resources->pids_limit.value < needed;
	if (!container->late_pids_limit.is_set)
		return;
	container->late_pids_limit.value = resources->pids_limit.value;
	resources->pids_limit.value = needed;
}

/* Nobody but the init is there any more. */
static int set_late_limit(struct lc_container *container, struct lc_error *err)
{
	if (!container->late_pids_limit.is_set)
		return 0;
	container->late_pids_limit.is_set = false;
	return lc_resources_limit_pids(&container->cgroup, container->late_pids_limit.value, err);
}

/* Its root may have cgroups of his own in it. Who is no root cannot give it away: then it is his already, or it is
 * not the container's. */
static int delegate(struct lc_container *container, const struct lc_config_config *config,
	struct lc_error *err)
{
	uint32_t owner;

	if (!lc_idmap_is_privileged() || !lc_compile_delegates(config, &owner))
		return 0;
	return lc_cgroup_delegate(&container->cgroup, owner, err);
}

int lc_container_begin(struct lc_container *container, const struct lc_start *given,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_session *session,
	struct lc_error *err)
{
	struct lc_start own = *given, *start = &own;
	struct lc_resources resources;
	struct lc_session_start how;
	int r;

	*session = (struct lc_session) LCT_SESSION_INIT;
	r = check_rootfs(start->config->rootfs, err);
	if (r >= 0)
		r = make_plan(container, start, arena, writer, err);
	if (r >= 0)
		r = lc_network_check(writer, start->mark, err);
	if (r >= 0)
		r = lc_launch_prepare(container->host, start, writer, &how, err);
	if (r < 0)
		return r;
	how.namespaces = lc_compile_clone_flags(start->config);
	how.has_helper = lc_compile_has_helper(start->config);
	r = lc_resources_read(
		start->config->cgroups, &start->config->devices, arena, &resources, err);
	if (r >= 0)
		r = lc_resources_read_properties(
			&start->config->annotations, arena, &resources, err);
	if (r < 0)
		return r;
	spare_limit(container, how.has_helper, &resources);
	r = lc_keeper_start(container, err);
	if (r >= 0)
		r = lc_cgroup_create(&container->cgroup, &resources, err);
	if (r >= 0) {
		r = delegate(container, start->config, err);
		if (r >= 0)
			r = spawn_init(container, start, writer, &how, session, err);
		if (r >= 0 && !how.has_helper) {
			r = set_late_limit(container, err);
			if (r < 0)
				lc_session_abort(session);
		}
		if (r < 0)
			(void) lc_cgroup_destroy(&container->cgroup, 10000, NULL);
	}
	if (r < 0)
		lc_keeper_end(container);
	return r;
}

int lc_container_release(struct lc_container *container, const struct lc_start *start,
	struct lc_session *session, struct lc_error *err)
{
	const struct lc_session_resume how = {
		.process = &container->init,
		.has_filter = start->filter != NULL,
		.has_listener = (start->filter_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0,
		.gates = lc_compile_gates_at_start(start->config),
	};
	int socket = lc_latch_connect(start->latch, &container->init, err);

	*session = (struct lc_session) LCT_SESSION_INIT;
	return socket < 0 ? socket : lc_session_resume(session, &how, socket, err);
}

int lc_container_take_init(struct lc_container *container, const struct lc_session *session,
	struct lc_error *err)
{
	int fd, r;

	if (container->init.pidfd >= 0)
		return 0;
	fd = (int) lc_sys_fcntl(session->process.pidfd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return lc_fail(err, LCT_STEP_PROCESS, fd, "pidfd");
	container->init = session->process;
	container->init.pidfd = fd;
	container->was_started = true;
	r = set_late_limit(container, err);
	/* A thousand living containers must not hold ten thousand descriptors. */
	lc_cgroup_rest(&container->cgroup);
	return r;
}

int lc_container_life(
	const struct lc_container *container, enum lc_status *out, struct lc_error *err)
{
	int r = 0;

	*out = container->was_started ? LCT_STATUS_STOPPED : LCT_STATUS_CREATED;
	if (!container->was_started || container->init.pidfd < 0)
		return 0;
	lc_sibling_reap(container->host, &container->init); /* or an init that has ended would still be there */
	/* Only looked at, not reaped: the exit status belongs to the process object. */
	r = lc_process_await(&container->init, 0, err);
	if (r != -ETIMEDOUT)
		return r;
	*out = LCT_STATUS_RUNNING;
	return 0;
}

int lc_container_status(struct lc_container *container, enum lc_status *out, struct lc_error *err)
{
	static const enum lc_status alive[] = {
		[LCT_FREEZER_THAWED] = LCT_STATUS_RUNNING,
		[LCT_FREEZER_FREEZING] = LCT_STATUS_PAUSING,
		[LCT_FREEZER_FROZEN] = LCT_STATUS_PAUSED,
	};
	enum lc_freezer freezer = LCT_FREEZER_THAWED;
	int r = lc_container_life(container, out, err);

	if (r < 0 || *out != LCT_STATUS_RUNNING)
		return r;
	r = lc_cgroup_freezer(&container->cgroup, &freezer, err);
	lc_cgroup_rest(&container->cgroup); /* whoever looks at a thousand of them holds none */
	if (r < 0)
		return r;
	*out = alive[freezer];
	return 0;
}

/* Siblings of the init first: it ends after them. One that does not end in time is told of by the
 * wait for the init. */
#define END_MS 500 /* for the end of what has been killed, before it is looked at more closely */

static void end_siblings(struct lc_container *container, int timeout_ms)
{
	struct lc_sibling *at = lc_sibling_next(container->host, &container->init, NULL);
	int r = 0;

	if (at == NULL)
		return;
	(void) lc_cgroup_kill(&container->cgroup, 0, NULL); /* one round, not waited for */
	while (at != NULL && r >= 0) {
		(void) lc_process_signal(&at->process, SIGKILL, NULL);
		r = lc_process_await(&at->process, timeout_ms, NULL);
		at = lc_sibling_next(container->host, &container->init, at);
	}
	lc_sibling_reap(container->host, &container->init);
}

int lc_container_kill(struct lc_container *container, int timeout_ms, struct lc_error *err)
{
	int r;

	end_siblings(container, timeout_ms);
	if (container->cgroup.count > 0) {
		r = lc_cgroup_kill(&container->cgroup, timeout_ms, err);
		lc_cgroup_rest(&container->cgroup);
		return r;
	}
	if (container->init.pidfd < 0)
		return 0;
	r = lc_process_signal(&container->init, SIGKILL, err);
	if (r >= 0)
		r = lc_process_await(&container->init, timeout_ms, err);
	return r == -ESRCH ? 0 : r;
}

int lc_container_set(struct lc_container *container, const struct lc_config_config *changed,
	const struct lc_config_config *before, struct lc_arena *arena, struct lc_error *err)
{
	struct lc_resources resources, old;
	int r = lc_resources_read(changed->cgroups, &changed->devices, arena, &resources, err);

	if (r >= 0)
		r = lc_resources_read(before->cgroups, &before->devices, arena, &old, err);
	if (r < 0)
		return r;
	resources.devices_before = old.devices;
	lc_cgroup_change_done(&container->change);
	r = lc_cgroup_set(&container->cgroup, &resources, &container->change, err);
	lc_cgroup_rest(&container->cgroup);
	return r;
}

int lc_container_put_back(struct lc_container *container, struct lc_error *err)
{
	int r = lc_cgroup_put_back(&container->cgroup, &container->change, err);

	lc_cgroup_rest(&container->cgroup);
	return r;
}

int lc_container_signal(struct lc_container *container, int signal, struct lc_error *err)
{
	int r = lc_process_signal(&container->init, signal, err);

	if (r >= 0 && signal == SIGKILL)
		r = lc_cgroup_let_die(&container->cgroup, err);
	lc_cgroup_rest(&container->cgroup);
	return r;
}

int lc_container_signal_all(struct lc_container *container, int signal, struct lc_error *err)
{
	int r;

	if (container->cgroup.count == 0)
		return lc_container_signal(container, signal, err);
	r = lc_cgroup_signal(&container->cgroup, signal, err);
	lc_cgroup_rest(&container->cgroup);
	return r;
}

int lc_container_freeze(
	struct lc_container *container, int timeout_ms, bool is_kept, struct lc_error *err)
{
	int r = lc_cgroup_freeze(&container->cgroup, timeout_ms, is_kept, err);

	lc_cgroup_rest(&container->cgroup);
	return r;
}

int lc_container_thaw(struct lc_container *container, int timeout_ms, struct lc_error *err)
{
	int r = lc_cgroup_thaw(&container->cgroup, timeout_ms, err);

	lc_cgroup_rest(&container->cgroup);
	return r;
}

int lc_container_destroy(struct lc_container *container, int timeout_ms, struct lc_error *err)
{
	int r = 0, removed;

	/* By pidfd first: without any cgroup (driver none) it is all that we have, and the end of a
	 * pid namespace's init ends everything in it. */
	if (container->init.pidfd >= 0) {
		r = lc_process_signal(&container->init, SIGKILL, err);
		if (r == -ESRCH)
			r = 0;
	}
	end_siblings(container, timeout_ms);
	lc_keeper_end(container);
	removed = lc_cgroup_destroy(&container->cgroup, timeout_ms, r < 0 ? NULL : err);
	if (r >= 0)
		r = removed;
	if (r >= 0)
		r = lc_network_give_back(container, err);
	if (r < 0 || container->init.pidfd < 0)
		return r;
	/* Ended, though perhaps not reaped: the exit status belongs to the process object. Not at any
	 * price: it may be held by a parent outside who reaps nothing. */
	do {
		int step_ms = timeout_ms < END_MS ? timeout_ms : END_MS;

		r = lc_process_await(&container->init, step_ms, NULL);
		if (r == -ETIMEDOUT && lc_process_is_held(&container->init))
			return 0;
		timeout_ms -= step_ms;
	} while (r == -ETIMEDOUT && timeout_ms > 0);
	if (r == -ETIMEDOUT)
		return lc_fail(err, LCT_STEP_DESTROY, ETIMEDOUT, "the init does not end");
	return r < 0 ? lc_fail(err, LCT_STEP_DESTROY, r, "pidfd") : 0;
}

int lc_container_reap(struct lc_container *container, struct lc_error *err)
{
	bool has_ended;

	lc_sibling_reap(container->host, &container->init); /* those that one round of killing had not ended yet */
	if (container->init.pidfd >= 0 && lc_process_is_ending(&container->init))
		(void) lc_process_await(&container->init, END_MS, NULL); /* behind them */
	return container->init.pidfd < 0 ? 0 : lc_process_poll(&container->init, &has_ended, err);
}
