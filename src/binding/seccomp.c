/* SPDX-License-Identifier: MIT */
/* Seccomp profiles: table → value structs → BPF bytes as a Lua string. */
#include "binding/binding.h"

#include "seccomp/seccomp.h"

#include <string.h>

static void *allocate(lua_State *L, struct lc_arena *arena, size_t count, size_t size)
{
	void *memory = lc_arena_array(arena, count > 0 ? count : 1, size);

	if (memory == NULL)
		lc_lua_no_memory(L);
	return memory;
}

static void copy_args(lua_State *L, const struct lc_objects *from, struct lc_seccomp_rule *to,
	struct lc_arena *arena)
{
	const struct lc_config_seccomp_arg *items = from->items;
	struct lc_seccomp_arg *args = allocate(L, arena, from->count, sizeof(*args));

	for (size_t i = 0; i < from->count; i++)
		args[i] = (struct lc_seccomp_arg){
			.index = (unsigned) items[i].index.value,
			.value = (uint64_t) items[i].value.value,
			.value_two = (uint64_t) items[i].value_two.value,
			.op = items[i].op,
		};
	to->args = args;
	to->args_count = from->count;
}

static void copy_profile(lua_State *L, const struct lc_config_seccomp *from,
	struct lc_seccomp_profile *to, struct lc_arena *arena)
{
	const struct lc_config_seccomp_rule *items = from->syscalls.items;
	struct lc_seccomp_rule *rules = allocate(L, arena, from->syscalls.count, sizeof(*rules));

	for (size_t i = 0; i < from->syscalls.count; i++) {
		rules[i] = (struct lc_seccomp_rule){
			.names = items[i].names.items,
			.names_count = items[i].names.count,
			.action = items[i].action,
			.errno_ret = items[i].errno_ret.is_set ? (unsigned) items[i].errno_ret.value : EPERM,
		};
		copy_args(L, &items[i].args, &rules[i], arena);
	}
	*to = (struct lc_seccomp_profile){
		.default_action = from->default_action,
		.default_errno_ret = from->default_errno_ret.is_set ?
			(unsigned) from->default_errno_ret.value : EPERM,
		.architectures = from->architectures.items,
		.architectures_count = from->architectures.count,
		.rules = rules,
		.rules_count = from->syscalls.count,
	};
}

static int compile(lua_State *L)
{
	struct lc_config_seccomp config;
	struct lc_seccomp_profile profile;
	struct lc_arena *arena;
	struct lc_error err;
	const void *filter;
	size_t size;

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	arena = lc_lua_arena(L);
	memset(&config, 0, sizeof(config));
	lc_lua_read_section(L, 1, lc_schema_section("seccomp"), &config, arena);
	if (config.default_action == NULL)
		return luaL_error(L, "seccomp: default_action expected");
	copy_profile(L, &config, &profile, arena);
	if (lc_seccomp_compile(&profile, arena, &filter, &size, &err) < 0)
		return lc_lua_failure(L, &err, "seccomp");
	lua_pushlstring(L, filter, size);
	return 1;
}

/* core.seccomp_compile(profile) -> bytes | nil, raw */
int lc_lua_seccomp_compile(lua_State *L)
{
	return lc_lua_with_arena(L, compile);
}

/* core.seccomp_default() -> bytes: compiled when this library was built */
int lc_lua_seccomp_default(lua_State *L)
{
	size_t size;
	const void *filter = lc_seccomp_default(&size);

	lua_pushlstring(L, filter, size);
	return 1;
}

/* core.syscall_known(name) -> is it a system call of any architecture that libseccomp knows? */
int lc_lua_syscall_known(lua_State *L)
{
	lua_pushboolean(L, lc_seccomp_knows(luaL_checkstring(L, 1)));
	return 1;
}
