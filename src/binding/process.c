/* SPDX-License-Identifier: MIT */
/* A started process as userdata: pid, signal, exit. Nothing here waits. */
#include "binding/binding.h"

#include "container/checkpoint.h"
#include "container/sibling.h"

#include <string.h>

struct box_process {
	struct lc_process own;
	struct lc_sibling *sibling; /* in place of own, shared with the host's list; or NULL */
};

static struct box_process *check_box(lua_State *L, int index)
{
	return luaL_checkudata(L, index, LCT_PROCESS_TYPE);
}

static struct lc_process *check_process(lua_State *L, int index)
{
	struct box_process *box = check_box(L, index);

	return box->sibling != NULL ? &box->sibling->process : &box->own;
}

static struct box_process *push_box(lua_State *L)
{
	struct box_process *box = lua_newuserdatauv(L, sizeof(*box), 0);

	*box = (struct box_process){.own = LCT_PROCESS_INIT};
	luaL_setmetatable(L, LCT_PROCESS_TYPE);
	return box;
}

struct lc_process *lc_lua_push_process(lua_State *L)
{
	return &push_box(L)->own;
}

void lc_lua_push_sibling(lua_State *L, struct lc_sibling *sibling)
{
	struct box_process *box = push_box(L);

	sibling->holders++;
	box->sibling = sibling;
}

static int process_close(lua_State *L)
{
	struct box_process *box = check_box(L, 1);

	lc_sibling_release(box->sibling); /* whoever started it still has to reap it */
	box->sibling = NULL;
	lc_process_done(&box->own);
	return 0;
}

static int process_pid(lua_State *L)
{
	const struct lc_process *p = check_process(L, 1);

	lua_pushinteger(L, p->pid);
	lua_pushinteger(L, (lua_Integer) p->start);
	return 2;
}

static int process_pollfd(lua_State *L)
{
	const struct lc_process *p = check_process(L, 1);

	if (p->pidfd < 0)
		return 0;
	lua_pushinteger(L, p->pidfd);
	return 1;
}

/* process:signal(number) -> true | nil, raw */
static int process_signal(lua_State *L)
{
	struct lc_error err;

	return lc_lua_answer(L,
		lc_process_signal(check_process(L, 1), (int) luaL_checkinteger(L, 2), &err), &err);
}

/* process:end_group([timeout]) -> true | nil, raw: of criu: it and everything that it has started */
static int process_end_group(lua_State *L)
{
	int timeout_ms = lc_lua_timeout_ms(L, 2, 10000);
	struct lc_error err;

	return lc_lua_answer(L, lc_checkpoint_end(check_process(L, 1), timeout_ms, &err), &err);
}

static int poll_with(lua_State *L,
	int (*look)(struct lc_process *process, bool *out_ended, struct lc_error *err))
{
	struct lc_process *p = check_process(L, 1);
	struct lc_error err;
	bool has_ended;

	if (look(p, &has_ended, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	if (!has_ended) {
		lua_pushboolean(L, false);
		return 1;
	}
	lua_createtable(L, 0, 6);
	if (p->exit.is_lost) {
		lua_pushboolean(L, true);
		lua_setfield(L, -2, "lost");
	} else if (p->exit.signal != 0) {
		lua_pushinteger(L, p->exit.signal);
		lua_setfield(L, -2, "signal");
	} else {
		lua_pushinteger(L, p->exit.status);
		lua_setfield(L, -2, "status");
	}
	lua_pushboolean(L, p->exit.has_core);
	lua_setfield(L, -2, "core");
	if (p->exit.has_usage) {
		lua_pushnumber(L, (lua_Number) p->exit.user_us / 1e6);
		lua_setfield(L, -2, "user");
		lua_pushnumber(L, (lua_Number) p->exit.system_us / 1e6);
		lua_setfield(L, -2, "system");
	}
	return 1;
}

/* process:poll() -> false while it runs | { status | signal, core, lost, user, system } | nil, raw:
 * seconds */
static int process_poll(lua_State *L)
{
	return poll_with(L, lc_process_poll);
}

/* process:poll_group(): the same of criu: one that has failed takes along what it has started */
static int process_poll_group(lua_State *L)
{
	return poll_with(L, lc_checkpoint_poll);
}

void lc_lua_open_process(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{"pid", process_pid},
		{"pollfd", process_pollfd},
		{"signal", process_signal},
		{"end_group", process_end_group},
		{"poll", process_poll},
		{"poll_group", process_poll_group},
		{"close", process_close},
		{NULL, NULL},
	};
	static const luaL_Reg meta[] = {
		{"__gc", process_close}, {"__close", process_close}, {NULL, NULL}};

	lc_lua_type(L, LCT_PROCESS_TYPE, methods, meta);
}
