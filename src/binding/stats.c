/* SPDX-License-Identifier: MIT */
/*
 * What a container has used as a table: the lists of stats.def, one loop for each; no number is known
 * by name here. Nanoseconds become seconds, and what is not told is not set.
 */
#include "binding/binding.h"

#include "container/stats.h"

#include <stdio.h>
#include <string.h>

enum stat_unit { COUNT, BYTES, NS };

enum stat_group {
	ROOT,
#define STAT_GROUP(symbol, parent, name) symbol,
#include "cgroups/stats.def"
	GROUPS
};

static const struct {
	enum stat_group parent;
	const char *name;
} groups[GROUPS] = {
#define STAT_GROUP(symbol, parent, name) [symbol] = {parent, name},
#include "cgroups/stats.def"
};

static const struct {
	enum stat_group group;
	const char *name;
	enum stat_unit unit;
} stat_fields[] = {
#define STAT(symbol, group, name, unit) {group, name, unit},
#include "cgroups/stats.def"
};

struct item_field {
	const char *name;
	enum stat_unit unit;
};

static const struct item_field io_fields[] = {
#define IO_STAT(symbol, name, unit) {name, unit},
#include "cgroups/stats.def"
};

static const struct item_field hugetlb_fields[] = {
#define HUGETLB_STAT(symbol, name, unit) {name, unit},
#include "cgroups/stats.def"
};

static const struct item_field rdma_fields[] = {
#define RDMA_STAT(symbol, name, unit) {name, unit},
#include "cgroups/stats.def"
};

static const struct item_field misc_fields[] = {
#define MISC_STAT(symbol, name, unit) {name, unit},
#include "cgroups/stats.def"
};

static const char *const interface_fields[] = {
#define INTERFACE_STAT(symbol, name) name,
#include "cgroups/stats.def"
};

static void push_integer(lua_State *L, uint64_t value)
{
	lua_pushinteger(L, value > INT64_MAX ? INT64_MAX : (lua_Integer) value);
}

/* Into the table at `index`, which is absolute. */
static void set_value(
	lua_State *L, int index, const char *name, enum stat_unit unit, const struct lc_count *count)
{
	if (!count->is_set)
		return;
	if (unit == NS)
		lua_pushnumber(L, (lua_Number) count->value / 1e9);
	else
		push_integer(L, count->value);
	lua_setfield(L, index, name);
}

static void set_values(
	lua_State *L, const struct item_field *rows, size_t count, const struct lc_count *values)
{
	int index = lua_gettop(L);

	for (size_t i = 0; i < count; i++)
		set_value(L, index, rows[i].name, rows[i].unit, &values[i]);
}

/* Names and numbers as a table, in field `name` of the one at `index`. */
static void set_counts(
	lua_State *L, int index, const char *name, const struct lc_named_counts *counts)
{
	lua_createtable(L, 0, (int) counts->count);
	for (size_t i = 0; i < counts->count; i++) {
		push_integer(L, counts->items[i].value);
		lua_setfield(L, -2, counts->items[i].name);
	}
	lua_setfield(L, index, name);
}

static void set_pressure_line(lua_State *L, const char *name, const struct lc_pressure_line *line)
{
	const struct {
		const char *name;
		double value;
	} shares[] = {{"avg10", line->avg10}, {"avg60", line->avg60}, {"avg300", line->avg300}};

	lua_createtable(L, 0, 4);
	for (size_t i = 0; line->is_set && i < sizeof(shares) / sizeof(shares[0]); i++) {
		lua_pushnumber(L, shares[i].value);
		lua_setfield(L, -2, shares[i].name);
	}
	if (line->is_set) {
		lua_pushnumber(L, (lua_Number) line->total_us / 1e6);
		lua_setfield(L, -2, "total");
	}
	lua_setfield(L, -2, name);
}

void lc_lua_set_pressure(lua_State *L, int index, const struct lc_pressure *pressure)
{
	lua_createtable(L, 0, 2);
	set_pressure_line(L, "some", &pressure->some);
	set_pressure_line(L, "full", &pressure->full);
	lua_setfield(L, index, "pressure");
}

static void set_percpu(lua_State *L, int index, const struct lc_stats *from)
{
	if (from->percpu_count == 0)
		return;
	lua_createtable(L, (int) from->percpu_count, 0);
	for (size_t i = 0; i < from->percpu_count; i++) {
		lua_pushnumber(L, (lua_Number) from->percpu_ns[i] / 1e9);
		lua_rawseti(L, -2, (lua_Integer) i + 1);
	}
	lua_setfield(L, index, "percpu");
}

static void set_devices(lua_State *L, int index, const struct lc_stats *from)
{
	lua_createtable(L, (int) from->devices_count, 0);
	for (size_t i = 0; i < from->devices_count; i++) {
		const struct lc_io_device *device = &from->devices[i];

		lua_createtable(L, 0, 8);
		lua_pushinteger(L, device->major);
		lua_setfield(L, -2, "major");
		lua_pushinteger(L, device->minor);
		lua_setfield(L, -2, "minor");
		set_values(L, io_fields, LCT_IO_STATS, device->values);
		lua_rawseti(L, -2, (lua_Integer) i + 1);
	}
	lua_setfield(L, index, "devices");
}

/* A table of tables by name, in field `name` of the one at `index`. */
static void set_items(lua_State *L, int index, const char *name, const struct item_field *rows,
	size_t rows_count, const struct lc_stat_items *from)
{
	lua_createtable(L, 0, (int) from->count);
	for (size_t i = 0; i < from->count; i++) {
		lua_createtable(L, 0, (int) rows_count);
		set_values(L, rows, rows_count, from->items[i].values);
		lua_setfield(L, -2, from->items[i].name);
	}
	lua_setfield(L, index, name);
}

static void set_cpuset(lua_State *L, int index, const struct lc_stats *from)
{
	lua_createtable(L, 0, 2);
	lua_pushstring(L, from->cpuset_cpus); /* nil for NULL: not set */
	lua_setfield(L, -2, "cpus");
	lua_pushstring(L, from->cpuset_mems);
	lua_setfield(L, -2, "mems");
	lua_setfield(L, index, "cpuset");
}

static void set_interfaces(lua_State *L, int index, const struct lc_stats *from)
{
	lua_createtable(L, (int) from->interfaces_count, 0);
	for (size_t i = 0; i < from->interfaces_count; i++) {
		lua_createtable(L, 0, 1 + LCT_INTERFACE_STATS);
		lua_pushstring(L, from->interfaces[i].name);
		lua_setfield(L, -2, "name");
		for (size_t k = 0; k < LCT_INTERFACE_STATS; k++) {
			push_integer(L, from->interfaces[i].values[k]);
			lua_setfield(L, -2, interface_fields[k]);
		}
		lua_rawseti(L, -2, (lua_Integer) i + 1);
	}
	lua_setfield(L, index, "interfaces");
}

static int push_stats(lua_State *L)
{
	const struct lc_stats *from = lua_touserdata(L, 1);
	int at[GROUPS];

	lua_settop(L, 0);
	luaL_checkstack(L, GROUPS + 16, "stats");
	for (int group = ROOT; group < GROUPS; group++) {
		lua_createtable(L, 0, 12);
		at[group] = lua_gettop(L);
		if (group == ROOT)
			continue;
		lua_pushvalue(L, -1);
		lua_setfield(L, at[groups[group].parent], groups[group].name);
	}
	for (int i = 0; i < LCT_STATS; i++)
		set_value(L, at[stat_fields[i].group], stat_fields[i].name, stat_fields[i].unit, &from->values[i]);
	set_percpu(L, at[CPU], from);
	set_counts(L, at[MEMORY], "stat", &from->memory_stat);
	set_counts(L, at[MEMORY], "events", &from->memory_events);
	lc_lua_set_pressure(L, at[CPU], &from->pressures[LCT_PRESSURE_CPU]);
	lc_lua_set_pressure(L, at[MEMORY], &from->pressures[LCT_PRESSURE_MEMORY]);
	lc_lua_set_pressure(L, at[IO], &from->pressures[LCT_PRESSURE_IO]);
	set_devices(L, at[IO], from);
	set_cpuset(L, at[ROOT], from);
	set_items(L, at[ROOT], "hugetlb", hugetlb_fields, LCT_HUGETLB_STATS, &from->hugetlb);
	set_items(L, at[ROOT], "rdma", rdma_fields, LCT_RDMA_STATS, &from->rdma);
	set_items(L, at[ROOT], "misc", misc_fields, LCT_MISC_STATS, &from->misc);
	set_interfaces(L, at[ROOT], from);
	lua_settop(L, at[ROOT]);
	return 1;
}

/* container:stats() -> table | nil, raw: ESRCH at step process when it does not run */
static int container_stats(lua_State *L)
{
	struct lc_container *c = lc_lua_container(L, 1);
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_stats from;
	struct lc_error err;
	int status;

	memset(&from, 0, sizeof(from));
	lua_pushcfunction(L, push_stats);
	if (lc_container_stats(c, &from, &arena, &err) < 0) {
		lc_arena_done(&arena);
		return lc_lua_failure(L, &err, NULL);
	}
	lua_pushlightuserdata(L, &from);
	status = lua_pcall(L, 1, 1, 0);
	lc_arena_done(&arena);
	return status == LUA_OK ? 1 : lua_error(L);
}

void lc_lua_open_stats(lua_State *L)
{
	static const luaL_Reg of_container[] = {{"stats", container_stats}, {NULL, NULL}};

	lc_lua_extend(L, LCT_CONTAINER_TYPE, of_container);
}
