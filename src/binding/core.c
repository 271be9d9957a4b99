/* SPDX-License-Identifier: MIT */
/*
 * luaopen_libcontainer_core: the module table of the C core. It touches no global, starts nothing,
 * and may be opened in any number of states.
 */
#include "binding/binding.h"

#include "configs/names.h"
#include "configs/validate.h"
#include "container/hook.h"
#include "nsenter/helper.h"
#include "nsenter/idmap.h"
#include "plan/plan.h"
#include "sys/sys.h"
#ifdef LCT_FAULT
#include "sys/sys_fault.h"
#endif

#include <string.h>
#include <sys/auxv.h>

/* As images name machines. */
#if defined(__x86_64__)
#define LCT_ARCHITECTURE "amd64"
#elif defined(__aarch64__)
#define LCT_ARCHITECTURE "arm64"
#elif defined(__riscv)
#define LCT_ARCHITECTURE "riscv64"
#endif

static int push_clock(lua_State *L, int clock)
{
	struct timespec now;

	(void) lc_sys_clock_gettime(clock, &now);
	lua_pushnumber(L, (lua_Number) now.tv_sec + (lua_Number) now.tv_nsec / 1e9);
	return 1;
}

/* core.now() -> seconds of the monotonic clock */
static int core_now(lua_State *L)
{
	return push_clock(L, CLOCK_MONOTONIC);
}

/* core.time() -> seconds since 1970 */
static int core_time(lua_State *L)
{
	return push_clock(L, CLOCK_REALTIME);
}

static int core_pid(lua_State *L)
{
	lua_pushinteger(L, lc_sys_getpid());
	return 1;
}

static int core_uid(lua_State *L)
{
	lua_pushinteger(L, lc_sys_geteuid());
	return 1;
}

static int core_gid(lua_State *L)
{
	lua_pushinteger(L, lc_sys_getegid());
	return 1;
}

/* core.is_privileged() -> boolean: may it make namespaces and map any ids? */
static int core_is_privileged(lua_State *L)
{
	lua_pushboolean(L, lc_idmap_is_privileged());
	return 1;
}

static int push_number_or_nil(lua_State *L, int number)
{
	if (number < 0)
		lua_pushnil(L);
	else
		lua_pushinteger(L, number);
	return 1;
}

/* core.limit_files() -> table: to which file of cgroup v2 a limit is written, by its field */
static int core_limit_files(lua_State *L)
{
	static const struct {
		const char *field, *file;
	} rows[] = {
#define LIMIT(name, controller, group, v1, v1_file, v2, v2_file) {#name, v2_file},
#include "cgroups/limits.def"
#undef LIMIT
	};

	lua_newtable(L);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strchr(rows[i].file, '.') == NULL) /* what v2 has no choice of, or nothing like it */
			continue;
		lua_pushstring(L, rows[i].file);
		lua_setfield(L, -2, rows[i].field);
	}
	return 1;
}

/* core.signal(name) -> number | nil */
static int core_signal(lua_State *L)
{
	size_t length;
	const char *name = luaL_checklstring(L, 1, &length);

	return push_number_or_nil(L, strlen(name) == length ? lc_signal_number(name) : -1);
}

/* core.signal_name(number) -> "TERM" | nil */
static int core_signal_name(lua_State *L)
{
	lua_pushstring(L, lc_signal_name((int) luaL_checkinteger(L, 1)));
	return 1;
}

/* core.capability(name) -> bit | nil */
static int core_capability(lua_State *L)
{
	return push_number_or_nil(L, lc_capability_number(luaL_checkstring(L, 1)));
}

static int core_errno_name(lua_State *L)
{
	lua_pushstring(L, lc_errno_name((int) luaL_checkinteger(L, 1)));
	return 1;
}

static int core_errno_text(lua_State *L)
{
	lua_pushstring(L, lc_errno_text((int) luaL_checkinteger(L, 1)));
	return 1;
}

/* core.id_is_valid(id) -> boolean */
static int core_id_is_valid(lua_State *L)
{
	size_t length;
	const char *id = luaL_checklstring(L, 1, &length);

	lua_pushboolean(L, lc_id_is_valid(id, length));
	return 1;
}

/* core.unit_property_problem(name, text) -> what is wrong with that property of a systemd scope | nil */
static int core_unit_property_problem(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);

	lua_pushstring(L, lc_cgroup_check_property(name, luaL_checkstring(L, 2)));
	return 1;
}

/* core.mount_option(text) -> "any" | "bind" | "path" | "tmpfs" | "file system", which mounts may have it | nil:
 * data */
static int core_mount_option(lua_State *L)
{
	static const char *const scopes[] = {
		[LCT_OPTION_ANY] = "any",
		[LCT_OPTION_BIND] = "bind",
		[LCT_OPTION_PATH] = "path",
		[LCT_OPTION_TMPFS] = "tmpfs",
		[LCT_OPTION_FILE_SYSTEM] = "file system",
	};
	const struct lc_mount_option *option = lc_mount_option(luaL_checkstring(L, 1));

	if (option == NULL)
		return 0;
	lua_pushstring(L, scopes[lc_mount_option_scope(option)]);
	return 1;
}

/* core.program(path) -> true | nil, raw: can it be run? */
static int core_program(lua_State *L)
{
	struct lc_error err;

	return lc_lua_answer(L, lc_hook_check(luaL_checkstring(L, 1), &err), &err);
}

/*
 * core.start_initialization(session, plan, installed|nil) -> nil, raw: become the init program that
 * carries out the plan. The descriptors are those that a custom init was started with. Does not
 * return on success.
 */
static int core_start_initialization(lua_State *L)
{
	int session = (int) luaL_checkinteger(L, 1);
	int plan = (int) luaL_checkinteger(L, 2);
	const char *installed = luaL_optstring(L, 3, NULL);
	char *const argv[] = {(char *) "init", NULL};
	char *const envp[] = {NULL};
	struct lc_error err;
	int helper;
	long r;

	helper = lc_helper_open(installed, &err);
	if (helper < 0)
		return lc_lua_failure(L, &err, NULL);
	r = session == LCT_FD_SESSION ? 0 : lc_sys_dup3(session, LCT_FD_SESSION, 0);
	if (r >= 0 && plan != LCT_FD_PLAN)
		r = lc_sys_dup3(plan, LCT_FD_PLAN, 0);
	if (r >= 0)
		r = lc_sys_execveat(helper, "", argv, envp, AT_EMPTY_PATH);
	(void) lc_sys_close(helper);
	lc_fail(&err, LCT_STEP_HELPER, r, "start_initialization");
	return lc_lua_failure(L, &err, NULL);
}

#ifdef LCT_FAULT
/* core.fault(nth, errno and flags, [victim]): test builds, see sys/sys_fault.h */
static int core_fault(lua_State *L)
{
	lc_fault_aim((int) luaL_optinteger(L, 3, 0));
	lc_fault_arm((uint32_t) luaL_checkinteger(L, 1), (uint32_t) luaL_checkinteger(L, 2));
	return 0;
}

/* core.fault_calls() -> calls counted since the last core.fault, whether one was made to fail */
static int core_fault_calls(lua_State *L)
{
	lua_pushinteger(L, lc_fault_calls());
	lua_pushboolean(L, lc_fault_fired());
	return 2;
}
#endif

static const luaL_Reg functions[] = {
	{"now", core_now},
	{"time", core_time},
	{"pid", core_pid},
	{"uid", core_uid},
	{"gid", core_gid},
	{"is_privileged", core_is_privileged},
	{"signal", core_signal},
	{"signal_name", core_signal_name},
	{"capability", core_capability},
	{"errno_name", core_errno_name},
	{"errno_text", core_errno_text},
	{"id_is_valid", core_id_is_valid},
	{"unit_property_problem", core_unit_property_problem},
	{"mount_option", core_mount_option},
	{"schema", lc_lua_push_schema},
	{"host", lc_lua_new_host},
	{"root", lc_lua_new_root},
	{"container", lc_lua_new_container},
	{"saved_container", lc_lua_saved_container},
	{"found_container", lc_lua_found_container},
	{"scope", lc_lua_scope_names},
	{"poll_set", lc_lua_new_poll_set},
	{"pipe", lc_lua_pipe},
	{"null", lc_lua_null},
	{"text", lc_lua_text},
	{"poll", lc_lua_poll},
	{"send_terminal", lc_lua_send_terminal},
	{"duplicate", lc_lua_duplicate},
	{"raw", lc_lua_raw},
	{"fileno", lc_lua_fileno},
	{"bundle_file", lc_lua_bundle_file},
	{"real_path", lc_lua_real_path},
	{"images", lc_lua_open_images},
	{"digest", lc_lua_digest},
	{"path_type", lc_lua_path_type},
	{"open_file", lc_lua_open_file},
	{"staging", lc_lua_new_staging},
	{"files_of", lc_lua_files_of},
	{"layer_make", lc_lua_layer_make},
	{"layer_clear", lc_lua_layer_clear},
	{"layer_diff", lc_lua_layer_diff},
	{"proc_file", lc_lua_proc_file},
	{"proc_link", lc_lua_proc_link},
	{"proc_fds", lc_lua_proc_fds},
	{"address", lc_lua_address},
	{"address_fault", lc_lua_address_fault},
	{"gateway_fault", lc_lua_gateway_fault},
	{"mac_is_valid", lc_lua_mac_is_valid},
	{"link_name_is_valid", lc_lua_link_name_is_valid},
	{"link_name", lc_lua_link_name},
	{"add_bridge", lc_lua_add_bridge},
	{"remove_bridge", lc_lua_remove_bridge},
	{"remove_links", lc_lua_remove_links},
	{"seccomp_compile", lc_lua_seccomp_compile},
	{"seccomp_default", lc_lua_seccomp_default},
	{"program", core_program},
	{"syscall_known", lc_lua_syscall_known},
	{"connect", lc_lua_connect},
	{"features", lc_lua_features},
	{"limit_files", core_limit_files},
	{"signals", lc_lua_signals},
	{"replace_file", lc_lua_replace_file},
	{"send_descriptor", lc_lua_send_descriptor},
	{"make_directory", lc_lua_make_directory},
	{"datagram", lc_lua_datagram},
	{"start_initialization", core_start_initialization},
#ifdef LCT_FAULT
	{"fault", core_fault},
	{"fault_calls", core_fault_calls},
#endif
	{NULL, NULL},
};

/*
 * A program that has more rights than its caller must not lend them: the caller says what Lua loads
 * (LUA_PATH, LUA_CPATH), in which environment, and so what the library does. The kernel knows.
 */
static void refuse_borrowed_rights(lua_State *L)
{
	if (getauxval(AT_SECURE) != 0)
		luaL_error(L, "libcontainer refuses to run in a program that got its privileges from its "
			      "file (set-user-ID, set-group-ID or file capabilities), because everything "
			      "that the caller's environment names would have them: start it as the user "
			      "that it needs, by a service or sudo");
}

int luaopen_libcontainer_core(lua_State *L);

__attribute__((visibility("default"))) int luaopen_libcontainer_core(lua_State *L)
{
	luaL_checkversion(L);
	refuse_borrowed_rights(L);
	lc_lua_open_host(L);
	lc_lua_open_container(L);
	lc_lua_open_session(L);
	lc_lua_open_group(L);
	lc_lua_open_checkpoint(L);
	lc_lua_open_process(L);
	lc_lua_open_stream(L);
	lc_lua_open_terminal(L);
	lc_lua_open_listener(L);
	lc_lua_open_stats(L);
	lc_lua_open_poll_set(L);
	lc_lua_open_network(L);
	lc_lua_open_notifier(L);
	lc_lua_open_image(L);
	lc_lua_open_files(L);
	lc_lua_open_mounting(L);
	lc_lua_open_system(L);
	lc_lua_open_datagram(L);
	luaL_newlib(L, functions);
	lua_pushliteral(L, LCT_VERSION);
	lua_setfield(L, -2, "version");
	lua_pushliteral(L, LCT_ARCHITECTURE);
	lua_setfield(L, -2, "architecture");
	return 1;
}
