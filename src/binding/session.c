/* SPDX-License-Identifier: MIT */
/*
 * A start in progress as userdata, and the plan without a start (explain). The userdata owns the
 * arena with the configuration and the plan, so a Lua error at any point frees them; a session that
 * is collected or closed before its program runs kills the init and removes the cgroups.
 */
#include "binding/binding.h"

#include "container/checkpoint.h"
#include "container/container.h"
#include "container/hook.h"
#include "container/ids.h"
#include "container/join.h"
#include "container/keeper.h"
#include "container/network.h"
#include "container/rlimits.h"
#include "container/session.h"
#include "container/sibling.h"
#include "plan/explain.h"
#include "plan/write.h"
#include "sys/sys.h"

#include <string.h>

struct box_session { /* user value 1: its container; 2: that whose pid namespace it joins, if it is known */
	struct lc_arena arena;
	struct lc_plan_writer writer;
	struct lc_session session;
	struct lc_config_config config;
	struct lc_config_process process;
	struct lc_config_hook hook;
	struct lc_start start;
	struct lc_sibling *sibling; /* of who joins a pid namespace: made before anything can go wrong */
	bool is_join; /* of a container that runs: its init and its cgroups are not ours to undo */
	bool is_release; /* of one that was prepared: when it fails the container has ended, and stays */
	bool is_criu; /* its process is criu, or a helper of it, or a hook, and never the container's */
	bool has_begun, is_over;
};

static struct box_session *new_box(lua_State *L, int container)
{
	struct box_session *box = lua_newuserdatauv(L, sizeof(*box), 2);

	memset(box, 0, sizeof(*box));
	box->session = (struct lc_session) LCT_SESSION_INIT;
	box->start.latch = -1;
	luaL_setmetatable(L, LCT_SESSION_TYPE);
	lua_pushvalue(L, container);
	lua_setiuservalue(L, -2, 1);
	return box;
}

static struct box_session *check_box(lua_State *L, int index)
{
	struct box_session *box = luaL_checkudata(L, index, LCT_SESSION_TYPE);

	luaL_argcheck(L, !box->is_over, index, "session is over");
	return box;
}

static void finish_box(struct box_session *box)
{
	box->is_over = true;
	lc_sibling_release(box->sibling);
	box->sibling = NULL;
	lc_arena_done(&box->arena);
}

/* Which config field asked for the operation that failed. */
static const char *field_of(const struct box_session *box, const struct lc_error *err)
{
	return err->op < box->writer.count && box->writer.origins != NULL ?
		box->writer.origins[err->op] : NULL;
}

static char **read_init_argv(lua_State *L, int index, struct lc_arena *arena)
{
	size_t count;
	char **argv;

	if (lua_getfield(L, index, "init") != LUA_TTABLE) {
		lua_pop(L, 1);
		return NULL;
	}
	count = lua_rawlen(L, -1);
	argv = lc_arena_array(arena, count + 1, sizeof(*argv));
	for (size_t i = 0; argv != NULL && i < count; i++) {
		size_t length;
		const char *text;

		lua_rawgeti(L, -1, (lua_Integer) i + 1);
		text = luaL_checklstring(L, -1, &length);
		argv[i] = lc_arena_copy(arena, text, length);
		if (argv[i] == NULL)
			argv = NULL;
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
	if (argv == NULL)
		lc_lua_no_memory(L);
	return argv;
}

/* "" for none. */
static const char *read_text(lua_State *L, int index, const char *name, struct lc_arena *arena)
{
	const char *text;
	size_t length;

	lua_getfield(L, index, name);
	text = luaL_optlstring(L, -1, "", &length);
	text = lc_arena_copy(arena, text, length);
	if (text == NULL)
		lc_lua_no_memory(L);
	lua_pop(L, 1);
	return text;
}

static const char *read_path(
	lua_State *L, int index, const char *name, struct lc_arena *arena)
{
	const char *path = NULL;
	size_t length;

	if (lua_getfield(L, index, name) != LUA_TNIL) {
		path = luaL_checklstring(L, -1, &length);
		path = lc_arena_copy(arena, path, length);
		if (path == NULL)
			lc_lua_no_memory(L);
	}
	lua_pop(L, 1);
	return path;
}

static void read_stdio(lua_State *L, int index, struct lc_start *start)
{
	static const char *const names[] = {"stdin", "stdout", "stderr"};
	static const char *const null_names[] = {"null_stdin", "null_stdout", "null_stderr"};

	for (int i = 0; i < 3; i++) {
		start->stdio[i] = -1;
		if (lua_getfield(L, index, names[i]) != LUA_TNIL)
			start->stdio[i] = lc_lua_descriptor(L, -1);
		lua_pop(L, 1);
		lua_getfield(L, index, null_names[i]);
		start->stdio_null[i] = lua_toboolean(L, -1);
		lua_pop(L, 1);
	}
}

/* Descriptors of mounts, by their index: the streams stay in the table, which stays on the stack. */
static void read_sources(lua_State *L, int index, struct lc_start *start, size_t count,
	struct lc_arena *arena)
{
	int *sources;

	if (lua_getfield(L, index, "sources") == LUA_TTABLE && count > 0) {
		sources = lc_arena_array(arena, count, sizeof(*sources));
		if (sources == NULL)
			lc_lua_no_memory(L);
		for (size_t i = 0; i < count; i++) {
			bool is_given = lua_rawgeti(L, -1, (lua_Integer) i + 1) != LUA_TNIL;

			sources[i] = is_given ? lc_lua_descriptor(L, -1) : -1;
			lua_pop(L, 1);
		}
		start->sources = sources;
		start->sources_count = count;
	}
	lua_pop(L, 1);
}

/* Descriptors for the program: streams and files stay in the table, which stays on the stack. */
static void read_passed(lua_State *L, int index, struct lc_start *start, struct lc_arena *arena)
{
	int *passed;

	if (lua_getfield(L, index, "descriptors") == LUA_TTABLE) {
		size_t count = lua_rawlen(L, -1);

		passed = lc_arena_array(arena, count + 1, sizeof(*passed));
		if (passed == NULL)
			lc_lua_no_memory(L);
		for (size_t i = 0; i < count; i++) {
			lua_rawgeti(L, -1, (lua_Integer) i + 1);
			passed[i] = lc_lua_descriptor(L, -1);
			lua_pop(L, 1);
		}
		start->passed = passed;
		start->passed_count = count;
	}
	lua_pop(L, 1);
}

/* Options of a hook: `hook`, `place`, `directory`, and `of`, the session of the init that waits. */
static void read_hook(lua_State *L, int index, struct box_session *box)
{
	static const char *const places[] = {
		[LCT_HOOK_HOST] = "host",
		[LCT_HOOK_NAMESPACES] = "namespaces",
		[LCT_HOOK_INSIDE] = "inside",
		NULL,
	};
	size_t length;
	const char *path;

	lua_getfield(L, index, "place");
	box->start.place = (enum lc_hook_place) luaL_checkoption(L, -1, NULL, places);
	if (lua_getfield(L, index, "of") != LUA_TNIL)
		box->start.init = &check_box(L, -1)->session.process;
	luaL_argcheck(L, box->start.init != NULL || box->start.place == LCT_HOOK_HOST, index,
		"a session wanted");
	lua_getfield(L, index, "directory");
	path = luaL_checklstring(L, -1, &length);
	box->start.directory = lc_arena_copy(&box->arena, path, length);
	if (box->start.directory == NULL)
		lc_lua_no_memory(L);
	lua_getfield(L, index, "hook");
	luaL_checktype(L, -1, LUA_TTABLE);
	lc_lua_read_section(L, lua_gettop(L), lc_schema_section("hook"), &box->hook, &box->arena);
	luaL_argcheck(L, box->hook.path != NULL, index, "a program wanted");
	box->start.hook = &box->hook;
	lua_pop(L, 4); /* the session stays in the table, which stays on the stack */
}

/*
 * Arguments (container, config, process, options): options are `filter` (bytes) and `filter_flags`
 * (of seccomp(2)), stdin, stdout, stderr (descriptors), null_stdin… (booleans), `init` (argv of a
 * program that replaces ours), `id` (of the container), `mark` (its own among all roots), `sources`
 * (descriptors of mounts, by their index), `layer`
 * (directory of an overlay), `scratch` (of a restore), `latch` (the container's directory, where its init
 * is to wait, or waits), `descriptors` (an array: what the program gets, from 3 on), `beside` (the container whose
 * pid namespace is joined, if it is one of ours), and in test builds fault_nth, fault_errno.
 */
static struct box_session *read_arguments(lua_State *L)
{
	struct box_session *box;
	const char *filter;

	(void) lc_lua_container(L, 1);
	luaL_checktype(L, 2, LUA_TTABLE);
	luaL_checktype(L, 3, LUA_TTABLE);
	luaL_checktype(L, 4, LUA_TTABLE);
	lua_settop(L, 4);
	box = new_box(L, 1);
	lc_lua_read_section(L, 2, lc_schema_section("config"), &box->config, &box->arena);
	lc_lua_read_section(L, 3, lc_schema_section("process"), &box->process, &box->arena);
	box->start.config = &box->config;
	box->start.process = &box->process;
	lua_getfield(L, 4, "filter"); /* the string stays in the table, which stays on the stack */
	filter = lua_tolstring(L, -1, &box->start.filter_size);
	if (filter != NULL) {
		box->start.filter = lc_arena_copy(&box->arena, filter, box->start.filter_size);
		if (box->start.filter == NULL)
			lc_lua_no_memory(L);
	}
	lua_pop(L, 1);
	lua_getfield(L, 4, "filter_flags");
	box->start.filter_flags = (uint64_t) lua_tointeger(L, -1);
	lua_pop(L, 1);
	box->start.id = read_text(L, 4, "id", &box->arena);
	box->start.mark = read_text(L, 4, "mark", &box->arena);
	box->start.init_argv = read_init_argv(L, 4, &box->arena);
	box->start.scratch = read_path(L, 4, "scratch", &box->arena);
	box->start.layer = read_path(L, 4, "layer", &box->arena);
	if (lua_getfield(L, 4, "group") != LUA_TNIL)
		box->start.group = lc_lua_group(L, -1);
	if (lua_getfield(L, 4, "latch") != LUA_TNIL)
		box->start.latch = lc_lua_directory(L, -1);
	lua_pop(L, 2); /* the options stay on the stack until it has begun */
	read_stdio(L, 4, &box->start);
	read_passed(L, 4, &box->start, &box->arena);
	read_sources(L, 4, &box->start, box->config.mounts.count, &box->arena);
#ifdef LCT_FAULT
	lua_getfield(L, 4, "fault_nth");
	box->start.fault_nth = (uint32_t) lua_tointeger(L, -1);
	lua_getfield(L, 4, "fault_errno");
	box->start.fault_errno = (uint32_t) lua_tointeger(L, -1);
	lua_pop(L, 2);
#endif
	return box;
}

static int begin_with(lua_State *L,
	int (*start)(struct lc_container *container, const struct lc_start *start,
		struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_session *session,
		struct lc_error *err))
{
	struct box_session *box = read_arguments(L);
	struct lc_error err;

	for (int i = 0; i < 3; i++)
		luaL_argcheck(L, box->start.stdio[i] >= 0, 4, "stdin, stdout and stderr wanted");
	box->is_join = start != lc_container_begin && start != lc_restore_begin;
	box->is_criu = start != lc_container_begin && start != lc_join_begin;
	if (lua_getfield(L, 4, "beside") != LUA_TNIL)
		(void) lc_lua_container(L, -1);
	if ((start == lc_join_begin || !lua_isnil(L, -1)) && (box->sibling = lc_sibling_new()) == NULL)
		return lc_lua_no_memory(L);
	lua_setiuservalue(L, -2, 2);
	if (start(lc_lua_container(L, 1), &box->start, &box->arena, &box->writer, &box->session,
		    &err) < 0)
		return lc_lua_failure(L, &err, field_of(box, &err));
	box->has_begun = true;
	return 1;
}

static int begin(lua_State *L)
{
	return begin_with(L, lc_container_begin);
}

/* container:begin(config, process, options) -> session | nil, raw */
static int container_begin(lua_State *L)
{
	return lc_lua_with_arena(L, begin);
}

static int join(lua_State *L)
{
	return begin_with(L, lc_join_begin);
}

/* container:join(config, process, options) -> session | nil, raw: as begin, for a further process of
 * a container that runs */
static int container_join(lua_State *L)
{
	return lc_lua_with_arena(L, join);
}

/* As begin_with, whose session is the guard of a program that is not the container's. */
static int hook(lua_State *L)
{
	struct box_session *box = read_arguments(L);
	struct lc_error err;

	read_hook(L, 4, box);
	box->is_join = box->is_criu = true;
	if (lc_hook_begin(lc_lua_container(L, 1), &box->start, &box->arena, &box->writer,
		    &box->session, &err) < 0)
		return lc_lua_failure(L, &err, field_of(box, &err));
	box->has_begun = true;
	return 1;
}

/* container:hook(config, process, options) -> session | nil, raw: run a hook, see read_hook; `process` is
 * whose place it takes inside */
static int container_hook(lua_State *L)
{
	return lc_lua_with_arena(L, hook);
}

static int release(lua_State *L)
{
	struct box_session *box = read_arguments(L);
	struct lc_error err;

	luaL_argcheck(L, box->start.latch >= 0, 4, "a latch wanted");
	box->is_release = true;
	if (lc_container_release(lc_lua_container(L, 1), &box->start, &box->session, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	box->has_begun = true;
	return 1;
}

/* container:release(config, process, options) -> session | nil, raw: as begin, of an init that waits at
 * its latch; ESRCH when it does not. It goes on with session:go() */
static int container_release(lua_State *L)
{
	return lc_lua_with_arena(L, release);
}

static int dump(lua_State *L)
{
	return begin_with(L, lc_checkpoint_begin);
}

/* container:dump(config, { args }, options) -> session | nil, raw: run criu beside it */
static int container_dump(lua_State *L)
{
	return lc_lua_with_arena(L, dump);
}

static int repair(lua_State *L)
{
	return begin_with(L, lc_checkpoint_repair);
}

/* container:repair(config, { args }, options) -> session | nil, raw: run a program of the host in its
 * network namespace */
static int container_repair(lua_State *L)
{
	return lc_lua_with_arena(L, repair);
}

static int close_root(lua_State *L)
{
	return begin_with(L, lc_restore_close_root);
}

/* container:close_root(config, { args }, options) -> session | nil, raw: its root is read-only when
 * the session is ready, and then it is closed; see lc_restore_close_root */
static int container_close_root(lua_State *L)
{
	return lc_lua_with_arena(L, close_root);
}

static int restore_networks(lua_State *L)
{
	return begin_with(L, lc_restore_networks);
}

/* container:restore_networks(config, { args }, options) -> session | nil, raw: it comes to the gate "network",
 * and is ready behind it, and then it is closed; see lc_restore_networks */
static int container_restore_networks(lua_State *L)
{
	return lc_lua_with_arena(L, restore_networks);
}

static int restore(lua_State *L)
{
	return begin_with(L, lc_restore_begin);
}

/* container:restore(config, { args, no_new_privileges }, options) -> session | nil, raw: make its
 * cgroups and run criu in them; see lc_restore_begin */
static int container_restore(lua_State *L)
{
	return lc_lua_with_arena(L, restore);
}

static int explain_with(lua_State *L,
	int (*compile)(const struct lc_container *container, const struct lc_start *start,
		struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_error *err))
{
	struct box_session *box = read_arguments(L);
	struct lc_plan_cursor cursor;
	const struct lc_plan_record *record;
	const void *document;
	struct lc_plan plan;
	struct lc_error err;
	size_t size;

	if (compile(lc_lua_container(L, 1), &box->start, &box->arena, &box->writer, &err) < 0 ||
		lc_plan_finish(&box->writer, &document, &size, &err) < 0 ||
		lc_plan_open(document, size, &plan, &err) < 0)
		return lc_lua_failure(L, &err, field_of(box, &err));
	lua_createtable(L, (int) box->writer.count, 0);
	cursor = (struct lc_plan_cursor){.plan = &plan};
	for (uint32_t i = 0; (record = lc_plan_next(&cursor)) != NULL; i++) {
		struct lc_explain_row row;

		lc_explain(&plan, i, record, &row);
		lua_createtable(L, 0, 5);
		lua_pushstring(L, row.op);
		lua_setfield(L, -2, "op");
		lua_pushstring(L, row.step);
		lua_setfield(L, -2, "step");
		lua_pushstring(L, row.operands);
		lua_setfield(L, -2, "operands");
		lua_pushstring(L, row.meaning);
		lua_setfield(L, -2, "meaning");
		if (box->writer.origins[i] != NULL && box->writer.origins[i][0] != '\0') {
			lua_pushstring(L, box->writer.origins[i]);
			lua_setfield(L, -2, "field");
		}
		lua_rawseti(L, -2, (lua_Integer) i + 1);
	}
	return 1;
}

static int explain(lua_State *L)
{
	return explain_with(L, lc_container_plan);
}

static int explain_join(lua_State *L)
{
	return explain_with(L, lc_join_plan);
}

/* container:join_plan(config, process, options) -> rows | nil, raw: what join would do */
static int container_join_plan(lua_State *L)
{
	return lc_lua_with_arena(L, explain_join);
}

/* container:plan(config, process, options) -> rows | nil, raw: what begin would have done. A row is
 * { op, step, field, operands, meaning }. */
static int container_plan(lua_State *L)
{
	return lc_lua_with_arena(L, explain);
}

/* The container of the session at index 1. */
static struct lc_container *container_of(lua_State *L)
{
	struct lc_container *container;

	lua_getiuservalue(L, 1, 1);
	container = lc_lua_container(L, -1);
	lua_pop(L, 1); /* the session keeps it */
	return container;
}

/* What came of a step, with the reason when that is the end of the container. */
static int explain_step(
	lua_State *L, const struct box_session *box, int result, struct lc_error *err)
{
	if (result >= 0 || !box->is_join || box->start.hook != NULL)
		return result;
	return lc_join_explain(container_of(L), result, err);
}

/* session:step() -> "wait" | "ready" | "running" | "gate" | "listener" | "ended" | nil, raw */
static int session_step(lua_State *L)
{
	static const char *const names[] = {
		[LCT_SESSION_WAIT] = "wait",
		[LCT_SESSION_READY] = "ready",
		[LCT_SESSION_RUNNING] = "running",
		[LCT_SESSION_GATE] = "gate",
		[LCT_SESSION_LISTENER] = "listener",
		[LCT_SESSION_ENDED] = "ended",
	};
	struct box_session *box = check_box(L, 1);
	struct lc_error err;
	int state = explain_step(L, box, lc_session_step(&box->session, &err), &err);

	if (state < 0)
		return lc_lua_failure(L, &err, field_of(box, &err));
	if (state == LCT_SESSION_READY && !box->is_join && !box->is_criu &&
		lc_container_take_init(container_of(L), &box->session, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_pushstring(L, names[state]);
	return 1;
}

/* session:gate() -> name of the gate that the init waits at | nil */
static int session_gate(lua_State *L)
{
	lua_pushstring(L, lc_session_gate(&check_box(L, 1)->session));
	return 1;
}

/* session:is_ending() -> boolean: the init has begun to end, and the other end of the session closes soon */
static int session_is_ending(lua_State *L)
{
	lua_pushboolean(L, lc_process_is_ending(&check_box(L, 1)->session.process));
	return 1;
}

/* session:map_ids() -> true | nil, raw: what the gate "ids" waits for */
static int session_map_ids(lua_State *L)
{
	struct box_session *box = check_box(L, 1);
	struct lc_error err;

	if (lc_ids_write(&box->config, &box->session.process, &err) < 0)
		return lc_lua_failure(L, &err, "uid_mappings");
	if (lc_rlimits_raise(&box->config, &box->process, &box->session.process, &err) < 0)
		return lc_lua_failure(L, &err, "rlimits");
	lua_pushboolean(L, true);
	return 1;
}

/* session:adopt() -> true: the init is the container's, and what is to be done when it is ready may be done at
 * once, and `go` be said ahead | false: it has to be waited for | nil, raw */
static int session_adopt(lua_State *L)
{
	struct box_session *box = check_box(L, 1);
	const bool may_go = !box->is_join && !box->is_criu && lc_session_may_go_ahead(&box->session);
	struct lc_error err;

	if (may_go && lc_container_take_init(container_of(L), &box->session, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_pushboolean(L, may_go);
	return 1;
}

/* session:go() -> true | nil, raw: READY, or the gate, is answered */
static int session_go(lua_State *L)
{
	struct box_session *box = check_box(L, 1);
	struct lc_error err;
	int r = explain_step(L, box, lc_session_go(&box->session, &err), &err);

	if (r < 0)
		return lc_lua_failure(L, &err, field_of(box, &err));
	lua_pushboolean(L, true);
	return 1;
}

/* session:schedule() -> true | nil, raw: of a further process that is ready a second time */
static int session_schedule(lua_State *L)
{
	struct box_session *box = check_box(L, 1);
	struct lc_error err;

	if (lc_join_schedule(&box->session, &box->process, &err) < 0)
		return lc_lua_failure(L, &err, "process.scheduler");
	lua_pushboolean(L, true);
	return 1;
}

/* session:network() -> true | nil, raw: what the host does at the gate of that name */
static int session_network(lua_State *L)
{
	struct box_session *box = check_box(L, 1);
	struct lc_error err;

	if (lc_network_make(container_of(L), &box->writer, box->start.mark, &box->session, &err) < 0)
		return lc_lua_failure(L, &err, field_of(box, &err));
	lua_pushboolean(L, true);
	return 1;
}

/* The container whose init can end no earlier than what has been started. */
static struct lc_container *ends_after(lua_State *L)
{
	struct box_container *other;

	if (check_box(L, 1)->is_join)
		return container_of(L);
	lua_getiuservalue(L, 1, 2);
	other = luaL_testudata(L, -1, LCT_CONTAINER_TYPE);
	lua_pop(L, 1); /* the session keeps it */
	return other != NULL && other->is_open ? &other->container : NULL;
}

/* session:finish() -> process: the program runs; the session is over. */
static int session_finish(lua_State *L)
{
	struct box_session *box = check_box(L, 1);
	struct lc_container *first;

	luaL_argcheck(L, box->session.state == LCT_SESSION_RUNNING, 1, "the program does not run yet");
	if (box->sibling != NULL)
		lc_lua_push_sibling(L, box->sibling);
	else
		*lc_lua_push_process(L) = box->session.process;
	if (box->sibling != NULL) {
		box->sibling->process = box->session.process;
		first = ends_after(L);
		if (first != NULL)
			lc_sibling_add(first->host, box->sibling, &first->init);
	}
	box->session.process.pidfd = -1;
	finish_box(box);
	return 1;
}

/* session:terminal() -> stream of its other end | nil: it is the caller's from now on */
static int session_terminal(lua_State *L)
{
	struct box_session *box = check_box(L, 1);

	if (box->session.terminal < 0)
		return 0;
	*lc_lua_push_stream(L) = box->session.terminal;
	box->session.terminal = -1;
	return 1;
}

/* session:listener() -> notifier of its filter | nil: it is the caller's from now on */
static int session_listener(lua_State *L)
{
	struct box_session *box = check_box(L, 1);

	if (box->session.listener < 0)
		return 0;
	*lc_lua_push_notifier(L) = box->session.listener;
	box->session.listener = -1;
	return 1;
}

/* session:helper() -> descriptor that becomes readable when the first process of a join ends | nil: it has */
static int session_helper(lua_State *L)
{
	int fd = lc_session_helper(&check_box(L, 1)->session);

	if (fd < 0)
		return 0;
	lua_pushinteger(L, fd);
	return 1;
}

/* session:is_own(pid) -> is that process, waiting in a call that its filter notifies, surely our init? */
static int session_is_own(lua_State *L)
{
	struct box_session *box = check_box(L, 1);

	lua_pushboolean(L, lc_session_is_own(&box->session, (pid_t) luaL_checkinteger(L, 2)));
	return 1;
}

/* session:exit() -> status | nil, signal: of the program of a guard, which has ended */
static int session_exit(lua_State *L)
{
	const struct lc_session *session = &check_box(L, 1)->session;

	luaL_argcheck(L, session->state == LCT_SESSION_ENDED, 1, "the program has not ended");
	if (session->exit.signal == 0) {
		lua_pushinteger(L, session->exit.status);
		return 1;
	}
	lua_pushnil(L);
	lua_pushinteger(L, session->exit.signal);
	return 2;
}

/* session:pid() -> pid of the init, start time */
static int session_pid(lua_State *L)
{
	struct box_session *box = check_box(L, 1);

	lua_pushinteger(L, box->session.process.pid);
	lua_pushinteger(L, (lua_Integer) box->session.process.start);
	return 2;
}

/* session:pollfd() -> descriptor, what to wait for before the next step: "r" | "e", see lc_lua_poll */
static int session_pollfd(lua_State *L)
{
	const struct lc_session *session = &check_box(L, 1)->session;

	lua_pushinteger(L, session->socket);
	lua_pushstring(L, lc_session_awaits_end(session) ? "e" : "r");
	return 2;
}

/* session:init_calls() -> system calls of the init until READY; 0 but in test builds */
static int session_init_calls(lua_State *L)
{
	lua_pushinteger(L, check_box(L, 1)->session.init_calls);
	return 1;
}

/* Undo a start that did not come to its program. */
static int session_close(lua_State *L)
{
	struct box_session *box = luaL_checkudata(L, 1, LCT_SESSION_TYPE);
	struct box_container *owner;

	if (box->is_over)
		return 0;
	lua_getiuservalue(L, 1, 1);
	owner = luaL_testudata(L, -1, LCT_CONTAINER_TYPE);
	if (box->has_begun && owner != NULL && owner->is_open &&
		lc_lua_is_owner(owner->container.host)) {
		lc_session_abort(&box->session);
		if (!box->is_join && !box->is_release) {
			lc_network_undo(&owner->container, &box->writer, box->start.mark);
			lc_process_done(&owner->container.init);
			owner->container.was_started = false;
			lc_keeper_end(&owner->container);
			(void) lc_cgroup_destroy(&owner->container.cgroup, 10000, NULL);
		}
	} else {
		lc_session_done(&box->session); /* a forked child only lets go */
	}
	finish_box(box);
	return 0;
}

void lc_lua_open_session(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{"step", session_step},
		{"gate", session_gate},
		{"is_ending", session_is_ending},
		{"map_ids", session_map_ids},
		{"adopt", session_adopt},
		{"go", session_go},
		{"schedule", session_schedule},
		{"network", session_network},
		{"finish", session_finish},
		{"terminal", session_terminal},
		{"listener", session_listener},
		{"helper", session_helper},
		{"is_own", session_is_own},
		{"exit", session_exit},
		{"pid", session_pid},
		{"pollfd", session_pollfd},
		{"init_calls", session_init_calls},
		{"close", session_close},
		{NULL, NULL},
	};
	static const luaL_Reg meta[] = {
		{"__gc", session_close}, {"__close", session_close}, {NULL, NULL}};
	static const luaL_Reg of_container[] = {
		{"begin", container_begin}, {"plan", container_plan}, {"join", container_join},
		{"join_plan", container_join_plan}, {"hook", container_hook}, {"dump", container_dump},
		{"repair", container_repair}, {"restore", container_restore},
		{"close_root", container_close_root}, {"restore_networks", container_restore_networks}, {"release", container_release}, {NULL, NULL}};

	lc_lua_type(L, LCT_SESSION_TYPE, methods, meta);
	luaL_getmetatable(L, LCT_CONTAINER_TYPE);
	lua_getfield(L, -1, "__index");
	luaL_setfuncs(L, of_container, 0);
	lua_pop(L, 2);
}
