/* SPDX-License-Identifier: MIT */
/* The accounting of a cgroup, a container's or a group's, as a table. */
#include "binding/binding.h"

#include <string.h>

static void set_number(lua_State *L, const char *name, bool has, uint64_t value)
{
	if (!has)
		return;
	lua_pushinteger(L, value > INT64_MAX ? INT64_MAX : (lua_Integer) value);
	lua_setfield(L, -2, name);
}

/* { memory_peak, memory, cpu_ns, cpu_user_ns, cpu_system_ns, oom_kills, pids_peak }: bytes and
 * nanoseconds; what the kernel does not tell is absent */
int lc_lua_push_usage(lua_State *L, struct lc_cgroup *cgroup)
{
	struct lc_cgroup_usage usage;
	struct lc_error err;
	int r;

	memset(&usage, 0, sizeof(usage));
	r = lc_cgroup_usage(cgroup, &usage, &err);
	lc_cgroup_rest(cgroup);
	if (r < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_createtable(L, 0, 8);
	set_number(L, "memory_peak", usage.has_memory_peak, usage.memory_peak);
	set_number(L, "memory", usage.has_memory, usage.memory);
	set_number(L, "cpu_ns", usage.has_cpu, usage.cpu_ns);
	set_number(L, "cpu_user_ns", usage.has_cpu, usage.cpu_user_ns);
	set_number(L, "cpu_system_ns", usage.has_cpu, usage.cpu_system_ns);
	set_number(L, "oom_kills", usage.has_oom, usage.oom_kills);
	set_number(L, "pids_peak", usage.has_pids_peak, usage.pids_peak);
	return 1;
}
